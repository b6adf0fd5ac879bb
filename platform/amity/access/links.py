"""Links that work once: to set up the first admin, to accept an invitation, to choose a new password."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Final, Literal

from sqlalchemy import Connection, delete, insert, select, update

from amity.access.keys import key_hash, new_key
from amity.database.schema import one_time_link
from amity.errors import NotFound

Purpose = Literal["setup", "invite", "reset"]

LIFETIMES: Final[dict[Purpose, dt.timedelta]] = {
    "setup": dt.timedelta(days=7),
    "invite": dt.timedelta(days=7),
    "reset": dt.timedelta(hours=24),
}


@dataclass(frozen=True, slots=True)
class Link:
    """A link that still works."""

    purpose: Purpose
    account: str | None
    """Account id; None for `setup`, where there is no account yet."""
    expires_at: dt.datetime


def issue(connection: Connection, purpose: Purpose, account: str | None, now: dt.datetime) -> str:
    """Make a link and give its key; an older one of the same purpose and person stops working."""
    revoke(connection, account, purpose)
    key = new_key()
    connection.execute(
        insert(one_time_link).values(
            key_hash=key_hash(key),
            purpose=purpose,
            account=account,
            created_at=now,
            expires_at=now + LIFETIMES[purpose],
        )
    )
    return key


def look_up(connection: Connection, key: str, now: dt.datetime) -> Link:
    """Give the link of a key; raises `NotFound` where it is unknown, used or too old."""
    row = connection.execute(
        select(one_time_link.c.purpose, one_time_link.c.account, one_time_link.c.expires_at).where(
            one_time_link.c.key_hash == key_hash(key),
            one_time_link.c.used_at.is_(None),
            one_time_link.c.expires_at > now,
        )
    ).first()
    if row is None:
        raise _spent()
    return Link(row.purpose, row.account, row.expires_at)


def use(connection: Connection, key: str, now: dt.datetime) -> Link:
    """Use the link up; of two who try at once one gets `NotFound`."""
    link = look_up(connection, key, now)
    used = connection.execute(
        update(one_time_link)
        .where(one_time_link.c.key_hash == key_hash(key), one_time_link.c.used_at.is_(None))
        .values(used_at=now)
    )
    if used.rowcount != 1:
        raise _spent()
    return link


def revoke(connection: Connection, account: str | None, purpose: Purpose | None = None) -> None:
    """Make the open links of a person (or of nobody: set-up) stop working."""
    owner = one_time_link.c.account.is_(None) if account is None else one_time_link.c.account == account
    statement = delete(one_time_link).where(owner)
    if purpose is not None:
        statement = statement.where(one_time_link.c.purpose == purpose)
    connection.execute(statement)


def _spent() -> NotFound:
    return NotFound(
        "This link does not work any more: it was used, replaced by a newer one, or is too old.",
        hint="Ask an admin for a new link.",
    )
