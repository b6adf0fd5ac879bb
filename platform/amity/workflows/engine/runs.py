"""Runs as people see them: lists, one run with its steps, and what may be done with them.

Pages, REST and command line use these functions. `Key` goes on where a page ended; counts are capped.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import ColumnElement, Connection, and_, delete, func, literal, or_, select, update

from amity.database.engine import Database
from amity.database.schema_workflows import (
    assignment,
    run,
    run_request,
    run_step,
    run_wait,
    run_watch,
    workflow_state,
)
from amity.database.types import UtcDateTime
from amity.errors import Conflict, NotFound
from amity.texts import gettext as _
from amity.workflows.engine import waits
from amity.workflows.engine.journal import ENDED, RUN_COLUMNS, STEP_COLUMNS, RunRow, RunState, StepRow
from amity.workflows.service import EVERYTHING

PAGE: Final = 50
MOST: Final = 500
COUNTED: Final = 1000
"""Counts stop here."""

Key = tuple[dt.datetime, str]
"""Where a page of runs ended: moment of the start, and id."""


@dataclass(frozen=True, slots=True)
class RunQuery:
    """Which runs; what is None does not matter. `entity` and `workflow` are ids."""

    workflow: str | None = None
    states: Sequence[RunState] = ()
    entity: str | None = None
    record: str | None = None
    parent: str | None = None
    limit: int = PAGE
    after: Key | None = None


@dataclass(frozen=True, slots=True)
class RunPage:
    """Runs, the latest first; `next` is None at the end."""

    runs: list[RunRow]
    next: Key | None


@dataclass(frozen=True, slots=True)
class WaitRow:
    """A step that waits."""

    key: str
    due_at: dt.datetime | None


@dataclass(frozen=True, slots=True)
class RunDetail:
    """One run with what it did, in the order in which it did it."""

    run: RunRow
    steps: list[StepRow]
    waits: list[WaitRow]
    children: list[RunRow]
    """The runs that it called."""


@dataclass(slots=True)
class Overview:
    """What one workflow has to do, for lists of all. Times are UTC."""

    requested: int = 0
    running: int = 0
    """Runs that are being worked on or wait for a process."""
    waiting: int = 0
    failed: int = 0
    """Runs that failed since the moment that was asked for."""
    last: dt.datetime | None = None
    """Start of the latest run."""


@dataclass(frozen=True, slots=True)
class Backlog:
    """What waits for a worker at all: for monitoring."""

    requested: int
    oldest: dt.datetime | None
    """When the oldest request was made that no pause holds back."""
    paused: bool
    """Whether the switch that pauses all is on."""


# -- looking --------------------------------------------------------------------------------------------
def find(database: Database, query: RunQuery) -> RunPage:
    """List runs, the latest first."""
    limit = max(1, min(query.limit, MOST))
    order = (run.c.started_at.desc(), run.c.id.desc())
    statement = select(*RUN_COLUMNS).where(*_conditions(query)).order_by(*order).limit(limit + 1)
    with database.read() as connection:
        rows = [RunRow(**row._mapping) for row in connection.execute(statement)]
    more = len(rows) > limit
    rows = rows[:limit]
    return RunPage(rows, (rows[-1].started_at, rows[-1].id) if more else None)


def count(database: Database, query: RunQuery) -> tuple[int, bool]:
    """Count runs up to `COUNTED`; the second value says whether the number is exact."""
    some = select(run.c.id).where(*_conditions(query)).limit(COUNTED + 1).subquery()
    with database.read() as connection:
        found = connection.execute(select(func.count()).select_from(some)).scalar() or 0
    return min(found, COUNTED), found <= COUNTED


def get(database: Database, run_id: str) -> RunDetail:
    """Read one run. Raises `NotFound`."""
    with database.read() as connection:
        found = _row(connection, run_id)
        steps = select(*STEP_COLUMNS).where(run_step.c.run == run_id)
        ordered = steps.order_by(run_step.c.started_at, run_step.c.ended_at, run_step.c.key)
        waiting = select(run_wait.c.key, run_wait.c.due_at).where(run_wait.c.run == run_id)
        children = select(*RUN_COLUMNS).where(run.c.parent == run_id).order_by(run.c.started_at)
        return RunDetail(
            found,
            [StepRow(**row._mapping) for row in connection.execute(ordered)],
            [WaitRow(row.key, row.due_at) for row in connection.execute(waiting)],
            [RunRow(**row._mapping) for row in connection.execute(children)],
        )


def overview(database: Database, since: dt.datetime) -> dict[str, Overview]:
    """Say of all workflows by id what there is, in one query; failures since a moment."""
    active = or_(
        run.c.state.in_(("ready", "running", "waiting")),
        and_(run.c.state == "failed", run.c.ended_at >= since),
    )
    number, none = func.count().label("number"), literal(None, UtcDateTime).label("last")
    states = (
        select(run.c.workflow, run.c.state, number, none).where(active).group_by(run.c.workflow, run.c.state)
    )
    requests = select(run_request.c.workflow, literal("requested"), number, none).group_by(
        run_request.c.workflow
    )
    last = select(run.c.workflow, literal("last"), literal(0), func.max(run.c.started_at)).group_by(
        run.c.workflow
    )
    found: dict[str, Overview] = {}
    with database.read() as connection:
        for workflow, state, many, at in connection.execute(states.union_all(requests, last)):
            item = found.setdefault(workflow, Overview())
            match state:
                case "last":
                    item.last = at
                case "ready" | "running":
                    item.running += many
                case "waiting":
                    item.waiting = many
                case "failed":
                    item.failed = many
                case "requested":
                    item.requested = many
    return found


def backlog(database: Database) -> Backlog:
    """Say what waits for a worker."""
    paused = select(workflow_state.c.workflow).where(workflow_state.c.paused_at.is_not(None))
    some = select(run_request.c.id).limit(COUNTED).subquery()
    with database.read() as connection:
        held = set(connection.execute(paused).scalars())
        number = connection.execute(select(func.count()).select_from(some)).scalar() or 0
        if EVERYTHING in held or not number:
            return Backlog(number, None, EVERYTHING in held)
        oldest = select(func.min(run_request.c.requested_at))
        if held:
            oldest = oldest.where(run_request.c.workflow.not_in(held))
        return Backlog(number, connection.execute(oldest).scalar(), False)


def _conditions(query: RunQuery) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    for name in ("workflow", "entity", "record", "parent"):
        if (value := getattr(query, name)) is not None:
            found.append(run.c[name] == value)
    if query.states:
        found.append(run.c.state.in_(query.states))
    if query.after is not None:
        at, run_id = query.after
        earlier = run.c.started_at < at
        found.append(or_(earlier, and_(run.c.started_at == at, run.c.id < run_id)))
    return found


def _row(connection: Connection, run_id: str, *, lock: bool = False) -> RunRow:
    statement = select(*RUN_COLUMNS).where(run.c.id == run_id)
    found = connection.execute(statement.with_for_update() if lock else statement).first()
    if found is None:
        raise NotFound(_("There is no such run; it may be too old to be kept."))
    return RunRow(**found._mapping)


# -- doing ------------------------------------------------------------------------------------------------
def cancel(database: Database, run_id: str, why: str = "Cancelled by hand.") -> None:
    """End a run that is not at its end; a step that is just being done is still done, but nothing after it.

    Raises `NotFound`, `Conflict` where it has ended.
    """

    def work(connection: Connection) -> None:
        found = _row(connection, run_id, lock=True)
        if found.state in ENDED:
            raise Conflict(_("This run has ended already."))
        _cancel(connection, found, why)

    database.run(work)


def _cancel(connection: Connection, found: RunRow, why: str) -> None:
    now = _now()
    values = {"state": "cancelled", "why": why, "lease": None, "changed_at": now, "ended_at": now}
    connection.execute(update(run).where(run.c.id == found.id).values(**values))
    for table in (run_wait, run_watch):
        connection.execute(delete(table).where(table.c.run == found.id))
    connection.execute(
        update(assignment)
        .where(assignment.c.run == found.id, assignment.c.state == "open")
        .values(state="cancelled", closed_at=now)
    )
    if found.parent is not None and found.parent_key is not None:
        waits.wake_in(connection, [(found.parent, found.parent_key)], now)


def retry(database: Database, run_id: str) -> None:
    """Let a failed run go on from the step that failed, which is tried anew.

    Raises `NotFound`, `Conflict` where it has not failed.
    """
    database.run(lambda connection: _go_on(connection, run_id, skip=False))


def skip(database: Database, run_id: str) -> None:
    """Let a failed run go on behind the step that failed, as if it had been skipped.

    Raises `NotFound`, `Conflict` where it has not failed at a step.
    """
    database.run(lambda connection: _go_on(connection, run_id, skip=True))


def _go_on(connection: Connection, run_id: str, *, skip: bool) -> None:
    found = _row(connection, run_id, lock=True)
    if found.state != "failed":
        raise Conflict(_("This run has not failed, so there is nothing to try again."))
    key = (found.error or {}).get("step")
    if key is None and skip:
        raise Conflict(_("This run did not fail at a step; there is nothing to skip."))
    now = _now()
    if key is not None:
        mine = (run_step.c.run == run_id, run_step.c.key == key)
        if skip:
            values = {"state": "skipped", "ended_at": now, "output": {}}
            connection.execute(update(run_step).where(*mine).values(**values))
        else:
            connection.execute(delete(run_step).where(*mine))
    # Steps that waited beside the failed one have kept their waits, and wait on.
    connection.execute(
        update(run)
        .where(run.c.id == run_id)
        .values(
            state="ready",
            segment=run.c.segment + 1,
            lease=None,
            error=None,
            why=None,
            ended_at=None,
            changed_at=now,
        )
    )


Verb = Callable[[Database, str], None]


def for_all(database: Database, ids: Sequence[str], verb: Verb) -> tuple[int, dict[str, str]]:
    """Do `cancel`, `retry` or `skip` with many runs; give how many it was done with, and why not, by id."""
    done, refused = 0, {}
    for run_id in ids:
        try:
            verb(database, run_id)
            done += 1
        except (NotFound, Conflict) as error:
            refused[run_id] = error.message
    return done, refused


def drop_requests(database: Database, workflow: str) -> int:
    """Forget the runs that were asked for and have not begun; give how many there were."""
    statement = delete(run_request).where(run_request.c.workflow == workflow)
    return int(database.run(lambda connection: connection.execute(statement).rowcount))


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)
