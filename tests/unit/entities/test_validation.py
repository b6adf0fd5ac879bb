"""Records against their entity: JSON Schema as it is meant, in plain words."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from amity import jsontext
from amity.entities.keywords import is_multiple
from amity.entities.limits import MAX_PROBLEMS
from amity.entities.validation import body_problems, compile_validator
from tests.unit.entities.support import places, read


def check(properties: dict[str, Any], body: dict[str, Any], **more: Any) -> list[tuple[str, str | None]]:
    return places(compile_validator(read(properties, **more))(body))


def test_null_and_absent_are_the_same_at_the_top() -> None:
    properties = {"a": {"type": "string"}, "b": {"type": "object", "properties": {"c": {"type": "string"}}}}
    assert check(properties, {"a": None, "b": None}) == []
    assert check(properties, {"b": {"c": None}}) == [("type", "/b/c")]
    assert check(properties, {"a": None}, root={"required": ["a"]}) == [("required", "/a")]


def test_a_required_property_that_may_be_null_need_not_be_there() -> None:
    properties = {"a": {"type": ["string", "null"]}, "b": {"anyOf": [{"type": "integer"}, {"type": "null"}]}}
    entity = read(properties, root={"required": ["a", "b"]})
    assert [field.required for field in entity.fields] == [False, False]
    assert compile_validator(entity)({}) == []


def test_unknown_names_get_the_nearest_and_system_fields_are_read_only() -> None:
    entity = read({"name": {"type": "string"}, "email": {"type": "string"}})
    found = compile_validator(entity)({"emial": "x", "id": "1", "version": 3, "zzz": 1})
    assert places(found) == [
        ("unknown", "/emial"),
        ("read_only", "/id"),
        ("read_only", "/version"),
        ("unknown", "/zzz"),
    ]
    assert "'email'" in found[0].message
    assert "'name', 'email'" in found[3].message


def test_additional_properties_are_kept_where_the_schema_says_so() -> None:
    assert check({"a": {}}, {"b": 1, "id": 2}, root={"additionalProperties": True}) == [("read_only", "/id")]
    assert check({"a": {}}, {"b": 1}, root={"additionalProperties": {"type": "string"}}) == [("type", "/b")]
    assert check({"a": {}}, {"b": 1}, root={"additionalProperties": False}) == [("unknown", "/b")]


def test_read_only_fields_are_not_the_callers() -> None:
    entity = read({"a": {"type": "string", "readOnly": True}, "b": {"type": "string"}})
    assert places(body_problems(entity, {"a": "x", "b": "y", "id": "1", "c": 1})) == [
        ("read_only", "/a"),
        ("read_only", "/id"),
        ("unknown", "/c"),
    ]
    assert compile_validator(entity)({"a": "x"}) == []


@pytest.mark.parametrize(
    ("value", "step", "expected"),
    [
        (Decimal("12.34"), Decimal("0.01"), True),
        (Decimal("12.345"), Decimal("0.01"), False),
        (Decimal("1E+300"), Decimal("0.01"), True),
        (Decimal("1E-300"), 1, False),
        (10**400, 7, False),
        (7 * 10**400, 7, True),
        (0.07, Decimal("0.01"), True),
        (Decimal("4.5"), 1.5, True),
        (0, Decimal("0.3"), True),
        (-9, 3, True),
    ],
)
def test_multiples_are_exact(value: Any, step: Any, expected: bool) -> None:
    assert is_multiple(value, step) is expected


@pytest.mark.parametrize(
    ("schema", "body", "expected"),
    [
        ({"type": "integer"}, "1", []),
        ({"type": "integer"}, "1.0", []),
        ({"type": "integer"}, "1e2", []),
        ({"type": "integer"}, "1.5", [("type", "/a")]),
        ({"type": "integer"}, "true", [("type", "/a")]),
        ({"type": "number"}, "1.10", []),
        ({"type": "number"}, "1e999999999", [("number", "/a")]),
        ({}, '{"x": [1e999999999]}', [("number", "/a/x/0")]),
        ({"type": "number", "maximum": 10}, "10.0000000000000000000000001", [("maximum", "/a")]),
        ({"type": "number", "multipleOf": 0.1}, "0.3", []),
        ({"enum": [1, 2]}, "1.0", []),
        ({"enum": [1, 2]}, "true", [("enum", "/a"), ("type", "/a")]),
        ({"type": "array", "items": {}, "uniqueItems": True}, "[1, 1.0]", [("uniqueItems", "/a/1")]),
        ({"type": "array", "items": {}, "uniqueItems": True}, "[1, true, [1], [true], {}, []]", []),
        (
            {"type": "array", "items": {}, "uniqueItems": True},
            '[{"a": 1, "b": 2}, {"b": 2, "a": 1}]',
            [("uniqueItems", "/a/1")],
        ),
        ({"type": "string"}, '"a\\u0000b"', [("characters", "/a")]),
        ({}, '{"x": ["\\ud800"]}', [("characters", "/a/x/0")]),
        ({"type": "string", "pattern": "^a$"}, '"a\\n"', [("pattern", "/a")]),
        (
            {
                "type": "object",
                "patternProperties": {"^x": {"type": "integer"}},
                "additionalProperties": False,
            },
            '{"x1": "s", "y": 1}',
            [("type", "/a/x1"), ("unknown", "/a/y")],
        ),
    ],
)
def test_values_as_json_schema_means_them(
    schema: dict[str, Any], body: str, expected: list[tuple[str, str]]
) -> None:
    assert check({"a": schema}, {"a": jsontext.loads(body)}) == expected


@pytest.mark.parametrize(
    ("schema", "value", "expected"),
    [
        ({"type": "integer"}, "x", "'x' is not a whole number."),
        ({"type": ["string", "boolean"]}, 1, "1 is not a text or true or false."),
        ({"type": "string", "minLength": 1}, "", "This must not be empty."),
        ({"type": "string", "minLength": 3}, "ab", "This takes at least 3 characters; it has 2."),
        ({"type": "string", "maxLength": 1}, "ab", "This takes at most 1 character; it has 2."),
        ({"type": "number", "minimum": 3}, 2, "2 is not allowed: it must be at least 3."),
        ({"type": "number", "exclusiveMaximum": 3}, 3, "3 is not allowed: it must be less than 3."),
        ({"oneOf": [{"const": "lead", "title": "L"}, {"const": "won"}]}, "laed", "Did you mean 'lead'?"),
        ({"enum": ["a", None]}, "b", "'b' is not one of the allowed values: 'a', null."),
        (
            {"type": "string", "format": "date"},
            "31.01.2026",
            "'31.01.2026' is no valid date, such as 2026-01-31.",
        ),
        ({"type": "string", "pattern": "^[A-Z]{2}$"}, "x", "'x' does not match the pattern '^[A-Z]{2}$'."),
        (
            {"type": "array", "items": {"type": "string"}, "maxItems": 1},
            ["a", "b"],
            "This takes at most 1 item; it has 2.",
        ),
        ({"not": {"type": "string"}}, "a", "'a' is ruled out."),
        (
            {"anyOf": [{"type": "integer"}, {"type": "boolean"}]},
            "a",
            "none of the alternatives: 'a' is not a whole number; 'a' is not true or false",
        ),
        ({"anyOf": [{"$ref": "#/properties/b"}, {"type": "null"}]}, {"c": 1}, "1 is not a text."),
        ({"type": "array", "contains": {"const": 1}}, [2], "holds no item"),
        ({"type": "string", "maxLength": 50}, "x" * 200, "This takes at most 50 characters; it has 200."),
    ],
)
def test_messages_are_plain(schema: dict[str, Any], value: Any, expected: str) -> None:
    other = {"type": "object", "properties": {"c": {"type": "string"}}}
    found = compile_validator(read({"a": schema, "b": other}))({"a": value})
    assert len(found) == 1
    assert expected in found[0].message
    assert len(found[0].message) < 300


def test_problems_are_bounded() -> None:
    properties = {"a": {"type": "array", "items": {"type": "integer"}}}
    found = compile_validator(read(properties))({"a": ["x"] * 1_000, **{f"u{n}": 1 for n in range(500)}})
    assert len(found) == MAX_PROBLEMS


def test_many_values_are_compared_at_once() -> None:
    values: list[Any] = [{"n": number, "s": [str(number)]} for number in range(20_000)]
    properties = {"a": {"type": "array", "items": {}, "uniqueItems": True}}
    assert check(properties, {"a": values}) == []


def test_refs_into_definitions_are_followed() -> None:
    root = {
        "$defs": {
            "address": {"type": "object", "required": ["city"], "properties": {"city": {"type": "string"}}}
        },
        "$id": "https://example.com/customer",
    }
    assert check({"a": {"$ref": "#/$defs/address"}}, {"a": {}}, root=root) == [("required", "/a/city")]


def test_nested_objects_accept_what_their_schema_accepts() -> None:
    closed = {"type": "object", "properties": {"city": {"type": "string"}}, "additionalProperties": False}
    assert check({"a": closed}, {"a": {"ctiy": "x"}}) == [("unknown", "/a/ctiy")]
    assert check({"a": {**closed, "additionalProperties": True}}, {"a": {"ctiy": "x"}}) == []
