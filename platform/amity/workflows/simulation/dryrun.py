"""What a run would do, step by step, with the values of a moment: nothing is written and nothing sent.

The walk is that of `interpreter`: the same arms, loops and failures. Each action says by its `preview` what
it would do; later steps see that through an overlay (`shadows`). It goes on to a wait, to a question to a
person, or to the end.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal

from amity.access.context import SYSTEM, Context
from amity.database.ids import new_id
from amity.entities.model import Entity
from amity.errors import AmityError
from amity.expressions import RecordType, RecordValue
from amity.expressions.types import ID
from amity.records.gaps import Gap
from amity.records.targets import label_of
from amity.texts import gettext as _
from amity.texts import ngettext
from amity.workflows.action import ActionFailed, Call, Preview, RunInfo
from amity.workflows.documents.compiled import CompiledBranch, CompiledStep, CompiledWorkflow
from amity.workflows.documents.environment import Environment, Reading, Results
from amity.workflows.documents.showing import LABEL, LOCALE, Reader
from amity.workflows.documents.timing import moment_of, shortest
from amity.workflows.engine.interpreter import MAX_TURNS, choose
from amity.workflows.engine.journal import kept
from amity.workflows.engine.running import result_types
from amity.workflows.rules import Rules
from amity.workflows.services import Services
from amity.workflows.simulation.foresee import RULES, Foresight, Refused, later
from amity.workflows.simulation.shadows import Find, Overlay, label_values
from amity.workflows.simulation.sight import Sight, Then
from amity.workflows.subjects import entity_of

MAX_STEPS: Final = 5_000
"""Steps (turns of loops counted) that are worked out."""
MAX_SHOWN: Final = 500
"""Steps that are told; the others are counted only."""
NOT_CHOSEN: Final = "Another way is taken."
NOT_REACHED: Final = "It is not come to: the run stops before."

log = logging.getLogger(__name__)

State = Literal["would", "skipped", "stops", "not_taken"]
End = Literal["done", "waiting", "ended", "failed", "refused", "too_long"]


@dataclass(frozen=True, slots=True)
class SimulatedStep:
    """What would become of one step."""

    key: str
    """With the numbers of the loops around it: `notify[3]`."""
    kind: str
    action: str
    """Name of the action, empty for the words of the flow."""
    title: str
    level: int
    """How deep it stands in branches."""
    state: State
    text: str = ""
    """What it would do."""
    why: str = ""
    """Why it is skipped, stops, or is not taken."""
    writes: Sequence[Mapping[str, Any]] = ()
    """See `Preview.writes`."""

    def as_json(self) -> dict[str, Any]:
        """Give the form of the API."""
        return {
            "key": self.key,
            "kind": self.kind,
            "action": self.action or None,
            "title": self.title,
            "level": self.level,
            "state": self.state,
            "text": self.text,
            "why": self.why,
            "writes": [dict(write) for write in self.writes],
        }


@dataclass(slots=True)
class Simulation:
    """What a run would do."""

    steps: list[SimulatedStep] = field(default_factory=list)
    stopped: str | None = None
    """Why it does not go on to the end of the steps."""
    end: End = "done"
    missing: list[Gap] = field(default_factory=list)
    """Values that were asked for, and that the history does not tell."""
    starts: bool = True
    """Whether the run would have started at all (dry run)."""
    why_not: str = ""
    writes: list[Mapping[str, Any]] = field(default_factory=list)
    """All record writes in order; none where a rule would refuse the save."""
    done: list[str] = field(default_factory=list)
    """Names of the actions that would have done something."""
    unforeseen: list[str] = field(default_factory=list)
    """Sentences that say what nobody can tell before."""

    def as_json(self) -> dict[str, Any]:
        """Give the form of the API."""
        return {
            "starts": self.starts,
            "why_not": self.why_not,
            "end": self.end,
            "stopped": self.stopped,
            "steps": [step.as_json() for step in self.steps],
            "writes": [dict(write) for write in self.writes],
            "missing": [gap.as_json() for gap in self.missing],
            "unforeseen": list(self.unforeseen),
        }


@dataclass(frozen=True, slots=True)
class Scene:
    """The moment in which a run would have begun."""

    services: Services
    compiled: CompiledWorkflow
    ctx: Context
    """Whom it runs as, and when."""
    find: Find
    """Reads records as they were at that moment."""
    record: RecordValue | None = None
    old: RecordValue | None = None
    new: RecordValue | None = None
    me: Callable[[], Any] = lambda: None
    input: Any = None
    record_id: str | None = None
    run: str = ""
    """Id that the run would have."""
    then: Then | None = None
    """The moment, in a back-test."""


def simulate(scene: Scene, *, check: Callable[[], None] = lambda: None) -> Simulation:
    """Work out what a run would do; `check` is called at each step and may raise to give up."""
    with SimulatedReading(scene) as reading:
        walk = _Walk(scene, reading, check)
        walk.run()
    return walk.simulation


class SimulatedReading(Reading):
    """Reads for the expressions of a simulation: records of the moment, under what would be written."""

    def __init__(self, scene: Scene) -> None:
        machine = scene.services.records.machine
        super().__init__(machine, machine.caller(scene.ctx))
        self.overlay = Overlay(self.caller.model, scene.find)
        self.sight = Sight(machine, self.caller, self.overlay, scene.then)

    def records(self, entity: Entity, ids: Sequence[str]) -> Mapping[str, RecordValue]:
        """See `Reading`."""
        return self.overlay.records(entity, ids)

    def label(self, value: RecordValue) -> str:
        """See `Reading`."""
        entity = entity_of(value, self.caller.model)
        if entity is None:
            return value.id or ""
        return label_of(self.machine.codec(self.caller, entity), label_values(value, entity))


class _Ended(Exception):
    """The whole run is over."""

    def __init__(self, end: End, why: str) -> None:
        super().__init__(why)
        self.end: End = end
        self.why = why


@dataclass
class _Walk:
    """One way through the steps."""

    scene: Scene
    reading: SimulatedReading
    check: Callable[[], None]
    simulation: Simulation = field(default_factory=Simulation)
    results: Results = field(default_factory=Results)
    count: int = 0
    foresight: Foresight = field(init=False)

    def __post_init__(self) -> None:
        self.foresight = self._foresight()

    def run(self) -> None:
        """Go through all steps."""
        found, is_rule = self.simulation, self.scene.compiled.workflow.is_rule
        try:
            self.steps(self.scene.compiled.steps, "", {}, 0)
        except _Ended as end:
            found.end, found.stopped = ("refused" if is_rule and end.end == "ended" else end.end), end.why
        if is_rule and found.end in ("refused", "failed"):
            found.writes.clear()

    @property
    def now(self) -> dt.datetime:
        """The moment of the simulation."""
        return self.scene.ctx.now

    # -- sequences ------------------------------------------------------------------------------------
    def steps(self, steps: Sequence[CompiledStep], turn: str, loops: Mapping[str, Any], level: int) -> bool:
        """Go through steps in order; False where one of them waits."""
        for number, step in enumerate(steps):
            try:
                goes_on = self._step(step, turn, loops, level)
            except _Ended:
                self._leave(steps[number + 1 :], turn, level, _(NOT_REACHED))
                raise
            if not goes_on:
                self._leave(steps[number + 1 :], turn, level, _(NOT_REACHED))
                return False
        return True

    def _step(self, step: CompiledStep, turn: str, loops: Mapping[str, Any], level: int) -> bool:
        self.check()
        self.count += 1
        if self.count > MAX_STEPS:
            raise _Ended(
                "too_long", _("More than %(max_steps)s steps are not worked out.", max_steps=MAX_STEPS)
            )
        key = f"{step.key}{turn}"
        match step.step.kind:
            case "do":
                return self._do(step, key, turn, loops, level)
            case "wait":
                return self._wait(step, key, loops, level)
            case "if" | "switch":
                return self._choose(step, key, turn, loops, level)
            case "for_each":
                return self._for_each(step, key, turn, loops, level)
            case "parallel":
                self._note(step, key, level, "would", "All ways at the same time.")
                arms = [self.steps(branch.steps, turn, loops, level + 1) for branch in step.branches]
                return all(arms)
        raise AssertionError(step.step.kind)

    def _choose(self, step: CompiledStep, key: str, turn: str, loops: Mapping[str, Any], level: int) -> bool:
        branch = choose(step.branches, self.env(loops))
        self._result(step, "done", {"branch": None if branch is None else branch.name})
        self._note(step, key, level, "would", _("No way is taken.") if branch is None else _way(branch))
        goes_on = True
        for arm in step.branches:
            if arm is not branch:
                self._leave(arm.steps, turn, level + 1, _(NOT_CHOSEN))
                continue
            goes_on = self.steps(arm.steps, turn, loops, level + 1)
        return goes_on

    def _for_each(
        self, step: CompiledStep, key: str, turn: str, loops: Mapping[str, Any], level: int
    ) -> bool:
        items = step.expressions["for_each"].evaluate(self.env(loops)) or []
        if len(items) > MAX_TURNS:
            why = _(
                "The list has %(items)s entries; %(max_turns)s are possible.",
                items=len(items),
                max_turns=MAX_TURNS,
            )
            self._note(step, key, level, "stops", "", why)
            raise _Ended("failed", why)
        self._result(step, "done", {"count": len(items)})
        self._note(step, key, level, "would", ngettext("One turn.", "%(num)s turns.", len(items)))
        if not items:
            self._leave(step.branches[0].steps, turn, level + 1, _("The list is empty."))
        name = str(step.step.params.get("as", "item"))
        for number, item in enumerate(items):
            inner = {**loops, name: item}
            if not self.steps(step.branches[0].steps, f"{turn}[{number}]", inner, level + 1):
                return False
        return True

    # -- waits ----------------------------------------------------------------------------------------
    def _wait(self, step: CompiledStep, key: str, loops: Mapping[str, Any], level: int) -> bool:
        env = self.env(loops)
        if "wait_for" in step.expressions:
            if step.expressions["wait_for"].condition(env):
                self._result(step, "done", {"met": True, "at": self.now.isoformat()})
                self._note(step, key, level, "would", _("What it waits for is true already."))
                return True
            return self._stop(step, key, level, "", _("It waits until something is true."))
        due = self._due(step, env)
        if due is None or due <= self.now:
            self._result(step, "done", {"at": self.now.isoformat()})
            self._note(step, key, level, "would", _("It goes on at once: that moment has come."))
            return True
        return self._stop(step, key, level, "", _("It waits until %(moment)s.", moment=self._shown(due)))

    def _due(self, step: CompiledStep, env: Mapping[str, Any]) -> dt.datetime | None:
        if "wait" in step.expressions:
            length = step.expressions["wait"].evaluate(env)
            return None if length is None else shortest(self.now, length)
        until = step.expressions["wait_until"].evaluate(env)
        return None if until is None else moment_of(until, self.scene.ctx.timezone)

    def _shown(self, moment: dt.datetime) -> str:
        from amity.workflows.documents.showing import shown

        return shown(moment, ID, None, {LOCALE: Reader(*self.scene.services.locale())})

    # -- actions --------------------------------------------------------------------------------------
    def _do(self, step: CompiledStep, key: str, turn: str, loops: Mapping[str, Any], level: int) -> bool:
        found = self._preview(step, key, loops)
        made: dict[str, Any] = {}
        if found.outcome in ("done", "skipped", "waiting"):
            try:
                made, found = self._took(step, found)
            except Refused as error:
                text = f"The save would be refused: {error.message}"
                found = Preview(text, stops=error.message, outcome="failed")
        outcome = "waiting" if found.stops and found.outcome == "done" else found.outcome
        if outcome == "waiting":
            return self._stop(step, key, level, found.text, found.stops, found.writes)
        if outcome == "ended":
            self._note(step, key, level, "stops", found.text, found.stops)
            raise _Ended("ended", found.stops)
        if outcome == "failed":
            return self._failed(step, key, turn, loops, level, found)
        self._result(step, outcome, {**made, **found.output})
        if outcome == "skipped":
            self._note(step, key, level, "skipped", found.text, found.text)
        else:
            self._note(step, key, level, "would", found.text, writes=found.writes)
        return True

    def _preview(self, step: CompiledStep, key: str, loops: Mapping[str, Any]) -> Preview:
        assert step.action is not None
        try:
            return step.action.preview(self._call(step, key, loops))
        except ActionFailed as error:
            return Preview(
                _("It would fail: %(message)s", message=error.message), stops=error.message, outcome="failed"
            )
        except AmityError as error:
            return Preview(
                _("It would fail: %(message)s", message=error.message), stops=error.message, outcome="failed"
            )
        except NotImplementedError:
            why = _("The action '%(action)s' cannot say what it would do.", action=_(step.action.title))
            return Preview(why, stops=why)
        except Exception as error:  # the action of an extension: the page says so instead of failing
            log.warning("a preview failed", exc_info=error, extra={"action": step.action.name})
            why = _("What '%(action)s' would do could not be worked out.", action=_(step.action.title))
            return Preview(why, stops=why)

    def _call(self, step: CompiledStep, key: str, loops: Mapping[str, Any]) -> Call:
        scene, workflow = self.scene, self.scene.compiled.workflow
        entity = scene.compiled.entity
        info = RunInfo(
            id=scene.run or new_id(),
            workflow=workflow.name,
            workflow_id=workflow.id,
            title=workflow.title,
            version=workflow.version,
            entity=None if entity is None else entity.id,
            record=scene.record_id,
            depth=scene.ctx.depth,
        )
        env = self.env(loops)
        return Call(
            scene.services, scene.ctx, info, key, step.params.evaluate(env), env, finder=self.reading.sight
        )

    def _took(self, step: CompiledStep, found: Preview) -> tuple[dict[str, Any], Preview]:
        """Lay the writes over what later steps see, with what rules make of them. Raises `Refused`.

        Gives what a new record's step is known to give, and the preview with all its writes.
        """
        assert step.action is not None
        model = self.scene.compiled.model
        pairs = self.foresight.take(found.writes)
        output: dict[str, Any] = {}
        if found.writes and found.writes[0]["verb"] == "create":
            types, entity = result_types(step, model), model.entities[found.writes[0]["entity"]]
            output = {
                name: pairs[0][1] for name, type_ in types.items() if type_ in (ID, RecordType(entity.id))
            }
        writes = [write for write, _ in pairs]
        self.simulation.writes += writes
        self.simulation.done += [step.action.name] if found.outcome == "done" else []
        self._foretell(writes)
        return output, replace(found, writes=writes)

    def _foretell(self, writes: Sequence[Mapping[str, Any]]) -> None:
        """Say what is not worked out."""
        rules, model, then = self.foresight.rules, self.scene.compiled.model, self.scene.then
        text = "" if rules is None or not writes else later(rules.waiting(model), writes, model.entities)
        if text and text not in self.simulation.unforeseen:
            self.simulation.unforeseen.append(text)
        if then is not None:
            for told in (text, RULES if self.foresight.used else ""):
                if told:
                    then.note(told)

    def _foresight(self) -> Foresight:
        scene = self.scene
        listeners = scene.services.records.machine.listeners
        own = scene.compiled.entity if scene.compiled.workflow.is_rule else None

        def passes(write: Mapping[str, Any]) -> bool:
            return own is not None and write["entity"] == own.name and write.get("record") == scene.record_id

        return Foresight(
            self.reading.overlay,
            next((item for item in listeners if isinstance(item, Rules)), None),
            self._rule_call,
            lambda: self.env({}),
            scene.services.settings.max_depth,
            passes,
        )

    def _rule_call(
        self, rule: CompiledWorkflow, step: CompiledStep, env: Mapping[str, Any], depth: int
    ) -> Call:
        scene, workflow = self.scene, rule.workflow
        ctx = scene.ctx if workflow.run_as == "person" else replace(scene.ctx, actor=SYSTEM)
        entity = None if rule.entity is None else rule.entity.id
        info = RunInfo(
            new_id(), workflow.name, workflow.id, workflow.title, workflow.version, entity, None,
            ctx.depth + depth,
        )  # fmt: skip
        return Call(
            scene.services, ctx, info, step.key, step.params.evaluate(env), env, finder=self.reading.sight
        )

    def _failed(
        self, step: CompiledStep, key: str, turn: str, loops: Mapping[str, Any], level: int, found: Preview
    ) -> bool:
        self._result(step, "failed", {})
        if step.on_failure is None and step.step.on_failure != "continue":
            self._note(step, key, level, "stops", found.text, found.stops)
            raise _Ended("failed", found.stops)
        self._note(step, key, level, "skipped", found.text, f"It would fail and go on: {found.stops}")
        return step.on_failure is None or self.steps(step.on_failure.steps, turn, loops, level + 1)

    # -- bits -----------------------------------------------------------------------------------------
    def env(self, loops: Mapping[str, Any]) -> Environment:
        """What expressions see."""
        scene, overlay = self.scene, self.reading.overlay
        makers: dict[str, Callable[[], Any]] = {
            "record": lambda: overlay.over(scene.record),
            "old": lambda: overlay.over(scene.old, own=False),
            "new": lambda: overlay.over(scene.new, own=False),
            "me": scene.me,
        }
        values = {
            "steps": self.results.bound(self.reading),
            "input": scene.input,
            "now": scene.ctx.now,
            "today": scene.ctx.today,
            LOCALE: Reader(*scene.services.locale()),
            LABEL: self.reading.label,
            **loops,
        }
        return Environment(makers, values)

    def _result(self, step: CompiledStep, state: str, output: Mapping[str, Any]) -> None:
        types = result_types(step, self.scene.compiled.model)
        self.results.set(step.key, state, kept(output), types)

    def _stop(
        self,
        step: CompiledStep,
        key: str,
        level: int,
        text: str,
        why: str,
        writes: Sequence[Mapping[str, Any]] = (),
    ) -> bool:
        """The way ends here; other arms of a `parallel` go on."""
        self._note(step, key, level, "stops", text, why, writes)
        self.simulation.end, self.simulation.stopped = "waiting", self.simulation.stopped or why
        return False

    def _leave(self, steps: Sequence[CompiledStep], turn: str, level: int, why: str) -> None:
        """Note steps that are not come to."""
        for step in steps:
            self._note(step, f"{step.key}{turn}", level, "not_taken", "", why)
            for branch in step.branches:
                self._leave(branch.steps, turn, level + 1, why)

    def _note(
        self,
        step: CompiledStep,
        key: str,
        level: int,
        state: State,
        text: str,
        why: str = "",
        writes: Sequence[Mapping[str, Any]] = (),
    ) -> None:
        if len(self.simulation.steps) >= MAX_SHOWN:
            return
        title = step.step.title or (step.action.title if step.action is not None else step.step.kind)
        made = SimulatedStep(
            key, step.step.kind, step.step.action, title, level, state, text, why, tuple(writes)
        )
        self.simulation.steps.append(made)


def _way(branch: CompiledBranch) -> str:
    words = {"then": _("The condition holds."), "else": _("The condition does not hold.")}
    if branch.name in words:
        return words[branch.name]
    case = branch.name.split("/")
    return (
        _("Case %(number)s holds.", number=int(case[1]) + 1)
        if len(case) > 1 and case[1].isdecimal()
        else _("No case holds.")
    )


def acting(
    ctx: Context, services: Services, compiled: CompiledWorkflow, run: str, now: dt.datetime
) -> Context:
    """Give the context of a run's steps: at that moment, and the run as the cause."""
    made = services.context(ctx.actor, "workflow", workflow=compiled.workflow.id, run=run)
    return replace(made, now=now, depth=ctx.depth + 1, cause_id=run or made.cause_id)
