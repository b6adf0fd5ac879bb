"""A write transaction that is open already, for what would else begin one of its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

from sqlalchemy import Connection

from amity.database.engine import Dialect


class Transactions(Protocol):
    """Where reads and writes get their transaction: a `Database`, or one that is open already."""

    @property
    def dialect(self) -> Dialect: ...

    def read(self) -> AbstractContextManager[Connection]: ...

    def write(self) -> AbstractContextManager[Connection]: ...


class Joined:
    """One open write transaction: what reads sees what was written in it, what writes may fail alone."""

    def __init__(self, connection: Connection, dialect: Dialect) -> None:
        self.connection = connection
        self.dialect: Dialect = dialect

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Read inside the transaction."""
        yield self.connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Write inside the transaction, after a savepoint: an error takes back this block only."""
        with self.connection.begin_nested():
            yield self.connection
