"""What a person changed last, for the home page."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Final

from sqlalchemy import func, select

from amity.access.context import Context
from amity.database.engine import Database
from amity.database.schema import event

WINDOW: Final = 20_000
"""Only so many of the newest events are looked at: it costs the same after years."""


@dataclass(frozen=True, slots=True)
class Touched:
    """A record that the person changed; `entity` is the entity's id. Whether it may be read is open."""

    entity: str
    record: str
    at: dt.datetime


def touched(database: Database, ctx: Context, limit: int) -> list[Touched]:
    """Give the records that the person changed last, newest first, one statement."""
    since = select(func.coalesce(func.max(event.c.seq), 0) - WINDOW).scalar_subquery()
    newest = func.max(event.c.seq)
    statement = (
        select(event.c.entity, event.c.record, func.max(event.c.at).label("at"))
        .where(event.c.actor == ctx.actor.account, event.c.kind != "deleted", event.c.seq > since)
        .group_by(event.c.entity, event.c.record)
        .order_by(newest.desc())
        .limit(limit)
    )
    with database.read() as connection:
        return [Touched(row.entity, row.record, row.at) for row in connection.execute(statement)]
