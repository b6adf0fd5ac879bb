"""Which records came into being by what cause, as their events tell."""

from __future__ import annotations

from sqlalchemy import select

from amity.database.schema import event
from amity.records.machine import Machine


def created_by(machine: Machine, cause: str, limit: int | None = None) -> list[tuple[str, str]]:
    """Give (entity id, record id) of records created by a cause of that kind, the newest first."""
    statement = (
        select(event.c.entity, event.c.record)
        .where(event.c.kind == "created", event.c.cause["kind"].as_string() == cause)
        .order_by(event.c.seq.desc())
        .limit(limit)
    )
    with machine.database.read() as connection:
        return [(row.entity, row.record) for row in connection.execute(statement)]
