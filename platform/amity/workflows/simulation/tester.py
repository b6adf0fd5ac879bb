"""Works off the back-tests that were asked for, one at a time, in a thread of the background worker.

Reads come in transactions of a few seconds at most; what it writes is its own row, once a second. A process
that dies leaves its row to the next one. Between bits of work it lets others have the processor.
"""

from __future__ import annotations

import datetime as dt
import logging
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Connection, or_, select, update

from amity.access.context import SYSTEM, Context
from amity.database.processes import alive
from amity.database.schema_workflows import back_test
from amity.errors import AmityError, Forbidden
from amity.workflows.simulation.asked import ASKED, MAX_ATTEMPTS, AskedTest, BackTests
from amity.workflows.simulation.backtest import prepare, work_through
from amity.workflows.simulation.kept import keep, summary
from amity.workflows.simulation.trials import BackTest, Trial

if TYPE_CHECKING:
    from amity.workflows.service import Workflows

POLL_SECONDS: Final = 2.0
REPORT_SECONDS: Final = 1.0
LIMIT: Final = 1_000_000
"""Starts that are worked out."""
SECONDS: Final = 6 * 3600.0
WORK_SECONDS: Final = 0.05
BREATH_SECONDS: Final = 0.01
"""After so much work, so long a rest: the requests of the same process go on."""

log = logging.getLogger(__name__)


class _Lost(Exception):
    """The row is gone or belongs to another process."""


class BackTester:
    """Takes waiting back-tests and does them; `process` is the id of this process among the living."""

    def __init__(self, workflows: Workflows, process: str) -> None:
        self.workflows = workflows
        self.services = workflows.services
        self.database = workflows.services.database
        self.process = process
        self.wake = threading.Event()
        self.stop = threading.Event()

    def run(self) -> None:
        """Work until `stop`; what fails is said, and the next one is done."""
        while not self.stop.is_set():
            self.wake.clear()
            try:
                while not self.stop.is_set() and self.step():
                    pass
            except AmityError as error:
                log.warning("back-tests wait: %s", error.message)
            except Exception:
                log.exception("back-tests wait")
            self.wake.wait(POLL_SECONDS)

    def step(self) -> bool:
        """Do one back-test; False where none waits."""
        taken = self._take()
        if taken is None:
            return False
        try:
            self._do(taken)
        except _Lost:
            log.info("a back-test was taken over", extra={"back_test": taken.id})
        except AmityError as error:
            self._end(taken, "failed", why=error.message)
        except Exception:
            log.exception("a back-test failed", extra={"back_test": taken.id})
            self._end(taken, "failed", why="It stopped at an error inside Amity; the log says more.")
        return True

    # -- rows ---------------------------------------------------------------------------------------------
    def _take(self) -> AskedTest | None:
        living = {process.id for process in alive(self.database)}
        with self.database.read() as connection:
            open_ = select(back_test.c.id, back_test.c.runner).where(
                or_(back_test.c.state == "waiting", back_test.c.state == "running")
            )
            rows = connection.execute(open_.order_by(back_test.c.id)).all()
        for row in rows:
            idle = row.runner is None or row.runner not in living
            if idle and self.database.run(partial(self._claim, id_=row.id, runner=row.runner)):
                return BackTests(self.services).get(row.id)
        return None

    def _claim(self, connection: Connection, id_: str, runner: str | None) -> bool:
        """Take a row for this process; True where it is to be done, too."""
        mine = (
            back_test.c.id == id_,
            back_test.c.state.in_(("waiting", "running")),
            back_test.c.runner.is_not_distinct_from(runner),
        )
        row = connection.execute(select(back_test.c.attempts, back_test.c.cancel).where(*mine)).first()
        if row is None:
            return False
        now = self._now()
        if row.cancel:
            values: dict[str, Any] = {"state": "cancelled", "ended_at": now, "runner": None}
        elif row.attempts >= MAX_ATTEMPTS:
            why = f"The process that worked on it ended {row.attempts} times before it was done."
            values = {"state": "failed", "why": why, "ended_at": now, "runner": None}
        else:
            started = {"started_at": now, "attempts": row.attempts + 1, "progress": {}}
            values = {"state": "running", "runner": self.process, **started}
        done = connection.execute(update(back_test).where(*mine).values(values)).rowcount
        return done == 1 and values["state"] == "running"

    def _report(self, taken: AskedTest, values: Mapping[str, Any]) -> bool:
        """Write into the own row; tells whether somebody asked for its end. Raises `_Lost`."""
        mine = back_test.c.id == taken.id, back_test.c.runner == self.process

        def work(connection: Connection) -> bool:
            if connection.execute(update(back_test).where(*mine).values(**values)).rowcount != 1:
                raise _Lost
            return bool(connection.execute(select(back_test.c.cancel).where(*mine)).scalar())

        return self.database.run(work)

    def _end(
        self, taken: AskedTest, state: str, found: BackTest | None = None, why: str | None = None
    ) -> None:
        result = None if found is None else keep(found)
        progress = {} if found is None else summary(found)
        mine = back_test.c.id == taken.id, back_test.c.runner == self.process
        values = {
            "state": state,
            "result": result,
            "why": why,
            "ended_at": self._now(),
            "runner": None,
            "progress": progress,
        }
        self.database.run(
            lambda connection: connection.execute(update(back_test).where(*mine).values(values))
        )

    def _release(self, taken: AskedTest) -> None:
        """Give it back: the process ends as it was told to, which is no failed attempt."""
        values: dict[str, Any] = {
            "state": "waiting",
            "runner": None,
            "attempts": taken.attempts - 1,
            "progress": {},
        }
        mine = back_test.c.id == taken.id, back_test.c.runner == self.process
        self.database.run(
            lambda connection: connection.execute(update(back_test).where(*mine).values(values))
        )

    def _now(self) -> dt.datetime:
        return self.services.context(SYSTEM).now

    # -- the work -----------------------------------------------------------------------------------------
    def _do(self, taken: AskedTest) -> None:
        self.services.definitions.refresh()
        compiled = self.workflows.draft(taken.document, taken.workflow)
        trial = Trial(BackTest(taken.since, taken.until), LIMIT, taken.samples, SECONDS)
        trial.cancelled = _Watch(self, taken, trial)
        prepare(self.services, self._context(taken), compiled, trial)
        work_through(self.services, self._context(taken), compiled, trial)
        if trial.found.early == "cancelled":
            if self.stop.is_set():
                self._release(taken)
            else:
                self._end(taken, "cancelled", trial.found)
        else:
            self._end(taken, "done", trial.found)

    def _context(self, taken: AskedTest) -> Context:
        """As whom it was asked for; who is no admin any more gets no answer."""
        if taken.account is None:
            actor = SYSTEM
        else:
            account = self.services.accounts.get(taken.account)
            actor = account.actor()
            if account.state != "active" or not actor.is_admin:
                raise Forbidden("Who asked for it is no administrator any more.")
        return self.services.context(actor, "back_test")


class _Watch:
    """Asked at each bit of work whether it is to end: rests, reports how far it is, hears of a cancel."""

    def __init__(self, tester: BackTester, taken: AskedTest, trial: Trial) -> None:
        self.tester = tester
        self.taken = taken
        self.trial = trial
        self._cancelled = False
        self._rested = time.monotonic()
        self._reported = 0.0

    def __call__(self) -> bool:
        now = time.monotonic()
        if now - self._rested > WORK_SECONDS:
            time.sleep(BREATH_SECONDS)
            self._rested = time.monotonic()
        if now - self._reported > REPORT_SECONDS:
            self._reported = now
            progress = self.trial.progress
            self._cancelled = self.tester._report(self.taken, {"progress": progress})
        return self._cancelled or self.tester.stop.is_set()


@contextmanager
def testing(workflows: Workflows, process: str) -> Iterator[BackTester]:
    """Work off back-tests in a thread of its own while the block lasts."""
    tester = BackTester(workflows, process)
    thread = threading.Thread(target=tester.run, name="amity-back-tests", daemon=True)
    workflows.services.signals[ASKED] = tester.wake.set
    thread.start()
    try:
        yield tester
    finally:
        workflows.services.signals.pop(ASKED, None)
        tester.stop.set()
        tester.wake.set()
        thread.join()
