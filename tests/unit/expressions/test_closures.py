"""Evaluation never raises, whatever nested data holds, and is fast."""

from __future__ import annotations

import datetime as dt
import timeit
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amity.expressions import ANY, DYN, INT, TEXT, Function, Name, Signature, SimpleScope, compile
from tests.unit.expressions.samples import FUNCTIONS, SCOPE, Row

JSON = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(2**63), 2**63 - 1),
        st.text(max_size=5),
        st.decimals(-(10**15), 10**15, allow_nan=False, places=3),
        st.sampled_from(["city", "2026-01-31", "5"]),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from(["a", "b", "0", "city"]), inner, max_size=3),
    ),
    max_leaves=6,
)  # fmt: skip
VALUES = st.one_of(
    JSON, st.dates(), st.datetimes().map(lambda value: value.replace(tzinfo=dt.UTC)), st.times()
)
OVER_DATA = """
x + y
x - y
x * y
x / y
x % y
-x
x == y
x != y
x < y
x >= y
x && y
!x || y
x in y
x in [y, 1, 'a', null]
x ? y : x
x[y]
x.a
x.a.b[0]
has(x.a)
size(x)
x.exists(i, i == y)
x.all(i, i.a < y)
x.map(i, i + y)
x.filter(i, i != y)
x.count(i, i == 1)
x.exists_one(i, i)
x.startsWith(y)
fold(x)
matches(x, y)
int(x)
decimal(x)
string(x)
bool(x)
date(x)
timestamp(x)
time(x)
duration(x)
days(x)
year(x)
getHours(x, y)
date(x, y)
date(x, y, 1)
round(x, y)
round(x)
abs(x)
floor(x)
min(x, y)
max(x, y, 3)
coalesce(x, y)
[x] == [y]
{'a': x} == {'a': y}
{x: y}[x]
x + [y]
getMilliseconds(x)
seconds(x) + duration('1s')
now() - x
today() + x
dyn(x) == y
x.a == null
me.a
x == me
"""
DATA = SimpleScope(
    FUNCTIONS,
    {"x": Name(DYN), "y": Name(DYN), "me": Name(SCOPE.fields["me"].type, bound=True)},
    {"employee": {"a": Name(DYN)}},
)
COMPILED = [compile(text, DATA) for text in OVER_DATA.strip().splitlines()]


@given(VALUES, VALUES)
def test_nested_data_never_raises(x: Any, y: Any) -> None:
    env = {
        "x": x,
        "y": y,
        "now": dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
        "today": dt.date(2026, 1, 1),
        "me": Row("m", a=x),
    }
    for compiled in COMPILED:
        compiled.evaluate(env)
        assert compiled.condition(env) in (True, False)


@given(VALUES)
def test_equality_is_reflexive_and_sharp(x: Any) -> None:
    env = {"x": x, "y": x}
    assert compile("x == y", DATA).evaluate(env) is True
    assert compile("x != y", DATA).evaluate(env) is False
    assert compile("x == y", DATA).evaluate({"x": x, "y": [x]}) is False


def test_true_is_not_one() -> None:
    for text in (
        "dyn(true) in [1]",
        "dyn(true) == 1",
        "{1: 'a'}[true] != null",
        "[dyn(true)] == [1]",
        "dyn(1) in [true]",
    ):
        assert compile(text, DATA).evaluate({}) is False, text


def test_a_name_that_is_missing_is_null() -> None:
    assert compile("name == null && revenue + 1 == null && size(interactions) == 0", SCOPE).condition({})


def test_functions_of_extensions_get_no_null_unless_they_take_it() -> None:
    calls: list[Any] = []

    def note(*values: Any) -> int:
        calls.append(values)
        return len(values)

    plain = Function("plain", (Signature((TEXT, TEXT), INT),), note, "Test.")
    taking = Function("taking", (Signature((ANY, ANY), INT),), note, "Test.", takes_null=True, method=False)
    scope = SimpleScope({"plain": plain, "taking": taking}, SCOPE.fields)
    assert compile("plain(name, nickname)", scope).evaluate({"name": "a"}) is None
    assert calls == []
    assert compile("name.plain(nickname)", scope).evaluate({"name": "a", "nickname": "b"}) == 2
    assert compile("taking(name, nickname)", scope).evaluate({"name": "a"}) == 2
    assert calls == [("a", "b"), ("a", None)]


@pytest.mark.slow
def test_a_simple_comparison_takes_less_than_a_microsecond() -> None:
    """The best of many short runs: the machine has other work."""
    env = {"revenue": Decimal("1200.50"), "stage": "active"}
    for text in ("revenue > 1000", "stage == 'active'", "revenue >= 10.5"):
        evaluate = compile(text, SCOPE).evaluate
        best = min(timeit.repeat(lambda evaluate=evaluate: evaluate(env), number=10_000, repeat=20)) / 10_000
        assert best < 1.5e-6, (text, best)
