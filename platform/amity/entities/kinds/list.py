"""Lists of objects or of plain values: rows in the form, kept as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from amity import jsontext
from amity.entities.kinds.base import ABSENT, FormData, Locale, ValueProblem
from amity.entities.kinds.json import JsonKind, checked_json
from amity.entities.kinds.lines import read_json
from amity.entities.kinds.object import (
    checked_members,
    format_members,
    member_text,
    nested_problems,
    object_parts,
    texts_in,
)
from amity.entities.kinds.parts import canonical, has_input, rows, show_parts
from amity.entities.kinds.text import type_name
from amity.entities.model import Field

REST: Final = "~rest"
"""Input of a row that carries, as JSON, the members which the form does not show."""
_SHOWN: Final = 5


class ListKind(JsonKind):
    """A list of rows. Items that no form can show make it edited as JSON."""

    name = "list"
    title = "List of rows"
    icon = "table-row"
    group = "Nested"
    grouped = True
    searchable = True

    def infer(self, schema: Mapping[str, Any]) -> int:
        return 20 if schema.get("type") == "array" and isinstance(schema.get("items"), Mapping) else 0

    def value_schema(self, field: Field) -> Mapping[str, Any]:
        return {"type": "array"}

    def new_schema(self) -> Mapping[str, Any]:
        members = {"item": {"type": "string"}, "count": {"type": "integer"}}
        return {"type": "array", "items": {"type": "object", "properties": members}}

    def problems(self, field: Field) -> Sequence[ValueProblem]:
        return nested_problems(field)

    def part_schemas(
        self, schema: Mapping[str, Any], options: Mapping[str, Any]
    ) -> Mapping[str, Mapping[str, Any]]:
        items = schema.get("items")
        if not isinstance(items, Mapping) or schema.get("prefixItems"):
            return {}
        if items.get("type") == "object":
            return object_parts(items)
        scalar = items.get("type") in ("string", "number", "integer", "boolean")
        return {"": items} if scalar else {}

    def parse(self, field: Field, value: Any) -> list[Any]:
        if not isinstance(value, list | tuple):
            raise ValueProblem("type", f"This must be a list, not {type_name(value)}.")
        checked_json(value)
        if not field.parts:
            return list(value)
        return [self._item(field, index, item) for index, item in enumerate(value)]

    def _item(self, field: Field, index: int, item: Any) -> Any:
        part = scalar_part(field)
        try:
            return checked_members(field.parts, item) if part is None else canonical(part, item)
        except ValueProblem as problem:
            raise ValueProblem(problem.code, problem.message, f"/{index}{problem.pointer}") from None

    def from_form(self, field: Field, form: FormData, name: str) -> Any:
        """Read the rows `name.0`, `name.1.<member>`, ...; empty and removed ones are left out."""
        if not field.parts:
            return super().from_form(field, form, name)
        if not has_input(form, name):
            return ABSENT
        part = scalar_part(field)
        found = []
        for row in rows(form, name):
            item = _members(field, form, row) if part is None else part.kind.from_form(part, form, row)
            if item is not ABSENT and item not in (None, {}):
                found.append(item)
        return found or None

    def to_form(self, field: Field, value: Any, locale: Locale | None = None) -> Any:
        """Give `rows` (what the inputs of each show) and `blank` (those of a new one)."""
        if not field.parts:
            return super().to_form(field, value, locale)
        items = value if isinstance(value, list | tuple) else []
        return {
            "rows": [self._row(field, item, locale) for item in items],
            "blank": self._row(field, None, locale),
        }

    def _row(self, field: Field, item: Any, locale: Locale | None) -> Any:
        part = scalar_part(field)
        if part is not None:
            return part.kind.to_form(part, item, locale)
        shown = show_parts(field.parts, item, locale)
        names = {part.name for part in field.parts}
        rest = (
            {key: member for key, member in item.items() if key not in names}
            if isinstance(item, Mapping)
            else {}
        )
        return {**shown, REST: jsontext.dumps(rest)} if rest else shown

    def member_text(self, part: Field, value: Any) -> str:
        """One nested JSON value as plain text, also where it does not fit its part any more."""
        return member_text(part, value)

    def format(self, field: Field, value: Sequence[Any], locale: Locale) -> str:
        part = scalar_part(field)
        parts = field.parts if part is None else (part,)
        items = value if part is None else [{"": item} for item in value]
        if not parts:
            return super().format(field, value, locale)
        shown = [format_members(parts, item, locale) for item in items[:_SHOWN]]
        more = [f"+{len(value) - _SHOWN}"] if len(value) > _SHOWN else []
        return "; ".join([*(text for text in shown if text), *more]) or str(len(value))

    def search_text(self, field: Field, value: Any) -> str:
        return " ".join(texts_in(value))

    def samples(self, field: Field) -> Sequence[Any]:
        if not field.parts:
            return ([1], [1, [2]])
        part = scalar_part(field)
        if part is not None:
            return tuple([value] for value in part.kind.samples(part)[:2])
        columns = [(item.name, item.kind.samples(item)) for item in field.parts]
        items = [{name: values[index] for name, values in columns} for index in (0, 1)]
        return (items[:1], items)


def scalar_part(field: Field) -> Field | None:
    """Give the one part of a list of plain values; None for a list of objects."""
    return field.parts[0] if len(field.parts) == 1 and field.parts[0].name == "" else None


def _members(field: Field, form: FormData, row: str) -> dict[str, Any]:
    """Read one row: what is empty is absent, for lists replace and do not merge."""
    found = {part.name: part.kind.from_form(part, form, f"{row}.{part.name}") for part in field.parts}
    shown = {key: filled(value) for key, value in found.items() if value is not ABSENT and value is not None}
    if not shown:
        return {}
    hidden = form.get(f"{row}.{REST}")
    try:
        rest = read_json(hidden) if hidden else {}
    except ValueProblem:
        rest = {}
    return {**(rest if isinstance(rest, Mapping) else {}), **shown}


def filled(value: Any) -> Any:
    """Take null members out of nested objects that a form read."""
    if isinstance(value, dict):
        return {key: filled(member) for key, member in value.items() if member is not None}
    return value
