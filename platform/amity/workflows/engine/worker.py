"""The worker's part in workflows: two threads, one that takes and hands over, one that watches the clock.

`with WorkflowWorker(...)` starts them and stops them; all work is done in the threads of the engine.
"""

from __future__ import annotations

import datetime as dt
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self

from sqlalchemy import Connection

from amity.errors import AmityError
from amity.texts import speaking
from amity.workflows.engine import guard, retention, telling, waits
from amity.workflows.engine.catalog import LiveCatalog
from amity.workflows.engine.clock import Clock
from amity.workflows.engine.dispatcher import Dispatcher
from amity.workflows.engine.durable import Durable
from amity.workflows.engine.interface import Catalog
from amity.workflows.engine.interpreter import Interpreter
from amity.workflows.engine.journal import Journal
from amity.workflows.people import assignments
from amity.workflows.service import Workflows
from amity.workflows.services import REQUESTED

if TYPE_CHECKING:
    from amity.workflows.services import Services

POLL_SECONDS: Final = 0.5
BREATH_SECONDS: Final = 0.02
"""Between two takings, so that many ends of segments make one transaction."""
SWEEP_SECONDS: Final = 3.0
CLOCK_SECONDS: Final = 5.0
PRUNE_SECONDS: Final = 3600.0
FORGET_SECONDS: Final = 20.0
KEPT_BY_ENGINE: Final = 60.0
"""Seconds that the engine remembers segments that are at their end."""
STOP_SECONDS: Final = 15.0

log = logging.getLogger(__name__)


@dataclass
class Chore:
    """Something that is done every so often."""

    every: float
    work: Callable[[], Any]
    next: float = 0.0


class WorkflowWorker:
    """Runs the workflows of one workspace in this process, whose id among the living is `lease`."""

    def __init__(
        self, services: Services, catalog: Catalog, lease: str, *, bounds: guard.Bounds | None = None
    ) -> None:
        self.services = services
        self.catalog = catalog
        self.interpreter = Interpreter(services, catalog, lease, self._ended, bounds or guard.Bounds())
        self.engine = Durable(services.database, lease, lambda segment: self.dispatcher.run(segment))
        self.dispatcher = Dispatcher(
            services.database,
            catalog,
            lease,
            self.engine,
            self.interpreter.advance,
            bounds=self.interpreter.bounds,
        )
        self._clock = Clock(services, catalog)
        self._stop = threading.Event()
        self.chores = [
            Chore(POLL_SECONDS, self._wake_due),
            Chore(POLL_SECONDS, self._follow),
            Chore(SWEEP_SECONDS, self.dispatcher.sweep),
            Chore(FORGET_SECONDS, self._forget),
            Chore(CLOCK_SECONDS, self._tick),
            Chore(PRUNE_SECONDS, self._prune),
            Chore(FORGET_SECONDS, lambda: assignments.wake_gone(self.services.database, self._now())),
        ]
        self._threads = [
            threading.Thread(target=self._dispatch, name="amity-dispatcher", daemon=True),
            threading.Thread(target=self._keep_time, name="amity-timekeeper", daemon=True),
        ]

    def __enter__(self) -> Self:
        self.services.signals[REQUESTED] = self.dispatcher.wake.set
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.services.signals.pop(REQUESTED, None)
        self._stop.set()
        self.dispatcher.wake.set()
        for thread in self._threads:
            thread.join()
        self.engine.stop(STOP_SECONDS if self.dispatcher.is_busy else 0)

    # -- the two threads --------------------------------------------------------------------------------
    def _dispatch(self) -> None:
        while not self._stop.is_set():
            self.dispatcher.wake.wait(POLL_SECONDS)
            self.dispatcher.wake.clear()
            if not self._stop.is_set():
                self._carefully(self._refresh_and_dispatch)
            self._stop.wait(BREATH_SECONDS)

    def _carefully(self, work: Callable[[], Any]) -> None:
        """Do it in the language of the workspace; what fails is said, and tried again the next time."""
        try:
            with speaking(self.services.locale()[0]):
                work()
        except AmityError as error:
            log.warning("workflows wait: %s", error.message)
        except Exception:
            log.exception("a part of the workflow engine failed")

    def _refresh_and_dispatch(self) -> None:
        self.services.definitions.refresh()
        self.dispatcher.dispatch()

    def _keep_time(self) -> None:
        while not self._stop.is_set():
            now = time.monotonic()
            for chore in self.chores:
                if chore.next <= now and not self._stop.is_set():
                    self._carefully(chore.work)
                    chore.next = time.monotonic() + chore.every
            self._stop.wait(max(min(chore.next for chore in self.chores) - time.monotonic(), 0.01))

    def _wake_due(self) -> None:
        while waits.wake_due(self.services.database, self._now()) and not self._stop.is_set():
            self.dispatcher.wake.set()

    def _follow(self) -> None:
        while waits.follow(self.services.database, self._now()) and not self._stop.is_set():
            pass

    def _tick(self) -> None:
        self.services.definitions.refresh()
        if self._clock.tick(self._now()):
            self.dispatcher.wake.set()

    def _prune(self) -> None:
        before = self._now() - dt.timedelta(days=self.services.settings.keep_runs)
        while retention.prune(self.services.database, before) and not self._stop.wait(BREATH_SECONDS):
            pass
        retention.prune_documents(self.services.database)

    def _forget(self) -> None:
        while self.engine.forget_ended(KEPT_BY_ENGINE) and not self._stop.is_set():
            pass

    # -- when a run ends -----------------------------------------------------------------------------------
    def _ended(self, connection: Connection, journal: Journal, state: str, why: str) -> None:
        run = journal.run
        if state != "failed":  # a failed one may be gone on with, and what was asked is still to be answered
            assignments.cancel_of_run(connection, run.id, self._now())
        if run.parent is not None and run.parent_key is not None:
            waits.wake_in(connection, [(run.parent, run.parent_key)], self._now())
        if state == "failed":
            telling.failed(connection, self.catalog, journal, why, self._now())

    def _now(self) -> dt.datetime:
        return self.interpreter.clock()


def open_worker(workflows: Workflows, lease: str) -> WorkflowWorker:
    """Make the worker of a workspace; `lease` is the id of this process among the living."""
    services = workflows.services
    catalog = LiveCatalog(workflows.compiler, services)
    return WorkflowWorker(services, catalog, lease, bounds=guard.Bounds.of(services.settings))


__all__ = ["WorkflowWorker", "open_worker"]
