"""The table of all pairs of kinds: each cell is written down here, and does what it says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amity import jsontext
from amity.entities import conversions
from amity.entities.conversion_table import CORE, Verdict, cell
from amity.entities.kinds.base import ValueProblem
from amity.entities.kinds.registry import KindRegistry
from amity.entities.model import Field
from amity.entities.values import Link
from tests.factories.definitions import StarsKind
from tests.factories.fields import CORE as KINDS
from tests.factories.fields import field_of

# "=" safe, "~" converts value by value, "." refused. Columns in the order of the rows.
EXPECTED = {
    "address": "==.............~..=.~.......=..",
    "addresses": "~=.............~..=.........=..",
    "any_relation": "..=......................~~....",
    "boolean": "...=~~..=.....=...=.........=..",
    "choice": "...~==~~~~~...~...=~.~~.~...=~~",
    "choices": "...~~=~~~~~...~...=~.~~.~...=~~",
    "date": "....~~=~..........=.........=..",
    "datetime": "....~~~=..........=.........=~.",
    "decimal": "...~~~..=.....~...=~.~..~...=..",
    "duration": "....~~...=........=.........=..",
    "email": "....~~....==......=........~=..",
    "emails": "..........~=...~..=.........=..",
    "file": "............=~.................",
    "image": "............==.................",
    "integer": "...~~~..=.....=...==.=..~...=..",
    "json": "...............=~.=.~.......=..",
    "list": "...............==.=.........=..",
    "location": "...............~.==.~.......=..",
    "long_text": "~~.~~~~~~~~~..~~~~=~~~~~~..==~~",
    "money": "....~~..~.....~...==.~..~...=..",
    "object": "~..............=.~=.=.......=..",
    "percent": "....~~..~.....~...=~.=..~...=..",
    "phone": "....~~............=...==...~=..",
    "phones": "...............~..=...~=....=..",
    "rating": "...~~~..=.....=...==.=..=...=..",
    "relation": "..=......................==....",
    "relations": "..~......................~=....",
    "rich_text": "..........~.......~...~....=~.~",
    "text": "~~.~~~~~~~~~..~~~~=~~~~~~..==~~",
    "time": "....~~............=.........==.",
    "url": "....~~............=........~=.=",
}


NAMES = sorted(CORE)
WITH_STARS = KindRegistry([*KINDS, StarsKind()])


def make(name: str) -> Field:
    """A field of the kind; choices of both choice kinds are the same."""
    return field_of(name, kinds=WITH_STARS)


def typed(field: Field) -> list[Any]:
    """Typed samples; links as they are carried."""
    samples = field.kind.samples(field)
    if field.kind.to_many:
        return [[Link("customer", f"0190b6a2-7c1e-7000-8000-3f2a9c5d1e7{index}")] for index in range(2)]
    if field.kind.name == "any_relation":
        return [{"entity": "customer", "id": "0190b6a2-7c1e-7000-8000-3f2a9c5d1e77"}]
    return [field.kind.parse(field, jsontext.loads(jsontext.dumps(value))) for value in samples]


def test_the_table_speaks_of_every_kind() -> None:
    shipped = {kind.name for kind in KINDS} - {"vat_number"}
    assert shipped == set(CORE)


@pytest.mark.parametrize("old", NAMES)
def test_every_cell_is_as_written_down(old: str) -> None:
    signs = {Verdict.SAFE: "=", Verdict.CONVERTS: "~", Verdict.REFUSED: "."}
    row = "".join(signs[cell(old, new).verdict] for new in NAMES)
    assert row == EXPECTED[old]


@pytest.mark.parametrize("old", [*NAMES, "stars"])
def test_every_cell_does_what_it_says(old: str) -> None:
    before = make(old)
    for name in [*NAMES, "stars"]:
        after = make(name)
        conversion = conversions.conversion(before, after)
        if conversion.verdict is Verdict.REFUSED:
            assert conversion.reason, f"{old} -> {name} is refused without a reason"
            continue
        back = conversions.conversion(after, before)
        for value in typed(before):
            try:
                made = conversion(value)
            except ValueProblem as problem:
                assert problem.message
                found = f"{old} -> {name}: {value!r}: {problem.message}"
                assert conversion.verdict is Verdict.CONVERTS, found
                continue
            if conversion.verdict is Verdict.SAFE and back.verdict is not Verdict.REFUSED:
                same = value.replace("\r\n", "\n") if isinstance(value, str) else value
                assert back(made) in (value, same), f"{old} -> {name} -> {old}"


def test_kinds_of_extensions_go_through_text() -> None:
    stars, text, number, link = make("stars"), make("text"), make("integer"), make("relation")
    assert cell("stars", "stars").verdict is Verdict.SAFE
    assert conversions.conversion(stars, text)("***") == "***"
    assert conversions.conversion(text, stars)("**") == "**"
    assert conversions.problem(conversions.conversion(text, stars), "x") == "Only stars, please."
    assert conversions.problem(conversions.conversion(stars, number), "**")
    assert conversions.conversion(stars, link).verdict is Verdict.REFUSED


@given(st.text(alphabet=st.characters(exclude_categories=("Cs", "Cc"))))
def test_plain_text_survives_markup(text: str) -> None:
    there = conversions.conversion(make("text"), make("rich_text"))
    back = conversions.conversion(make("rich_text"), make("long_text"))
    if text.strip():
        assert back(there(text)) == text


@given(st.integers(-(10**10), 10**10))
def test_whole_numbers_survive_decimals_and_text(number: int) -> None:
    for name in ("decimal", "text", "money"):
        there = conversions.conversion(make("integer"), make(name))
        assert conversions.conversion(make(name), make("integer"))(there(number)) == number


@pytest.mark.parametrize(
    ("old", "new", "value", "reason"),
    [
        ("text", "integer", "12 apples", "number"),
        ("text", "date", "2026-02-30", ""),
        ("text", "choice", "third", "no choice"),
        ("decimal", "integer", "2.5", "decimals"),
        ("decimal", "boolean", "2", "neither"),
        ("text", "email", "not an address", ""),
    ],
)
def test_what_does_not_fit_says_why(old: str, new: str, value: str, reason: str) -> None:
    before = make(old)
    conversion = conversions.conversion(before, make(new))
    problem = conversions.problem(conversion, before.kind.parse(before, before.kind.from_text(before, value)))
    assert problem is not None
    assert reason in problem


def test_rules_of_the_new_field_count() -> None:
    short = field_of("text", kinds=WITH_STARS)
    short = Field(**{**_members(short), "schema": {"type": "string", "maxLength": 3}})
    conversion = conversions.conversion(make("long_text"), short)
    assert conversion("abc") == "abc"
    assert conversions.problem(conversion, "abcd") == "has 4 characters, at most 3 are allowed"


def _members(field: Field) -> Mapping[str, Any]:
    return {name: getattr(field, name) for name in Field.__dataclass_fields__}
