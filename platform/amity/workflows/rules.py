"""Rules: workflows that run inside the save. They set fields, refuse, create and change related records."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from amity.access.context import SYSTEM
from amity.entities.kinds.base import ValueProblem
from amity.entities.model import Entity, Model
from amity.errors import Invalid
from amity.records.draft import Draft
from amity.records.facts import Batch, Facts
from amity.records.listeners import Change
from amity.records.me import bound_values
from amity.records.unit import Unit
from amity.texts import gettext as _
from amity.workflows.action import Call, RecordAction, RunInfo
from amity.workflows.documents.compiled import CompiledStep, CompiledWorkflow
from amity.workflows.documents.environment import label
from amity.workflows.documents.showing import LABEL, LOCALE, Reader
from amity.workflows.live import LiveWorkflows
from amity.workflows.services import Services

SET: Final = "set"
REFUSE: Final = "refuse"


class Rules:
    """A listener of the gate (`records.listeners.Listener`)."""

    def __init__(self, live: LiveWorkflows, services: Services) -> None:
        self._live = live
        self._services = services

    def of(self, model: Model, entity: Entity) -> Sequence[CompiledWorkflow]:
        """The rules that are on for an entity, in the order in which they act."""
        return self._live.of(model).rules.get(entity.id, ())

    def waiting(self, model: Model) -> Sequence[CompiledWorkflow]:
        """The workflows that are on and start by changes of records."""
        return [item for some in self._live.of(model).changes.values() for item in some]

    def listens_to(self, unit: Unit, entity: Entity) -> bool:
        """See `Listener`."""
        return entity.id in self._live.of(unit.model).rules

    def saving(self, unit: Unit, entity: Entity, drafts: Sequence[Draft]) -> None:
        """See `Listener`: `set` and `refuse`, rule after rule, for the whole batch."""
        subjects = _Subjects(unit, entity, self._services)
        seen = [(draft, subjects.of_draft(draft)) for draft in drafts]
        for rule in self._live.of(unit.model).rules.get(entity.id, ()):
            for draft, subject in seen:
                if _concerns(rule, draft.old, draft.values) and _holds(rule, subject.env):
                    self._decide(rule, draft, subject)

    def _decide(self, rule: CompiledWorkflow, draft: Draft, subject: _Subject) -> None:
        for step in taken(rule.steps, subject.env):
            if step.step.action == SET:
                _set(step, draft, subject)
            elif step.step.action == REFUSE:
                params = step.params.evaluate(subject.env)
                draft.refuse("rule", str(params.get("message") or rule.workflow.title), params.get("field"))

    def written(self, unit: Unit, entity: Entity, changes: Sequence[Change]) -> None:
        """See `Listener`: what rules do to other records, once the record itself is there."""
        rules = [
            rule for rule in self._live.of(unit.model).rules.get(entity.id, ()) if _reaches_out(rule.steps)
        ]
        if not rules:
            return
        subjects = _Subjects(unit, entity, self._services)
        saved = [change for change in changes if change.kind in ("created", "updated")]
        seen = [(change, subjects.of_change(change)) for change in saved]
        for rule in rules:
            for change, subject in seen:
                if _concerns(rule, change.old, change.new) and _holds(rule, subject.env):
                    self._reach_out(unit, entity, rule, change, subject)

    def _reach_out(
        self, unit: Unit, entity: Entity, rule: CompiledWorkflow, change: Change, subject: _Subject
    ) -> None:
        workflow = rule.workflow
        deeper = _as_whom(unit.because(kind="rule", workflow=workflow.id, event=change.event), rule)
        # A rule's change of another record may start a rule, whose change starts a rule, ...
        if deeper.depth > self._services.settings.max_depth:
            raise Invalid(
                _(
                    "The rule '%(workflow)s' and others start each other again and again.",
                    workflow=workflow.title,
                ),
                hint=_("An administrator must change one of them; nothing was saved."),
            )
        info = RunInfo(
            id=change.event,
            workflow=workflow.name,
            workflow_id=workflow.id,
            title=workflow.title,
            version=workflow.version,
            entity=entity.id,
            record=change.record,
            depth=deeper.depth,
        )
        for step in taken(rule.steps, subject.env):
            if isinstance(step.action, RecordAction):
                params = step.params.evaluate(subject.env)
                call = Call(self._services, deeper.ctx, info, step.key, params, subject.env)
                step.action.prepare(call, deeper.caller)(deeper)


@dataclass
class _Subject:
    """One record as the expressions of rules see it."""

    facts: Facts
    values: dict[str, Any]
    env: Mapping[str, Any]


@dataclass
class _Subjects:
    """The records of one batch."""

    unit: Unit
    entity: Entity
    services: Services
    new: Batch = field(init=False)
    old: Batch = field(init=False)

    def __post_init__(self) -> None:
        unit = self.unit
        self.new, self.old = (
            Batch(unit.machine, unit.caller, unit.connection, self.entity) for _ in range(2)
        )

    def of_draft(self, draft: Draft) -> _Subject:
        system = dict(draft.old) if draft.old is not None else {"id": draft.id, "version": 1}
        return self._subject({**system, **draft.values}, draft.old)

    def of_change(self, change: Change) -> _Subject:
        return self._subject(dict(change.new), change.old)

    def _subject(self, values: dict[str, Any], old: Mapping[str, Any] | None) -> _Subject:
        facts = self.new.add(values)
        language, timezone = self.services.locale()
        env = {
            "record": facts,
            "new": facts,
            "old": None if old is None else self.old.add(old),
            LOCALE: Reader(language, timezone),
            LABEL: label,
            **bound_values(self.unit.machine, self.unit.caller),
        }
        return _Subject(facts, values, env)


def _as_whom(unit: Unit, rule: CompiledWorkflow) -> Unit:
    """The unit in the name of the one whose rights the rule has."""
    if rule.workflow.run_as == "person":
        return unit
    return replace(unit, caller=unit.machine.caller(replace(unit.ctx, actor=SYSTEM)))


def _concerns(rule: CompiledWorkflow, old: Mapping[str, Any] | None, new: Mapping[str, Any]) -> bool:
    options = rule.workflow.trigger.options
    if old is None:
        return bool(options.get("on_create", True))
    if not options.get("on_update", True):
        return False
    names = options.get("fields")
    return not names or any(old.get(name) != new.get(name) for name in names)


def _holds(rule: CompiledWorkflow, env: Mapping[str, Any]) -> bool:
    return rule.when is None or rule.when.condition(env)


def taken(steps: Sequence[CompiledStep], env: Mapping[str, Any]) -> Iterator[CompiledStep]:
    """The steps that are to be done, through the arms whose conditions hold now."""
    for step in steps:
        if step.step.kind == "do":
            yield step
            continue
        arm = next(
            (
                branch
                for branch in step.branches
                if branch.condition is None or branch.condition.condition(env)
            ),
            None,
        )
        if arm is not None:
            yield from taken(arm.steps, env)


def _reaches_out(steps: Sequence[CompiledStep]) -> bool:
    return any(
        step.step.action not in (SET, REFUSE)
        if step.step.kind == "do"
        else any(_reaches_out(branch.steps) for branch in step.branches)
        for step in steps
    )


def _set(step: CompiledStep, draft: Draft, subject: _Subject) -> None:
    """Give fields their values; what a field cannot take refuses the save at that field."""
    for name, value in (step.params.evaluate(subject.env).get("values") or {}).items():
        known = draft.entity.by_name[name]
        try:
            typed = None if value is None else known.kind.parse(known, value)
        except ValueProblem as problem:
            draft.refuse(problem.code, f"{known.title}: {problem.message}", name)
            continue
        draft.set(name, typed)
        subject.values[name] = typed
        subject.facts.batch.forget(name)
