"""Rows of the table `account`: the few statements that several modules need."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, select, update

from amity.access import people
from amity.access.people import Account
from amity.database.schema import account
from amity.errors import NotFound


def get(connection: Connection, account_id: str) -> Account:
    """Give an account; raises `NotFound`."""
    row = connection.execute(select(account).where(account.c.id == account_id)).first()
    if row is None:
        raise nobody()
    return people.from_row(row)


def change(connection: Connection, account_id: str, **values: Any) -> None:
    """Set columns of one account; raises `NotFound`."""
    changed = connection.execute(update(account).where(account.c.id == account_id).values(**values))
    if changed.rowcount != 1:
        raise nobody()


def nobody() -> NotFound:
    """Make the error about an id that is nobody's."""
    return NotFound("There is no such person.")
