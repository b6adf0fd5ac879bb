"""The engine on both databases: fair queue, all-or-nothing of DDL, retries, errors that say what to do."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import Column, Integer, MetaData, Table, inspect, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError

from amity.database import engine
from amity.database.engine import Database, FairLock
from amity.errors import Busy, SetupError


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A database with one table."""
    opened = Database(database_url)
    with opened.write() as connection:
        connection.execute(text("CREATE TABLE counter (id INTEGER PRIMARY KEY, n INTEGER NOT NULL)"))
        connection.execute(text("INSERT INTO counter VALUES (1, 0), (2, 0)"))
    yield opened
    opened.close()


def count(database: Database, row: int = 1) -> int:
    """The number in a row."""
    with database.read() as connection:
        return int(connection.execute(text("SELECT n FROM counter WHERE id = :id"), {"id": row}).scalar_one())


class TestFairLock:
    """The queue in front of SQLite."""

    def test_serves_in_the_order_of_coming(self) -> None:
        lock = FairLock()
        order: list[int] = []
        assert lock.acquire(1)
        threads = []

        def wait(number: int) -> None:
            assert lock.acquire(5)
            order.append(number)
            lock.release()

        for number in range(8):
            thread = threading.Thread(
                target=lambda number=number: (lock.acquire(5), order.append(number), lock.release())
            )  # type: ignore[misc]
            thread.start()
            threads.append(thread)
            while len(lock._waiting) <= number:
                time.sleep(0.001)
        lock.release()
        for thread in threads:
            thread.join()
        assert order == list(range(8))

    def test_gives_up_after_the_time_and_leaves_the_queue(self) -> None:
        lock = FairLock()
        assert lock.acquire(1)
        assert not lock.acquire(0.02)
        lock.release()
        assert lock.acquire(0.02)


def test_a_failed_block_leaves_no_row_and_no_table(database: Database) -> None:
    with pytest.raises(RuntimeError), database.write() as connection:
        Table("more", MetaData(), Column("id", Integer)).create(connection)
        connection.execute(text("ALTER TABLE counter ADD COLUMN other INTEGER"))
        connection.execute(text("UPDATE counter SET n = 5"))
        raise RuntimeError
    assert count(database) == 0
    with database.read() as connection:
        found = inspect(connection)
        assert "more" not in found.get_table_names()
        assert [column["name"] for column in found.get_columns("counter")] == ["id", "n"]


def test_writers_do_not_lose_updates(database: Database) -> None:
    def add(_: int) -> None:
        def work(connection: object) -> None:
            connection.execute(text("UPDATE counter SET n = n + 1 WHERE id = 1"))  # type: ignore[attr-defined]

        database.run(work)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(add, range(80)))
    assert count(database) == 80


def test_an_exclusive_writer_is_alone(database: Database) -> None:
    inside, most = 0, 0
    guard = threading.Lock()

    def ordinary(_: int) -> None:
        nonlocal inside
        with database.write():
            with guard:
                inside += 1
            time.sleep(0.002)
            with guard:
                inside -= 1

    def flip(connection: object) -> None:
        nonlocal most
        most = max(most, inside)
        time.sleep(0.002)
        most = max(most, inside)

    with ThreadPoolExecutor(6) as pool:
        writing = [pool.submit(ordinary, number) for number in range(40)]
        flips = [pool.submit(database.flip, flip) for _ in range(5)]
        for future in (*writing, *flips):
            future.result()
    assert most == 0


@pytest.mark.parametrize("database_server", ["postgresql"], indirect=True)
def test_a_deadlock_runs_the_unit_again(database: Database) -> None:
    barrier, tries = threading.Barrier(2), []

    def both(first: int, second: int) -> None:
        met = False

        def work(connection: object) -> None:
            nonlocal met
            tries.append(first)
            statement = text("UPDATE counter SET n = n + 1 WHERE id = :id")
            connection.execute(statement, {"id": first})  # type: ignore[attr-defined]
            if not met:
                met = True
                barrier.wait(10)
            connection.execute(statement, {"id": second})  # type: ignore[attr-defined]

        database.run(work)

    with ThreadPoolExecutor(2) as pool:
        for future in [pool.submit(both, 1, 2), pool.submit(both, 2, 1)]:
            future.result()
    assert (count(database, 1), count(database, 2)) == (2, 2)
    assert len(tries) == 3


@pytest.mark.parametrize("database_server", ["postgresql"], indirect=True)
def test_a_flip_gives_up_a_lock_that_is_not_free_and_tries_again(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "FLIP_LOCK_SECONDS", 0.1)
    tries = []

    def alter(connection: object) -> None:
        tries.append(1)
        connection.execute(text("ALTER TABLE counter ADD COLUMN other INTEGER"))  # type: ignore[attr-defined]

    reading, release = threading.Event(), threading.Event()

    def read_for_long() -> None:
        with database.read() as connection:
            connection.execute(text("SELECT * FROM counter"))
            reading.set()
            release.wait(10)

    with ThreadPoolExecutor(2) as pool:
        reader = pool.submit(read_for_long)
        assert reading.wait(10)
        flip = pool.submit(database.flip, alter)
        while len(tries) < 2:
            time.sleep(0.01)
        began = time.monotonic()
        assert count(database) == 0, "readers get in between the tries"
        assert time.monotonic() - began < 2
        release.set()
        reader.result()
        flip.result()


@pytest.mark.parametrize("database_server", ["sqlite"], indirect=True)
class TestSQLiteTroubles:
    """What an operator may meet, as one plain sentence."""

    def test_locked_by_another_process(self, database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(engine, "BUSY_TIMEOUT_SECONDS", 0)
        impatient = Database(str(database.url))
        other = sqlite3.connect(str(database.url.database), isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        try:
            with pytest.raises(Busy, match="locked by another process"), impatient.write():
                pass
        finally:
            other.rollback()
            other.close()
        with impatient.write() as connection:
            connection.execute(text("UPDATE counter SET n = 1"))
        impatient.close()
        assert count(database) == 1

    def test_full_disk(self, database: Database) -> None:
        with database.engine.connect() as connection:
            pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
            connection.rollback()

        def fill(connection: object) -> None:
            connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")  # type: ignore[attr-defined]
            connection.execute(text("CREATE TABLE big (t TEXT)"))  # type: ignore[attr-defined]
            connection.execute(text("INSERT INTO big VALUES (:t)"), {"t": "x" * 100_000})  # type: ignore[attr-defined]

        with pytest.raises(Busy, match="disk is full"):
            database.run(fill)
        with database.read() as connection:
            assert "big" not in inspect(connection).get_table_names()

    def test_read_only_file(self, database: Database) -> None:
        path = str(database.url.database)
        database.close()
        frozen = Database(f"sqlite:///file:{path}?mode=ro&uri=true")
        with pytest.raises(Busy, match="cannot be used"), frozen.write() as connection:
            connection.execute(text("UPDATE counter SET n = 1"))
        frozen.close()


@pytest.mark.parametrize("database_server", ["postgresql"], indirect=True)
class TestPostgresTroubles:
    """The same for a server."""

    def test_connections_that_are_cut_are_made_anew(self, database: Database, database_url: str) -> None:
        assert count(database) == 0
        self._cut(database_url)
        assert count(database) == 0

    def test_cut_in_the_middle_is_busy_and_nothing_is_written(
        self, database: Database, database_url: str
    ) -> None:
        with pytest.raises(Busy, match="not reachable"), database.write() as connection:
            connection.execute(text("UPDATE counter SET n = 9"))
            self._cut(database_url)
            connection.execute(text("UPDATE counter SET n = 10"))
        assert count(database) == 0

    @staticmethod
    def _cut(url: str) -> None:
        name = make_url(url).database
        admin = make_url(url).set(drivername="postgresql", database="postgres")
        with psycopg.connect(admin.render_as_string(hide_password=False), autocommit=True) as connection:
            statement = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s"
            connection.execute(statement, [name])


def test_a_result_that_nobody_read_to_its_end_holds_up_no_writer(database: Database) -> None:
    """On SQLite its snapshot would stay open, and the connection could never write again."""
    other = Database(str(database.url.render_as_string(hide_password=False)))
    one = Database(str(database.url.render_as_string(hide_password=False)), pool_size=1)
    try:
        kept = []
        for block in (one.read, one.write, one.read):
            with block() as connection:
                kept.append(connection.execute(text("SELECT n FROM counter")))
                assert kept[-1].fetchone() is not None
            with other.write() as connection:
                connection.execute(text("UPDATE counter SET n = n + 1"))
            with one.write() as connection:  # the pool has one connection: it is the same
                connection.execute(text("UPDATE counter SET n = n + 1"))
        assert count(one) == 6
    finally:
        one.close()
        other.close()


def test_other_databases_are_refused() -> None:
    with pytest.raises(SetupError, match="does not work on mysql"):
        Database("mysql://localhost/x")


def test_an_error_of_ours_is_not_hidden(database: Database) -> None:
    with pytest.raises(DBAPIError, match="nowhere"), database.read() as connection:
        connection.execute(text("SELECT nonsense FROM nowhere"))


def test_folder_that_is_not_there(tmp_path: Path) -> None:
    lost = Database(f"sqlite:///{tmp_path}/none/amity.db")
    with pytest.raises(SetupError, match="unable to open"):
        lost.check()
    lost.close()


def test_a_server_that_is_gone() -> None:
    gone = Database("postgresql://nobody@127.0.0.1:1/none")
    with pytest.raises(SetupError, match="cannot be opened"):
        gone.check()
    with pytest.raises(Busy, match="not reachable"), gone.read():
        pass
    gone.close()
