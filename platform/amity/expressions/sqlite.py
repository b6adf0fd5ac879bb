"""The functions that SQLite borrows from Python, so that both compute every value alike.

SQLite's own arithmetic turns large integers into approximate numbers and knows no decimals and dates.
Values travel as they are stored: a decimal as text with six decimals, a moment, date or time of day as text
of fixed width, a duration as microseconds, a boolean as 0 or 1. All functions are deterministic.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final

import sqlalchemy as sa

from amity.expressions import arithmetic
from amity.expressions.blocks import block
from amity.expressions.types import BOOL, DATE, DATETIME, DECIMAL, DURATION, ID, INT, TEXT, TIME, Type

Codec = Callable[[Any], Any]


def canonical(value: Decimal | int) -> str:
    """Write a decimal the one way it travels: six decimals, no negative zero."""
    shown = f"{Decimal(value):.6f}"
    return "0.000000" if shown == "-0.000000" else shown


def write_moment(value: dt.datetime) -> str:
    """Write a moment as it is stored."""
    return value.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def write_time(value: dt.time) -> str:
    """Write a time of day as it is stored."""
    return value.isoformat(timespec="microseconds")


_READ: Final[Mapping[Type, Codec]] = {
    DECIMAL: Decimal,
    DATE: dt.date.fromisoformat,
    DATETIME: dt.datetime.fromisoformat,
    TIME: dt.time.fromisoformat,
    BOOL: bool,
}
_WRITE: Final[Mapping[Type, Codec]] = {
    DECIMAL: canonical,
    DATE: dt.date.isoformat,
    DATETIME: write_moment,
    TIME: write_time,
    BOOL: int,
}


def wired(python: Callable[..., Any], parameters: tuple[Type, ...], result: Type) -> Callable[..., Any]:
    """Let a function over values take and give what SQLite stores; null in, null out."""
    readers = [_READ.get(type_) for type_ in parameters]
    write = _WRITE.get(result)

    def function(*stored: Any) -> Any:
        if None in stored:
            return None
        values = [value if read is None else read(value) for read, value in zip(readers, stored, strict=True)]
        found = python(*values)
        return found if found is None or write is None else write(found)

    return function


def _compare(left: str, right: str) -> int:
    one, two = Decimal(left), Decimal(right)
    return (one > two) - (one < two)


def _unscale(stored: int, scale: int) -> Decimal:
    return Decimal(stored).scaleb(-scale)


WIRED: Final = frozenset({*_READ, INT, TEXT, ID, DURATION})
"""The types that functions on SQLite can take and give."""

_INTEGERS: Final = (INT, INT)
_DECIMALS: Final = (DECIMAL, DECIMAL)
_DURATIONS: Final = (DURATION, DURATION)

FUNCTIONS: Final[Mapping[str, tuple[Callable[..., Any], tuple[Type, ...], Type]]] = {
    "unscale": (_unscale, _INTEGERS, DECIMAL),
    "compare": (_compare, (TEXT, TEXT), INT),
    "add_integers": (arithmetic.add_integers, _INTEGERS, INT),
    "subtract_integers": (arithmetic.subtract_integers, _INTEGERS, INT),
    "multiply_integers": (arithmetic.multiply_integers, _INTEGERS, INT),
    "remainder": (arithmetic.remainder, _INTEGERS, INT),
    "add_decimals": (arithmetic.add_decimals, _DECIMALS, DECIMAL),
    "subtract_decimals": (arithmetic.subtract_decimals, _DECIMALS, DECIMAL),
    "multiply_decimals": (arithmetic.multiply_decimals, _DECIMALS, DECIMAL),
    "divide": (arithmetic.divide, _DECIMALS, DECIMAL),
    "add_durations": (arithmetic.add_durations, _DURATIONS, DURATION),
    "subtract_durations": (arithmetic.subtract_durations, _DURATIONS, DURATION),
    "multiply_duration": (arithmetic.multiply_duration, _DURATIONS, DURATION),
    "later_moment": (arithmetic.later_moment, (DATETIME, DURATION), DATETIME),
    "earlier_moment": (arithmetic.earlier_moment, (DATETIME, DURATION), DATETIME),
    "between_moments": (arithmetic.between_moments, (DATETIME, DATETIME), DURATION),
    "later_date": (arithmetic.later_date, (DATE, DURATION), DATE),
    "earlier_date": (arithmetic.earlier_date, (DATE, DURATION), DATE),
    "between_dates": (arithmetic.between_dates, (DATE, DATE), DURATION),
    "min_decimals": (min, _DECIMALS, DECIMAL),
    "max_decimals": (max, _DECIMALS, DECIMAL),
    "join_texts": (arithmetic.join_texts, (TEXT, TEXT), TEXT),
}
"""What the operators need, by name; SQL calls them with `amity_` in front."""


def call(name: str, *elements: Any, type_: Any = None) -> Any:
    """Give the SQL call of a registered function."""
    operands = ", ".join(f"{{{position}}}" for position in range(len(elements)))
    made = block(f"amity_{name}({operands})")(*elements)
    return made if type_ is None else sa.type_coerce(made, type_)


def json_number(stored: str | None) -> str | None:
    """Give the number that a JSON list begins with, null for anything else; it stays exact."""
    if stored is None:
        return None
    try:
        value = json.loads(stored, parse_float=Decimal)[0]
    except ValueError:
        return None
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return None
    known = arithmetic.decimal(value)
    return canonical(value) if known == value else str(value)


def call_chain(links: Any, type_: Any) -> Any:
    """Give the SQL call of a chain of operations of one family, from the left.

    One call, because SQLite's parser takes few levels of brackets.
    """
    names = ",".join(name for name, _ in links[1:])
    made = call("chain", sa.literal(names, sa.Text()), *(element for _, element in links))
    return sa.type_coerce(made, type_)


def chained(names: str, *stored: Any) -> Any:
    """Compute a chain; null as soon as a part is null."""
    if None in stored:
        return None
    _, (kind, _), result = FUNCTIONS[names.partition(",")[0]]
    read, write = _READ.get(kind), _WRITE.get(result)
    values = stored if read is None else [read(value) for value in stored]
    found = values[0]
    for name, value in zip(names.split(","), values[1:], strict=True):
        found = FUNCTIONS[name][0](found, value)
        if found is None:
            return None
    return found if write is None else write(found)
