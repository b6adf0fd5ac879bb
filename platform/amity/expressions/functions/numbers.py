"""Functions over numbers: conversions, rounding, smallest and largest."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Context, Decimal
from typing import Any, Final

import sqlalchemy as sa

from amity.expressions import arithmetic
from amity.expressions import postgres as pg
from amity.expressions.blocks import block
from amity.expressions.functions.build import function
from amity.expressions.scope import Function, Signature
from amity.expressions.sqlite import call
from amity.expressions.types import DATE, DATETIME, DECIMAL, DURATION, INT, TEXT, TIME, Type

_INTEGER: Final = re.compile(r"[+-]?[0-9]{1,30}", re.ASCII)
_DECIMAL: Final = re.compile(
    r"[+-]?(?:[0-9]{1,60}\.?[0-9]{0,60}|\.[0-9]{1,60})(?:[eE][+-]?[0-9]{1,3})?", re.ASCII
)
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


def rounded(value: int | Decimal, *places: int) -> int | Decimal | None:
    """Round half-up: to an integer, or to a decimal with so many (0 to 6) places."""
    if not places:
        return _whole(ROUND_HALF_UP)(value)
    if not 0 <= places[0] <= 6:
        return None
    step = Decimal(1).scaleb(-places[0])
    return arithmetic.decimal(Decimal(value).quantize(step, rounding=ROUND_HALF_UP, context=_WIDE))


def _whole(rounding: str) -> Callable[[int | Decimal], int | None]:
    def whole(value: int | Decimal) -> int | None:
        return arithmetic.integer(int(Decimal(value).to_integral_value(rounding=rounding, context=_WIDE)))

    return whole


def _extreme(name: str, on_postgres: str, type_: Type) -> Callable[..., Any]:
    """The smallest or largest of two or more; null where one is null, as SQLite has it."""
    collation = ' COLLATE "C"' if type_ == TEXT else ""

    def sql(dialect: str, *elements: Any) -> Any:
        if dialect == "postgresql":
            return block(pg.extreme(on_postgres, len(elements), collation))(*elements)
        if type_ != DECIMAL:
            return getattr(sa.func, name)(*elements)
        found = elements[0]
        for element in elements[1:]:
            found = call(f"{name}_decimals", found, element)
        return found

    return sql


def _extremes(name: str, on_postgres: str) -> tuple[Signature, ...]:
    return tuple(
        Signature((type_, type_), type_, variadic=True, sql=_extreme(name, on_postgres, type_))
        for type_ in (INT, DECIMAL, TEXT, DATE, DATETIME, TIME, DURATION)
    )


_N: Final = pg.numeric("{0}")
_PLACES: Final = f"CAST({pg.within(pg.numeric('{1}'), -1, 7)} AS INTEGER)"

FUNCTIONS: Final = (
    function(
        "int",
        [
            ((INT,), INT, "{0}"),
            ((DECIMAL,), INT, pg.integer(f"trunc({_N})")),
            ((TEXT,), INT, None),
            ((DATETIME,), INT, "CAST(floor(EXTRACT(epoch FROM {0})) AS BIGINT)"),
        ],
        to_integer,
        "An integer: decimals are cut off, int('12') is 12, a date-time gives seconds since 1970.",
        method=False,
    ),
    *(
        function(
            name,
            [
                ((DECIMAL,), DECIMAL, pg.decimal(_N)),
                ((INT,), DECIMAL, pg.decimal(_N)),
                ((TEXT,), DECIMAL, None),
            ],
            to_decimal,
            f"A decimal, rounded half-up to six decimals: {name}('12.5').",
            method=False,
        )
        for name in ("decimal", "double")
    ),
    function(
        "abs",
        [
            ((INT,), INT, pg.integer(f"abs({_N})")),
            ((DECIMAL,), DECIMAL, f"abs({_N})"),
            ((DURATION,), DURATION, "abs({0})"),
        ],
        absolute,
        "The value without its sign.",
    ),
    function(
        "round",
        [
            ((INT,), INT, "{0}"),
            ((DECIMAL,), INT, pg.integer(f"round({_N})")),
            ((DECIMAL, INT), DECIMAL, pg.decimal(f"round({_N}, {_PLACES})")),
        ],
        rounded,
        "Rounded half-up, to an integer or to the given number of decimals (0 to 6): round(2.345, 2).",
    ),
    function(
        "floor",
        [
            ((INT,), INT, "{0}"),
            ((DECIMAL,), INT, pg.integer(f"floor({_N})")),
        ],
        _whole(ROUND_FLOOR),
        "The largest integer that is not greater.",
    ),
    function(
        "ceil",
        [
            ((INT,), INT, "{0}"),
            ((DECIMAL,), INT, pg.integer(f"ceil({_N})")),
        ],
        _whole(ROUND_CEILING),
        "The smallest integer that is not less.",
    ),
    Function(
        "min",
        _extremes("min", "least"),
        lambda *values: min(values),
        "The smallest of two or more: min(a, b).",
        method=False,
    ),
    Function(
        "max",
        _extremes("max", "greatest"),
        lambda *values: max(values),
        "The largest of two or more: max(a, b).",
        method=False,
    ),
)
