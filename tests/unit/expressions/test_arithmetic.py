"""Arithmetic is exact: it agrees with fractions, rounded once."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from fractions import Fraction

from hypothesis import example, given
from hypothesis import strategies as st

from amity.expressions import arithmetic
from amity.expressions.limits import DECIMAL_LIMIT, DURATION_LIMIT, INT_MAX, INT_MIN

INTEGERS = st.one_of(st.integers(INT_MIN, INT_MAX), st.integers(-10, 10))
DECIMALS = st.one_of(
    st.decimals(-999_999_999, 999_999_999, places=6, allow_nan=False),
    st.decimals(-DECIMAL_LIMIT + 1, DECIMAL_LIMIT - 1, places=0, allow_nan=False),
    st.decimals(-1, 1, places=6, allow_nan=False),
)
NUMBERS = st.one_of(DECIMALS, INTEGERS)


def rounded(exact: Fraction) -> Decimal | None:
    """Round half away from zero to six decimals; None out of range."""
    scaled = abs(exact) * 10**6
    whole = scaled.numerator // scaled.denominator
    whole += scaled - whole >= Fraction(1, 2)
    value = Decimal(-whole if exact < 0 else whole).scaleb(-6)
    return value if abs(value) < DECIMAL_LIMIT else None


@given(NUMBERS, NUMBERS)
@example(Decimal("0.000001"), 2)
@example(Decimal("-0.000001"), 2)
@example(1, 3)
@example(Decimal("999999999999999"), Decimal("0.000001"))
def test_decimals_are_rounded_once(left: Decimal, right: Decimal) -> None:
    one, two = Fraction(left), Fraction(right)
    assert arithmetic.add_decimals(left, right) == rounded(one + two)
    assert arithmetic.subtract_decimals(left, right) == rounded(one - two)
    assert arithmetic.multiply_decimals(left, right) == rounded(one * two)
    assert arithmetic.divide(left, right) == (None if right == 0 else rounded(one / two))


@given(INTEGERS, INTEGERS)
def test_integers_overflow_to_null(left: int, right: int) -> None:
    for found, exact in (
        (arithmetic.add_integers(left, right), left + right),
        (arithmetic.subtract_integers(left, right), left - right),
        (arithmetic.multiply_integers(left, right), left * right),
    ):
        assert found == (exact if INT_MIN <= exact <= INT_MAX else None)
    rest = arithmetic.remainder(left, right)
    if right == 0:
        assert rest is None
    else:
        assert rest is not None
        assert abs(rest) < abs(right)
        assert rest == 0 or (rest < 0) == (left < 0)
        assert (left - rest) % right == 0


@given(st.datetimes(), st.integers(-DURATION_LIMIT, DURATION_LIMIT))
def test_moments_and_back(moment: dt.datetime, span: int) -> None:
    start = moment.replace(tzinfo=dt.UTC)
    later = arithmetic.later_moment(start, span)
    if later is not None:
        assert arithmetic.between_moments(later, start) == span
        assert arithmetic.earlier_moment(later, span) == start


@given(st.dates(), st.integers(-4_000_000, 4_000_000))
def test_dates_and_back(date: dt.date, days: int) -> None:
    span = days * 86_400_000_000
    later = arithmetic.later_date(date, span)
    possible = dt.date.min.toordinal() <= date.toordinal() + days <= dt.date.max.toordinal()
    assert (later is not None) == possible
    if later is not None:
        assert arithmetic.between_dates(later, date) == span
        assert arithmetic.earlier_date(later, span) == date
