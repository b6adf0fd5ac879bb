"""Exact arithmetic over values, the same for closures and for SQLite: no result is ever approximate.

Every function takes values that are not null and gives None where there is no result: division by zero,
a number out of range, an impossible date, a text or list too long.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Any, Final

from amity.expressions.limits import (
    DECIMAL_LIMIT,
    DECIMAL_SCALE,
    DURATION_LIMIT,
    INT_MAX,
    INT_MIN,
    MAX_RESULT_LIST,
    MAX_RESULT_TEXT,
)
from amity.expressions.types import (
    DATE,
    DATETIME,
    DECIMAL,
    DURATION,
    DYN,
    INT,
    NUMBERS,
    TEXT,
    ListType,
    Type,
    common,
)

# 80 digits: two operands of 21 digits multiply exactly, and a quotient cannot fall so near to a tie
# that rounding twice would differ from rounding once.
_EXACT: Final = Context(prec=80, rounding=ROUND_HALF_UP)
_STEP: Final = Decimal(1).scaleb(-DECIMAL_SCALE)
_EPOCH: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MICROSECOND: Final = dt.timedelta(microseconds=1)
_DAY: Final = 86_400_000_000
Number = int | Decimal


def integer(value: int) -> int | None:
    """Give the integer if it fits into 64 bits."""
    return value if INT_MIN <= value <= INT_MAX else None


def decimal(value: Number) -> Decimal | None:
    """Round half-up to six decimals; None when it is out of range."""
    if not -(10 * DECIMAL_LIMIT) < value < 10 * DECIMAL_LIMIT:
        return None
    rounded = _EXACT.quantize(Decimal(value), _STEP)
    return rounded if -DECIMAL_LIMIT < rounded < DECIMAL_LIMIT else None


def duration(value: int) -> int | None:
    """Give the microseconds if they are a possible duration."""
    return value if -DURATION_LIMIT <= value <= DURATION_LIMIT else None


def add_integers(left: int, right: int) -> int | None:
    """Add."""
    return integer(left + right)


def subtract_integers(left: int, right: int) -> int | None:
    """Subtract."""
    return integer(left - right)


def multiply_integers(left: int, right: int) -> int | None:
    """Multiply."""
    return integer(left * right)


def remainder(left: int, right: int) -> int | None:
    """Give the remainder with the sign of the dividend, None for a divisor of 0."""
    if right == 0:
        return None
    rest = abs(left) % abs(right)
    return -rest if left < 0 else rest


def add_decimals(left: Number, right: Number) -> Decimal | None:
    """Add."""
    return decimal(_EXACT.add(Decimal(left), Decimal(right)))


def subtract_decimals(left: Number, right: Number) -> Decimal | None:
    """Subtract."""
    return decimal(_EXACT.subtract(Decimal(left), Decimal(right)))


def multiply_decimals(left: Number, right: Number) -> Decimal | None:
    """Multiply."""
    return decimal(_EXACT.multiply(Decimal(left), Decimal(right)))


def divide(left: Number, right: Number) -> Decimal | None:
    """Divide, rounded half-up to six decimals; None for a divisor of 0."""
    if right == 0:
        return None
    return decimal(_EXACT.divide(Decimal(left), Decimal(right)))


def add_durations(left: int, right: int) -> int | None:
    """Add microseconds."""
    return duration(left + right)


def subtract_durations(left: int, right: int) -> int | None:
    """Subtract microseconds."""
    return duration(left - right)


def multiply_duration(left: int, right: int) -> int | None:
    """Multiply microseconds by a number (in either order)."""
    return duration(left * right)


def later_moment(moment: dt.datetime, span: int) -> dt.datetime | None:
    """Add microseconds to a moment."""
    try:
        return moment + dt.timedelta(microseconds=span)
    except OverflowError:
        return None


def earlier_moment(moment: dt.datetime, span: int) -> dt.datetime | None:
    """Take microseconds from a moment."""
    return later_moment(moment, -span)


def between_moments(left: dt.datetime, right: dt.datetime) -> int | None:
    """Give the microseconds from right to left."""
    return duration((left - right) // _MICROSECOND)


def later_date(date: dt.date, span: int) -> dt.date | None:
    """Add microseconds to the midnight a date begins with and give the date of the result."""
    try:
        return date + dt.timedelta(days=span // _DAY)
    except OverflowError:
        return None


def earlier_date(date: dt.date, span: int) -> dt.date | None:
    """Take microseconds from the midnight a date begins with and give the date of the result."""
    return later_date(date, -span)


def between_dates(left: dt.date, right: dt.date) -> int | None:
    """Give the microseconds from right to left, whole days."""
    return (left - right).days * _DAY


def join_texts(left: str, right: str) -> str | None:
    """Put two texts together."""
    return left + right if len(left) + len(right) <= MAX_RESULT_TEXT else None


def join_lists(left: Sequence[Any], right: Sequence[Any]) -> list[Any] | None:
    """Put two lists together."""
    return [*left, *right] if len(left) + len(right) <= MAX_RESULT_LIST else None


def swapped(function: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """Give the function with its arguments the other way round."""
    return lambda left, right: function(right, left)


@dataclass(frozen=True, slots=True)
class Operation:
    """What an arithmetic operator does for certain types; `name` is what SQL is chosen by."""

    name: str
    result: Type
    python: Callable[[Any, Any], Any]


_TABLE: Final[dict[tuple[str, Type, Type], Operation]] = {
    ("+", INT, INT): Operation("add_integers", INT, add_integers),
    ("-", INT, INT): Operation("subtract_integers", INT, subtract_integers),
    ("*", INT, INT): Operation("multiply_integers", INT, multiply_integers),
    ("%", INT, INT): Operation("remainder", INT, remainder),
    ("/", INT, INT): Operation("divide", DECIMAL, divide),
    ("+", DECIMAL, DECIMAL): Operation("add_decimals", DECIMAL, add_decimals),
    ("-", DECIMAL, DECIMAL): Operation("subtract_decimals", DECIMAL, subtract_decimals),
    ("*", DECIMAL, DECIMAL): Operation("multiply_decimals", DECIMAL, multiply_decimals),
    ("/", DECIMAL, DECIMAL): Operation("divide", DECIMAL, divide),
    ("+", TEXT, TEXT): Operation("join_texts", TEXT, join_texts),
    ("+", DURATION, DURATION): Operation("add_durations", DURATION, add_durations),
    ("-", DURATION, DURATION): Operation("subtract_durations", DURATION, subtract_durations),
    ("*", DURATION, INT): Operation("multiply_duration", DURATION, multiply_duration),
    ("*", INT, DURATION): Operation("multiply_duration", DURATION, multiply_duration),
    ("/", DURATION, DURATION): Operation("divide", DECIMAL, divide),
    ("+", DATETIME, DURATION): Operation("later_moment", DATETIME, later_moment),
    ("+", DURATION, DATETIME): Operation("moment_later", DATETIME, swapped(later_moment)),
    ("-", DATETIME, DURATION): Operation("earlier_moment", DATETIME, earlier_moment),
    ("-", DATETIME, DATETIME): Operation("between_moments", DURATION, between_moments),
    ("+", DATE, DURATION): Operation("later_date", DATE, later_date),
    ("+", DURATION, DATE): Operation("date_later", DATE, swapped(later_date)),
    ("-", DATE, DURATION): Operation("earlier_date", DATE, earlier_date),
    ("-", DATE, DATE): Operation("between_dates", DURATION, between_dates),
}


def operation(operator: str, left: Type, right: Type) -> Operation | None:
    """Find what an operator does for two types, None when it does nothing sensible."""
    if isinstance(left, ListType) and isinstance(right, ListType):
        joined = common((left, right))
        if operator == "+" and joined is not None:
            return Operation("join_lists", joined, join_lists)
        return None
    if DYN in (left, right):
        return Operation("dynamic", DYN, lambda a, b: _dynamic(operator, a, b))
    if left != right and left in NUMBERS and right in NUMBERS:
        left = right = DECIMAL
    return _TABLE.get((operator, left, right))


def runtime_type(value: Any) -> Type | None:
    """Give the type of a value that was not null and whose type was not known before."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return INT
    if isinstance(value, list | tuple):
        return ListType(DYN)
    for python, type_ in ((Decimal, DECIMAL), (str, TEXT), (dt.datetime, DATETIME), (dt.date, DATE)):
        if isinstance(value, python):
            return type_
    return None


def _dynamic(operator: str, left: Any, right: Any) -> Any:
    """Apply an operator to nested data; what does not fit is null."""
    types = runtime_type(left), runtime_type(right)
    if types[0] is None or types[1] is None:
        return None
    found = operation(operator, types[0], types[1])
    return None if found is None else found.python(left, right)
