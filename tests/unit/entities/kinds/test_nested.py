"""Values made of parts: objects, lists, lists with a primary one, links; their forms row by row."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict

from amity.entities.kinds.base import ABSENT, ValueProblem
from amity.entities.kinds.list import filled
from tests.factories.fields import field_of, form_of, make_field

ONE, TWO = "0190b6a2-7c1e-7000-8000-3f2a9c5d1e77", "0190b6a2-7c1e-7000-8000-3f2a9c5d1e78"
LINES = make_field(
    {
        "type": "array",
        "items": {
            "type": "object",
            "required": ["item"],
            "properties": {
                "item": {"type": "string", "title": "Article"},
                "count": {"type": "integer"},
                "paid": {"type": "boolean"},
                "due": {"type": "string", "format": "date"},
            },
        },
    },
    name="lines",
)


def read(field: Any, form: dict[str, Any]) -> Any:
    return field.kind.from_form(field, MultiDict(form), field.name)


def place(field: Any, value: Any) -> tuple[str, str]:
    with pytest.raises(ValueProblem) as caught:
        field.kind.parse(field, value)
    return caught.value.code, caught.value.pointer


def test_parts_are_fields_with_kinds_of_their_own() -> None:
    assert [(part.name, part.kind.name, part.title, part.required) for part in LINES.parts] == [
        ("item", "text", "Article", True),
        ("count", "integer", "Count", False),
        ("paid", "boolean", "Paid", False),
        ("due", "date", "Due", False),
    ]
    assert LINES.parts[1].pointer == "/properties/lines/items/properties/count"


def test_rows_are_read_in_order_without_empty_and_removed_ones() -> None:
    form = {
        "lines": "",
        "lines.10.item": "last",
        "lines.2.item": "first",
        "lines.2.count": "3",
        "lines.3.item": "gone",
        "lines.3.remove": "1",
        "lines.4.item": "",
        "lines.4.count": "",
        "lines.x.item": "no row",
        "lines.²": "no row",
    }
    assert read(LINES, form) == [{"item": "first", "count": 3}, {"item": "last"}]
    assert read(LINES, {"lines": ""}) is None
    assert read(LINES, {"others.0.item": "x"}) is ABSENT


def test_no_form_makes_it_count_for_ever() -> None:
    rows = {f"lines.{number}.item": "x" for number in range(3_000)}
    assert len(read(LINES, rows)) == 1_000
    assert read(LINES, {"lines.99999999999999999999.item": "x"}) is None


def test_members_that_the_form_does_not_show_survive() -> None:
    value = [{"item": "x", "other": {"kept": [1]}}]
    form = form_of(LINES.kind.to_form(LINES, value), "lines")
    assert read(LINES, form) == value
    assert read(LINES, {**form, "lines.0.~rest": "no json"}) == [{"item": "x"}]


@given(
    st.lists(
        st.fixed_dictionaries(
            {"item": st.text(st.characters(codec="utf-8", exclude_characters="\x00\r"), min_size=1)},
            optional={
                "count": st.integers(-(2**63), 2**63 - 1),
                "paid": st.booleans(),
                "due": st.dates().map(str),
            },
        ),
        max_size=5,
    )
)
def test_rows_survive_form_and_text(value: list[dict[str, Any]]) -> None:
    typed = LINES.kind.parse(LINES, value)
    assert LINES.kind.dump(LINES, typed) == value
    assert LINES.kind.from_text(LINES, LINES.kind.to_text(LINES, typed)) == value
    assert (read(LINES, form_of(LINES.kind.to_form(LINES, value), "lines")) or []) == value


def test_problems_name_the_row_and_the_member() -> None:
    assert place(LINES, [{"item": "x"}, {"item": "y", "count": "many"}]) == ("type", "/1/count")
    assert place(LINES, [{"item": "x", "due": "soon"}]) == ("format", "/0/due")
    assert place(LINES, ["x"]) == ("type", "/0")
    assert place(LINES, {"item": "x"}) == ("type", "")
    deep = make_field(
        {
            "type": "object",
            "properties": {"a/b": {"type": "object", "properties": {"c": {"type": "integer"}}}},
        }
    )
    assert place(deep, {"a/b": {"c": "x"}}) == ("type", "/a~1b/c")


def test_cleared_members_of_an_object_are_null() -> None:
    field = make_field({"type": "object", "properties": {"a": {"type": "string"}, "b": {"type": "integer"}}})
    assert read(field, {"value.a": "", "value.b": "1"}) == {"a": None, "b": 1}
    assert read(field, {"value.a": "", "value.b": ""}) is None
    assert filled({"a": None, "b": {"c": None, "d": 1}}) == {"b": {"d": 1}}


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "object", "properties": {"a.b": {"type": "string"}}},
        {"type": "object", "properties": {"": {"type": "string"}}},
        {"type": "object", "properties": {"a": {"type": "string"}}, "patternProperties": {"^x": {}}},
        {"type": "array", "items": {"type": "array", "items": {"type": "string"}}},
        {"type": "array", "prefixItems": [{"type": "string"}], "items": {"type": "string"}},
        {"type": "object", "properties": {"a": {"type": "string"}}, "x-amity": {"edit": "json"}},
    ],
)
def test_what_no_form_can_name_is_edited_as_json(schema: dict[str, Any]) -> None:
    field = make_field(schema)
    assert field.parts == ()
    value: Any = {"a": "x"} if schema["type"] == "object" else [["x"]]
    shown = field.kind.to_form(field, value)
    assert isinstance(shown, str) and read(field, {"value": shown}) == value
    wrong = read(field, {"value": '{"a": '})
    assert field.kind.to_form(field, wrong) == '{"a": '
    assert place(field, wrong)[0] in ("json", "type")


@pytest.mark.parametrize("kind", ["relation", "file"])
def test_links_and_files_cannot_stand_inside(kind: str) -> None:
    inner = {"type": "string", "x-amity": {"kind": kind, "to": "customer"}}
    field = make_field({"type": "object", "properties": {"inner": inner}})
    assert [problem.pointer for problem in field.kind.problems(field)] == ["/properties/inner"]
    links = make_field(
        {"type": "array", "x-amity": {"kind": "relations", "to": "customer", "link_fields": {"inner": inner}}}
    )
    assert [problem.pointer for problem in links.kind.problems(links)] == ["/x-amity/link_fields/inner"]


# -- one of them primary ---------------------------------------------------------------------------------

EMAILS = field_of("emails")
ADA, BOB = "ada@example.com", "bob@example.com"


def test_exactly_one_is_primary() -> None:
    parsed = EMAILS.kind.parse(EMAILS, [{"value": ADA}, {"value": BOB, "label": "work"}])
    assert [item["primary"] for item in parsed] == [True, False]
    assert place(EMAILS, [{"value": ADA, "primary": True}, {"value": BOB, "primary": True}]) == (
        "primary",
        "/1/primary",
    )
    assert EMAILS.kind.parse(EMAILS, []) == []


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ([{"value": "nobody"}], ("format", "/0/value")),
        ([{"label": "x"}], ("required", "/0/value")),
        ([{"value": ADA, "kind": 1}], ("unknown", "/0")),
        ([{"value": ADA, "label": 5}], ("type", "/0/label")),
        ([{"value": ADA, "label": "x" * 51}], ("length", "/0/label")),
        ([{"value": ADA, "primary": "yes"}], ("type", "/0/primary")),
        ([ADA], ("type", "/0")),
        (ADA, ("type", "")),
    ],
)
def test_typed_lists_name_the_place(value: Any, found: tuple[str, str]) -> None:
    assert place(EMAILS, value) == found


@pytest.mark.parametrize(
    ("form", "primary"),
    [
        ({"value.primary": "1"}, [False, True]),
        ({"value.1.primary": "on"}, [False, True]),
        ({}, [True, False]),
        ({"value.primary": "7"}, [True, False]),
    ],
)
def test_the_form_says_which_one_is_primary(form: dict[str, str], primary: list[bool]) -> None:
    found = read(EMAILS, {"value.0.value": ADA, "value.1.value": BOB, **form})
    assert [item["primary"] for item in found] == primary


def test_when_the_primary_row_goes_the_next_one_takes_over() -> None:
    form = {"value.primary": "0", "value.0.value": ADA, "value.0.remove": "1", "value.1.value": BOB}
    assert read(EMAILS, form) == [{"value": BOB, "primary": True}]
    assert read(EMAILS, {"value.0.value": " ", "value.0.label": "work"}) is None


def test_text_of_typed_lists() -> None:
    simple = [{"value": ADA, "primary": True}, {"value": BOB, "primary": False}]
    assert EMAILS.kind.to_text(EMAILS, simple) == f"{ADA}; {BOB}"
    assert EMAILS.kind.from_text(EMAILS, f" {ADA} ;{BOB};") == simple
    assert EMAILS.kind.from_text(EMAILS, f'["{ADA}", "{BOB}"]') == simple


def test_the_shadow_key_is_the_primary_ones() -> None:
    stored = EMAILS.kind.store(
        EMAILS, [{"value": "Z@example.com", "primary": False}, {"value": "Bob@Example.com", "primary": True}]
    )
    assert stored["fold"] == "bob@example.com"
    assert EMAILS.kind.store(EMAILS, []) == {"": [], "fold": None}


# -- links -----------------------------------------------------------------------------------------------


def links(**options: Any) -> Any:
    return make_field({"type": "array", "x-amity": {"kind": "relations", **options}})


@pytest.mark.parametrize(
    ("options", "value", "found"),
    [
        ({"to": "customer"}, [ONE, ONE.upper()], ("duplicate", "/1")),
        ({"to": "customer"}, ["x"], ("format", "/0")),
        ({"to": "customer"}, [{"id": ONE}], ("type", "/0")),
        ({"to": "any"}, [ONE], ("type", "/0")),
        ({"to": "any"}, [{"id": ONE}], ("required", "/0/entity")),
        ({"to": ["a", "b"]}, [{"entity": "a", "id": "x"}], ("format", "/0/id")),
        ({"to": ["a", "b"]}, [{"entity": "a", "id": ONE, "role": "x"}], ("unknown", "/0")),
        ({"to": "a", "link_fields": {"n": {"type": "integer"}}}, [{"id": ONE, "n": "x"}], ("type", "/0/n")),
        (
            {"to": "a", "link_fields": {"n": {"type": "integer"}}},
            [{"id": ONE, "entity": "a"}],
            ("unknown", "/0/entity"),
        ),
        ({"to": "a", "link_fields": {"n": {"type": "integer"}}}, [{"n": 1}], ("type", "/0/id")),
    ],
)
def test_links_name_the_place(options: Any, value: Any, found: tuple[str, str]) -> None:
    assert place(links(**options), value) == found


def test_the_same_record_id_in_two_entities_is_two_records() -> None:
    value = [{"entity": "a", "id": ONE}, {"entity": "b", "id": ONE}]
    assert links(to=["a", "b"]).kind.parse(links(to=["a", "b"]), value) == value


def test_ids_are_written_in_small_letters() -> None:
    assert field_of("relation").kind.parse(field_of("relation"), ONE.upper()) == ONE
    any_ = field_of("any_relation")
    assert any_.kind.parse(any_, {"entity": "a", "id": ONE.upper()}) == {"entity": "a", "id": ONE}


def test_text_of_links() -> None:
    plain, several = links(to="customer"), links(to=["a", "b"])
    assert plain.kind.from_text(plain, f"{ONE};{TWO}") == [ONE, TWO]
    assert several.kind.from_text(several, f"a/{ONE}; b/{TWO}") == [
        {"entity": "a", "id": ONE},
        {"entity": "b", "id": TWO},
    ]
    for wrong in ("x", f"a:{ONE}", "[1]"):
        with pytest.raises(ValueProblem):
            several.kind.from_text(several, wrong)


def test_rows_of_links_without_a_record_are_dropped() -> None:
    field = links(to="a", link_fields={"n": {"type": "integer"}})
    assert read(field, {"value.0.id": ONE, "value.0.n": "2", "value.1.id": "", "value.1.n": "3"}) == [
        {"id": ONE, "n": 2}
    ]
    assert read(field, {"value": ""}) == []


def test_a_link_to_a_renamed_entity_shows_the_new_name() -> None:
    field = make_field(
        {"type": "object", "x-amity": {"kind": "any_relation"}}, entity_names={"client": "customer"}
    )
    stored = field.kind.store(field, field.kind.parse(field, {"entity": "customer", "id": ONE}))
    assert stored == {"": ONE, "entity": "client"}
    assert field.kind.load(field, stored) == {"entity": "customer", "id": ONE}
    assert place(field, {"entity": "client", "id": ONE}) == ("entity", "/entity")
