"""Yes or no."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from amity.entities.kinds.base import ABSENT, ColumnSpec, FormData, Kind, Locale, ValueProblem
from amity.entities.kinds.text import type_name
from amity.entities.kinds.words import word
from amity.entities.model import Field
from amity.expressions.types import BOOL, Type

_READ: Final = {
    "true": True, "yes": True, "y": True, "1": True, "on": True, "x": True,
    "false": False, "no": False, "n": False, "0": False, "off": False,
}  # fmt: skip


class BooleanKind(Kind):
    """True or false; null is "not known"."""

    name = "boolean"
    title = "Yes or no"
    icon = "toggle-right"

    def infer(self, schema: Mapping[str, Any]) -> int:
        return 20 if schema.get("type") == "boolean" else 0

    def value_schema(self, field: Field) -> Mapping[str, Any]:
        return {"type": "boolean"}

    def new_schema(self) -> Mapping[str, Any]:
        return {"type": "boolean"}

    def parse(self, field: Field, value: Any) -> bool:
        if not isinstance(value, bool):
            raise ValueProblem("type", f"This must be true or false, not {type_name(value)}.")
        return value

    def dump(self, field: Field, value: bool) -> bool:
        return value

    def columns(self, field: Field) -> Sequence[ColumnSpec]:
        return (ColumnSpec("", "boolean"),)

    def expression_type(self, field: Field) -> Type:
        return BOOL

    def to_text(self, field: Field, value: bool) -> str:
        return "true" if value else "false"

    def from_text(self, field: Field, text: str) -> bool:
        try:
            return _READ[text.strip().lower()]
        except KeyError:
            raise ValueProblem("type", "This must be true or false (or yes, no, 1, 0).") from None

    def from_form(self, field: Field, form: FormData, name: str) -> Any:
        # A checkbox that is off sends nothing: a hidden input of the same name before it speaks for it.
        texts = form.getlist(name)
        if not texts:
            return ABSENT
        if texts[-1] == "":
            return None
        try:
            return self.from_text(field, texts[-1])
        except ValueProblem:
            return texts[-1]

    def format(self, field: Field, value: bool, locale: Locale) -> str:
        return word("yes" if value else "no", locale)

    def samples(self, field: Field) -> Sequence[Any]:
        return (False, True)
