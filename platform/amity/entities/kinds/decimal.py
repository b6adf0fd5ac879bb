"""Exact decimals of a fixed scale."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, ClassVar, Final

from amity.entities.kinds.base import ColumnSpec, Kind, Locale, ValueProblem
from amity.entities.kinds.locales import babel_locale
from amity.entities.kinds.text import type_name
from amity.entities.model import Field
from amity.expressions.types import DECIMAL, Type

DIGITS: Final = 15
"""Significant digits of any decimal, those behind the point included."""
MAX_SCALE: Final = 6
_STEPS: Final = tuple(Decimal(1).scaleb(-scale) for scale in range(DIGITS))
_NUMBER: Final = re.compile(r"[+-]?(?:\d{1,30}(?:\.\d{0,30})?|\.\d{1,30})", re.ASCII)

SCALE_OPTION: Final[Mapping[str, Any]] = {
    "type": "integer",
    "minimum": 0,
    "maximum": MAX_SCALE,
    "description": "How many decimals a value may have.",
}


def exact(value: Any, scale: int) -> Decimal:
    """Give a JSON number as a decimal of exactly `scale` decimals. Raises `ValueProblem`."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise ValueProblem("type", f"This must be a number, not {type_name(value)}.")
    number = Decimal(value)
    if not number.is_finite():
        raise ValueProblem("type", "This must be a number.")
    # Compared before it is scaled: 1e999999 must not be written out.
    if number.adjusted() >= DIGITS - scale and number != 0:
        largest = (Decimal(10) ** DIGITS - 1).scaleb(-scale)
        raise ValueProblem("range", f"This must lie between {-largest:,} and {largest:,}.")
    rounded = number.quantize(_STEPS[scale])
    if rounded != number:
        raise ValueProblem("scale", _too_fine(scale))
    return rounded + 0  # + 0: no negative zero


def _too_fine(scale: int) -> str:
    if scale == 0:
        return "This must have no decimals."
    return f"This has more than {scale} decimal{'s' if scale > 1 else ''}; round it to {scale}."


def read_number(text: str) -> Decimal | int:
    """Read a number as CSV files and forms write it: digits, a point, a sign. Raises `ValueProblem`."""
    if not _NUMBER.fullmatch(text.strip()):
        raise ValueProblem(
            "type", "This must be a number such as 1234.5, with a decimal point and without separators."
        )
    return plain(Decimal(text.strip()))


def plain(value: Decimal) -> Decimal | int:
    """Give a decimal as the shortest JSON number: 12, 12.5."""
    if value == value.to_integral_value():
        return int(value)
    return value.normalize()


class DecimalKind(Kind):
    """A number with decimals, exact: 15 digits, the field's scale of them behind the point."""

    name = "decimal"
    title = "Number"
    icon = "decimal"
    option_schema: ClassVar[Mapping[str, Any]] = {"scale": SCALE_OPTION}
    default_scale: ClassVar[int] = 4

    def scale(self, field: Field) -> int:
        """Decimals of the field: its option, else what `multipleOf` says, else the kind's default."""
        given = field.options.get("scale")
        if isinstance(given, int):
            return given
        step = field.schema.get("multipleOf")
        if isinstance(step, int | Decimal) and step:
            return min(max(0, -int(Decimal(step).normalize().as_tuple().exponent)), MAX_SCALE)
        return self.default_scale

    def infer(self, schema: Mapping[str, Any]) -> int:
        return 20 if schema.get("type") == "number" else 0

    def value_schema(self, field: Field) -> Mapping[str, Any]:
        return {"type": "number"}

    def new_schema(self) -> Mapping[str, Any]:
        return {"type": "number"}

    def parse(self, field: Field, value: Any) -> Any:
        return exact(value, self.scale(field))

    def dump(self, field: Field, value: Any) -> Any:
        return plain(value)

    def columns(self, field: Field) -> Sequence[ColumnSpec]:
        return (ColumnSpec("", f"decimal:{self.scale(field)}"),)

    def expression_type(self, field: Field) -> Type:
        return DECIMAL

    def to_text(self, field: Field, value: Any) -> str:
        return format(Decimal(plain(value)), "f")

    def from_text(self, field: Field, text: str) -> Any:
        return self.dump(field, self.parse(field, read_number(text)))

    def format(self, field: Field, value: Any, locale: Locale) -> str:
        from babel.numbers import format_decimal

        return format_decimal(value, locale=babel_locale(locale), decimal_quantization=False)

    def samples(self, field: Field) -> Sequence[Any]:
        step = Decimal(1).scaleb(-self.scale(field))
        return (-12, plain(Decimal(3) * step), plain(100_000_000 + step))
