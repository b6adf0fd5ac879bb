"""Work on definitions that outlives a transaction: a running apply, indexes to build, columns to empty.

Each is a row of `definition_job` that names the process which runs it. A process that died is known by its
missing pid on the same host, or by a heartbeat that stopped; whoever finds it first takes the job over. All
writes of a runner pass `beat` in the same transaction, so that one that was taken over in error (a frozen
process that wakes up) stops before it writes anything more.
"""

from __future__ import annotations

import datetime as dt
import logging
import os
import socket
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from sqlalchemy import Connection, delete, insert, select, update

from amity.database.engine import Database
from amity.database.ids import new_id
from amity.database.schema import definition_job
from amity.errors import AmityError

log = logging.getLogger(__name__)

BEAT_SECONDS: Final = 8
HEARTBEAT_SECONDS: Final = 30
"""A runner on another host that said nothing for so long is taken for dead."""

APPLY: Final = "apply"
INDEXES: Final = "indexes"
PURGE: Final = "purge"
RECOMPUTE: Final = "recompute"
"""Compute the formulas of an entity anew (payload: `entity`, its id); done by the layer of records."""
REINDEX: Final = "reindex"
"""Build the search index of an entity anew (payload: `entity`, its id); done by the layer of records."""


class TakenOver(AmityError):
    """Another process runs this job now; this one stops."""

    code, title = "taken_over", "Another process has taken this over"


@dataclass(frozen=True, slots=True)
class Job:
    """One row of `definition_job`."""

    id: str
    kind: str
    state: str
    """`running`, `waiting` (nobody runs it) or `failed`."""
    revision: int
    payload: Mapping[str, Any]
    progress: Mapping[str, Any]
    """`done`, `total` and what the phase needs to go on."""
    started_at: dt.datetime
    heartbeat_at: dt.datetime
    account: str | None
    runner: str | None
    """`host pid mark` of the process that runs it; the mark is new with each take-over."""

    @property
    def percent(self) -> int:
        """How far it is, 0 to 100."""
        total = self.progress.get("total") or 0
        return min(100, int(100 * self.progress.get("done", 0) / total)) if total else 0


def _this_process() -> str:
    return f"{socket.gethostname()[:80]} {os.getpid()} {new_id()}"


def is_dead(job: Job) -> bool:
    """Tell whether the process that ran `job` is gone."""
    if job.runner is None:
        return True
    host, pid, _ = job.runner.rsplit(" ", 2)
    if host == socket.gethostname()[:80] and not _alive(int(pid)):
        return True
    return (dt.datetime.now(dt.UTC) - job.heartbeat_at).total_seconds() > HEARTBEAT_SECONDS


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def start(
    connection: Connection,
    kind: str,
    *,
    revision: int,
    payload: Mapping[str, Any],
    account: str | None = None,
    running: bool = True,
) -> Job:
    """Insert a job; `running` here and now, or waiting for a worker."""
    now = dt.datetime.now(dt.UTC)
    job = Job(
        id=new_id(),
        kind=kind,
        state="running" if running else "waiting",
        revision=revision,
        payload=payload,
        progress={},
        started_at=now,
        heartbeat_at=now,
        account=account,
        runner=_this_process() if running else None,
    )
    row = {column.name: getattr(job, column.name) for column in definition_job.columns}
    connection.execute(insert(definition_job).values(row))
    return job


def find(connection: Connection, *kinds: str) -> list[Job]:
    """Give the jobs of these kinds (all where none is named), the oldest first."""
    statement = select(definition_job).order_by(definition_job.c.started_at, definition_job.c.id)
    if kinds:
        statement = statement.where(definition_job.c.kind.in_(kinds))
    rows = connection.execute(statement)
    return [Job(**{str(key): value for key, value in row._mapping.items()}) for row in rows]


def claim(connection: Connection, job: Job) -> Job | None:
    """Take over a waiting job or one whose runner died; None where another was quicker."""
    taken = replace(job, state="running", heartbeat_at=dt.datetime.now(dt.UTC), runner=_this_process())
    known = definition_job.c.runner.is_not_distinct_from(job.runner)
    done = connection.execute(
        update(definition_job)
        .where(definition_job.c.id == job.id, definition_job.c.state == job.state, known)
        .values(state=taken.state, heartbeat_at=taken.heartbeat_at, runner=taken.runner)
    )
    return taken if done.rowcount == 1 else None


def release(connection: Connection, dead: Iterable[Job]) -> None:
    """Set the jobs of dead runners to waiting."""
    for job in dead:
        values = {"state": "waiting", "runner": None}
        connection.execute(update(definition_job).where(*_fence(job)).values(values))


def remove(connection: Connection, job: Job) -> None:
    """End a job. Raises `TakenOver`."""
    _mine(connection.execute(delete(definition_job).where(*_fence(job))).rowcount)


def fail(connection: Connection, job: Job, reason: str) -> None:
    """Keep a job that cannot be done, with its reason, for the admin. Raises `TakenOver`."""
    progress = {**job.progress, "error": reason}
    values = {"state": "failed", "progress": progress, "runner": None}
    _mine(connection.execute(update(definition_job).where(*_fence(job)).values(values)).rowcount)


def _fence(job: Job) -> tuple[Any, Any]:
    return definition_job.c.id == job.id, definition_job.c.runner == job.runner


def _mine(rows: int) -> None:
    if rows != 1:
        raise TakenOver("Another process goes on with this change of definitions; this one stops.")


class JobProgress:
    """The reports of one runner of a job, fenced by its mark."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self._state = dict(job.progress)

    @property
    def state(self) -> Mapping[str, Any]:
        """What was last reported: where to go on after a kill."""
        return self._state

    def beat(self, connection: Connection, progress: Mapping[str, Any] | None = None) -> None:
        """Report in the transaction that did the work. Raises `TakenOver`."""
        self._state.update(progress or {})
        values = {"heartbeat_at": dt.datetime.now(dt.UTC), "progress": dict(self._state)}
        _mine(connection.execute(update(definition_job).where(*_fence(self.job)).values(values)).rowcount)


class Heart:
    """Says every few seconds that the runner of a job lives, also while one long statement runs."""

    def __init__(self, database: Database, job: Job) -> None:
        self._database = database
        self._job = job
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="amity-job-heart", daemon=True)

    def __enter__(self) -> Heart:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(BEAT_SECONDS):
            try:
                self._database.run(self._touch)
            except Exception:
                log.debug("a heartbeat was missed", exc_info=True)  # the next one may get through

    def _touch(self, connection: Connection) -> None:
        now = dt.datetime.now(dt.UTC)
        connection.execute(update(definition_job).where(*_fence(self._job)).values(heartbeat_at=now))
