"""Back-tests that somebody asked for: a row each, which outlives requests, processes and reloads.

A back-test changes nothing, so one whose process died is simply begun again by the next (at most
`MAX_ATTEMPTS` times). Results are kept for a while and in small numbers; whoever asks clears away old ones.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from sqlalchemy import Connection, delete, func, insert, or_, select, update

from amity.access.context import Context
from amity.database.ids import new_id
from amity.database.schema_workflows import back_test
from amity.errors import Conflict, Invalid, NotFound
from amity.workflows.documents.compiled import CompiledWorkflow
from amity.workflows.services import Services
from amity.workflows.simulation.kept import keep, read, summary
from amity.workflows.simulation.trials import SAMPLES, BackTest

ASKED: Final = "back-test"
"""Name of the signal that says: somebody asked for one, look at once."""
State = Literal["waiting", "running", "done", "cancelled", "failed"]
ENDED: Final = ("done", "cancelled", "failed")
KEPT_DAYS: Final = 30
KEPT_EACH: Final = 10
"""Results that are kept for a workflow."""
MOST_OPEN: Final = 20
"""Back-tests that may wait or run at the same time."""
MAX_ATTEMPTS: Final = 3


@dataclass(frozen=True, slots=True)
class AskedTest:
    """One row of `back_test`."""

    id: str
    workflow: str
    """Name of the workflow; it need not exist."""
    document: Mapping[str, Any]
    """What is tested: the document as it was when it was asked for."""
    since: dt.datetime
    until: dt.datetime
    samples: int
    state: State
    cancel: bool
    """Whether somebody asked for its end."""
    attempts: int
    account: str | None
    asked_at: dt.datetime
    started_at: dt.datetime | None
    ended_at: dt.datetime | None
    runner: str | None
    progress: Mapping[str, Any]
    """`looked_at`, `matched`, `done`, `total`, `reached` (a date-time), `seconds`."""
    result: Mapping[str, Any] | None
    why: str | None
    """Why it failed."""

    @property
    def is_open(self) -> bool:
        """Whether it has not ended."""
        return self.state not in ENDED

    @property
    def found(self) -> BackTest | None:
        """What it found; also of one that was cancelled while it ran."""
        return None if self.result is None else read(self.result)

    @property
    def percent(self) -> int | None:
        """How far it is, 0 to 99; None where that is not known."""
        total = self.progress.get("total") or 0
        return min(99, int(100 * self.progress.get("done", 0) / total)) if total else None

    @property
    def seconds_left(self) -> int | None:
        """About how long it will still take; None where that is not known yet."""
        done, total = self.progress.get("done") or 0, self.progress.get("total") or 0
        so_far = self.progress.get("seconds") or 0
        if self.state != "running" or not total or so_far < 1 or done < min(50, total):
            return None
        return max(1, round(so_far * max(total - done, 0) / done))

    def as_json(self) -> dict[str, Any]:
        """Give the form of the API."""
        return {
            "id": self.id,
            "workflow": self.workflow,
            "state": self.state,
            "since": self.since.isoformat(),
            "until": self.until.isoformat(),
            "asked_at": self.asked_at.isoformat(),
            "started_at": None if self.started_at is None else self.started_at.isoformat(),
            "ended_at": None if self.ended_at is None else self.ended_at.isoformat(),
            "progress": {"percent": self.percent, "seconds_left": self.seconds_left, **self.progress},
            "why": self.why,
            "result": None if self.result is None else dict(self.result),
        }


class BackTests:
    """The back-tests of a workspace."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._database = services.database

    def ask(
        self,
        ctx: Context,
        name: str,
        compiled: CompiledWorkflow,
        since: dt.datetime,
        until: dt.datetime,
        *,
        samples: int = SAMPLES,
        found: BackTest | None = None,
    ) -> str:
        """Ask for one, or (`found`) keep one that is done already; give its id.

        Raises `Invalid` where the period is none, `Conflict` where too many are waiting.
        """
        if since >= until:
            raise Invalid("The period ends before it begins.")
        row = {
            "id": new_id(),
            "workflow": name,
            "document": dict(compiled.workflow.document),
            "since": since,
            "until": until,
            "samples": samples,
            "state": "waiting" if found is None else "done",
            "cancel": False,
            "attempts": 0,
            "account": ctx.actor.account,
            "asked_at": ctx.now,
            "started_at": None if found is None else ctx.now,
            "ended_at": None if found is None else ctx.now + dt.timedelta(seconds=found.took),
            "progress": {} if found is None else summary(found),
            "result": None if found is None else keep(found),
        }

        def work(connection: Connection) -> None:
            prune(connection, name, ctx.now)
            if found is None:
                _refuse_too_many(connection)
            connection.execute(insert(back_test).values(row))

        self._database.run(work)
        signal = self._services.signals.get(ASKED)
        if signal is not None:
            signal()
        return str(row["id"])

    def get(self, id_: str) -> AskedTest:
        """Give one. Raises `NotFound`."""
        with self._database.read() as connection:
            row = connection.execute(select(back_test).where(back_test.c.id == id_)).first()
        if row is None:
            raise NotFound("There is no such back-test; old ones are cleared away.")
        return AskedTest(**{str(key): value for key, value in row._mapping.items()})

    def of(self, name: str) -> Sequence[AskedTest]:
        """Give those of a workflow, the latest first; without what they found."""
        columns = [column for column in back_test.columns if column.name not in ("result", "document")]
        statement = select(*columns).where(back_test.c.workflow == name)
        with self._database.read() as connection:
            rows = connection.execute(statement.order_by(back_test.c.id.desc()).limit(KEPT_EACH + 1)).all()
        return [
            AskedTest(**{str(key): value for key, value in row._mapping.items()}, document={}, result=None)
            for row in rows
        ]

    def cancel(self, id_: str, now: dt.datetime) -> None:
        """End one: at once where it waits, else as soon as its process sees it. Raises `NotFound`."""
        self.get(id_)
        own = back_test.c.id == id_

        def work(connection: Connection) -> None:
            waits = own, back_test.c.state == "waiting"
            connection.execute(update(back_test).where(*waits).values(state="cancelled", ended_at=now))
            connection.execute(
                update(back_test).where(own, back_test.c.state == "running").values(cancel=True)
            )

        self._database.run(work)

    def remove(self, id_: str) -> None:
        """Remove one that has ended, with what it found. Raises `NotFound`, `Conflict`."""
        if self.get(id_).is_open:
            raise Conflict("This back-test has not ended yet.", hint="Cancel it first.")
        statement = delete(back_test).where(back_test.c.id == id_, back_test.c.state.in_(ENDED))
        self._database.run(lambda connection: connection.execute(statement))


def prune(connection: Connection, name: str, now: dt.datetime) -> None:
    """Clear away results that are old, and all but the latest of a workflow."""
    ended = back_test.c.state.in_(ENDED)
    latest = (
        select(back_test.c.id)
        .where(back_test.c.workflow == name, ended)
        .order_by(back_test.c.id.desc())
        .limit(KEPT_EACH - 1)
    )
    keep_ids = list(connection.execute(latest).scalars())
    old = back_test.c.asked_at < now - dt.timedelta(days=KEPT_DAYS)
    many = (back_test.c.workflow == name) & back_test.c.id.not_in(keep_ids)
    connection.execute(delete(back_test).where(ended, or_(old, many)))


def _refuse_too_many(connection: Connection) -> None:
    statement = select(func.count()).select_from(back_test).where(back_test.c.state.not_in(ENDED))
    if int(connection.execute(statement).scalar_one()) >= MOST_OPEN:
        raise Conflict(
            f"{MOST_OPEN} back-tests are waiting or running already.",
            hint="Wait for one of them, or cancel it.",
        )
