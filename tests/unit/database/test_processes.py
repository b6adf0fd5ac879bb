"""Heartbeats: who is alive is seen by all, who went is not, and a lost database is survived."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterator

import pytest
from sqlalchemy import select, update

from amity.database.engine import Database
from amity.database.migrate import migrate
from amity.database.processes import GONE_AFTER, Presence, alive
from amity.database.schema import process
from tests.support.databases import DatabaseServer


def _migrated(url: str) -> None:
    database = Database(url)
    migrate(database)
    database.close()


@pytest.fixture
def database(database_server: DatabaseServer) -> Iterator[Database]:
    url = database_server.clone("migrated", _migrated)
    database = Database(url)
    yield database
    database.close()
    database_server.drop(url)


def test_a_process_is_seen_while_it_lives(database: Database) -> None:
    assert alive(database) == []
    with Presence(database, "web"), Presence(database, "worker") as worker:
        assert [found.role for found in alive(database)] == ["web", "worker"]
        (found,) = alive(database, "worker")
        assert found.id == worker.id
        assert found.heartbeat_at.tzinfo is not None
    assert alive(database) == []


def test_the_heart_goes_on_beating(database: Database) -> None:
    with Presence(database, "web", every=0.02):
        first = alive(database)[0].heartbeat_at
        deadline = time.monotonic() + 10
        while alive(database)[0].heartbeat_at == first:
            assert time.monotonic() < deadline
            time.sleep(0.01)


def test_who_was_killed_counts_as_gone_and_is_cleared_away(database: Database) -> None:
    killed = Presence(database, "worker")
    killed.beat()
    long_ago = dt.datetime.now(dt.UTC) - GONE_AFTER - dt.timedelta(seconds=1)
    with database.write() as connection:
        connection.execute(update(process).values(heartbeat_at=long_ago))
    assert alive(database) == []
    with Presence(database, "web") as heir, database.read() as connection:
        assert connection.execute(select(process.c.id)).scalars().all() == [heir.id]
    killed.beat()  # it was only slow: its row comes back
    assert [found.id for found in alive(database)] == [killed.id]
