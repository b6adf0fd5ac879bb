"""Jobs: taken by one process, fenced against one that was taken for dead."""

from __future__ import annotations

import datetime as dt
import socket
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from amity.database.engine import Database
from amity.definitions import jobs
from amity.definitions.jobs import JobProgress, TakenOver


@pytest.fixture
def database(desk_url: str) -> Iterator[Database]:
    """A database with the platform's tables."""
    opened = Database(desk_url)
    yield opened
    opened.close()


def start(database: Database, *, running: bool = True) -> jobs.Job:
    """A job of this process, or a waiting one."""
    with database.write() as connection:
        return jobs.start(connection, jobs.PURGE, revision=3, payload={"a": [1]}, running=running)


def test_a_job_comes_back_as_it_was(database: Database) -> None:
    job = start(database)
    with database.read() as connection:
        assert jobs.find(connection) == [job]
        assert jobs.find(connection, jobs.PURGE) == [job]
        assert jobs.find(connection, jobs.APPLY) == []
    assert not jobs.is_dead(job)


def test_progress_counts_only_with_its_transaction(database: Database) -> None:
    progress = JobProgress(start(database))
    with database.write() as connection:
        progress.beat(connection, {"done": 5, "total": 10})
    with database.read() as connection:
        (found,) = jobs.find(connection)
    assert (found.percent, found.progress) == (50, {"done": 5, "total": 10})


def test_only_one_takes_a_waiting_job(database: Database) -> None:
    job = start(database, running=False)
    with database.write() as connection:
        taken = jobs.claim(connection, job)
        assert taken is not None
        assert jobs.claim(connection, job) is None


def test_a_runner_that_was_taken_for_dead_stops(database: Database) -> None:
    job = start(database)
    frozen = JobProgress(job)
    with database.write() as connection:
        assert jobs.claim(connection, job) is not None
    with pytest.raises(TakenOver), database.write() as connection:
        frozen.beat(connection)
    with pytest.raises(TakenOver), database.write() as connection:
        jobs.remove(connection, job)
    with pytest.raises(TakenOver), database.write() as connection:
        jobs.fail(connection, job, "no")


def test_the_dead_are_known_by_pid_or_silence(database: Database) -> None:
    job = start(database)
    here = socket.gethostname()
    assert jobs.is_dead(replace(job, runner=f"{here} 999999999 x"))
    assert not jobs.is_dead(replace(job, runner="elsewhere 1 x"))
    silent = dt.datetime.now(dt.UTC) - dt.timedelta(seconds=jobs.HEARTBEAT_SECONDS + 1)
    assert jobs.is_dead(replace(job, runner="elsewhere 1 x", heartbeat_at=silent))
    assert jobs.is_dead(replace(job, runner=None))


def test_a_failed_job_keeps_its_reason(database: Database) -> None:
    job = start(database)
    with database.write() as connection:
        jobs.fail(connection, job, "the disk is full")
    with database.read() as connection:
        (found,) = jobs.find(connection)
    assert (found.state, found.progress["error"]) == ("failed", "the disk is full")


def test_a_heart_beats_during_one_long_statement(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "BEAT_SECONDS", 0.02)
    job = start(database)
    with jobs.Heart(database, job):
        time.sleep(0.5)
    with database.read() as connection:
        (found,) = jobs.find(connection)
    assert found.heartbeat_at > job.heartbeat_at
