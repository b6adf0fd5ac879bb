"""A bound on how long one query of a person may take."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from amity.database.engine import Dialect
from amity.errors import Invalid

QUERY_SECONDS: Final = 15
_STEPS: Final = 100_000
"""Steps of SQLite's machine between two looks at the clock: about a millisecond."""


@contextmanager
def bounded(
    connection: Connection, dialect: Dialect, heavy: bool, seconds: float = QUERY_SECONDS
) -> Iterator[None]:
    """Give up on a query after some seconds. Raises `Invalid` (parameter `where`) with advice.

    Only for `heavy` queries: one without filter, search and sort walks the primary key.
    """
    if not heavy:
        yield
        return
    start = _on_sqlite if dialect == "sqlite" else _on_postgresql
    stop = start(connection, seconds)
    try:
        yield
    except DBAPIError as error:
        if not _gave_up(error):
            raise
        raise Invalid.parameter(
            "where",
            "too_slow",
            f"The query took longer than {seconds:g} seconds.",
            hint="Filter by a field with an index, or ask for less at a time.",
        ) from error
    finally:
        stop()


def _on_sqlite(connection: Connection, seconds: float) -> Any:
    driver: Any = connection.connection.driver_connection
    deadline = time.monotonic() + seconds
    driver.set_progress_handler(lambda: time.monotonic() > deadline, _STEPS)
    return lambda: driver.set_progress_handler(None, 0)


def _on_postgresql(connection: Connection, seconds: float) -> Any:
    connection.exec_driver_sql(f"SET LOCAL statement_timeout = {int(seconds * 1000)}")
    return lambda: None


def _gave_up(error: DBAPIError) -> bool:
    if isinstance(error.orig, sqlite3.OperationalError):
        return "interrupted" in str(error.orig)
    return getattr(error.orig, "sqlstate", None) == "57014"
