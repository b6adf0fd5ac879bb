"""What the expressions of a step may name, to choose from: fields, results of earlier steps, loops."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from amity.entities.model import Entity, Field, Model
from amity.expressions import (
    BOOL,
    DATE,
    DATETIME,
    DECIMAL,
    INT,
    TEXT,
    ExpressionError,
    ListType,
    Name,
    RecordType,
    Type,
    compile,
)
from amity.expressions.types import DYN
from amity.web.builder.flows import document as flows
from amity.web.builder.flows.document import Json
from amity.web.context import workspace
from amity.web.staff.filters import category, reference
from amity.web.texts import gettext as _
from amity.workflows.action import Action
from amity.workflows.documents.forms import asked_schema
from amity.workflows.documents.scope import WorkflowScope, item_type

_CATEGORIES: Final[Mapping[Type, str]] = {
    TEXT: "text",
    INT: "number",
    DECIMAL: "number",
    BOOL: "boolean",
    DATE: "date",
    DATETIME: "moment",
}
_RESULTS: Final[Mapping[str, Mapping[str, Type]]] = {
    "wait_for": {"met": BOOL, "at": DATETIME},
    "wait": {"met": BOOL, "at": DATETIME},
    "wait_until": {"met": BOOL, "at": DATETIME},
    "for_each": {"count": INT},
}
EACH: Final = "x"
"""What one of several linked records is called inside a condition about them."""
MOST: Final = 400
"""Names that are offered; an expression may use more."""


@dataclass(frozen=True, slots=True)
class Subject:
    """Something that has a value when the step runs."""

    path: str
    title: str
    group: str
    type: Type
    category: str
    """Group of operators (`staff.filters.OPERATORS`)."""
    field: Field | None = None
    choices: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Place:
    """One place of a draft: which entity it is about, and what may be named there."""

    document: Json
    pointer: str
    model: Model
    entity: Entity | None
    scope: WorkflowScope
    subjects: tuple[Subject, ...]

    def of_type(self, *wanted: str) -> list[Subject]:
        """Give the subjects of some types (names as in `x-amity.type`); all without."""
        return [item for item in self.subjects if not wanted or _matches(item.type, wanted)]


def place(document: Json, pointer: str) -> Place:
    """Look what may be named at a pointer of a draft, which need not be right."""
    here = workspace()
    model = here.definitions.model
    name = document.get("entity")
    entity = model.entities.get(name) if isinstance(name, str) else None
    kind = here.workflows.registry.triggers.get(str(flows.trigger_of(document).get("on", "")))
    sees = kind.sees if kind is not None else frozenset({"record"})
    scope = WorkflowScope.of(model, here.functions, entity, sees)
    made, titles = _before(document, pointer, scope, model)
    subjects = [*_subjects(made, titles), *(_inputs(document) if "input" in sees else ())]
    return Place(document, pointer, model, entity, made, tuple(subjects)[:MOST])


def _inputs(document: Json) -> Iterator[Subject]:
    """Give what the form of the trigger asks for."""
    form = flows.trigger_of(document).get("form")
    asked = asked_schema(form).get("properties") if isinstance(form, dict) else None
    for name, rule in asked.items() if isinstance(asked, dict) else ():
        if not isinstance(rule, dict):
            continue
        given = rule.get("oneOf")
        options = [item for item in given if isinstance(item, dict)] if isinstance(given, list) else []
        choices = tuple(
            (str(item["const"]), str(item.get("title", item["const"]))) for item in options if "const" in item
        )
        plain = {"string": "text", "integer": "number", "number": "number", "boolean": "boolean"}
        known = "other" if "format" in rule else plain.get(str(rule.get("type")), "other")
        yield Subject(
            f"input.{reference(str(name))}", str(rule.get("title") or name), _("What was filled in"), DYN,
            "choice" if choices else known, None, choices,
        )  # fmt: skip


def about(entity: Entity | None, name: str = "") -> tuple[Subject, ...]:
    """Give what an entity's own conditions name (filters): its fields, and what is linked to its records.

    `name` is what the record is called where it is not the one that the condition is about.
    """
    if entity is None:
        return ()
    before = f"{name}." if name else ""
    fields = [
        Subject(
            before + reference(field.name), field.title, entity.title, _type(field), category(field),
            field, tuple(field.choice_titles.items()),
        )
        for field in entity.fields
        if field.kind.filterable
    ]  # fmt: skip
    return (*fields, *_inverses(entity, before, entity.title, workspace().definitions.model))


def members(subject: Subject) -> tuple[Subject, ...]:
    """Give what can be said about each of the records that a subject stands for; empty where it has none."""
    item = subject.type.item if isinstance(subject.type, ListType) else None
    if not isinstance(item, RecordType):
        return ()
    entity = workspace().definitions.model.by_id.get(item.entity)
    return tuple(found for found in about(entity, EACH) if found.category not in ("related", "records"))


def _inverses(entity: Entity, before: str, group: str, model: Model) -> Iterator[Subject]:
    for inverse in entity.inverses:
        other = model.entities.get(inverse.entity)
        if other is not None:
            type_ = ListType(RecordType(other.id))
            yield Subject(before + reference(inverse.name), inverse.title, group, type_, "related")


def _type(field: Field) -> Type:
    return field.kind.expression_type(field)


def _before(
    document: Json, pointer: str, scope: WorkflowScope, model: Model
) -> tuple[WorkflowScope, dict[str, tuple[str, Action | None]]]:
    """The scope behind all steps before a place, with the titles and actions of those steps by key."""
    registry = workspace().workflows.registry
    titles: dict[str, tuple[str, Action | None]] = {}
    if not pointer.startswith("/steps"):
        return scope, titles
    for at, step in flows.walk(document):
        inside = f"{pointer}/".startswith(f"{at}/")
        if at == pointer:
            break
        head = flows.head_of(step)
        if inside:
            if head == "for_each":
                scope = _in_loop(scope, step)
            continue
        if _hidden(document, at, pointer):
            continue
        action = registry.actions.get(str(step.get("do")))
        result = action.result(step, model) if action is not None else _RESULTS.get(head, {})
        key = str(step.get("id", ""))
        title = str(step.get("title") or (action.title if action else flows.FLOW.get(head, (head,))[0]))
        titles[key] = (title, action)
        scope = scope.with_step(key, result)
    return scope, titles


def _hidden(document: Json, at: str, pointer: str) -> bool:
    """Whether a step stands in a loop that the place is not in."""
    parts = at.split("/")
    outer = ("/".join(parts[:end]) for end in range(3, len(parts)))
    return any(
        "for_each" in (flows.step_at(document, item) or {}) and not f"{pointer}/".startswith(f"{item}/")
        for item in outer
    )


def _in_loop(scope: WorkflowScope, step: Json) -> WorkflowScope:
    try:
        found = compile(str(step.get("for_each") or ""), scope)
    except ExpressionError:
        return scope
    item = item_type(found.type)
    return scope if item is None else scope.with_name(str(step.get("as") or "item"), item)


# -- as a list -----------------------------------------------------------------------------------------
def _subjects(scope: WorkflowScope, titles: Mapping[str, tuple[str, Action | None]]) -> Iterator[Subject]:
    words = {
        "record": _("The record"),
        "new": _("The record after the change"),
        "old": _("The record before the change"),
        "me": _("Who triggered it"),
    }
    for name in sorted(scope.own, key=lambda item: list(words).index(item) if item in words else -1):
        known = scope.own[name]
        group = words.get(name, name)
        if isinstance(known.type, RecordType):
            yield Subject(name, group, group, known.type, "other")
            yield from _fields(scope, name, known.type, group, deep=name != "me")
        elif name != "input":
            yield _subject(name, group, known, group, scope)
    for key, members in reversed(list(scope.results.items())):
        title, action = titles.get(key, (key, None))
        group = _("Result: %(step)s", step=title)
        choices = action.outcomes if action is not None else {}
        for name, known in members.items():
            offered = _STATES if name == "state" else tuple(choices.get(name, ()))
            yield Subject(
                f"steps.{key}.{name}", _result(name), group, known.type,
                "choice" if offered else _CATEGORIES.get(known.type, "other"), None,
                tuple((value, _(words)) for value, words in offered),
            )  # fmt: skip
            if isinstance(known.type, RecordType):
                yield from _fields(scope, f"steps.{key}.{name}", known.type, group, deep=False)


_STATES: Final = (("done", "done"), ("skipped", "skipped"), ("failed", "failed"))


def _result(name: str) -> str:
    return {
        "state": _("how it ended"), "outcome": _("outcome"), "by": _("by whom"), "comment": _("comment"),
        "record": _("the record"), "records": _("the records"), "count": _("how many"),
        "met": _("it came true"),
        "at": _("when"), "status": _("status"), "body": _("answer"), "first": _("the first one"),
    }.get(name, name.replace("_", " "))  # fmt: skip


def _fields(
    scope: WorkflowScope, path: str, type_: RecordType, group: str, *, deep: bool
) -> Iterator[Subject]:
    entity = scope.model.by_id.get(type_.entity)
    if entity is None:
        return
    further = []
    for field in entity.fields:
        known = scope.member(type_, field.name)
        if known is None:
            continue
        at = f"{path}.{reference(field.name)}"
        yield _subject(at, field.title, known, group, scope, field)
        if deep and isinstance(known.type, RecordType):
            further.append((at, known.type, f"{group} › {field.title}"))
    if deep:
        yield from _inverses(entity, f"{path}.", group, scope.model)
    for at, inner, title in further:
        yield from _fields(scope, at, inner, title, deep=False)


def _subject(
    path: str, title: str, known: Name, group: str, scope: WorkflowScope, field: Field | None = None
) -> Subject:
    kind = category(field) if field is not None else _CATEGORIES.get(known.type, "other")
    choices = tuple(field.choice_titles.items()) if field is not None else ()
    return Subject(path, title, group, known.type, kind, field, choices)


def _matches(type_: Type, wanted: tuple[str, ...]) -> bool:
    item = type_.item if isinstance(type_, ListType) else type_
    for name in wanted:
        if name == "record" and isinstance(type_, RecordType):
            return True
        if name == "records" and isinstance(item, RecordType):
            return True
        if name == "list" and isinstance(type_, ListType):
            return True
        if {"text": TEXT, "date": DATE, "date-time": DATETIME, "integer": INT, "decimal": DECIMAL}.get(
            name
        ) == type_:
            return True
    return False


def entity_of(here: Place, expression: Any) -> Entity | None:
    """Give the entity of the record that an expression gives at a place."""
    if not isinstance(expression, str) or not expression:
        return here.entity
    try:
        found = compile(expression, here.scope).type
    except ExpressionError:
        return None
    return here.model.by_id.get(found.entity) if isinstance(found, RecordType) else None
