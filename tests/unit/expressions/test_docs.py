"""The reference of expressions is true: its examples run, its lists are complete."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import pytest

from amity.expressions import ExpressionError, compile, core_functions, limits
from amity.expressions.values import same
from tests.unit.expressions import conformance_left_out
from tests.unit.expressions.samples import SCOPE, Row

PAGE: Final = (Path(__file__).parents[3] / "docs" / "reference" / "expressions.md").read_text(
    encoding="utf-8"
)
NOW: Final = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
TEAM: Final = Row("t", name="North")


def rows(heading: str) -> list[tuple[str, str]]:
    """Give the first two cells of each row of the tables under a heading."""
    section = PAGE.split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]
    lines = [line for line in section.splitlines() if line.startswith("| `")]
    return [
        (cells[1].strip(), cells[2].strip()) for cells in (re.split(r"(?<!\\)\|", line) for line in lines)
    ]


def examples() -> list[tuple[str, str]]:
    """Give every expression with what it gives."""
    found = []
    for section in ("Null, and what is true", "Numbers", "Text", "Time", "Relations, lists and nested data"):
        found += [(given.strip("`"), result.strip("`")) for given, result in rows(section)]
    return found


def record() -> dict[str, Any]:
    """Read the record of the page; relations are described in words there."""
    table = PAGE.split("| field | type | value |", 1)[1].split("\n\n", 1)[0]
    cells = (re.split(r"(?<!\\)\|", line) for line in table.splitlines() if line.startswith("| `"))
    plain = {cell[1].strip(" `"): cell[3].strip() for cell in cells}
    env: dict[str, Any] = {
        name: compile(value.strip("`"), SCOPE).evaluate({})
        for name, value in plain.items()
        if value.startswith("`")
    }
    ann = Row("e", name="Ann", email=None, team=TEAM)
    interactions = [
        Row("1", at=NOW - dt.timedelta(days=10), channel="phone"),
        Row("2", at=NOW - dt.timedelta(days=200), channel="mail"),
    ]
    assert set(plain) == {*env, "manager", "interactions"}
    me = Row("a", team=TEAM)
    bound = {"now": NOW, "today": NOW.date(), "me": me, "owner": "a"}
    return {**env, **bound, "manager": ann, "interactions": interactions}


@pytest.mark.parametrize(("text", "result"), examples())
def test_examples(text: str, result: str) -> None:
    found = compile(text, SCOPE).evaluate(record())
    expected = compile(result, SCOPE).evaluate({})
    assert same(found, expected), f"{text} gives {found!r}"
    assert isinstance(found, Decimal) or type(found) is type(expected)


@pytest.mark.parametrize(("text", "message"), rows("Messages"))
def test_messages(text: str, message: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        compile(text.strip("`"), SCOPE)
    assert caught.value.message == message


def test_every_function_is_listed_with_its_own_words() -> None:
    listed = dict(rows("Functions"))
    for function in core_functions():
        assert listed.get(f"`{function.name}`") == function.doc.replace("|", "\\|"), function.name


def test_every_deviation_is_stated() -> None:
    for reason in set(conformance_left_out.LEFT_OUT.values()):
        assert f"\n- {reason}\n" in PAGE


def test_the_bounds_are_those_of_the_program() -> None:
    told = PAGE.split("\n## Bounds\n", 1)[1].split("\n## ", 1)[0].replace(",", "")
    for bound in (limits.MAX_TEXT, limits.MAX_NODES, limits.MAX_NESTING, limits.MAX_MACRO_DEPTH):
        assert f" {bound} " in told.replace("|", " ")
    assert f"{limits.MAX_RESULT_TEXT} characters {limits.MAX_RESULT_LIST} items" in told
