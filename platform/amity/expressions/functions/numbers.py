"""Functions over numbers: conversions, rounding, smallest and largest."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Context, Decimal
from typing import Any, Final

from amity.expressions import arithmetic
from amity.expressions.scope import Function, Signature
from amity.expressions.types import (
    DATE,
    DATETIME,
    DECIMAL,
    DURATION,
    INT,
    TEXT,
    TIME,
)

_INTEGER: Final = re.compile(r"[+-]?[0-9]{1,30}")
_DECIMAL: Final = re.compile(r"[+-]?(?:[0-9]{1,60}\.?[0-9]{0,60}|\.[0-9]{1,60})(?:[eE][+-]?[0-9]{1,3})?")
_WIDE: Final = Context(prec=80)
_EPOCH: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


def to_integer(value: int | Decimal | str | dt.datetime) -> int | None:
    """Cut the decimals off, read a text, or give the seconds since 1970 of a moment."""
    if isinstance(value, str):
        return arithmetic.integer(int(value)) if _INTEGER.fullmatch(value) else None
    if isinstance(value, dt.datetime):
        return (value - _EPOCH) // dt.timedelta(seconds=1)
    return arithmetic.integer(int(value))


def to_decimal(value: int | Decimal | str) -> Decimal | None:
    """Give a number or the number a text shows as a decimal."""
    if isinstance(value, str):
        if not _DECIMAL.fullmatch(value):
            return None
        value = Decimal(value)
    return arithmetic.decimal(value)


def absolute(value: int | Decimal) -> int | Decimal | None:
    """Drop the sign."""
    return arithmetic.integer(abs(value)) if isinstance(value, int) else abs(value)


def _round_places(value: int | Decimal, places: int) -> Decimal | None:
    if not 0 <= places <= 6:
        return None
    exact = Decimal(value).quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP, context=_WIDE)
    return arithmetic.decimal(exact)


def _whole(rounding: str) -> Callable[[int | Decimal], int | None]:
    def whole(value: int | Decimal) -> int | None:
        return arithmetic.integer(int(Decimal(value).to_integral_value(rounding=rounding)))

    return whole


def _smallest(*values: Any) -> Any:
    return min(values)


def _largest(*values: Any) -> Any:
    return max(values)


_ORDERED: Final = (INT, DECIMAL, TEXT, DATE, DATETIME, TIME, DURATION)
_EXTREMES: Final = tuple(Signature((type_, type_), type_, variadic=True) for type_ in _ORDERED)
_TO_INTEGER: Final = (Signature((INT,), INT), Signature((DECIMAL,), INT))

FUNCTIONS: Final = (
    Function(
        "int",
        (*_TO_INTEGER, Signature((TEXT,), INT), Signature((DATETIME,), INT)),
        to_integer,
        "An integer: decimals are cut off, int('12') is 12, a date-time gives seconds since 1970.",
        method=False,
    ),
    *(
        Function(
            name,
            (Signature((DECIMAL,), DECIMAL), Signature((INT,), DECIMAL), Signature((TEXT,), DECIMAL)),
            to_decimal,
            f"A decimal, rounded half-up to six decimals: {name}('12.5').",
            method=False,
        )
        for name in ("decimal", "double")
    ),
    Function(
        "abs",
        (Signature((INT,), INT), Signature((DECIMAL,), DECIMAL), Signature((DURATION,), DURATION)),
        absolute,
        "The value without its sign.",
    ),
    Function(
        "round",
        (*_TO_INTEGER, Signature((DECIMAL, INT), DECIMAL)),
        lambda value, *places: _round_places(value, *places) if places else _whole(ROUND_HALF_UP)(value),
        "Rounded half-up, to an integer or to the given number of decimals (0 to 6): round(2.345, 2).",
    ),
    Function(
        "floor",
        _TO_INTEGER,
        _whole(ROUND_FLOOR),
        "The largest integer that is not greater.",
    ),
    Function(
        "ceil",
        _TO_INTEGER,
        _whole(ROUND_CEILING),
        "The smallest integer that is not less.",
    ),
    Function("min", _EXTREMES, _smallest, "The smallest of two or more: min(a, b)."),
    Function("max", _EXTREMES, _largest, "The largest of two or more: max(a, b)."),
)
