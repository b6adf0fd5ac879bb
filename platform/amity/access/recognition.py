"""Who sends a request: by the key of a session or by a token, in one statement of one transaction.

The statement also tells the revision of the definitions, which every request needs to know: so a request
that changes nothing has one round trip to the database before its own work begins.
"""

from __future__ import annotations

import datetime as dt
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Row, Select, bindparam, select

from amity.access import people, sessions, tokens
from amity.access.keys import key_hash
from amity.access.people import Account
from amity.access.sessions import Session
from amity.access.tokens import Token
from amity.database.engine import Database
from amity.database.schema import account, session, token, workspace
from amity.database.types import UtcDateTime
from amity.errors import Busy


@dataclass(frozen=True, slots=True)
class Recognised:
    """Somebody who showed a session key or a token."""

    account: Account
    session: Session | None
    """None for a token."""
    revision: int
    """Of the definitions, when the request came."""


_PERSON: Final = (
    *(column for column in account.c if column.name != "password_hash"),
    select(workspace.c.revision).limit(1).scalar_subquery().label("definitions_revision"),
)
_NOW: Final = bindparam("now", type_=UtcDateTime())

_BY_SESSION: Final[Select[Any]] = (
    select(*_PERSON, *(column.label(f"session_{column.name}") for column in session.c))
    .join(session, session.c.account == account.c.id)
    .where(
        session.c.key_hash == bindparam("hash"),
        session.c.expires_at > _NOW,
        account.c.state == "active",
    )
)
_BY_TOKEN: Final[Select[Any]] = (
    select(*_PERSON, *(column.label(f"token_{column.name}") for column in token.c))
    .join(token, token.c.account == account.c.id)
    .where(
        token.c.key_hash == bindparam("hash"),
        token.c.revoked_at.is_(None),
        token.c.expires_at.is_(None) | (token.c.expires_at > _NOW),
        # An operator may give a program a token before the person chose a password.
        account.c.state != "deactivated",
    )
)


def by_session(database: Database, key: str, now: dt.datetime) -> Recognised | None:
    """Give who is signed in with this key; its use is noted every few minutes."""
    row = _find(database, _BY_SESSION, key, now)
    if row is None:
        return None
    found = Session(
        row.session_key_hash,
        row.id,
        row.session_created_at,
        row.session_last_seen_at,
        row.session_expires_at,
        row.session_agent,
    )
    if found.is_stale(now):
        with suppress(Busy):  # a note that can be written the next time
            sessions.touch(database, found, now)
    return Recognised(people.from_row(row), found, row.definitions_revision)


def by_token(database: Database, text: str, now: dt.datetime) -> Recognised | None:
    """Give in whose name a token acts; its use is noted at most once an hour."""
    if not text.startswith(tokens.PREFIX):
        return None
    row = _find(database, _BY_TOKEN, text, now)
    if row is None:
        return None
    used = Token(
        row.token_id,
        row.id,
        row.token_name,
        row.token_created_at,
        row.token_expires_at,
        row.token_last_used_at,
    )
    if used.is_stale(now):
        with suppress(Busy):
            tokens.touch(database, used, now)
    return Recognised(people.from_row(row), None, row.definitions_revision)


def _find(database: Database, statement: Select[Any], key: str, now: dt.datetime) -> Row[Any] | None:
    with database.read() as connection:
        return connection.execute(statement, {"hash": key_hash(key), "now": now}).first()
