"""Building blocks of SQL for PostgreSQL: exact, never an error, null on overflow, without functions of ours.

No block repeats its operand: an operand may be a whole expression, and repeating it at every level would let
the statement grow exponentially.
"""

from __future__ import annotations

from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.elements import ColumnElement, Grouping
from sqlalchemy.sql.functions import FunctionElement

from amity.database.types import UtcDateTime
from amity.expressions.limits import DECIMAL_LIMIT, DURATION_LIMIT, INT_MAX, INT_MIN, MAX_RESULT_TEXT

DAY: Final = 86_400_000_000
_FIRST_DAY: Final = "DATE '0001-01-01'"
_LAST_DAY: Final = 3_652_058
"""9999-12-31, counted in days from 0001-01-01."""
_FIRST_MOMENT: Final = -62_135_596_800_000_000
_LAST_MOMENT: Final = 253_402_300_799_999_999
"""The first and last microsecond of the years 1 to 9999, counted from 1970."""


def raw(text: str, type_: Any = None) -> ColumnElement[Any]:
    """Give a piece of constant SQL."""
    return sa.literal_column(text, type_)


def infix(left: Any, sign: str, right: Any) -> Any:
    """Put an operator between two operands, in brackets: they hold whatever stands around."""
    return Grouping(left.op(sign)(right))


def numeric(element: Any) -> Any:
    """Give a number as NUMERIC, so that nothing overflows on the way."""
    return sa.cast(element, sa.Numeric)


def within(element: Any, lowest: int, highest: int) -> Any:
    """Give the value, null when it is outside; the bounds are the nearest values that are outside.

    A null becomes a bound on its way and null again.
    """
    low, high = raw(f"({lowest})"), raw(str(highest))
    clamped = sa.func.greatest(sa.func.least(element, high), low)
    return sa.func.nullif(sa.func.nullif(clamped, high), low)


def integer(element: Any) -> Any:
    """Bring a NUMERIC to 64 bits."""
    return sa.cast(within(element, INT_MIN - 1, INT_MAX + 1), sa.BigInteger)


def decimal(element: Any) -> Any:
    """Round a NUMERIC half-up to six decimals; it must be in range after that."""
    limit = int(DECIMAL_LIMIT)
    return sa.type_coerce(within(sa.func.round(element, raw("6")), -limit, limit), sa.Numeric(asdecimal=True))


def duration(element: Any) -> Any:
    """Bring a NUMERIC to a possible duration."""
    return sa.cast(within(element, -DURATION_LIMIT - 1, DURATION_LIMIT + 1), sa.BigInteger)


def divide(left: Any, right: Any) -> Any:
    """Divide exactly: 40 decimals first, so that rounding to six never rounds twice."""
    dividend, divisor = sa.func.round(numeric(left), raw("40")), sa.func.nullif(numeric(right), raw("0"))
    return decimal(infix(dividend, "/", divisor))


def microseconds(moment: Any) -> Any:
    """Give the microseconds from 1970 to a moment as NUMERIC."""
    return infix(sa.extract("epoch", moment), "*", raw("1000000"))


def moment(element: Any) -> Any:
    """Give the moment so many microseconds (NUMERIC) from 1970 on, null outside the years 1 to 9999."""
    whole = sa.cast(within(element, _FIRST_MOMENT - 1, _LAST_MOMENT + 1), sa.BigInteger)
    return sa.type_coerce(LetMoment(whole), UtcDateTime())


def whole_days(span: Any) -> Any:
    """Give the days of a duration, rounded down (20 decimals keep the quotient off the next integer)."""
    return sa.func.floor(infix(sa.func.round(numeric(span), raw("20")), "/", raw(str(DAY))))


def days(date: Any) -> Any:
    """Give the days from 0001-01-01 to a date."""
    return infix(date, "-", raw(_FIRST_DAY))


def date(element: Any) -> Any:
    """Give the date so many days (NUMERIC) from 0001-01-01 on, null outside the years 1 to 9999."""
    whole = sa.cast(within(element, -1, _LAST_DAY + 1), sa.Integer)
    return infix(raw(_FIRST_DAY), "+", whole)


def bounded_text(element: Any) -> Any:
    """Give the text, null when it is too long."""
    return sa.type_coerce(LetText(element), sa.Text())


class Let(FunctionElement[Any]):
    """A scalar subquery that names its operand `v`, for blocks that need it more than once.

    OFFSET 0 keeps the planner from putting the operand back in the place of the name.
    """

    inherit_cache = True
    name = "amity_let"
    body: str


class LetMoment(Let):
    """Microseconds from 1970 on (BIGINT) as a moment."""

    inherit_cache = True
    body = (
        f"(TIMESTAMP '1970-01-01' + INTERVAL '1 day' * (v / {DAY}) + "
        f"INTERVAL '1 microsecond' * mod(v, {DAY})) AT TIME ZONE 'UTC'"
    )


class LetText(Let):
    """A text unless it is too long."""

    inherit_cache = True
    body = f"CASE WHEN char_length(v) <= {MAX_RESULT_TEXT} THEN v END"


class LetLeast(Let):
    """The smallest of its operands, null where one is null."""

    inherit_cache = True
    body = "least"


class LetGreatest(Let):
    """The largest of its operands, null where one is null."""

    inherit_cache = True
    body = "greatest"


@compiles(LetLeast)
@compiles(LetGreatest)
def _compile_extreme(element: Let, compiler: Any, **options: Any) -> str:
    names = [f"v{position}" for position in range(len(element.clauses))]
    shown = ", ".join(
        f"{compiler.process(value, **options)} AS {name}"
        for name, value in zip(names, element.clauses, strict=True)
    )
    filled = " AND ".join(f"{name} IS NOT NULL" for name in names)
    found = f"CASE WHEN {filled} THEN {element.body}({', '.join(names)}) END"
    return f"(SELECT {found} FROM (SELECT {shown} OFFSET 0) AS amity_let)"  # noqa: S608 (constants of ours)


@compiles(LetMoment)
@compiles(LetText)
def _compile_let(element: Let, compiler: Any, **options: Any) -> str:
    (value,) = element.clauses
    shown = compiler.process(value, **options)
    return f"(SELECT {element.body} FROM (SELECT {shown} AS v OFFSET 0) AS amity_let)"  # noqa: S608 (constants of ours)
