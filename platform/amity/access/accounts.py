"""Accounts: who may sign in. All verbs that change them live here.

Passwords are hashed and verified outside of transactions. What changes somebody's rights runs one at
a time: two admins cannot deactivate each other at once and leave the workspace without one.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable, Iterable, Sequence
from typing import Final, TypeVar

from sqlalchemy import Connection, func, insert, select, update

from amity.access import links, passwords, people, rows, sessions, tokens
from amity.access.context import Actor
from amity.access.credentials import Credentials
from amity.access.links import Link
from amity.access.people import Account
from amity.database.engine import Database
from amity.database.ids import new_id
from amity.database.schema import account, workspace
from amity.errors import Conflict, Invalid, NotFound

T = TypeVar("T")
log: Final = logging.getLogger("amity.access")
MAX_TOKENS: Final = 50


class Accounts:
    """The accounts of one workspace. Methods that take `by` log who did it."""

    def __init__(self, database: Database, clock: Callable[[], dt.datetime] | None = None) -> None:
        self._database = database
        self._clock = clock or (lambda: dt.datetime.now(dt.UTC))
        self.credentials = Credentials(database, self._clock)

    # -- reading -----------------------------------------------------------------------------------
    def get(self, account_id: str) -> Account:
        """Give an account by its id; raises `NotFound`."""
        with self._database.read() as connection:
            return rows.get(connection, account_id)

    def by_email(self, email: str) -> Account:
        """Give an account by its address, whatever its case; raises `NotFound`."""
        with self._database.read() as connection:
            row = connection.execute(
                select(account).where(account.c.email_key == people.email_key(email))
            ).first()
        if row is None:
            raise NotFound(f"Nobody has the e-mail {email}.")
        return people.from_row(row)

    def all(self) -> list[Account]:
        """Give all accounts, by name."""
        with self._database.read() as connection:
            found = connection.execute(select(account).order_by(account.c.name, account.c.id)).all()
        return [people.from_row(row) for row in found]

    def count(self) -> int:
        """Give how many accounts there are."""
        with self._database.read() as connection:
            number: int = connection.execute(select(func.count()).select_from(account)).scalar_one()
        return number

    def names(self, ids: Sequence[str]) -> dict[str, str]:
        """Give the names of those accounts that exist, by id."""
        statement = select(account.c.id, account.c.name).where(account.c.id.in_(ids))
        with self._database.read() as connection:
            return {row.id: row.name for row in connection.execute(statement)}

    def needs_setup(self) -> bool:
        """Say whether there is no active admin yet."""
        with self._database.read() as connection:
            return not _has_admin(connection)

    # -- the first admin, invitations, resets -----------------------------------------------------
    def setup_link(self) -> str:
        """Give the key of a new one-time link for the first admin; raises `Conflict` when there is one."""

        def work(connection: Connection) -> str:
            _refuse_second_setup(connection)
            return links.issue(connection, "setup", None, self._clock())

        return self._rights(work)

    def invite(self, email: str, name: str, roles: Iterable[str], *, by: Actor) -> tuple[Account, str]:
        """Make an account that waits for its person; gives it and the key of the one-time link."""
        address, name, chosen = (
            people.checked_email(email),
            people.checked_name(name),
            people.checked_roles(roles),
        )

        def work(connection: Connection) -> tuple[Account, str]:
            made = self._insert(connection, address, name, chosen, "invited", None)
            return made, links.issue(connection, "invite", made.id, self._clock())

        made, key = self._database.run(work)
        log.info("account invited", extra={"account": made.id, "by": by.account})
        return made, key

    def create(self, email: str, name: str, roles: Iterable[str], password: str) -> Account:
        """Make an active account at once (demo organisation, tests, command line)."""
        address, name, chosen = (
            people.checked_email(email),
            people.checked_name(name),
            people.checked_roles(roles),
        )
        passwords.check(password, related=(name, address))
        hashed = passwords.hash_password(password)
        return self._database.run(
            lambda connection: self._insert(connection, address, name, chosen, "active", hashed)
        )

    def password_link(self, account_id: str, *, by: Actor) -> str:
        """Give the key of a new one-time link to choose a password: an invitation, or a reset."""

        def work(connection: Connection) -> str:
            found = rows.get(connection, account_id)
            if found.state == "deactivated":
                raise Conflict(f"{found.name} is deactivated.", hint="Activate the account first.")
            purpose: links.Purpose = "invite" if found.state == "invited" else "reset"
            return links.issue(connection, purpose, account_id, self._clock())

        key = self._database.run(work)
        log.info("password link issued", extra={"account": account_id, "by": by.account})
        return key

    def open_link(self, key: str) -> tuple[Link, Account | None]:
        """Say what a link is for, without using it up; raises `NotFound`."""
        with self._database.read() as connection:
            link = links.look_up(connection, key, self._clock())
            if link.purpose == "setup":
                _refuse_second_setup(connection)
            return link, rows.get(connection, link.account) if link.account else None

    def accept(self, key: str, password: str, *, email: str = "", name: str = "") -> Account:
        """Use a link up and set the password; every session of the account ends.

        `email` and `name` are asked of the first admin only.
        """
        link, invited = self.open_link(key)
        if invited is None:
            email, name = people.checked_email(email), people.checked_name(name)
            passwords.check(password, related=(email, name))
        else:
            passwords.check(password, related=(invited.email, invited.name))
        hashed = passwords.hash_password(password)

        def work(connection: Connection) -> Account:
            links.use(connection, key, self._clock())
            if link.account is None:
                _refuse_second_setup(connection)
                return self._insert(connection, email, name, frozenset({"admin"}), "active", hashed)
            if rows.get(connection, link.account).state == "deactivated":
                raise NotFound("This account is deactivated.", hint="Ask an admin.")
            rows.change(connection, link.account, password_hash=hashed, state="active")
            links.revoke(connection, link.account)
            sessions.end(connection, link.account)
            return rows.get(connection, link.account)

        accepted = self._rights(work)
        log.info("link accepted", extra={"account": accepted.id, "purpose": link.purpose})
        return accepted

    # -- what an admin changes ---------------------------------------------------------------------
    def deactivate(self, account_id: str, *, by: Actor) -> None:
        """Shut a person out at once: sessions end, tokens and links are revoked. The account stays."""

        def work(connection: Connection) -> None:
            rows.get(connection, account_id)
            _keep_an_admin(connection, account_id)
            rows.change(connection, account_id, state="deactivated")
            sessions.end(connection, account_id)
            tokens.revoke(connection, account_id, self._clock())
            links.revoke(connection, account_id)

        self._rights(work)
        log.info("account deactivated", extra={"account": account_id, "by": by.account})

    def activate(self, account_id: str, *, by: Actor) -> None:
        """Let a deactivated person in again; one who never had a password needs an invitation."""

        def work(connection: Connection) -> None:
            row = rows.raw(connection, account_id)
            if row.state == "deactivated":
                rows.change(connection, account_id, state="active" if row.password_hash else "invited")

        self._rights(work)
        log.info("account activated", extra={"account": account_id, "by": by.account})

    def set_roles(self, account_id: str, roles: Iterable[str], *, by: Actor) -> None:
        """Give a person other roles."""
        chosen = people.checked_roles(roles)

        def work(connection: Connection) -> None:
            rows.get(connection, account_id)
            if "admin" not in chosen:
                _keep_an_admin(connection, account_id)
            rows.change(connection, account_id, roles=sorted(chosen))

        self._rights(work)
        log.info("roles changed", extra={"account": account_id, "by": by.account, "roles": sorted(chosen)})

    def link_employee(self, account_id: str, employee: str | None, *, by: Actor) -> None:
        """Say which employee record a person is; expressions read it as `me.<field>`."""

        def work(connection: Connection) -> None:
            rows.get(connection, account_id)
            rows.change(connection, account_id, employee=employee)

        self._rights(work)
        log.info("employee linked", extra={"account": account_id, "by": by.account})

    def _insert(
        self,
        connection: Connection,
        email: str,
        name: str,
        roles: frozenset[str],
        state: people.State,
        hashed: str | None,
    ) -> Account:
        key = people.email_key(email)
        if connection.execute(select(account.c.id).where(account.c.email_key == key)).first() is not None:
            raise Invalid.at("/email", "taken", f"Somebody has the e-mail {email} already.")
        made = new_id()
        connection.execute(
            insert(account).values(
                id=made,
                email=email,
                email_key=key,
                name=name,
                password_hash=hashed,
                state=state,
                roles=sorted(roles),
                created_at=self._clock(),
            )
        )
        return rows.get(connection, made)

    def _rights(self, work: Callable[[Connection], T]) -> T:
        """Run a change of somebody's rights: counted for those who keep answers, and one at a time.

        The row that counts is locked by the first statement, so a second change waits and then sees this one.
        """

        def counted(connection: Connection) -> T:
            connection.execute(update(workspace).values(access_revision=workspace.c.access_revision + 1))
            return work(connection)

        return self._database.run(counted)


def _has_admin(connection: Connection, but: str | None = None) -> bool:
    active = connection.execute(select(account.c.id, account.c.roles).where(account.c.state == "active"))
    return any("admin" in row.roles for row in active if row.id != but)


def _keep_an_admin(connection: Connection, account_id: str) -> None:
    found = rows.get(connection, account_id)
    if found.state == "active" and "admin" in found.roles and not _has_admin(connection, but=account_id):
        raise Conflict(
            f"{found.name} is the last active admin.",
            hint="Make somebody else an admin first; without one nobody could open the builder.",
        )


def _refuse_second_setup(connection: Connection) -> None:
    if _has_admin(connection):
        raise Conflict("There is an admin already.", hint="Sign in, or ask an admin for an invitation.")
