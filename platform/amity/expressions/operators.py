"""SQL of the arithmetic operators, by the names of `arithmetic.Operation`, for both databases."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import sqlalchemy as sa

from amity.expressions import postgres as pg
from amity.expressions.binding import Dialect
from amity.expressions.sqlite import FUNCTIONS, call

Builder = Callable[[Any, Any], Any]


def _plus(left: Any, right: Any) -> Any:
    return pg.infix(left, "+", right)


def _minus(left: Any, right: Any) -> Any:
    return pg.infix(left, "-", right)


def _times(left: Any, right: Any) -> Any:
    return pg.infix(left, "*", right)


def _numbers(fit: Callable[[Any], Any], operate: Builder) -> Builder:
    return lambda left, right: fit(operate(pg.numeric(left), pg.numeric(right)))


def _remainder(left: Any, right: Any) -> Any:
    return sa.func.mod(left, sa.func.nullif(right, pg.raw("0")))


def _later_moment(left: Any, right: Any) -> Any:
    return pg.moment(_plus(pg.microseconds(left), pg.numeric(right)))


def _earlier_moment(left: Any, right: Any) -> Any:
    return pg.moment(_minus(pg.microseconds(left), pg.numeric(right)))


def _between_moments(left: Any, right: Any) -> Any:
    return pg.duration(_minus(pg.microseconds(left), pg.microseconds(right)))


def _later_date(left: Any, right: Any) -> Any:
    return pg.date(_plus(pg.numeric(pg.days(left)), pg.whole_days(right)))


def _earlier_date(left: Any, right: Any) -> Any:
    return pg.date(_plus(pg.numeric(pg.days(left)), pg.whole_days(_minus(pg.raw("0"), right))))


def _between_dates(left: Any, right: Any) -> Any:
    return pg.duration(_times(pg.numeric(_minus(left, right)), pg.raw(str(pg.DAY))))


def _join_texts(left: Any, right: Any) -> Any:
    return pg.bounded_text(pg.infix(left, "||", right))


def _swapped(builder: Builder) -> Builder:
    return lambda left, right: builder(right, left)


_POSTGRES: Final[Mapping[str, Builder]] = {
    "add_integers": _numbers(pg.integer, _plus),
    "subtract_integers": _numbers(pg.integer, _minus),
    "multiply_integers": _numbers(pg.integer, _times),
    "remainder": _remainder,
    "add_decimals": _numbers(pg.decimal, _plus),
    "subtract_decimals": _numbers(pg.decimal, _minus),
    "multiply_decimals": _numbers(pg.decimal, _times),
    "divide": pg.divide,
    "add_durations": _numbers(pg.duration, _plus),
    "subtract_durations": _numbers(pg.duration, _minus),
    "multiply_duration": _numbers(pg.duration, _times),
    "later_moment": _later_moment,
    "moment_later": _swapped(_later_moment),
    "earlier_moment": _earlier_moment,
    "between_moments": _between_moments,
    "later_date": _later_date,
    "date_later": _swapped(_later_date),
    "earlier_date": _earlier_date,
    "between_dates": _between_dates,
    "join_texts": _join_texts,
}
_SQLITE_SWAPPED: Final = {"moment_later": "later_moment", "date_later": "later_date"}


def operate(name: str, left: Any, right: Any, dialect: Dialect, type_: Any) -> Any | None:
    """Give the SQL of an operation; None when it cannot be computed in a query."""
    if dialect == "postgresql":
        builder = _POSTGRES.get(name)
        return None if builder is None else sa.type_coerce(builder(left, right), type_)
    if name in _SQLITE_SWAPPED:
        return call(_SQLITE_SWAPPED[name], right, left, type_=type_)
    return call(name, left, right, type_=type_) if name in FUNCTIONS else None


def computable(name: str) -> bool:
    """Tell whether an operation can be computed in a query."""
    return name in _POSTGRES
