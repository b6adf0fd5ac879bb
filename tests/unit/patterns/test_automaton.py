"""Patterns: what ECMA-262 means, in time that grows with the text alone."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amity.patterns import MAX_PATTERN, PatternError, TooMuchWork, compile_pattern, parse_pattern


@pytest.mark.parametrize(
    ("pattern", "matching", "other"),
    [
        ("", ["", "x"], []),
        ("^$", [""], ["x", "\n"]),
        ("^a+$", ["a", "aaa"], ["", "ab", "a\n"]),
        ("b|cd", ["xbx", "cd"], ["c", "dc"]),
        (r"^\d{3}-[A-Z]{2,4}$", ["123-AB", "123-ABCD"], ["12-AB", "123-A", "123-ABCDE", "١٢٣-AB"]),
        (r"^[^@\s]+@[^@\s]+\.[a-z]{2,}$", ["jo@example.com"], ["jo@example", "a@b@c.de", "j o@example.com"]),
        (r"^[\w.+-]+$", ["a.b+c-d_1"], ["a b", "é"]),
        (r"\bcat\b", ["a cat", "cat!"], ["concat", "cats"]),
        (r"\Bcat", ["concat"], ["cat", "a cat"]),
        (r"^(?:ab){2}(?<name>c?)$", ["abab", "ababc"], ["ab", "ababcc"]),
        (r"^\p{Lu}\p{L}*$", ["Ärger", "Ω"], ["ärger", "A1"]),
        (r"^\P{L}$", ["1"], ["a"]),
        (r"^[\p{L}' -]{1,40}$", ["Anne-Marie O'Neill", "王"], ["x1", ""]),
        (r"^.$", ["a", "😀", "\x85"], ["\n", "\u2028", "ab"]),
        (r"^[^]$", ["\n"], ["ab"]),
        (r"[]", [], ["", "a"]),
        (r"^\u00e9\x41\u{1F600}\ud83d\ude00\t\/\-\cJ$", ["éA😀😀\t/-\n"], ["x"]),
        (r"^[\]\-a\\]+$", ["]-a\\"], ["b"]),
        (r"^[a-]$", ["a", "-"], ["b"]),
        (r"^[\d-x]$", ["5", "-", "x"], ["a"]),
        (r"^a{,3}$", ["a{,3}"], ["aaa"]),
        (r"^a{2,}?$", ["aa", "aaaa"], ["a"]),
        (r"^(a|b*)*$", ["", "abba"], ["c"]),
        (r"(^a|b$)", ["ax", "xb"], ["xa", "bx"]),
    ],
)
def test_what_matches(pattern: str, matching: list[str], other: list[str]) -> None:
    compiled = compile_pattern(pattern)
    assert [text for text in matching if not compiled.search(text)] == []
    assert [text for text in other if compiled.search(text)] == []


@pytest.mark.parametrize(
    ("pattern", "reason", "column"),
    [
        ("(a", "never closed", 1),
        ("a)", "closes nothing", 2),
        ("[a-", "never closed", 1),
        ("[b-a]", "wrong order", 2),
        ("*a", "nothing to repeat", 1),
        ("a**", "nothing to repeat", 3),
        ("^*", "nothing to repeat", 2),
        ("a{3,1}", "wrong order", 2),
        ("a{99999}", "repetitions", 2),
        ("\\", "too early", 2),
        (r"\Z", "means nothing", 1),
        (r"\p{Nonsense}", "general category", 1),
        (r"\u12", "hexadecimal", 1),
        ("(?P<a>b)", "may follow", 3),
        ("(?i)a", "may follow", 3),
        ("(?<1>a)", "name of a group", 4),
        ("(" * 40 + ")" * 40, "nested too deeply", 32),
        ("a" * (MAX_PATTERN + 1), "at most", MAX_PATTERN + 1),
    ],
)
def test_what_is_no_pattern(pattern: str, reason: str, column: int) -> None:
    with pytest.raises(PatternError, match=reason) as caught:
        parse_pattern(pattern)
    assert caught.value.column == column


@pytest.mark.parametrize("pattern", [r"(a)\1", "(?=a)b", "(?!a)b", "(?<=a)b", "(?<!a)b", r"(?<x>a)\k<x>"])
def test_what_needs_backtracking_is_a_pattern_but_refused(pattern: str) -> None:
    parse_pattern(pattern)
    with pytest.raises(PatternError, match="bounded time"):
        compile_pattern(pattern)


def test_repetitions_of_repetitions_are_bounded() -> None:
    with pytest.raises(PatternError, match="too large"):
        compile_pattern("((a{1,100}){1,100}){1,100}")


@pytest.mark.parametrize(
    "pattern",
    [
        "^(a+)+$",
        "^(a|aa)+$",
        "^(a|a)*$",
        "(.*)*x$",
        "^(([a-z])+.)+[A-Z]([a-z])+$",
        ".*.*.*=.*;",
        "(a?){30}a{30}$",
    ],
)
def test_patterns_that_break_other_engines_take_linear_time(pattern: str) -> None:
    compiled = compile_pattern(pattern)
    start = time.perf_counter()
    for length in (10, 1_000, 20_000):
        compiled.search("a" * length + "!")
    assert time.perf_counter() - start < 5


def test_a_match_that_costs_too_much_stops() -> None:
    compiled = compile_pattern("(?:" + "|".join(f".{{{n}}}x" for n in range(40, 100)) + ")$")
    text = "".join(chr(0x4E00 + n % 5000) for n in range(50_000))
    start = time.perf_counter()
    with pytest.raises(TooMuchWork):
        compiled.search(text)
    assert time.perf_counter() - start < 10


@given(
    st.recursive(
        st.sampled_from(["a", "b", "[ab]", "[^a]", ".", "\\w", "^", "$", "\\b"]),
        lambda inner: (
            st.builds("{}{}".format, inner, inner)
            | st.builds("(?:{}|{})".format, inner, inner)
            | st.builds("(?:{}){}".format, inner, st.sampled_from(["*", "+", "?", "{2}", "{1,2}", "{0,1}"]))
        ),
        max_leaves=6,
    ),
    st.text(alphabet="ab c", max_size=6),
)
def test_it_agrees_with_the_engine_of_python(pattern: str, text: str) -> None:
    expected = re.compile(pattern.replace("$", r"\Z")).search(text) is not None
    assert compile_pattern(pattern).search(text) is expected
