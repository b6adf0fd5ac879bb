"""Signing in and out, and what people change of their own: password, profile, sessions, tokens."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from sqlalchemy import Connection, select, update

from amity.access import links, passwords, people, recognition, rows, sessions, throttle, tokens
from amity.access.context import Actor
from amity.access.people import Account
from amity.access.recognition import Recognised
from amity.access.sessions import Session
from amity.access.tokens import Token
from amity.database.engine import Database
from amity.database.ids import is_id
from amity.database.schema import account
from amity.errors import Conflict, Forbidden, Invalid, NotFound, NotSignedIn

T = TypeVar("T")
log: Final = logging.getLogger("amity.access")
MAX_TOKENS: Final = 50


@dataclass(frozen=True, slots=True)
class Place:
    """From where somebody signs in."""

    address: str
    agent: str | None = None


class Credentials:
    """Who somebody is, by password, session or token."""

    def __init__(self, database: Database, clock: Callable[[], dt.datetime]) -> None:
        self._database = database
        self._clock = clock

    # -- signing in and out ------------------------------------------------------------------------
    def sign_in(self, email: str, password: str, place: Place) -> tuple[Account, str]:
        """Give the account and the key of a new session.

        Raises `NotSignedIn` with one message for every reason, after the same time, and `TooManyRequests`.
        """
        key, now = people.email_key(email), self._clock()
        throttle.attempt(self._database, key, place.address, now)
        with self._database.read() as connection:
            row = connection.execute(select(account).where(account.c.email_key == key)).first()
        stored = row.password_hash if row is not None and row.state == "active" else None
        if not passwords.verify(stored, password) or row is None or stored is None:
            log.warning("sign-in refused", extra={"address": place.address})
            raise NotSignedIn("The e-mail or the password is not right.")
        better = passwords.hash_password(password) if passwords.needs_rehash(stored) else None

        def work(connection: Connection) -> str:
            throttle.succeeded(connection, key)
            values: dict[str, Any] = {"last_seen_at": now}
            if better is not None:
                values["password_hash"] = better
            changed = connection.execute(
                update(account)
                .where(account.c.id == row.id, account.c.state == "active", account.c.password_hash == stored)
                .values(**values)
            )
            if changed.rowcount != 1:  # deactivated, or another password, while we verified
                raise NotSignedIn("The e-mail or the password is not right.")
            return sessions.start(connection, row.id, place.agent, now)

        session_key = self._database.run(work)
        log.info("signed in", extra={"account": row.id, "address": place.address})
        return people.from_row(row), session_key

    def start_session(self, account_id: str, place: Place) -> str:
        """Give the key of a new session for somebody who just proved who they are by a one-time link."""
        now = self._clock()

        def work(connection: Connection) -> str:
            rows.change(connection, account_id, last_seen_at=now)
            return sessions.start(connection, account_id, place.agent, now)

        return self._database.run(work)

    def by_session(self, key: str) -> Recognised | None:
        """Give who is signed in with this session key."""
        return recognition.by_session(self._database, key, self._clock())

    def by_token(self, text: str) -> Recognised | None:
        """Give in whose name a token acts."""
        return recognition.by_token(self._database, text, self._clock())

    def sign_out(self, account_id: str, session_id: str) -> None:
        """End one session of a person."""
        self._database.run(lambda connection: sessions.end(connection, account_id, only=session_id))

    def sign_out_everywhere(self, account_id: str, *, by: Actor, but: str | None = None) -> None:
        """End all sessions of a person (`but` one) and the open links to a new password."""

        def work(connection: Connection) -> None:
            rows.get(connection, account_id)
            sessions.end(connection, account_id, but=but)
            links.revoke(connection, account_id, "reset")

        self._database.run(work)
        log.info("signed out everywhere", extra={"account": account_id, "by": by.account})

    # -- what a person changes herself -------------------------------------------------------------
    def change_password(self, account_id: str, old: str, new: str, place: Place, *, but: str | None) -> None:
        """Set another password; raises `Forbidden` where `old` is wrong. All sessions end but `but`."""
        with self._database.read() as connection:
            row = rows.raw(connection, account_id)
        throttle.attempt(self._database, row.email_key, place.address, self._clock())
        if not passwords.verify(row.password_hash, old):
            raise Forbidden("The present password is not right.")
        passwords.check(new, related=(row.email, row.name), pointer="/new_password")
        hashed = passwords.hash_password(new)

        def work(connection: Connection) -> None:
            throttle.succeeded(connection, row.email_key)
            rows.change(connection, account_id, password_hash=hashed)
            sessions.end(connection, account_id, but=but)
            links.revoke(connection, account_id)

        self._database.run(work)
        log.info("password changed", extra={"account": account_id})

    def update_profile(
        self, account_id: str, *, name: str, language: str | None, timezone: str | None, theme: str | None
    ) -> Account:
        """Change how a person is called and how Amity speaks to them; null means as the workspace."""
        values = {
            "name": people.checked_name(name),
            "locale": people.checked_language(language),
            "timezone": people.checked_timezone(timezone),
            "theme": people.checked_theme(theme),
        }

        def work(connection: Connection) -> Account:
            rows.get(connection, account_id)
            rows.change(connection, account_id, **values)
            return rows.get(connection, account_id)

        return self._database.run(work)

    def sessions(self, account_id: str) -> list[Session]:
        """List where a person is signed in."""
        with self._database.read() as connection:
            return sessions.of(connection, account_id, self._clock())

    def tokens(self, account_id: str) -> list[Token]:
        """List a person's tokens."""
        with self._database.read() as connection:
            return tokens.of(connection, account_id)

    def create_token(
        self,
        account_id: str,
        name: str,
        lifetime: dt.timedelta | None = None,
        *,
        pointer: str = "/name",
    ) -> tuple[Token, str]:
        """Make an API token; its text is given once and never kept."""
        name = people.checked_name(name, pointer)

        def work(connection: Connection) -> tuple[Token, str]:
            if rows.get(connection, account_id).state == "deactivated":
                raise Conflict("A deactivated account cannot have tokens.")
            if len(tokens.of(connection, account_id)) >= MAX_TOKENS:
                raise Invalid(f"There are {MAX_TOKENS} tokens already.", hint="Revoke those not needed.")
            return tokens.create(connection, account_id, name, self._clock(), lifetime)

        made, text = self._database.run(work)
        log.info("token created", extra={"account": account_id, "token": made.id})
        return made, text

    def revoke_token(self, account_id: str, token_id: str) -> None:
        """Make a token stop working; raises `NotFound` where the person has none of this id."""
        revoked = is_id(token_id) and self._database.run(
            lambda connection: tokens.revoke(connection, account_id, self._clock(), only=token_id)
        )
        if not revoked:
            raise NotFound("There is no such token.")
        log.info("token revoked", extra={"account": account_id, "token": token_id})
