"""Ratings: one to so many stars."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from amity.entities.kinds.base import Locale, ValueProblem
from amity.entities.kinds.integer import IntegerKind
from amity.entities.model import Field


class RatingKind(IntegerKind):
    """A whole number from 1 to the field's maximum, shown as stars."""

    name = "rating"
    title = "Rating"
    icon = "star"
    group = "Choices"
    grouped = True
    option_schema: ClassVar[Mapping[str, Any]] = {
        "maximum": {
            "type": "integer",
            "minimum": 2,
            "maximum": 10,
            "description": "The best rating; default is the schema's `maximum`, else 5.",
        },
    }

    def maximum(self, field: Field) -> int:
        """The best rating."""
        highest = field.options.get("maximum", field.schema.get("maximum", 5))
        return min(max(int(highest), 2), 10)

    def infer(self, schema: Mapping[str, Any]) -> int:
        return 0

    def value_schema(self, field: Field) -> Mapping[str, Any]:
        return {"type": "integer", "minimum": 1, "maximum": self.maximum(field)}

    def new_schema(self) -> Mapping[str, Any]:
        return {"type": "integer", "x-amity": {"kind": self.name, "maximum": 5}}

    def parse(self, field: Field, value: Any) -> int:
        number = super().parse(field, value)
        if not 1 <= number <= self.maximum(field):
            raise ValueProblem("range", f"This must be a rating from 1 to {self.maximum(field)}.")
        return number

    def format(self, field: Field, value: int, locale: Locale) -> str:
        return f"{value} / {self.maximum(field)}"

    def samples(self, field: Field) -> Sequence[Any]:
        return tuple(range(1, self.maximum(field) + 1))
