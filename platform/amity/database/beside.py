"""An engine of its own for a library that keeps tables beside ours, in the same database.

It has our pragmas, but says BEGIN in its own way: the durable engine fails under the BEGIN of
`amity.database.engine`. On SQLite its transactions stand in the same queue as our writers, because SQLite's
own way of waiting for the lock starves.
"""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.pool import ConnectionPoolEntry

from amity.database.engine import BUSY_TIMEOUT_SECONDS, Database

_HELD: Final = "amity_queue_held"


def engine_beside(database: Database, *, pool_size: int) -> Engine:
    """Make such an engine; whoever gets it disposes of it."""
    engine = create_engine(
        database.url,
        hide_parameters=True,
        pool_size=pool_size,
        max_overflow=10,
        pool_pre_ping=database.dialect == "postgresql",
        connect_args={"check_same_thread": False}
        if database.dialect == "sqlite"
        else {"connect_timeout": 10},
    )
    if database.dialect == "sqlite":
        event.listen(engine, "connect", _prepare)
        _stand_in_line(engine, database)
    return engine


def _prepare(connection: Any, _entry: ConnectionPoolEntry) -> None:
    connection.isolation_level = "IMMEDIATE"  # before the first change; reads begin nothing
    for pragma in (
        "journal_mode=WAL",
        "synchronous=NORMAL",
        f"busy_timeout={BUSY_TIMEOUT_SECONDS * 1000}",
        "foreign_keys=ON",
        "cache_size=-4000",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _stand_in_line(engine: Engine, database: Database) -> None:
    def taken(_connection: Any, entry: ConnectionPoolEntry, _proxy: Any) -> None:
        # Without a turn in time it goes on all the same: then SQLite's own lock decides.
        entry.info[_HELD] = database.queue.acquire(BUSY_TIMEOUT_SECONDS)

    def given_back(_connection: Any, entry: ConnectionPoolEntry) -> None:
        if entry.info.pop(_HELD, False):
            database.queue.release()

    event.listen(engine, "checkout", taken)
    event.listen(engine, "checkin", given_back)
