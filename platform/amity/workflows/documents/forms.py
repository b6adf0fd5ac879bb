"""Small forms inside workflows: what a person is asked, described like the fields of an entity."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from amity.entities.kinds.base import ValueProblem
from amity.entities.kinds.registry import KindRegistry
from amity.entities.loader import load
from amity.entities.model import Entity, Field
from amity.entities.validation import compile_validator
from amity.errors import Invalid, Problem
from amity.workflows.triggers import TRIGGERS

if TYPE_CHECKING:
    from amity.workflows.documents.compiled import CompiledWorkflow

MOST_FIELDS: Final = 30
ALLOWED: Final = frozenset(
    {
        "text", "long_text", "integer", "decimal", "percent", "boolean", "date", "datetime", "time",
        "duration", "choice", "choices", "email", "phone", "url", "rating", "money",
    }
)  # fmt: skip
"""Kinds that stand on their own: none that links records or keeps files."""
_WHOLE: Final = frozenset({"type", "properties", "required", "title", "description", "additionalProperties"})
"""Members of a form that is a whole schema."""


def form_of(schema: Mapping[str, Any], kinds: KindRegistry) -> Entity:
    """Read the form as an entity without storage. Raises `Invalid`."""
    document = {
        "title": "Answer",
        "type": "object",
        "properties": schema.get("properties", {}),
        "required": list(schema.get("required", ())),
        "x-amity": {"name": "answer", "plural": "Answers"},
    }
    entity = load(document, kinds, version=1)
    for field in entity.fields:
        if field.kind.name not in ALLOWED:
            message = f"A form cannot ask for {field.kind.title.lower()}."
            raise Invalid.at(f"/properties/{field.name}", "kind", message)
    return entity


def checked(entity: Entity, values: Mapping[str, Any]) -> dict[str, Any]:
    """Check an answer. Gives JSON values; raises `Invalid` with the pointer of each problem."""
    problems: list[Problem] = []
    found: dict[str, Any] = {}
    for field in entity.fields:
        value = values.get(field.name)
        if value is None or value == "" or value == []:
            if field.required:
                problems.append(Problem("required", f"{field.title} is needed.", pointer=f"/{field.name}"))
            continue
        problem = _problem(field, value)
        if problem is not None:
            problems.append(problem)
        else:
            found[field.name] = field.kind.dump(field, field.kind.parse(field, value))
    problems = problems or compile_validator(entity)(found)
    if problems:
        raise Invalid("Some answers are not allowed.", problems=problems)
    return found


def form_of_trigger(item: CompiledWorkflow, kinds: KindRegistry) -> Entity | None:
    """Give the form that a workflow is started with, None where it asks for nothing. Raises `Invalid`."""
    told = item.workflow.trigger.options.get("form")
    return form_of(asked_schema(told), kinds) if told else None


def asked_schema(told: Mapping[str, Any]) -> Mapping[str, Any]:
    """Give what a trigger asks for as the schema of an object: it is one, or the properties of one alone."""
    fields = told.get("properties")
    inside = fields.values() if isinstance(fields, Mapping) else (fields,)
    if told.keys() <= _WHOLE and all(isinstance(field, Mapping) for field in inside):
        return told
    return {"properties": told}


def checked_input(item: CompiledWorkflow, kinds: KindRegistry, given: Any) -> Any:
    """Check what a workflow is started with against the form of its trigger; gives the input of the run.

    Without a form it is what the caller says. Raises `Invalid` with pointers below `/input`.
    """
    trigger = item.workflow.trigger
    if "input" not in TRIGGERS[trigger.on].sees:
        if given is not None:
            raise Invalid.at("/input", "unknown", "This workflow is started without an input.")
        return None
    form = form_of_trigger(item, kinds)
    if form is None:
        return given
    if not isinstance(given, Mapping | None):
        raise Invalid.at("/input", "type", "The input is an object with the fields of the form.")
    values = given or {}
    unknown = sorted(set(values) - {field.name for field in form.fields})
    if unknown:
        known = ", ".join(field.name for field in form.fields)
        message = f"The form has no field {unknown[0]!r}; it has {known}."
        raise Invalid.at(f"/input/{unknown[0]}", "unknown", message)
    try:
        return checked(form, values)
    except Invalid as error:
        problems = [Problem(one.code, one.message, pointer=f"/input{one.pointer}") for one in error.problems]
        raise Invalid(error.message, problems=problems) from None


def _problem(field: Field, value: Any) -> Problem | None:
    try:
        field.kind.parse(field, value)
    except ValueProblem as error:
        return Problem(error.code, error.message, pointer=f"/{field.name}{error.pointer}")
    return None


def form_problems(fields: Any, required: Any) -> list[Problem]:
    """Say what is wrong with a form of a document; kinds of extensions are known at run time only."""
    from amity.entities.kinds.core import amity_kinds

    if not isinstance(fields, Mapping):
        return []
    unknown = (
        [name for name in required or () if name not in fields] if isinstance(required, Sequence) else []
    )
    problems = [
        Problem("unknown", f"The form has no field {name!r}.", pointer="/required") for name in unknown
    ]
    try:
        form_of({"properties": fields}, KindRegistry(amity_kinds()))
    except Invalid as error:
        for problem in error.problems or (Problem("form", error.message, pointer=""),):
            at = (problem.pointer or "").removeprefix("/properties")
            problems.append(Problem(problem.code, problem.message, pointer=f"/fields{at}"))
    return problems
