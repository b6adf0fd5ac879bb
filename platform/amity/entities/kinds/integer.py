"""Whole numbers of 64 bits."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from amity.entities.kinds.base import ColumnSpec, Kind, Locale, ValueProblem
from amity.entities.kinds.locales import babel_locale
from amity.entities.kinds.text import type_name
from amity.entities.model import Field
from amity.expressions.types import INT, Type

LOWEST: Final = -(2**63)
HIGHEST: Final = 2**63 - 1
_WHOLE: Final = re.compile(r"[+-]?\d{1,19}", re.ASCII)


class IntegerKind(Kind):
    """A whole number between -2^63 and 2^63 - 1. 5.0 is one, true is none."""

    name = "integer"
    title = "Whole number"
    icon = "number-123"

    def infer(self, schema: Mapping[str, Any]) -> int:
        return 20 if schema.get("type") == "integer" else 0

    def value_schema(self, field: Field) -> Mapping[str, Any]:
        return {"type": "integer"}

    def new_schema(self) -> Mapping[str, Any]:
        return {"type": "integer"}

    def parse(self, field: Field, value: Any) -> int:
        if type(value) is int and LOWEST <= value <= HIGHEST:
            return value
        if isinstance(value, bool) or not isinstance(value, int | Decimal):
            raise ValueProblem("type", f"This must be a whole number, not {type_name(value)}.")
        if isinstance(value, Decimal) and not value.is_finite():
            raise ValueProblem("type", "This must be a whole number.")
        if not LOWEST <= value <= HIGHEST:
            raise ValueProblem("range", f"This must lie between {LOWEST:,} and {HIGHEST:,}.")
        if value != int(value):
            raise ValueProblem("type", f"This must be a whole number, without decimals; it is {value:f}.")
        return int(value)

    def dump(self, field: Field, value: int) -> int:
        return value

    def columns(self, field: Field) -> Sequence[ColumnSpec]:
        return (ColumnSpec("", "integer"),)

    def expression_type(self, field: Field) -> Type:
        return INT

    def to_text(self, field: Field, value: int) -> str:
        return str(value)

    def from_text(self, field: Field, text: str) -> int:
        if not _WHOLE.fullmatch(text.strip()):
            raise ValueProblem("type", "This must be a whole number such as 42, without separators.")
        return self.parse(field, int(text))

    def format(self, field: Field, value: int, locale: Locale) -> str:
        from babel.numbers import format_decimal

        return format_decimal(value, locale=babel_locale(locale))

    def samples(self, field: Field) -> Sequence[Any]:
        return (-7, 0, 42)
