"""Patterns find what Python's `re` finds, and never take long."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amity.expressions import ExpressionError, compile
from amity.expressions.patterns import MAX_COST, Pattern, PatternError, matches
from tests.unit.expressions.samples import SCOPE

ATOMS = st.sampled_from(
    ["a", "b", ".", "[ab]", "[^a]", r"\d", r"\w", "1", r"\.", "[a-c1]", "^", "$", r"\s", "é"]
)
PATTERNS = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        st.tuples(inner, inner).map("".join),
        st.tuples(inner, inner).map("|".join),
        st.tuples(inner, st.sampled_from(["*", "+", "?", "{2}", "{1,3}", "{0,}", "*?", "{0}"])).map(
            lambda parts: f"(?:{parts[0]}){parts[1]}"
        ),
        inner.map(lambda text: f"({text})"),
    ),
    max_leaves=8,
)


@given(pattern=PATTERNS, text=st.text("ab1.c é\n_", max_size=12))
def test_agrees_with_re(pattern: str, text: str) -> None:
    # In `re` a `$` also matches before a last line end, and \d and \w are ASCII here.
    expected = re.search(pattern.replace("$", r"\Z"), text, re.ASCII) is not None
    assert matches(text, pattern) is expected


@pytest.mark.parametrize(
    "pattern",
    [
        "(", ")", "a)", "[", "[b-a]", "*", "a{", "a{3,2}", "a{101}", "(?=a)", r"(a)\1", r"\b", "a" * 201,
        "(a{100}){100}", "\\", "[\\", "(" * 30 + ")" * 30, "a{x}",
    ],
)  # fmt: skip
def test_wrong_patterns_are_named(pattern: str) -> None:
    with pytest.raises(PatternError):
        Pattern(pattern)
    assert matches("a", pattern) is None
    quoted = pattern.replace("\\", "\\\\")
    with pytest.raises(ExpressionError, match=r"matches\(\)"):
        compile(f"name.matches('{quoted}')", SCOPE)


@pytest.mark.parametrize("pattern", ["(a*)*b", "(a|a)*b", "(a+)+$b", "(.*){20}x", "a{0,100}a{100}b"])
def test_evil_patterns_are_not_slow(pattern: str) -> None:
    start = time.thread_time()
    assert not matches("a" * 1_000, pattern)
    assert time.thread_time() - start < 1


def test_a_text_that_is_too_long_has_no_result() -> None:
    assert matches("a" * MAX_COST, "ab") is None


def test_patterns_are_not_filterable() -> None:
    with pytest.raises(ExpressionError, match="not filterable"):
        compile("name.matches('a')", SCOPE, sql=True)
    assert compile("'abc'.matches('b') && name == 'a'", SCOPE, sql=True).condition({"name": "a"})
