"""SQL templates for PostgreSQL: exact, never an error, null on overflow, without functions of ours.

The functions here wrap a template (see `blocks`) into another one.
"""

from __future__ import annotations

from typing import Final

from amity.expressions.limits import DECIMAL_LIMIT, DURATION_LIMIT, INT_MAX, INT_MIN, MAX_RESULT_TEXT

DAY: Final = 86_400_000_000
_FIRST_DAY: Final = "DATE '0001-01-01'"
_LAST_DAY: Final = 3_652_058
"""9999-12-31, counted in days from 0001-01-01."""
_FIRST_MOMENT: Final = -62_135_596_800_000_000
_LAST_MOMENT: Final = 253_402_300_799_999_999
"""The first and last microsecond of the years 1 to 9999, counted from 1970."""


def numeric(inner: str) -> str:
    """A number as NUMERIC, so that nothing overflows on the way."""
    return f"CAST({inner} AS NUMERIC)"


def within(inner: str, lowest: int, highest: int) -> str:
    """The value, null when it is outside; the bounds are the nearest values that are outside.

    A null becomes a bound on its way and null again.
    """
    low = f"({lowest})" if lowest < 0 else str(lowest)
    return f"nullif(nullif(greatest(least({inner}, {highest}), {low}), {highest}), {low})"


def integer(inner: str) -> str:
    """A NUMERIC brought to 64 bits."""
    return f"CAST({within(inner, INT_MIN - 1, INT_MAX + 1)} AS BIGINT)"


def decimal(inner: str) -> str:
    """A NUMERIC rounded half-up to six decimals; it must be in range after that."""
    limit = int(DECIMAL_LIMIT)
    return within(f"round({inner}, 6)", -limit, limit)


def duration(inner: str) -> str:
    """A NUMERIC brought to a possible duration."""
    return f"CAST({within(inner, -DURATION_LIMIT - 1, DURATION_LIMIT + 1)} AS BIGINT)"


def divide(left: str, right: str) -> str:
    """An exact quotient: 40 decimals first, so that rounding to six never rounds twice."""
    return decimal(f"(round({numeric(left)}, 40) / nullif({numeric(right)}, 0))")


def utc(inner: str) -> str:
    """A moment as the clocks of UTC show it."""
    return f"timezone('UTC', {inner})"


def microseconds(inner: str) -> str:
    """The microseconds from 1970 to a moment as NUMERIC."""
    return f"(EXTRACT(epoch FROM {inner}) * 1000000)"


def moment(inner: str) -> str:
    """The moment so many microseconds (NUMERIC) from 1970 on, null outside the years 1 to 9999."""
    whole = f"CAST({within(inner, _FIRST_MOMENT - 1, _LAST_MOMENT + 1)} AS BIGINT)"
    made = (
        f"(TIMESTAMP '1970-01-01' + INTERVAL '1 day' * (v / {DAY}) + "
        f"INTERVAL '1 microsecond' * mod(v, {DAY})) AT TIME ZONE 'UTC'"
    )
    return _let(made, f"{whole} AS v")


def days(inner: str) -> str:
    """The days from 0001-01-01 to a date as NUMERIC."""
    return numeric(f"({inner} - {_FIRST_DAY})")


def whole_days(inner: str) -> str:
    """The days of a duration, rounded down (20 decimals keep the quotient off the next integer)."""
    return f"floor(round({numeric(inner)}, 20) / {DAY})"


def date(inner: str) -> str:
    """The date so many days (NUMERIC) from 0001-01-01 on, null outside the years 1 to 9999."""
    return f"({_FIRST_DAY} + CAST({within(inner, -1, _LAST_DAY + 1)} AS INTEGER))"


def bounded_text(inner: str) -> str:
    """The text, null when it is too long."""
    return _let(f"CASE WHEN char_length(v) <= {MAX_RESULT_TEXT} THEN v END", f"{inner} AS v")


def extreme(name: str, count: int, collation: str = "") -> str:
    """The least or greatest of so many operands, null where one is null."""
    names = [f"v{position}" for position in range(count)]
    filled = " AND ".join(f"{name} IS NOT NULL" for name in names)
    named = ", ".join(f"{{{position}}}{collation} AS v{position}" for position in range(count))
    return _let(f"CASE WHEN {filled} THEN {name}({', '.join(names)}) END", named)


def _let(body: str, named: str) -> str:
    """A scalar subquery that names its operands, so that the body can use them more than once.

    OFFSET 0 keeps the planner from putting the operands back in the place of their names.
    """
    return f"(SELECT {body} FROM (SELECT {named} OFFSET 0) AS amity_let)"  # noqa: S608 (constants of ours)


_A: Final = numeric("{0}")
_B: Final = numeric("{1}")

OPERATIONS: Final = {
    "add_integers": integer(f"({_A} + {_B})"),
    "subtract_integers": integer(f"({_A} - {_B})"),
    "multiply_integers": integer(f"({_A} * {_B})"),
    "remainder": "mod({0}, nullif({1}, 0))",
    "add_decimals": decimal(f"({_A} + {_B})"),
    "subtract_decimals": decimal(f"({_A} - {_B})"),
    "multiply_decimals": decimal(f"({_A} * {_B})"),
    "divide": divide("{0}", "{1}"),
    "add_durations": duration(f"({_A} + {_B})"),
    "subtract_durations": duration(f"({_A} - {_B})"),
    "multiply_duration": duration(f"({_A} * {_B})"),
    "later_moment": moment(f"({microseconds('{0}')} + {_B})"),
    "moment_later": moment(f"({microseconds('{1}')} + {_A})"),
    "earlier_moment": moment(f"({microseconds('{0}')} - {_B})"),
    "between_moments": duration(f"({microseconds('{0}')} - {microseconds('{1}')})"),
    "later_date": date(f"({days('{0}')} + {whole_days('{1}')})"),
    "date_later": date(f"({days('{1}')} + {whole_days('{0}')})"),
    "earlier_date": date(f"({days('{0}')} + {whole_days('(0 - {1})')})"),
    "between_dates": duration(f"({numeric('({0} - {1})')} * {DAY})"),
    "join_texts": bounded_text("({0} || {1})"),
}
"""The operators, by the names of `arithmetic.Operation`."""
