"""The database of one workspace: connections, read and write transactions, retries.

A reader never becomes a writer: SQLite would deadlock. A writer takes SQLite's lock at once (BEGIN
IMMEDIATE) behind a first-in-first-out queue of this process, because SQLite's own busy handler polls and
starves. On PostgreSQL every writer holds the workspace's advisory lock in shared mode, so that the flip of
a definition change, which takes it exclusively, happens between writes and never inside one.
"""

from __future__ import annotations

import sqlite3
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final, Literal, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.pool import ConnectionPoolEntry

from amity import jsontext
from amity.errors import Busy, SetupError

T = TypeVar("T")
Dialect = Literal["sqlite", "postgresql"]

WORKSPACE_LOCK: Final = 0x616D697479
"""Key of the advisory lock that separates writes from definition flips ("amity" in ASCII)."""

BUSY_TIMEOUT_SECONDS: Final = 10
RETRIES: Final = 3
FLIP_LOCK_SECONDS: Final = 1.5
FLIP_ATTEMPTS: Final = 8
_LOCK_TIMEOUT_STATE: Final = "55P03"
_RETRIED_STATES: Final = {"40001", "40P01"}
_UNREACHABLE_STATES: Final = {"57P01", "57P02", "57P03", "08000", "08003", "08006", "53300"}


class FairLock:
    """A mutual exclusion that serves waiters in the order in which they came."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._waiting: deque[threading.Event] = deque()
        self._held = False

    def acquire(self, timeout: float) -> bool:
        """Take the lock; False where `timeout` seconds were not enough."""
        with self._guard:
            if not self._held:
                self._held = True
                return True
            turn = threading.Event()
            self._waiting.append(turn)
        if turn.wait(timeout):
            return True
        with self._guard:
            if turn.is_set():  # handed over in the very last moment
                return True
            self._waiting.remove(turn)
            return False

    def release(self) -> None:
        """Hand the lock to the one who waits longest."""
        with self._guard:
            if self._waiting:
                self._waiting.popleft().set()
            else:
                self._held = False


class Database:
    """One database, SQLite or PostgreSQL.

    `on_connect` callables get each new DBAPI connection (the expression functions register there).
    """

    def __init__(
        self, url: str, *, on_connect: Sequence[Callable[[Any, Dialect], None]] = (), pool_size: int = 20
    ) -> None:
        self.url: URL = _with_driver(make_url(url))
        self.dialect: Dialect = _dialect(self.url)
        self._on_connect = tuple(on_connect)
        self.queue = FairLock()
        """The line in front of SQLite's lock."""
        self.engine: Engine = create_engine(
            self.url,
            hide_parameters=True,  # an error's text goes into the log; people's data and hashes must not
            json_serializer=jsontext.dumps,
            json_deserializer=jsontext.trusted_loads,
            pool_size=pool_size,
            max_overflow=10,
            pool_pre_ping=self.dialect == "postgresql",
            connect_args=_connect_args(self.dialect),
        )
        event.listen(self.engine, "connect", self._prepare)
        if self.dialect == "sqlite":
            event.listen(self.engine, "begin", _begin_sqlite)
            event.listen(self.engine, "checkin", _close_cursors)

    def _prepare(self, connection: Any, _entry: ConnectionPoolEntry) -> None:
        if self.dialect == "sqlite":
            connection.isolation_level = None  # we say BEGIN ourselves: DDL is part of the transaction
            cursor = connection.cursor()
            for pragma in (
                "journal_mode=WAL",
                "synchronous=NORMAL",
                f"busy_timeout={BUSY_TIMEOUT_SECONDS * 1000}",
                "foreign_keys=ON",
                "cache_size=-16000",
                "temp_store=MEMORY",
            ):
                cursor.execute(f"PRAGMA {pragma}")
            cursor.close()
        for prepare in self._on_connect:
            prepare(connection, self.dialect)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Open a transaction that only reads."""
        with _translated(), self.engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def write(self, *, exclusive: bool = False) -> Iterator[Connection]:
        """Open a transaction that may write; it commits at the end of the block, or leaves nothing.

        `exclusive` waits until no other writer is inside: for changes of definitions alone. Everybody else
        queues behind it, so on PostgreSQL it waits for any lock `FLIP_LOCK_SECONDS` at most (see `flip`).
        Raises `Busy` where a lock could not be had in time.
        """
        queued = self.dialect == "sqlite"
        if queued and not self.queue.acquire(BUSY_TIMEOUT_SECONDS):
            raise Busy("Many people are saving at the moment. Nothing was written; please try again.")
        try:
            with _translated(), self.engine.connect() as connection:
                connection = connection.execution_options(amity_write=True)
                with connection.begin():
                    if self.dialect == "postgresql":
                        lock = "pg_advisory_xact_lock_shared"
                        if exclusive:
                            lock = "pg_advisory_xact_lock"
                            limit = f"SET LOCAL lock_timeout = {int(FLIP_LOCK_SECONDS * 1000)}"
                            connection.execute(text(limit))
                        connection.execute(text(f"SELECT {lock}(:key)"), {"key": WORKSPACE_LOCK})
                    yield connection
        finally:
            if queued:
                self.queue.release()

    def run(self, work: Callable[[Connection], T]) -> T:
        """Run `work` in a write transaction; again, up to three times, where the database asks for it.

        Serialisation failures and deadlocks repeat the whole unit, so `work` must not have effects
        outside the transaction.
        """
        return self._repeat(work, exclusive=False, attempts=RETRIES)

    def flip(self, work: Callable[[Connection], T]) -> T:
        """Run `work` while no other writer is inside: short changes of tables and definitions.

        A lock that is not free soon (somebody reads the table for long) is given up and asked for again,
        so that readers and writers who queue behind it are held up for a moment only.
        """
        return self._repeat(work, exclusive=True, attempts=FLIP_ATTEMPTS)

    def _repeat(self, work: Callable[[Connection], T], *, exclusive: bool, attempts: int) -> T:
        for attempt in range(1, attempts + 1):
            try:
                with self.write(exclusive=exclusive) as connection:
                    return work(connection)
            except (DBAPIError, Busy) as error:
                again = is_retryable(error) or (exclusive and _lock_timed_out(error))
                if attempt == attempts or not again:
                    raise
            time.sleep(0.25 * attempt if exclusive else 0.02 * attempt)
        raise AssertionError("unreachable")

    def check(self) -> None:
        """Raise `SetupError` with one plain line where the database cannot be opened."""
        try:
            with self.engine.connect() as connection:
                connection.execute(text("SELECT 1"))
                connection.rollback()
        except (DBAPIError, OSError) as error:
            reason = str(error.orig if isinstance(error, DBAPIError) else error).strip().splitlines()[0]
            raise SetupError(
                f"The database {self.url.render_as_string(hide_password=True)} cannot be opened: {reason}",
                hint="Check AMITY_DATABASE_URL and that the server is running.",
            ) from error

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()


def is_retryable(error: BaseException) -> bool:
    """Tell whether the database gave up on a conflict that a second try may not meet."""
    return isinstance(error, DBAPIError) and getattr(error.orig, "sqlstate", None) in _RETRIED_STATES


def _lock_timed_out(error: BaseException) -> bool:
    cause = error.__cause__ if isinstance(error, Busy) else error
    return isinstance(cause, DBAPIError) and getattr(cause.orig, "sqlstate", None) == _LOCK_TIMEOUT_STATE


def _dialect(url: URL) -> Dialect:
    match url.get_backend_name():
        case "sqlite":
            return "sqlite"
        case "postgresql":
            return "postgresql"
        case other:
            raise SetupError(f"Amity does not work on {other}; use sqlite:/// or postgresql://.")


def _with_driver(url: URL) -> URL:
    return url.set(drivername="postgresql+psycopg") if url.get_backend_name() == "postgresql" else url


def _connect_args(dialect: Dialect) -> dict[str, Any]:
    if dialect == "sqlite":
        return {"check_same_thread": False, "timeout": BUSY_TIMEOUT_SECONDS, "factory": _Connection}
    options = f"-c timezone=UTC -c lock_timeout={BUSY_TIMEOUT_SECONDS * 1000}"
    return {"options": options, "connect_timeout": 10}


class _Connection(sqlite3.Connection):
    """Knows its cursors, so that none of them outlives the transaction in which it was opened.

    One whose rows were not read to the end, and that somebody still holds, keeps the snapshot of the
    database open; the next BEGIN IMMEDIATE of the connection then fails at once, however long it may wait.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.opened: weakref.WeakSet[sqlite3.Cursor] = weakref.WeakSet()

    def cursor(self, factory: Any = sqlite3.Cursor) -> Any:
        made = super().cursor(factory)
        self.opened.add(made)
        return made


def _close_cursors(connection: _Connection | None, _entry: ConnectionPoolEntry) -> None:
    if connection is None:  # it was given up already
        return
    for cursor in list(connection.opened):
        cursor.close()
    connection.opened.clear()


def _begin_sqlite(connection: Connection) -> None:
    if connection.get_execution_options().get("amity_write", False):
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        return
    # Takes no lock, so no error needs a translation: the driver itself does it in a fifth of the time.
    driver = connection.connection.driver_connection
    assert driver is not None
    driver.execute("BEGIN")


@contextmanager
def _translated() -> Iterator[None]:
    """Turn what an operator must mend, or what passes by itself, into an error that says so."""
    try:
        yield
    except OperationalError as error:
        problem = _busy(error)
        if problem is None:
            raise
        raise problem from error


def _busy(error: OperationalError) -> Busy | None:
    if isinstance(error.orig, sqlite3.OperationalError):
        reason = str(error.orig)
        if "locked" in reason or "busy" in reason:
            return Busy("The database is locked by another process. Nothing was written; try again.")
        if "full" in reason:
            return Busy("The disk is full. Nothing was written; the operator must free some space.")
        if "readonly" in reason or "disk I/O" in reason or "unable to open" in reason:
            return Busy(f"The database cannot be used at the moment ({reason}). Nothing was written.")
        return None
    state = getattr(error.orig, "sqlstate", None)
    if state == _LOCK_TIMEOUT_STATE:
        return Busy("Others are working on the same data for too long. Nothing was written; try again.")
    if state == "53100":
        return Busy("The database's disk is full. Nothing was written; the operator must free some space.")
    if error.connection_invalidated or state in _UNREACHABLE_STATES or state is None:
        return Busy("The database is not reachable at the moment. Nothing was written.", retry_after=5)
    return None
