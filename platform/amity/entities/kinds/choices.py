"""Several of a list of choices. Records show the values; the database keeps the ids."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement

from amity.entities.kinds.base import ABSENT, ColumnSpec, FormData, Kind, Locale, ValueProblem
from amity.entities.kinds.choice import has_choices, id_of, read_choice, value_of
from amity.entities.kinds.json_sql import renamed_items
from amity.entities.kinds.lines import join_texts, split_texts
from amity.entities.kinds.text import type_name
from amity.entities.model import Field
from amity.expressions.types import TEXT, ListType, Type


class ChoicesKind(Kind):
    """Any number of choices, each once, in the order in which they were chosen."""

    name = "choices"
    title = "Several choices"
    icon = "checkbox"
    group = "Choices"
    sortable = False
    grouped = True

    def infer(self, schema: Mapping[str, Any]) -> int:
        items = schema.get("items")
        many = schema.get("type") == "array" and isinstance(items, Mapping) and not schema.get("prefixItems")
        return 40 if many and has_choices(items) and items.get("type", "string") == "string" else 0  # type: ignore[union-attr]

    def value_schema(self, field: Field) -> Mapping[str, Any]:
        return {"type": "array", "items": {"type": "string"}, "uniqueItems": True}

    def new_schema(self) -> Mapping[str, Any]:
        choices = [{"const": "first", "title": "First"}, {"const": "second", "title": "Second"}]
        return {"type": "array", "uniqueItems": True, "items": {"oneOf": choices}}

    def problems(self, field: Field) -> Sequence[ValueProblem]:
        if field.choices:
            return ()
        return (ValueProblem("choices", "It needs choices: `oneOf` of {const, title}.", "/items"),)

    def parse(self, field: Field, value: Any) -> list[str]:
        if not isinstance(value, list | tuple):
            raise ValueProblem("type", f"This must be a list of choices, not {type_name(value)}.")
        for index, item in enumerate(value):
            try:
                id_of(field, item)
            except ValueProblem as problem:
                raise ValueProblem(problem.code, problem.message, f"/{index}") from None
            if item in value[:index]:
                raise ValueProblem("duplicate", f"The choice {item!r} is there twice.", f"/{index}")
        return list(value)

    def dump(self, field: Field, value: Sequence[str]) -> list[str]:
        return list(value)

    def columns(self, field: Field) -> Sequence[ColumnSpec]:
        return (ColumnSpec("", "json"),)

    def store(self, field: Field, value: Sequence[str]) -> Mapping[str, Any]:
        return {"": [id_of(field, item) for item in value]}

    def load(self, field: Field, stored: Mapping[str, Any]) -> list[str] | None:
        return None if stored[""] is None else [value_of(field, id) for id in stored[""]]

    def sql(self, field: Field, columns: Mapping[str, ColumnElement[Any]]) -> ColumnElement[Any]:
        changed = any(choice.id != choice.value for choice in field.choices)
        return renamed_items(columns[""], field.choice_values) if changed else columns[""]

    def expression_type(self, field: Field) -> Type:
        return ListType(TEXT)

    def to_text(self, field: Field, value: Sequence[str]) -> str:
        return join_texts(value)

    def from_text(self, field: Field, text: str) -> list[str]:
        return self.parse(field, [read_choice(field, item) for item in split_texts(text)])

    def from_form(self, field: Field, form: FormData, name: str) -> Any:
        """Read all inputs `name`; an empty one says that the form carries the field."""
        texts = form.getlist(name)
        return ([text for text in texts if text] or None) if texts else ABSENT

    def to_form(self, field: Field, value: Any, locale: Locale | None = None) -> list[str]:
        return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []

    def format(self, field: Field, value: Sequence[str], locale: Locale) -> str:
        return ", ".join(field.choice_titles.get(item, item) for item in value)

    def samples(self, field: Field) -> Sequence[Any]:
        values = [choice.value for choice in field.choices]
        return (values[:1], values)
