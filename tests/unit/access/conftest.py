"""Accounts over a real database, with a clock that tests turn."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest

from amity.access.accounts import Accounts
from amity.database.engine import Database


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = dt.datetime(2026, 5, 4, 9, 30, tzinfo=dt.UTC)

    def __call__(self) -> dt.datetime:
        return self.now

    def forward(self, **duration: float) -> None:
        """Let time pass."""
        self.now += dt.timedelta(**duration)


@pytest.fixture
def clock() -> Clock:
    """The time of the test."""
    return Clock()


@pytest.fixture
def database(people_url: str) -> Iterator[Database]:
    """The database with Ada and Sam."""
    opened = Database(people_url)
    yield opened
    opened.close()


@pytest.fixture
def accounts(database: Database, clock: Clock) -> Accounts:
    """Accounts that live in the test's time."""
    return Accounts(database, clock)
