"""What an e-mail template makes of one record, and who would get the mail: nothing is written or sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from amity.access.context import SYSTEM, Context
from amity.database.ids import new_id
from amity.entities.model import Entity
from amity.errors import AmityError, Invalid, NotFound
from amity.records.me import bound_values
from amity.workflows.action import ActionFailed, Call, Preview, RunInfo
from amity.workflows.documents.checking import compile_workflow
from amity.workflows.documents.compiled import CompiledStep, CompiledWorkflow
from amity.workflows.documents.environment import Environment, Reading, Results, label
from amity.workflows.documents.letters import Letter, LetterText, LetterValue, named
from amity.workflows.documents.loader import load
from amity.workflows.documents.model import Step
from amity.workflows.documents.showing import LABEL, LOCALE, Reader
from amity.workflows.registry import Registry
from amity.workflows.service import Workflows
from amity.workflows.services import Services

TRIED: Final = "preview"
"""Name of the workflow that stands in where none uses the template."""


@dataclass(frozen=True, slots=True)
class Recipients:
    """Whom one step of a workflow would write to."""

    workflow: str
    title: str
    """Of the workflow."""
    to: Sequence[str]
    text: str
    """What would happen: the mail, or why none is sent."""
    outcome: str
    """As `Preview.outcome`: `done`, `skipped`, `failed`."""


@dataclass(frozen=True, slots=True)
class FilledLetter:
    """A template filled with a record."""

    letter: Letter
    recipients: Sequence[Recipients] = ()


@dataclass(frozen=True)
class _Stage:
    """What the steps see."""

    services: Services
    ctx: Context
    entity: Entity
    record: str
    env: Mapping[str, Any] = field(default_factory=dict)


def fill(workflows: Workflows, ctx: Context, text: LetterText, entity: Entity, record: str) -> FilledLetter:
    """Fill a template, applied or not, with a record, and say whom workflows would send it to.

    Results of earlier steps are not there: what a template takes from them stays empty. Raises `Invalid` with
    the line of what is wrong, `NotFound` where the caller may not see the record.
    """
    services = workflows.services
    if record not in services.records.labels(ctx, entity.name, [record]):
        raise NotFound(f"There is no {entity.title} {record!r}, or you may not see it.")
    registry = replace(workflows.registry, letters=workflows.registry.letters.with_draft(text))
    acts = services.context(SYSTEM, "preview")
    machine = services.records.machine
    with Reading(machine, machine.caller(acts)) as reading:
        stage = _Stage(services, acts, entity, record, _environment(services, ctx, reading, entity, record))
        return _filled(workflows, stage, text, registry)


def _filled(workflows: Workflows, stage: _Stage, text: LetterText, registry: Registry) -> FilledLetter:
    letter: Letter | None = None
    found: list[Recipients] = []
    for compiled in _users(workflows, stage, text.name, registry):
        for step in _steps(compiled, text.name):
            params = step.params.evaluate(stage.env)
            letter = letter or next(item for item in params.values() if isinstance(item, Letter))
            told = _told(stage, compiled, step, params)
            to = tuple(told.output.get("to", ()))
            workflow = compiled.workflow
            found.append(Recipients(workflow.name, workflow.title, to, told.text, told.outcome))
    if letter is None:
        compiled = _alone(stage, text.name, registry)
        (step,) = compiled.steps
        value = step.params.values["template"]
        assert isinstance(value, LetterValue)
        letter = value.evaluate(stage.env)
    return FilledLetter(letter, found)


def _users(workflows: Workflows, stage: _Stage, name: str, registry: Registry) -> list[CompiledWorkflow]:
    """Give the workflows on the record's entity that use the template, compiled with the draft."""
    model, found = stage.services.definitions.model, []
    for known in workflows.list():
        try:
            item = load(
                known.document, registry, name=known.name, id=known.id, version=known.version, trusted=True
            )
            uses = any(name in _named(step, registry) for step in item.walk())
            if uses and item.entity == stage.entity.name:
                found.append(compile_workflow(item, model, stage.services.functions, registry))
        except Invalid:  # it is broken for another reason; the list of workflows says which
            continue
    return found


def _named(step: Step, registry: Registry) -> list[str]:
    action = registry.actions.get(step.action)
    return [] if action is None else named(step.params, action.schema)


def _steps(compiled: CompiledWorkflow, name: str) -> list[CompiledStep]:
    return [
        step
        for step in compiled.walk()
        if step.action is not None and name in named(step.step.params, step.action.schema)
    ]


def _alone(stage: _Stage, name: str, registry: Registry) -> CompiledWorkflow:
    """Compile the template for the record alone. Raises `Invalid`."""
    step = {"do": "send_email", "to": "nobody@example.invalid", "template": name}
    document = {"title": name, "entity": stage.entity.name, "trigger": {"on": "manual"}, "steps": [step]}
    read = load(document, registry, name=TRIED)
    return compile_workflow(read, stage.services.definitions.model, stage.services.functions, registry)


def _told(
    stage: _Stage, compiled: CompiledWorkflow, step: CompiledStep, params: Mapping[str, Any]
) -> Preview:
    workflow = compiled.workflow
    info = RunInfo(
        id=new_id(),
        workflow=workflow.name,
        workflow_id=workflow.id,
        title=workflow.title,
        version=workflow.version,
        entity=stage.entity.id,
        record=stage.record,
        depth=0,
    )
    assert step.action is not None
    try:
        return step.action.preview(Call(stage.services, stage.ctx, info, step.key, params, stage.env))
    except (ActionFailed, AmityError) as error:
        return Preview(f"It would fail: {error.message}", outcome="failed")


def _environment(
    services: Services, ctx: Context, reading: Reading, entity: Entity, record: str
) -> Environment:
    found = reading.record(entity, record)
    if found is None:
        raise NotFound(f"There is no {entity.title} {record!r}.")
    machine = services.records.machine
    values = {
        **dict.fromkeys(("record", "old", "new"), found),
        "steps": Results().bound(reading),
        "input": None,
        "now": ctx.now,
        "today": ctx.today,
        LOCALE: Reader(*services.locale()),
        LABEL: label,
    }
    return Environment({"me": lambda: bound_values(machine, machine.caller(ctx))["me"]}, values)
