"""Names: every allowed one can be used everywhere, every suggestion is allowed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amity.entities.names import (
    ENTITY_NAME,
    FIELD_NAME,
    entity_name_problem,
    field_name_problem,
    humanised,
    listed,
    nearest,
    pointer,
    shown,
    suggested,
)
from amity.expressions import BOOL, TEXT, Name, RecordType, SimpleScope, compile, core_functions
from tests.support.naughty import naughty_strings

FUNCTIONS = {function.name: function for function in core_functions()}
WORDS = [
    *[
        "as",
        "break",
        "const",
        "continue",
        "else",
        "for",
        "function",
        "if",
        "import",
        "let",
        "loop",
        "package",
    ],
    *[
        "namespace",
        "return",
        "var",
        "void",
        "while",
        "has",
        "exists",
        "all",
        "count",
        "filter",
        "map",
        "size",
    ],
    *["select", "from", "where", "order", "table", "class", "lambda", "None", "_", "_a", "A1", "x" * 100],
    *FUNCTIONS,
]


@given(st.from_regex(FIELD_NAME, fullmatch=True) | st.sampled_from(WORDS))
def test_every_allowed_name_can_be_reached_in_expressions(name: str) -> None:
    if field_name_problem(name, "") is not None:
        return
    field = Name(TEXT, ("e", name))
    scope = SimpleScope(
        FUNCTIONS, {name: field, "other_": Name(RecordType("e"), ("e", "o"))}, {"e": {name: field}}
    )
    compile(f"{name} == 'x' || other_.{name} in ['a'] || fold({name}) == 'y'", scope, expect=BOOL)


@given(st.text(max_size=80) | st.sampled_from(naughty_strings()))
def test_every_suggestion_is_allowed(text: str) -> None:
    for_field, for_entity = suggested(text), suggested(text, entity=True)
    assert for_field is None or FIELD_NAME.fullmatch(for_field)
    assert for_entity is None or ENTITY_NAME.fullmatch(for_entity)


@pytest.mark.parametrize("name", ["Customer", "1st", "", "a-b", "x" * 64, "größe", "any", None, 3, ["a"]])
def test_what_no_entity_is_called(name: object) -> None:
    problem = entity_name_problem(name, "/x-amity/name")
    assert problem is not None
    assert problem.pointer == "/x-amity/name"


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("firstName", "First name"),
        ("first_name", "First name"),
        ("name", "Name"),
        ("vatID", "Vat ID"),
        ("URL", "URL"),
        ("_", "_"),
        ("address2Line", "Address2 line"),
    ],
)
def test_titles_are_made_of_names(name: str, title: str) -> None:
    assert humanised(name) == title


def test_the_nearest_name() -> None:
    assert nearest("REVENUE", ["revenue", "name"]) == "revenue"
    assert nearest("revnue", ["revenue", "name"]) == "revenue"
    assert nearest("zzz", ["revenue", "name"]) is None
    assert nearest("x" * 10_000, ["revenue"]) is None


def test_values_in_messages_are_json_and_short() -> None:
    assert [shown(value) for value in (None, True, 1, "a", {"a": [1]})] == [
        "null",
        "true",
        "1",
        "'a'",
        '{"a":[1]}',
    ]
    assert len(shown("x" * 1_000)) == 60
    assert listed(range(20)).endswith("and 8 more")
    assert pointer("a/b", 0, "c~d") == "/a~1b/0/c~0d"
