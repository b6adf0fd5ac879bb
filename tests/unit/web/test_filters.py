"""The filter builder writes expressions that compile, and reads back what it wrote, whatever was typed."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amity.entities.scope import EntityScope
from amity.errors import Invalid
from amity.expressions import BOOL, compile
from amity.web.formatting import Formatter
from amity.web.staff import filters
from tests.factories.worlds import FUNCTIONS, NOW, build_model

THING: dict[str, Any] = {
    "title": "Thing",
    "type": "object",
    "properties": {
        "name": {"type": "string", "title": "Name"},
        "stage": {"title": "Stage", "oneOf": [{"const": "it's \\ so", "title": "So"}, {"const": "b"}]},
        "tags": {"type": "array", "title": "Tags", "items": {"enum": ["x", "y"]}},
        "done": {"type": "boolean", "title": "Done"},
        "size": {"type": "number", "title": "Size"},
        "count": {"type": "integer", "title": "Count"},
        "due": {"type": "string", "format": "date", "title": "Due"},
        "met": {"type": "string", "format": "date-time", "title": "Met"},
        "boss": {
            "type": "string",
            "format": "uuid",
            "title": "Boss",
            "x-amity": {"kind": "relation", "to": "thing"},
        },
        "friends": {"type": "array", "title": "Friends", "x-amity": {"kind": "relations", "to": "thing"}},
    },
    "x-amity": {"name": "thing", "display": "name"},
}
MODEL = build_model([THING])
ENTITY = MODEL.entities["thing"]
FIELDS = ENTITY.by_name
FORMATS = Formatter("en", "Europe/Berlin", NOW)
PAIRS = [(field, item) for field in ENTITY.fields for item in filters.OPERATORS[filters.category(field)]]
TEXTS = st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1)


def values(kind: str) -> st.SearchStrategy[str]:
    """What people may type for an operator's input."""
    return {
        "none": st.just(""),
        "text": TEXTS,
        "choice": st.sampled_from(["it's \\ so", "b", "x"]),
        "record": st.uuids().map(str),
        "number": st.decimals(-(10**8), 10**8, allow_nan=False, places=3).map(str),
        "days": st.integers(0, 9999).map(str),
        "date": st.dates().map(dt.date.isoformat),
        "moment": st.dates(dt.date(1900, 1, 1), dt.date(2100, 1, 1)).map(dt.date.isoformat),
    }[kind]


@given(data=st.data(), pair=st.sampled_from(PAIRS))
def test_what_is_written_compiles_and_is_read_back(data: st.DataObject, pair: Any) -> None:
    field, operator = pair
    typed = data.draw(values(operator.input))
    if operator.input in ("text", "choice") and not typed.strip():
        return
    part = filters.write(field, operator, typed, "Europe/Berlin")
    compile(part, EntityScope(MODEL, ENTITY, FUNCTIONS), expect=BOOL)
    condition = filters.read(part, FIELDS)
    assert condition is not None
    assert (condition.field, condition.operator) == (field, operator)
    if operator.input == "text":
        assert condition.value == typed.strip()


@given(data=st.data())
def test_parts_are_joined_and_split_without_loss(data: st.DataObject) -> None:
    chosen = data.draw(st.lists(st.sampled_from(PAIRS), min_size=1, max_size=5))
    parts = []
    for field, operator in chosen:
        typed = data.draw(values(operator.input))
        if operator.input in ("text", "choice") and not typed.strip():
            typed = "x"
        parts.append(filters.write(field, operator, typed, "UTC"))
    assert filters.split(filters.joined(parts)) == parts


@given(TEXTS)
def test_any_text_can_be_shown_as_chips(text: str) -> None:
    chips = filters.chips(FIELDS, text, FORMATS, lambda field, ids: {})
    assert all(chip.text for chip in chips)


def test_alternatives_stay_together() -> None:
    assert filters.split("a == 1 || b == 2 && c == 3") == ["a == 1 || b == 2 && c == 3"]
    assert filters.joined(["a == 1 || b == 2", "c == 3"]) == "(a == 1 || b == 2) && c == 3"
    assert filters.split("(a == 1 || b == 2) && c == 3") == ["(a == 1 || b == 2)", "c == 3"]
    assert filters.split("name == 'x && y'") == ["name == 'x && y'"]


def test_chips_speak_plain_words() -> None:
    parts = [
        "stage == 'b'",
        "size > 1000",
        "due >= date('2026-03-01')",
        "met < timestamp('2026-03-01T23:00:00Z')",
        "(due >= today() - days(7) && due <= today())",
        "boss == 'b1'",
        "done == true",
        "size + 1 > 2",
    ]
    where = " && ".join(parts)
    chips = filters.chips(FIELDS, where, FORMATS, lambda field, ids: {"b1": "Ada"})
    assert [chip.text for chip in chips] == [
        "Stage is B",
        "Size is more than 1000",
        "Due is on or after Mar 1, 2026",
        "Met is before Mar 2, 2026",
        "Due in the last 7 days",
        "Boss is Ada",
        "Done is yes",
        "size + 1 > 2",
    ]
    assert "boss" not in chips[5].rest and chips[5].rest.count("&&") == 7


@pytest.mark.parametrize(
    ("name", "operator", "value"),
    [
        ("name", "contains", "  "),
        ("size", "more", "NaN"),
        ("size", "more", "1e"),
        ("due", "on", "31.12.2026"),
        ("due", "last", "-3"),
        ("due", "last", "1.5"),
        ("met", "from", "2026-02-30"),
        ("due", "last", "9" * 6),
    ],
)
def test_what_cannot_be_written_says_why(name: str, operator: str, value: str) -> None:
    found = filters.operator_of(FIELDS[name], operator)
    assert found is not None
    with pytest.raises(Invalid) as caught:
        filters.write(FIELDS[name], found, value, "UTC")
    assert caught.value.problems[0].parameter == "value"


def test_numbers_are_read_as_people_write_them() -> None:
    operator = filters.operator_of(FIELDS["size"], "more")
    assert operator is not None
    assert filters.write(FIELDS["size"], operator, "1 234,5", "UTC") == "size > 1234.5"
