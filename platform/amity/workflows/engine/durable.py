"""DBOS behind our interface, with what must be seen to so that it loses nothing and repeats nothing.

- Each process has an id of its own as executor; with the default two processes would share their work.
- Nothing takes over a dead process's segments by itself: the dispatcher calls `adopt` for them.
- The application version is constant: DBOS's own is a hash of source code, after a change of which nothing
  would go on.
- Its tables lie beside ours, behind an engine of its own (`database.beside`); values are plain JSON.
- It starts at the first segment: a worker without workflows neither pays nor imports it. It logs what an
  operator must know, without values, and opens no connection but to the database.

A DBOS workflow is a batch of segments that were taken together, and has no steps: what was finished inside is
in `run_step`, written together with its effect, which no step of DBOS could be. Its id names the segments.
"""

from __future__ import annotations

import datetime as dt
import logging
import os
from collections.abc import Collection, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from threading import Lock
from typing import Any, Final

from sqlalchemy import inspect, text

from amity.database.beside import engine_beside
from amity.database.engine import Database
from amity.workflows.engine.interface import Advance

VERSION: Final = "1"
"""DBOS's application version. A constant: segments do not depend on source code (see `run_step`)."""
NAME: Final = "amity"
MAX_RECOVERIES: Final = 1000
THREADS: Final = 300
"""More than the dispatcher ever hands over at once: it decides how many run."""
POOL: Final = 10
FORGOTTEN_AT_ONCE: Final = 500
SEPARATOR: Final = ","
_FINISHED: Final = ["SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"]

log = logging.getLogger(__name__)


class Durable:
    """One per process: DBOS is a singleton. `executor` is the id of this process among the living."""

    def __init__(self, database: Database, executor: str, advance: Advance) -> None:
        self._database = database
        self._executor = executor
        self._advance = advance
        self._guard = Lock()
        self._started: tuple[Any, Any] | None = None
        self._engine: Any = None
        self._known = False
        self._pool: ThreadPoolExecutor | None = None

    @property
    def is_started(self) -> bool:
        """Whether DBOS runs in this process."""
        return self._started is not None

    def start(self) -> None:
        """Import and launch DBOS, which also brings its tables up to date."""
        with self._guard:
            if self._started is None:
                self._started = self._launch()

    def _launch(self) -> tuple[Any, Any]:
        # Whatever the surroundings say: no cloud, no conductor, no telemetry.
        for name in [name for name in os.environ if name.startswith("DBOS_")]:
            del os.environ[name]
        from dbos import DBOS, DBOSConfig
        from dbos._serialization import DBOSPortableJSONSerializer

        _quiet()
        self._engine = engine_beside(self._database, pool_size=POOL)
        config: DBOSConfig = {
            "name": NAME,
            "system_database_url": _plain_url(self._database),
            "system_database_engine": self._engine,
            "executor_id": self._executor,
            "application_version": VERSION,
            "serializer": DBOSPortableJSONSerializer(),
            "use_listen_notify": False,
            "notification_listener_polling_interval_sec": 1.0,
            "scheduler_polling_interval_sec": 3600.0,
            "max_executor_threads": THREADS,
            "enable_otlp": False,
            "log_level": "WARNING",
            "sys_db_pool_size": POOL,
        }
        dbos = DBOS(config=config)

        def work(batch: str) -> None:
            self._run_all(batch)

        segments = DBOS.workflow(name="segments", max_recovery_attempts=MAX_RECOVERIES)(work)
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="amity-segment")
        DBOS.launch()
        _quiet()
        log.info("the durable engine is running", extra={"executor": self._executor})
        return dbos, segments

    def _run_all(self, batch: str) -> None:
        """Work on the segments of a batch, each in a thread of its own, until all are at their end."""
        first, *others = batch.split(SEPARATOR)
        pool = self._pool
        futures = [pool.submit(self._run, segment) for segment in others] if pool is not None else []
        self._run(first)
        wait(futures)

    def _run(self, segment: str) -> None:
        try:
            self._advance(segment)
        except Exception:
            # The run is handed over again by the dispatcher's sweep; DBOS has nothing to keep of it.
            log.exception("a segment could not be worked on", extra={"segment": segment})

    def hand_over(self, segments: Sequence[str]) -> None:
        """Start segments in threads of this process; a batch that is known already is left alone."""
        self.start()
        assert self._started is not None
        from dbos import DBOS, SetWorkflowID

        batch = SEPARATOR.join(segments)
        with SetWorkflowID(batch):
            DBOS.start_workflow(self._started[1], batch)

    def adopt(self, executors: Collection[str]) -> int:
        """Take over the segments of dead processes, each by one living process; give their number."""
        if not executors:
            return 0
        self.start()
        assert self._started is not None
        # It only takes what still belongs to one of these, so several workers may do it at once; the
        # public `resume_workflows` would also start what another worker has just begun.
        return len(self._started[0]._recover_pending_workflows(list(executors)))

    def executors(self) -> set[str]:
        """The processes that hold segments, as far as DBOS knows; asked without starting it."""
        return self._ids("SELECT DISTINCT executor_id FROM {table} WHERE status = 'PENDING'")

    def unfinished(self, segments: Iterable[str]) -> set[str]:
        """Those of the segments that are not at their end; asked without starting DBOS."""
        batches = self._ids(
            "SELECT workflow_uuid FROM {table} WHERE status IN ('PENDING', 'ENQUEUED', 'DELAYED')"
        )
        known = {segment for batch in batches for segment in batch.split(SEPARATOR)}
        return known.intersection(segments)

    def _ids(self, statement: str) -> set[str]:
        if not self._has_tables():
            return set()
        table = "workflow_status" if self._database.dialect == "sqlite" else "dbos.workflow_status"
        made = text(statement.format(table=table))
        with self._database.read() as connection:
            return {str(item) for item in connection.execute(made).scalars() if item is not None}

    def _has_tables(self) -> bool:
        if not self._known:
            schema = None if self._database.dialect == "sqlite" else "dbos"
            with self._database.read() as connection:
                self._known = inspect(connection).has_table("workflow_status", schema=schema)
        return self._known

    def forget_ended(self, seconds: float) -> int:
        """Remove what DBOS keeps about segments that ended so long ago."""
        if self._started is None:
            return 0
        from dbos import DBOS

        before = dt.datetime.now(dt.UTC) - dt.timedelta(seconds=seconds)
        found = DBOS.list_workflows(
            status=_FINISHED,
            completed_before=before.isoformat(),
            limit=FORGOTTEN_AT_ONCE,
            load_input=False,
            load_output=False,
        )
        if found:
            DBOS.delete_workflows([item.workflow_id for item in found])
        return len(found)

    def stop(self, seconds: float) -> None:
        """Let running segments finish for so long; what is left, others take over."""
        with self._guard:
            if self._started is None:
                return
            from dbos import DBOS

            DBOS.destroy(destroy_registry=True, workflow_completion_timeout_sec=int(seconds))
            self._engine.dispose()
            if self._pool is not None:
                self._pool.shutdown(wait=False, cancel_futures=True)
            self._started = None


def _plain_url(database: Database) -> str:
    # Only its kind is looked at, since the engine is given; no password travels on.
    return "sqlite:///beside.db" if database.dialect == "sqlite" else "postgresql://beside@localhost/beside"


def _quiet() -> None:
    """Send what DBOS logs the way of all logs: warnings, through our own handlers."""
    logger = logging.getLogger("dbos")
    logger.handlers[:] = []
    logger.propagate = True
    logger.setLevel(logging.WARNING)


__all__ = ["Durable"]
