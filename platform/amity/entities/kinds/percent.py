"""Percentages: 12.5 means 12.5 %."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, ClassVar

from amity.entities.kinds.base import Locale
from amity.entities.kinds.decimal import DecimalKind
from amity.entities.kinds.locales import babel_locale
from amity.entities.model import Field


class PercentKind(DecimalKind):
    """A percentage, exact. The number is the per cent: 12.5, not 0.125."""

    name = "percent"
    title = "Percentage"
    icon = "percentage"
    default_scale: ClassVar[int] = 2

    def infer(self, schema: Mapping[str, Any]) -> int:
        return 0

    def new_schema(self) -> Mapping[str, Any]:
        return {"type": "number", "x-amity": {"kind": self.name}}

    def format(self, field: Field, value: Decimal, locale: Locale) -> str:
        from babel.numbers import format_percent

        return format_percent(value / 100, locale=babel_locale(locale), decimal_quantization=False)
