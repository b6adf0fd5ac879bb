"""Rows of the table `account`: the few statements that several modules need."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, select, update

from amity.access import people
from amity.access.people import Account
from amity.database.ids import is_id
from amity.database.schema import account
from amity.errors import NotFound


def get(connection: Connection, account_id: str) -> Account:
    """Give an account; raises `NotFound`."""
    return people.from_row(raw(connection, account_id))


def raw(connection: Connection, account_id: str) -> Row[Any]:
    """Give the whole row of an account, its password hash included; raises `NotFound`."""
    found = (
        connection.execute(select(account).where(account.c.id == account_id)) if is_id(account_id) else None
    )
    row = found.first() if found is not None else None
    if row is None:
        raise nobody()
    return row


def change(connection: Connection, account_id: str, **values: Any) -> None:
    """Set columns of one account; raises `NotFound`."""
    changed = connection.execute(update(account).where(account.c.id == account_id).values(**values))
    if changed.rowcount != 1:
        raise nobody()


def nobody() -> NotFound:
    """Make the error about an id that is nobody's."""
    return NotFound("There is no such person.")
