"""API tokens: for programs that act in a person's name."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, insert, select, update

from amity.access.keys import key_hash, new_key
from amity.database.engine import Database
from amity.database.ids import new_id
from amity.database.schema import token

PREFIX: Final = "amity_"
"""So that a scanner for leaked secrets knows one when it sees one."""
TOUCH_AFTER: Final = dt.timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Token:
    """A token as its owner sees it; the text itself is shown once and never kept."""

    id: str
    account: str
    name: str
    created_at: dt.datetime
    expires_at: dt.datetime | None
    last_used_at: dt.datetime | None

    def is_stale(self, now: dt.datetime) -> bool:
        """Say whether its use should be noted again."""
        return self.last_used_at is None or now - self.last_used_at > TOUCH_AFTER


def create(
    connection: Connection, account: str, name: str, now: dt.datetime, lifetime: dt.timedelta | None = None
) -> tuple[Token, str]:
    """Make a token; gives it and its text."""
    text = new_key(PREFIX)
    made = Token(new_id(), account, name, now, now + lifetime if lifetime else None, None)
    connection.execute(
        insert(token).values(
            id=made.id,
            key_hash=key_hash(text),
            account=account,
            name=name,
            created_at=now,
            expires_at=made.expires_at,
        )
    )
    return made, text


def of(connection: Connection, account: str) -> list[Token]:
    """List a person's tokens that were not revoked, the newest first."""
    rows = connection.execute(
        select(token)
        .where(token.c.account == account, token.c.revoked_at.is_(None))
        .order_by(token.c.created_at.desc(), token.c.id)
    )
    return [
        Token(row.id, row.account, row.name, row.created_at, row.expires_at, row.last_used_at) for row in rows
    ]


def revoke(connection: Connection, account: str, now: dt.datetime, *, only: str | None = None) -> int:
    """Revoke a person's tokens, all or `only` the one of this id. Gives how many."""
    statement = update(token).where(token.c.account == account, token.c.revoked_at.is_(None))
    if only is not None:
        statement = statement.where(token.c.id == only)
    return connection.execute(statement.values(revoked_at=now)).rowcount


def touch(database: Database, used: Token, now: dt.datetime) -> None:
    """Note that the token is in use."""
    with database.write() as connection:
        connection.execute(update(token).where(token.c.id == used.id).values(last_used_at=now))
