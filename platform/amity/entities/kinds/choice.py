"""One of a list of choices. Records show a choice's value; the database keeps its id, which never changes."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement

from amity.entities.kinds.base import ColumnSpec, Kind, Locale, ValueProblem
from amity.entities.kinds.json_sql import renamed
from amity.entities.kinds.text import type_name
from amity.entities.model import Field
from amity.expressions.types import TEXT, Type

_SHOWN: Final = 12


def has_choices(schema: Any) -> bool:
    """Tell whether a schema without null is a list of texts (`oneOf`/`anyOf` of consts, or `enum`)."""
    if not isinstance(schema, Mapping):
        return False
    for key in ("oneOf", "anyOf"):
        if key in schema:
            branches = schema[key]
            return bool(branches) and all(
                isinstance(branch, Mapping) and isinstance(branch.get("const"), str) for branch in branches
            )
    values = schema.get("enum")
    return isinstance(values, list) and bool(values) and all(isinstance(value, str) for value in values)


def id_of(field: Field, value: Any) -> str:
    """Give the id of the choice with this JSON value. Raises `ValueProblem`."""
    if not isinstance(value, str):
        raise ValueProblem("type", f"This must be one of the choices, not {type_name(value)}.")
    if value in field.choice_ids:
        return field.choice_ids[value]
    raise ValueProblem("choice", _no_such(field, value))


def value_of(field: Field, id: str) -> str:
    """Give the JSON value of the choice with this id; the id itself where the choice is gone."""
    return field.choice_values.get(id, id)


def read_choice(field: Field, text: str) -> str:
    """Find a choice by its value or else by its title. Raises `ValueProblem`."""
    if text in field.choice_ids:
        return text
    wanted = text.strip().casefold()
    found = [item for item in field.choices if wanted in (item.title.casefold(), item.value.casefold())]
    if len(found) != 1:
        raise ValueProblem("choice", _no_such(field, text))
    return found[0].value


def _no_such(field: Field, value: str) -> str:
    values = [choice.value for choice in field.choices]
    listed = ", ".join(repr(known) for known in values[:_SHOWN]) + (", …" if len(values) > _SHOWN else "")
    near = difflib.get_close_matches(value[:100], values, n=1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    shown = value if len(value) <= 60 else value[:59] + "…"
    return f"There is no choice {shown!r}; allowed are {listed}.{hint}"


class ChoiceKind(Kind):
    """One of several choices, each with an id, a value, a title and a colour."""

    name = "choice"
    title = "Choice"
    icon = "list-check"
    group = "Choices"

    def infer(self, schema: Mapping[str, Any]) -> int:
        return 40 if schema.get("type", "string") == "string" and has_choices(schema) else 0

    def value_schema(self, field: Field) -> Mapping[str, Any]:
        return {"type": "string"}

    def new_schema(self) -> Mapping[str, Any]:
        return {"oneOf": [{"const": "first", "title": "First"}, {"const": "second", "title": "Second"}]}

    def problems(self, field: Field) -> Sequence[ValueProblem]:
        if not field.choices:
            return (ValueProblem("choices", "A choice needs choices: `oneOf` of {const, title}.", "/oneOf"),)
        return ()

    def parse(self, field: Field, value: Any) -> str:
        id_of(field, value)
        return str(value)

    def dump(self, field: Field, value: str) -> str:
        return value

    def columns(self, field: Field) -> Sequence[ColumnSpec]:
        return (ColumnSpec("", "text", indexed=True),)

    def store(self, field: Field, value: str) -> Mapping[str, Any]:
        return {"": id_of(field, value)}

    def load(self, field: Field, stored: Mapping[str, Any]) -> str | None:
        return None if stored[""] is None else value_of(field, stored[""])

    def sql(self, field: Field, columns: Mapping[str, ColumnElement[Any]]) -> ColumnElement[Any]:
        return renamed(columns[""], field.choice_values)

    def expression_type(self, field: Field) -> Type:
        return TEXT

    def to_text(self, field: Field, value: str) -> str:
        return value

    def from_text(self, field: Field, text: str) -> str:
        return read_choice(field, text)

    def format(self, field: Field, value: str, locale: Locale) -> str:
        return field.choice_titles.get(value, value)

    def samples(self, field: Field) -> Sequence[Any]:
        # The database sorts by what it keeps: the ids.
        return tuple(choice.value for choice in sorted(field.choices, key=lambda choice: choice.id))
