"""Walks through a run: from its start, or from where something woke it, to its end or its next waits.

`advance` may be called again for the same segment, after a kill. Steps that have a row are not done again;
the walk goes over them, and so comes to the same place. Nothing here sleeps: whatever waits (a wait, a retry,
a person) ends the sequence that it stands in, other arms of a `parallel` go on, and then the segment ends.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final, NoReturn

from amity.access.context import SYSTEM, Actor, Context
from amity.errors import Busy
from amity.records.shapes import rfc3339
from amity.texts import gettext as _
from amity.texts import speaking
from amity.workflows.documents.compiled import CompiledBranch, CompiledStep, CompiledWorkflow
from amity.workflows.documents.environment import Reading, Results, environment, stored_item, typed
from amity.workflows.documents.timing import moment_of, shortest
from amity.workflows.engine import guard, running, waits
from amity.workflows.engine.interface import Catalog, split_key
from amity.workflows.engine.journal import Journal, LeaseLost, StepRow, Wait
from amity.workflows.engine.running import Attempt, StepFailed

if TYPE_CHECKING:
    from amity.expressions import Type
    from amity.records.caller import Caller
    from amity.workflows.services import Services

GONE: Final = "Its record was deleted."
UNWANTED: Final = "There was nothing to do: the condition of the workflow did not hold."
LOOKED_AGAIN: Final = dt.timedelta(seconds=10)
"""Until then a condition is looked at once more behind the beginning of its wait, or a kill came between."""
MAX_TURNS: Final = 10_000
"""Turns that a `for_each` may take; a longer list fails the step."""

log = logging.getLogger(__name__)


class Ended(Exception):
    """The run is at its end, by a step's word or a failure."""

    def __init__(self, state: Any, why: str = "", error: Mapping[str, Any] | None = None) -> None:
        super().__init__(why)
        self.state, self.why, self.error = state, why, error


@dataclass
class Interpreter:
    """Advances the runs of one workspace, each call in a thread of the engine."""

    services: Services
    catalog: Catalog
    lease: str
    """Id of this process."""
    ended: Callable[[Any, Journal, str, str], None] = lambda connection, journal, state, why: None
    """Called inside the transaction in which a run ends: wakes the run that called it, tells of failures."""
    bounds: guard.Bounds = field(default_factory=guard.Bounds)
    clock: Callable[[], dt.datetime] = lambda: dt.datetime.now(dt.UTC)

    def advance(self, segment: str) -> None:
        """Work on a segment to its end. Whatever fails is the run's failure, except the database.

        Raises `Busy` where the database is away: the segment is then done again.
        """
        run_id, number = split_key(segment)
        journal = Journal.open(self.services.database, run_id, number, self.lease)
        if journal is None:
            return
        try:
            with speaking(self.services.locale()[0]):
                self._advance(journal)
        except LeaseLost:
            log.info("another process has taken over a run", extra={"run": run_id})

    def _advance(self, journal: Journal) -> None:
        try:
            self._check_kills(journal)
            walk = self._walk(journal)
            if journal.run.segment and walk.record_is_gone():
                raise Ended("cancelled", _(GONE))
            if not walk.is_wanted():
                raise Ended("done", _(UNWANTED))
            if not walk.steps(walk.compiled.steps):
                self._rest(journal, walk)
                return
            if walk.is_ended:
                return
            state, why, error = "done", "", None
        except Ended as end:
            state, why, error = end.state, end.why, end.error
        except (LeaseLost, Busy):
            raise
        except Exception as error_:
            log.exception("a run failed for a reason that Amity does not know", extra={"run": journal.run.id})
            state, why = "failed", _("Something went wrong inside Amity.")
            error = {"message": why, "cause": f"{type(error_).__name__}: {error_}"[:2000]}
        self.finish(journal, state, why, error)

    def _check_kills(self, journal: Journal) -> None:
        """Stop a run during which one process after another ends, before it takes all of them with it.

        A step with an effect elsewhere counts its attempts itself, and fails first; this is for all else:
        memory that does not suffice for a list, a library that crashes.
        """
        killed = journal.run.killed
        if killed > self.bounds.killed:
            self.stop(journal, f"Amity was ended {killed} times while it worked on this run.")

    def stop(self, journal: Journal, why: str) -> NoReturn:
        """Fail a run that is beyond a bound, and pause its workflow."""
        workflow, now = journal.run.workflow, self.clock()
        self.services.database.run(
            lambda connection: guard.pause(connection, self.catalog, workflow, why, now)
        )
        raise Ended("failed", why, {"message": why})

    def finish(self, journal: Journal, state: Any, why: str, error: Mapping[str, Any] | None) -> None:
        """End a run in a transaction of its own."""

        def work(connection: Any) -> None:
            journal.end(connection, state, self.clock(), why, error)
            self.ended(connection, journal, state, why)

        self.services.database.run(work)

    def _rest(self, journal: Journal, walk: Walk) -> None:
        if not journal.rest(self.clock(), walk.why):
            return
        self._look_again(journal, walk)

    def _look_again(self, journal: Journal, walk: Walk) -> None:
        """See what happened between looking at a condition and watching its records."""
        database, run_id = self.services.database, journal.run.id
        met = [key for key in walk.conditions if walk.holds(key)]
        if walk.record_is_gone():
            waits.nudge(database, run_id, self.clock())
        waits.wake(database, [(run_id, key) for key in met], self.clock())
        waits.settle(database, run_id, {key: walk.due(key) for key in walk.conditions if key not in met})

    def _walk(self, journal: Journal) -> Walk:
        run = journal.run
        compiled = self.catalog.pinned(run.workflow, run.version)
        if compiled is None:
            why = _("This version of the workflow does not fit the entities any more.")
            raise Ended("failed", why, {"message": why})
        return Walk(self, journal, compiled, self._actor(journal, compiled))

    def _actor(self, journal: Journal, compiled: CompiledWorkflow) -> Actor:
        if compiled.workflow.run_as == "system":
            return SYSTEM
        if journal.run.actor is None:
            return SYSTEM
        account = self.services.accounts.get(journal.run.actor)
        if account.state != "active":
            why = _("It runs as %(account)s, who may not sign in any more.", account=account.name)
            raise Ended("failed", why, {"message": why})
        return account.actor()


@dataclass
class Walk:
    """One way through the steps of one run."""

    interpreter: Interpreter
    journal: Journal
    compiled: CompiledWorkflow
    actor: Actor
    results: Results = field(default_factory=Results)
    why: str = ""
    """What the run waits for, in words."""
    conditions: dict[str, tuple[CompiledStep, Mapping[str, Any]]] = field(default_factory=dict)
    """The conditions that are waited for when the walk ends, by key."""
    is_ended: bool = False
    """Whether the run ended in the transaction of its last step."""
    last: dt.datetime | None = None
    """When the step before was finished: a wait counts from there, also after a kill."""

    @property
    def services(self) -> Services:
        """The parts of the workspace."""
        return self.interpreter.services

    def context(self, step: str) -> Context:
        """Who acts, now, and the run as the cause of what changes."""
        run = self.journal.run
        cause = {"workflow": run.workflow, "run": run.id, "step": step}
        ctx = self.services.context(self.actor, "workflow", **cause)
        return replace(ctx, now=self.interpreter.clock(), depth=run.depth + 1, cause_id=run.id)

    def caller(self, step: str) -> Caller:
        """The same within the entities in force."""
        return self.services.records.machine.caller(self.context(step))

    def record_is_gone(self) -> bool:
        """Whether the run's record was deleted meanwhile, and the run does not go on without it."""
        run = self.journal.run
        if run.record is None or self.compiled.workflow.on_deleted == "continue":
            return False
        entity = self.compiled.model.by_id.get(run.entity or "")
        if entity is None or run.trigger.get("kind") == "deleted" or run.trigger.get("on") == "deleted":
            return False
        with self.reading("") as reading:
            return reading.record(entity, run.record) is None

    def is_wanted(self) -> bool:
        """Whether the condition of the workflow holds at the start.

        Changes were asked when they were written; who was started by the clock or by hand is asked here.
        """
        run, when = self.journal.run, self.compiled.when
        if when is None or "event" in run.trigger or run.segment or self.journal.steps:
            return True
        with self.reading("") as reading:
            return when.condition(self.env(reading, {}))

    # -- sequences ------------------------------------------------------------------------------------
    def steps(
        self, steps: Sequence[CompiledStep], turn: str = "", loops: Mapping[str, Any] | None = None
    ) -> bool:
        """Go through steps in order; False where one of them waits."""
        return all(self._step(step, f"{step.key}{turn}", turn, loops or {}) for step in steps)

    def _step(self, step: CompiledStep, key: str, turn: str, loops: Mapping[str, Any]) -> bool:
        match step.step.kind:
            case "do":
                return self._do(step, key, turn, loops)
            case "wait":
                return self._wait(step, key, loops)
            case "if" | "switch":
                branch = self._chosen(step, key, loops)
                return branch is None or self.steps(branch.steps, turn, loops)
            case "for_each":
                return self._for_each(step, key, turn, loops)
            case "parallel":
                before, ends = self.last, []
                going = []
                for branch in step.branches:
                    self.last = before
                    going.append(self.steps(branch.steps, turn, loops))
                    ends.append(self.last)
                self.last = max((end for end in ends if end is not None), default=before)
                return all(going)
        raise AssertionError(step.step.kind)

    def _chosen(self, step: CompiledStep, key: str, loops: Mapping[str, Any]) -> CompiledBranch | None:
        """The arm that is taken, decided once."""
        row = self.journal.steps.get(key)
        if row is None:
            with self.reading(key) as reading:
                env = self.env(reading, loops)
                branch = choose(step.branches, env)
            self._note(step, key, {"branch": None if branch is None else branch.name})
            return branch
        self._seen(step, row)
        return next((item for item in step.branches if item.name == row.output["branch"]), None)

    def _for_each(self, step: CompiledStep, key: str, turn: str, loops: Mapping[str, Any]) -> bool:
        kind = step.expressions["for_each"].type
        row = self.journal.steps.get(key)
        if row is None:
            with self.reading(key) as reading:
                found = step.expressions["for_each"].evaluate(self.env(reading, loops)) or []
                items = [stored_item(item) for item in found]
            if len(items) > MAX_TURNS:
                self._fail(
                    step,
                    key,
                    _(
                        "The list has %(items)s entries; %(max_turns)s are possible.",
                        items=len(items),
                        max_turns=MAX_TURNS,
                    ),
                )
            row = self._note(step, key, {"count": len(items)}, wait={"kind": "turns", "items": items})
        self._seen(step, row)
        name = str(step.step.params.get("as", "item"))
        item_type = getattr(kind, "item", kind)
        for number, item in enumerate((row.wait or {}).get("items", ())):
            inner = {**loops, name: _Item(item, item_type)}
            if not self.steps(step.branches[0].steps, f"{turn}[{number}]", inner):
                return False
        return True

    # -- waits ----------------------------------------------------------------------------------------
    def _wait(self, step: CompiledStep, key: str, loops: Mapping[str, Any]) -> bool:
        row = self.journal.steps.get(key)
        if row is not None and row.is_finished:
            self._seen(step, row)
            return True
        if "wait_for" in step.expressions:
            return self._wait_for(step, key, row, loops)
        wait = self.journal.waits.get(key)
        now = self.interpreter.clock()
        if wait is None:
            wait = Wait(self._due(step, key, loops, now))
            if not wait.is_over(now):
                self.journal.wait(key, wait)
                self._note(step, key, None, state="waiting", wait={"kind": "wait"})
        if wait.is_over(now):
            self.journal.wait_is_over(key)
            self._note(step, key, {"at": rfc3339(now)})
            return True
        self._waits_for(_("Waits until %(moment)s UTC.", moment=f"{wait.due_at:%Y-%m-%d %H:%M}"))
        return False

    def _due(self, step: CompiledStep, key: str, loops: Mapping[str, Any], now: dt.datetime) -> dt.datetime:
        with self.reading(key) as reading:
            env = self.env(reading, loops)
            if "wait" in step.expressions:
                begun = self.last or self.journal.run.started_at
                length = step.expressions["wait"].evaluate(env)
                return now if length is None else shortest(begun, length)
            until = step.expressions["wait_until"].evaluate(env)
            return now if until is None else moment_of(until, reading.caller.ctx.timezone)

    def _wait_for(self, step: CompiledStep, key: str, row: StepRow | None, loops: Mapping[str, Any]) -> bool:
        now = self.interpreter.clock()
        wait = self.journal.waits.get(key)
        if wait is not None and not wait.is_over(now):
            self._waits_for(_("Waits until something is true."))
            self.conditions[key] = (step, loops)
            return False
        watch: set[tuple[str, str]] = set()
        met, latest, limit = self._look(step, key, loops, watch)
        if row is not None and row.wait and row.wait.get("limit"):
            limit = dt.datetime.fromisoformat(row.wait["limit"])
        if met or (limit is not None and limit <= now):
            self.journal.wait_is_over(key)
            self._note(step, key, {"met": met, "at": rfc3339(now)})
            return True
        self.journal.wait_is_over(key)
        due = min((moment for moment in (limit, latest) if moment is not None), default=None)
        # Not for ever, until it was looked at again: whoever is killed before that would miss a change.
        soon = now + LOOKED_AGAIN
        self.journal.wait(key, Wait(soon if due is None else min(due, soon), watch=sorted(watch)))
        times = {"limit": limit, "due": due}
        kept = {name: moment.isoformat() if moment else None for name, moment in times.items()}
        kept = {"kind": "condition", **kept}
        self._note(step, key, None, state="waiting", wait=kept)
        self.conditions[key] = (step, loops)
        self._waits_for(_("Waits until something is true."))
        return False

    def _look(
        self, step: CompiledStep, key: str, loops: Mapping[str, Any], watch: set[tuple[str, str]]
    ) -> tuple[bool, dt.datetime | None, dt.datetime | None]:
        """Whether the condition holds, when it is to be looked at again by the clock, and the limit."""
        condition = step.expressions["wait_for"]
        with self.reading(key, lambda entity, record: watch.add((entity, record))) as reading:
            env = self.env(reading, loops)
            met = condition.condition(env)
            limit = None
            if "at_most" in step.expressions:
                length = step.expressions["at_most"].evaluate(env)
                begun = self.last or self.journal.run.started_at
                limit = None if length is None else shortest(begun, length)
            again = None
            if "now" in condition.bound:
                again = reading.caller.ctx.now + dt.timedelta(hours=1)
            elif "today" in condition.bound:
                tomorrow = reading.caller.ctx.today + dt.timedelta(days=1)
                again = moment_of(tomorrow, reading.caller.ctx.timezone)
        return met, again, limit

    def due(self, key: str) -> dt.datetime | None:
        """When a condition that is waited for is looked at by the clock."""
        row = self.journal.steps.get(key)
        text = (row.wait or {}).get("due") if row is not None else None
        return dt.datetime.fromisoformat(text) if text else None

    def holds(self, key: str) -> bool:
        """Look at a condition that is waited for once more."""
        step, loops = self.conditions[key]
        with self.reading(key) as reading:
            return step.expressions["wait_for"].condition(self.env(reading, loops))

    # -- actions --------------------------------------------------------------------------------------
    def _do(self, step: CompiledStep, key: str, turn: str, loops: Mapping[str, Any]) -> bool:
        row = self.journal.steps.get(key)
        if row is not None and row.is_finished:
            self._seen(step, row)
            return row.state != "failed" or self._after_failure(step, row, turn, loops)
        now = self.interpreter.clock()
        wait = self.journal.waits.get(key)
        if row is not None and row.state == "waiting" and wait is not None and not wait.is_over(now):
            self._waits_for((row.wait or {}).get("why") or _("Waits."))
            return False
        last = not turn and step is self.compiled.steps[-1]
        self._check_bounds()
        outcome = running.perform(Attempt(self, step, key, loops, row, last))
        self.is_ended = outcome.ended
        match outcome.state:
            case "waiting":
                self._waits_for(outcome.why)
                return False
            case "stopped":
                raise Ended("failed" if outcome.failed else "done", outcome.why, outcome.error)
        row = self.journal.steps[key]
        self._seen(step, row)
        return row.state != "failed" or self._after_failure(step, row, turn, loops)

    def _check_bounds(self) -> None:
        """Stop a run that changes ever more records, and pause its workflow."""
        written, allowed = self.journal.writes, self.interpreter.bounds.records
        if written < allowed:
            return
        why = _(
            "One run changed %(written)s records; %(allowed)s are allowed.", written=written, allowed=allowed
        )
        self.interpreter.stop(self.journal, why)

    def _after_failure(self, step: CompiledStep, row: StepRow, turn: str, loops: Mapping[str, Any]) -> bool:
        if step.on_failure is not None:
            return self.steps(step.on_failure.steps, turn, loops)
        if step.step.on_failure == "continue":
            return True
        error = {"step": row.key, **(row.error or {})}
        raise Ended("failed", str(error.get("message", "")), error)

    # -- bits -----------------------------------------------------------------------------------------
    def reading(self, step: str, noted: Callable[[str, str], None] | None = None) -> Reading:
        """A read transaction for the values of one step."""
        return Reading(self.services.records.machine, self.caller(step), noted)

    def env(self, reading: Reading, loops: Mapping[str, Any]) -> Any:
        """What expressions see now."""
        items = {name: typed(item.value, item.type, reading) for name, item in loops.items()}
        return environment(self.services, self.compiled, self.journal.run, reading, self.results, items)

    def _waits_for(self, why: str) -> None:
        self.why = self.why or why

    def _note(
        self, step: CompiledStep, key: str, output: Any, *, state: Any = "done", wait: Any = None
    ) -> StepRow:
        now = self.interpreter.clock()
        old = self.journal.steps.get(key)
        row = StepRow(
            run=self.journal.run.id,
            key=key,
            step=step.key,
            action=step.step.kind,
            state=state,
            attempts=1,
            started_at=now if old is None else old.started_at,
            output=output,
            wait=wait,
            ended_at=None if state == "waiting" else now,
        )
        self.journal.note(row)
        if row.is_finished:
            self._seen(step, row)
        return row

    def _seen(self, step: CompiledStep, row: StepRow) -> None:
        """Go over a finished step: its result is there for those behind it."""
        self.last = row.ended_at or self.last
        self.results.set(step.key, row.state, row.output, self.types(step))

    def types(self, step: CompiledStep) -> Mapping[str, Type]:
        """Types of a step's results."""
        return running.result_types(step, self.compiled.model)

    def _fail(self, step: CompiledStep, key: str, message: str) -> None:
        self._note(step, key, None, state="failed")
        self.journal.steps[key].error = {"message": message}
        raise Ended("failed", message, {"step": key, "message": message})


@dataclass(frozen=True, slots=True)
class _Item:
    """One of a loop, as it is stored."""

    value: Any
    type: Type


def choose(branches: Sequence[CompiledBranch], env: Any) -> CompiledBranch | None:
    """The first arm whose condition holds, else the one without a condition."""
    for branch in branches:
        if branch.condition is not None and branch.condition.condition(env):
            return branch
    return next((branch for branch in branches if branch.condition is None), None)


__all__ = ["MAX_TURNS", "Ended", "Interpreter", "StepFailed", "Walk", "choose"]
