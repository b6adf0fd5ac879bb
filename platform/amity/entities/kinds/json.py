"""Any JSON value, edited as JSON: what a plain schema allows and no form can show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from amity import jsontext
from amity.database.storable import json_fault
from amity.entities.kinds.base import ABSENT, ColumnSpec, FormData, Kind, Locale, ValueProblem
from amity.entities.kinds.lines import read_json
from amity.entities.kinds.text import shortened
from amity.entities.model import Field
from amity.expressions.types import DYN, Type


def checked_json(value: Any) -> Any:
    """Give `value` back if both databases can keep it. Raises `ValueProblem`."""
    fault = json_fault(value)
    if fault:
        raise ValueProblem("characters", fault[1], fault[0])
    return value


class Unreadable(str):
    """What was typed into a form and is no JSON: shown again, never taken for a text."""

    __slots__ = ("problem",)
    problem: ValueProblem


class JsonKind(Kind):
    """Nested data of any shape, checked by its JSON Schema."""

    name = "json"
    title = "JSON"
    icon = "braces"
    group = "Nested"
    sortable = False

    def infer(self, schema: Mapping[str, Any]) -> int:
        options = schema.get("x-amity")
        return 60 if isinstance(options, Mapping) and options.get("edit") == "json" else 1

    def new_schema(self) -> Mapping[str, Any]:
        return {"x-amity": {"kind": self.name}}

    def parse(self, field: Field, value: Any) -> Any:
        if isinstance(value, Unreadable):
            raise value.problem
        return checked_json(value)

    def dump(self, field: Field, value: Any) -> Any:
        return value

    def columns(self, field: Field) -> Sequence[ColumnSpec]:
        return (ColumnSpec("", "json"),)

    def expression_type(self, field: Field) -> Type:
        return DYN

    def to_text(self, field: Field, value: Any) -> str:
        return jsontext.dumps(value)

    def from_text(self, field: Field, text: str) -> Any:
        return checked_json(read_json(text))

    def from_form(self, field: Field, form: FormData, name: str) -> Any:
        """Read JSON. What is none stays as it was typed, and is refused by `parse`."""
        if name not in form:
            return ABSENT
        text = form.get(name) or ""
        if not text.strip():
            return None
        try:
            return self.from_text(field, text)
        except ValueProblem as problem:
            typed = Unreadable(text)
            typed.problem = problem
            return typed

    def to_form(self, field: Field, value: Any, locale: Locale | None = None) -> Any:
        """JSON -> indented JSON; text that was no JSON stays as it was typed."""
        if value is None:
            return ""
        if isinstance(value, Unreadable):
            return str(value)
        try:
            return jsontext.dumps_bytes(value, indent=True).decode()
        except (TypeError, ValueError, RecursionError):
            return str(value)

    def format(self, field: Field, value: Any, locale: Locale) -> str:
        return shortened(jsontext.dumps(value))

    def samples(self, field: Field) -> Sequence[Any]:
        return ({"a": [1, 2.5, None, True, {"b": "é"}]}, [1, [2]], "text", 7, False)
