"""`matches()`: patterns as in JSON Schema, refused where they are wrong, never slow."""

from __future__ import annotations

import time

import pytest

from amity.expressions import ExpressionError, compile
from tests.unit.expressions.samples import SCOPE


def test_finds_a_pattern_anywhere() -> None:
    compiled = compile(r"name.matches('^\\p{Lu}\\p{L}*$') || name.matches(nickname)", SCOPE)
    assert compiled.condition({"name": "Ärger"})
    assert not compiled.condition({"name": "ärger"})
    assert compiled.condition({"name": "ärger", "nickname": "g.r"})
    assert not compiled.condition({"name": "ärger", "nickname": "("})


@pytest.mark.parametrize("pattern", ["(", "[b-a]", "*", "(?=a)", "a{3,2}"])
def test_a_written_pattern_is_checked_at_once(pattern: str) -> None:
    with pytest.raises(ExpressionError, match=r"Column 6: matches\(\):"):
        compile(f"name.matches('{pattern}')", SCOPE)
    assert compile("name.matches(nickname)", SCOPE).evaluate({"name": "a", "nickname": pattern}) is None


@pytest.mark.parametrize("pattern", ["(a*)*b", "(a|a)*b", "(a+)+$b", "(.*){20}x", "a{0,100}a{100}b"])
def test_evil_patterns_are_not_slow(pattern: str) -> None:
    compiled = compile(f"name.matches('{pattern}')", SCOPE)
    start = time.thread_time()
    assert not compiled.condition({"name": "a" * 5_000})
    assert time.thread_time() - start < 2


def test_patterns_are_not_filterable() -> None:
    with pytest.raises(ExpressionError, match="not filterable"):
        compile("name.matches('a')", SCOPE, sql=True)
    assert compile("'abc'.matches('b') && name == 'a'", SCOPE, sql=True).condition({"name": "a"})
