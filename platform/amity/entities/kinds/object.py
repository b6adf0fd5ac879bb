"""Nested objects: a form within the form, kept as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from amity import jsontext
from amity.entities.kinds.base import ABSENT, FormData, Locale, ValueProblem
from amity.entities.kinds.json import JsonKind, checked_json
from amity.entities.kinds.parts import (
    canonical,
    has_input,
    inside,
    member_pointer,
    read_parts,
    show_parts,
)
from amity.entities.kinds.text import type_name
from amity.entities.model import Field


def checked_members(parts: Sequence[Field], value: Any) -> dict[str, Any]:
    """Check the members of an object that have a part, keep the others. Raises `ValueProblem`."""
    if not isinstance(value, Mapping):
        raise ValueProblem("type", f"This must be an object, not {type_name(value)}.")
    members = dict(checked_json(value))
    for part in parts:
        if members.get(part.name) is not None:
            members[part.name] = inside(part, member_pointer(part.name), canonical, members[part.name])
    return members


class ObjectKind(JsonKind):
    """An object with fields of its own. Without properties it is edited as JSON."""

    name = "object"
    title = "Group of fields"
    icon = "box-multiple"
    group = "Nested"
    grouped = True
    searchable = True

    def infer(self, schema: Mapping[str, Any]) -> int:
        return 20 if schema.get("type") == "object" and schema.get("properties") else 0

    def value_schema(self, field: Field) -> Mapping[str, Any]:
        return {"type": "object"}

    def new_schema(self) -> Mapping[str, Any]:
        return {"type": "object", "properties": {"name": {"type": "string"}, "amount": {"type": "integer"}}}

    def problems(self, field: Field) -> Sequence[ValueProblem]:
        return nested_problems(field)

    def part_schemas(
        self, schema: Mapping[str, Any], options: Mapping[str, Any]
    ) -> Mapping[str, Mapping[str, Any]]:
        return object_parts(schema)

    def parse(self, field: Field, value: Any) -> Any:
        return checked_members(field.parts, value)

    def from_form(self, field: Field, form: FormData, name: str) -> Any:
        """Read `name.<member>`; cleared members are null, so that a merge patch clears them."""
        if not field.parts:
            return super().from_form(field, form, name)
        if not has_input(form, name):
            return ABSENT
        members = read_parts(field.parts, form, name)
        return members if any(value is not None for value in members.values()) else None

    def to_form(self, field: Field, value: Any, locale: Locale | None = None) -> Any:
        """Give what each input shows, by member; JSON text where there are no parts."""
        return (
            show_parts(field.parts, value, locale) if field.parts else super().to_form(field, value, locale)
        )

    def member_text(self, part: Field, value: Any) -> str:
        """One nested JSON value as plain text, also where it does not fit its part any more."""
        return member_text(part, value)

    def format(self, field: Field, value: Any, locale: Locale) -> str:
        return format_members(field.parts, value, locale) or super().format(field, value, locale)

    def search_text(self, field: Field, value: Any) -> str:
        return " ".join(texts_in(value))

    def samples(self, field: Field) -> Sequence[Any]:
        if not field.parts:
            return ({"a": 1}, {"a": 2})
        columns = [(part.name, part.kind.samples(part)) for part in field.parts]
        return tuple({name: values[index] for name, values in columns} for index in (0, 1))


def object_parts(schema: Mapping[str, Any]) -> Mapping[str, Mapping[str, Any]]:
    """Give the members of an object schema; none where a form could not name their inputs."""
    properties = schema.get("properties")
    if not isinstance(properties, Mapping) or schema.get("patternProperties"):
        return {}
    named = all(isinstance(part, Mapping) and name and "." not in name for name, part in properties.items())
    return properties if named else {}


def nested_problems(field: Field) -> Sequence[ValueProblem]:
    """Say which kinds cannot stand inside a field: nobody would look after their links and contents."""
    return tuple(
        ValueProblem(
            "nested", f"A {part.kind.name} cannot stand inside {field.name!r}; make it a field of its own.",
            part.pointer.removeprefix(field.pointer),
        )
        for part in field.parts
        if part.kind.is_relation or part.kind.computed or part.kind.name in ("file", "image")
    )  # fmt: skip


def format_members(parts: Sequence[Field], value: Any, locale: Locale) -> str:
    """Give the members of an object in one line; "" where there is nothing to show."""
    shown = []
    for part in parts:
        member = value.get(part.name) if isinstance(value, Mapping) else None
        if member is not None:
            try:
                shown.append(part.kind.format(part, part.kind.parse(part, member), locale))
            except ValueProblem:  # a value from before the schema changed
                shown.append(str(member))
    return ", ".join(text for text in shown if text)


def member_text(part: Field, value: Any) -> str:
    """Give a nested JSON value as text, also where it does not fit its part any more."""
    try:
        return part.kind.to_text(part, part.kind.parse(part, value))
    except ValueProblem:
        return value if isinstance(value, str) else jsontext.dumps(value)


def texts_in(value: Any) -> Sequence[str]:
    """Give all texts within nested JSON."""
    if isinstance(value, str):
        return (value,)
    if isinstance(value, Mapping):
        return [text for member in value.values() for text in texts_in(member)]
    if isinstance(value, list | tuple):
        return [text for member in value for text in texts_in(member)]
    return (str(value),) if value is not None and not isinstance(value, bool) else ()
