"""The background worker: what runs beside the requests, alone (`amity worker`) or inside `amity serve`.

It runs workflows, sends e-mails and works off back-tests, in threads of their own, and does the jobs that
definitions leave behind: going on with killed applies, building indexes, emptying purged columns. What else
works in the background joins here.
"""

from __future__ import annotations

import fcntl
import logging
import threading
from types import TracebackType
from typing import IO, TYPE_CHECKING, Final, Self

from amity.database.processes import Presence
from amity.errors import AmityError

if TYPE_CHECKING:
    from amity.workspace import Workspace

log = logging.getLogger(__name__)

LOCK_FILE: Final = "worker.lock"
TAKE_OVER_SECONDS: Final = 5.0
PAUSE_SECONDS: Final = 2.0


def work(workspace: Workspace, stop: threading.Event) -> None:
    """Be the background worker until `stop` is set; one that fails at a job says so and goes on."""
    from amity.workflows.engine.worker import open_worker
    from amity.workflows.outbound.outbox import sending
    from amity.workflows.simulation.tester import testing

    with (
        Presence(workspace.database, "worker") as presence,
        open_worker(workspace.workflows, presence.id),
        sending(
            workspace.database,
            workspace.files,
            workspace.settings,
            presence.id,
            lambda: workspace.profile.locale,
        ),
        testing(workspace.workflows, presence.id),
    ):
        while not stop.is_set():
            try:
                workspace.definitions.run_jobs(stop.is_set)
            except AmityError as error:
                log.warning("a job waits: %s", error.message)
            except Exception:
                log.exception("a job failed")
            stop.wait(PAUSE_SECONDS)


class EmbeddedWorker:
    """The worker as a thread of a web process: of all web processes of a home, one runs it.

    Who holds the lock file runs it. The system frees the lock when its holder dies, however it dies, and
    another web process takes over.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="amity-worker", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        with (self._workspace.settings.home / LOCK_FILE).open("a") as lock:
            while not _taken(lock):
                if self._stop.wait(TAKE_OVER_SECONDS):
                    return
            work(self._workspace, self._stop)


def _taken(lock: IO[str]) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
