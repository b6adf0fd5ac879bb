"""Sessions of signed-in people, kept on the server so that they can be ended there."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, delete, insert, select, update

from amity.access.keys import key_hash, new_key
from amity.database.engine import Database
from amity.database.schema import session

IDLE: Final = dt.timedelta(days=14)
"""A session ends when it was not used for so long."""
LONGEST: Final = dt.timedelta(days=90)
TOUCH_AFTER: Final = dt.timedelta(minutes=10)
"""Use is noted at most so often: reading a page must not write each time."""


@dataclass(frozen=True, slots=True)
class Session:
    """One place where a person is signed in. `id` is the hash of the key, safe to show and to name."""

    id: str
    account: str
    created_at: dt.datetime
    last_seen_at: dt.datetime
    expires_at: dt.datetime
    agent: str | None

    def is_stale(self, now: dt.datetime) -> bool:
        """Say whether its use should be noted again."""
        return now - self.last_seen_at > TOUCH_AFTER


def start(connection: Connection, account: str, agent: str | None, now: dt.datetime) -> str:
    """Sign a person in and give the session's key; sessions that are over go."""
    connection.execute(delete(session).where(session.c.expires_at <= now))
    key = new_key()
    connection.execute(
        insert(session).values(
            key_hash=key_hash(key),
            account=account,
            created_at=now,
            last_seen_at=now,
            expires_at=now + IDLE,
            agent=_readable(agent),
        )
    )
    return key


def end(connection: Connection, account: str, *, only: str | None = None, but: str | None = None) -> int:
    """End sessions of a person: all, `only` the one of this id, or all `but` it. Gives how many."""
    statement = delete(session).where(session.c.account == account)
    if only is not None:
        statement = statement.where(session.c.key_hash == only)
    if but is not None:
        statement = statement.where(session.c.key_hash != but)
    return connection.execute(statement).rowcount


def of(connection: Connection, account: str, now: dt.datetime) -> list[Session]:
    """List where a person is signed in, the latest use first."""
    rows = connection.execute(
        select(session)
        .where(session.c.account == account, session.c.expires_at > now)
        .order_by(session.c.last_seen_at.desc(), session.c.key_hash)
    )
    return [
        Session(row.key_hash, row.account, row.created_at, row.last_seen_at, row.expires_at, row.agent)
        for row in rows
    ]


def touch(database: Database, seen: Session, now: dt.datetime) -> None:
    """Note that the session is in use, which keeps it alive up to its longest age."""
    until = min(now + IDLE, seen.created_at + LONGEST)
    with database.write() as connection:
        connection.execute(
            update(session).where(session.c.key_hash == seen.id).values(last_seen_at=now, expires_at=until)
        )


def _readable(agent: str | None) -> str | None:
    """Cut a browser's name to a length and to characters that every database stores."""
    return "".join(sign for sign in agent[:200] if sign.isprintable()) if agent else None
