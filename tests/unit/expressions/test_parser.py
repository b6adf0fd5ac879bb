"""Reading: precedence, positions, literals, and nothing but `ExpressionError` for whatever is typed."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from amity.expressions import ExpressionError, compile, nodes
from amity.expressions.parser import parse
from tests.support.naughty import BLNS
from tests.unit.expressions.samples import SCOPE

TOKENS = r"""
name revenue manager me tags interactions address ( ) [ ] { } , . : ? + - * / % ! && || == != < <= in 'a' "b"
1 2.5 0x1f null true exists( i, now() size( r'\' '\n' `name` // 1e9 = & ~ 'x
"""
WORDS = st.sampled_from(TOKENS.split())


def shown(node: nodes.Node) -> str:
    """Write a tree with all its brackets."""
    match node:
        case nodes.Literal():
            return repr(node.value)
        case nodes.Identifier():
            return node.name
        case nodes.Select():
            return f"{shown(node.target)}.{node.name}"
        case nodes.Index():
            return f"{shown(node.target)}[{shown(node.index)}]"
        case nodes.Call():
            target = "" if node.target is None else f"{shown(node.target)}."
            return f"{target}{node.name}({', '.join(map(shown, node.arguments))})"
        case nodes.Unary():
            return f"{node.operator}{shown(node.operand)}"
        case nodes.Binary():
            return f"({shown(node.left)} {node.operator} {shown(node.right)})"
        case nodes.Logic():
            return f"({f' {node.operator} '.join(map(shown, node.items))})"
        case nodes.Conditional():
            return f"({shown(node.condition)} ? {shown(node.yes)} : {shown(node.no)})"
        case nodes.ListNode():
            return f"[{', '.join(map(shown, node.items))}]"
    raise AssertionError(node)


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("a || b && c || d", "(a || (b && c) || d)"),
        ("a && b || c && d", "((a && b) || (c && d))"),
        ("a + b * c - d", "((a + (b * c)) - d)"),
        ("a - b - c", "((a - b) - c)"),
        ("a == b + 1 && c", "((a == (b + 1)) && c)"),
        ("a < b == c", "((a < b) == c)"),
        ("!a.b && -c[0] > 1", "(!a.b && (-c[0] > 1))"),
        ("a ? b : c ? d : e", "(a ? b : (c ? d : e))"),
        ("a || b ? c : d", "((a || b) ? c : d)"),
        ("x in [1, 2,] || y", "((x in [1, 2]) || y)"),
        ("a.f(b, c).g()[1].h", "a.f(b, c).g()[1].h"),
        ("-1 - -1", "(-1 - -1)"),
        ("--1", "--1"),
        ("-a.b", "-a.b"),
        ("(a + b) * c", "((a + b) * c)"),
        ("a // comment\n + b", "(a + b)"),
    ],
)
def test_precedence(text: str, tree: str) -> None:
    assert shown(parse(text)) == tree


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e3", Decimal(1000)),
        ("1.50", Decimal("1.5")),
        (".5", Decimal("0.5")),
        ("0.000001", Decimal("0.000001")),
        ("999999999999999.0", Decimal(999999999999999)),
        ("0.0e9999", Decimal(0)),
        ("0xFF", 255),
        ("-9223372036854775808", -(2**63)),
        (r"'\x41\u00e9\U0001F600\101\n'", "Aé😀A\n"),
        (r"r'\n'", r"\n"),
        ("'''a\n'b'''", "a\n'b"),
    ],
)
def test_literals(text: str, value: Any) -> None:
    node = parse(text)
    assert isinstance(node, nodes.Literal)
    assert node.value == value
    assert type(node.value) is type(value)


@pytest.mark.parametrize(
    "text",
    [
        "1e16", "0.0000001", "1234567890.1234567", "1e-7", "1e99999", "1u", "1x", "b'a'", "br'a'", "x'a'",
        r"'\q'", r"'\ud800'", r"'\U00110000'", r"'\x4'", "'a\nb'", "a.", "a.1", "a..b", "a b", "[1", "f(1",
        "{1: 2", "a ? b", "a ? b :", "1 +", "in", "a in", "&& a", "``", "a.b{c: 1}", "#", "a;b", "\x00", "é",
    ],
)  # fmt: skip
def test_what_cannot_be_read(text: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        parse(text)
    assert 1 <= caught.value.column <= len(text) + 1


@given(
    st.one_of(st.text(max_size=40), st.lists(WORDS, max_size=15).map(" ".join), st.lists(WORDS).map("".join))
)
@example("a" * 5_000)
@example("\\")
def test_whatever_is_typed_gives_an_expression_or_a_message(text: str) -> None:
    try:
        compiled = compile(text, SCOPE)
    except ExpressionError as error:
        assert 1 <= error.column <= len(text) + 1
        assert error.message.isprintable()
    else:
        compiled.evaluate({})


@pytest.mark.skipif(not BLNS.is_file(), reason="the list of naughty strings is not at hand")
def test_naughty_strings() -> None:
    lines = json.loads(BLNS.read_text(encoding="utf-8"))
    assert len(lines) > 400
    for line in lines:
        test_whatever_is_typed_gives_an_expression_or_a_message.hypothesis.inner_test(line)
        escaped = "".join(f"\\U{ord(character):08x}" for character in line)
        if len(escaped) < 3_900:
            assert compile(f"'{escaped}'", SCOPE).evaluate({}) == line
