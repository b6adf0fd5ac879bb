"""Plain JSON Schemas of the kind that other tools write: each becomes a working form, or says why not."""

from __future__ import annotations

from typing import Any

import pytest

from amity.entities.kinds.core import amity_kinds
from amity.entities.loader import load
from amity.entities.validation import compile_validator
from tests.unit.entities.support import KINDS, places, problems, read


@pytest.mark.parametrize(
    ("schema", "kind"),
    [
        ({"type": "string"}, "text"),
        ({"type": "string", "maxLength": 5000}, "long_text"),
        ({"maxLength": 10}, "text"),
        ({"type": "integer"}, "integer"),
        ({"type": "number"}, "decimal"),
        ({"minimum": 1}, "decimal"),
        ({"type": "boolean"}, "boolean"),
        ({"const": True}, "boolean"),
        ({"type": "string", "format": "date"}, "date"),
        ({"type": "string", "format": "date-time"}, "datetime"),
        ({"format": "email"}, "email"),
        ({"type": "string", "format": "uri"}, "url"),
        ({"enum": ["a", "b"]}, "choice"),
        ({"const": "a"}, "choice"),
        ({"oneOf": [{"const": "a", "title": "A"}]}, "choice"),
        ({"anyOf": [{"const": "a", "title": "A"}, {"const": "b"}, {"type": "null"}]}, "choice"),
        ({"anyOf": [{"enum": ["a"]}, {"enum": ["b"]}]}, "choice"),
        ({"enum": [1, 2, 3]}, "integer"),
        ({"type": "array", "items": {"enum": ["a", "b"]}, "uniqueItems": True}, "choices"),
        ({"type": "array", "items": {"type": "string"}}, "list"),
        ({"items": {"type": "object", "properties": {"a": {"type": "string"}}}}, "list"),
        ({"properties": {"a": {"type": "string"}}}, "object"),
        ({"type": ["integer", "null"]}, "integer"),
        ({"anyOf": [{"type": "integer"}, {"type": "null"}]}, "integer"),
        ({"oneOf": [{"type": "null"}, {"type": "string", "format": "date"}]}, "date"),
        ({"allOf": [{"type": "string"}, {"maxLength": 5}]}, "text"),
        ({"type": ["integer", "number"]}, "decimal"),
        ({"anyOf": [{"type": "string", "format": "ipv4"}, {"type": "string", "format": "ipv6"}]}, "text"),
        ({"type": "string", "not": {"const": "x"}}, "text"),
        ({"type": "object", "properties": {"a": {}}, "anyOf": [{"required": ["a"]}]}, "object"),
        ({"$ref": "#/$defs/size"}, "choice"),
        ({"allOf": [{"$ref": "#/$defs/size"}], "default": "s"}, "choice"),
        ({"$ref": "#/properties/other"}, "boolean"),
        # What has no form is edited as JSON.
        (True, "json"),
        ({}, "json"),
        ({"type": ["string", "integer"]}, "json"),
        ({"not": {"type": "string"}}, "json"),
        ({"type": "array"}, "json"),
        ({"type": "array", "prefixItems": [{"type": "string"}]}, "json"),
        ({"type": "object"}, "json"),
        ({"type": "object", "additionalProperties": {"type": "string"}}, "json"),
        ({"type": "object", "patternProperties": {"^x": {}}, "properties": {"a": {}}}, "json"),
        ({"oneOf": [{"properties": {"a": {}}}, {"properties": {"b": {}}}]}, "json"),
        ({"anyOf": [{"type": "string"}, {"type": "integer"}]}, "json"),
        ({"enum": ["a", 1]}, "json"),
        ({"enum": [{"a": 1}]}, "json"),
    ],
)
def test_the_kind_that_a_schema_means(schema: Any, kind: str) -> None:
    root = {"$defs": {"size": {"title": "Size", "enum": ["s", "m"]}}}
    entity = read({"a": schema, "other": {"type": "boolean"}}, root=root)
    assert entity.by_name["a"].kind.name == kind
    assert entity.layout[0].fields
    assert load(entity.document, KINDS).document == entity.document


def test_a_model_of_pydantic() -> None:
    address = {
        "title": "Address",
        "type": "object",
        "required": ["city"],
        "properties": {
            "city": {"title": "City", "type": "string"},
            "zip": {"anyOf": [{"type": "string"}, {"type": "null"}], "default": None, "title": "Zip"},
        },
    }
    entity = read(
        {
            "name": {"title": "Name", "type": "string", "maxLength": 80},
            "address": {"anyOf": [{"$ref": "#/$defs/Address"}, {"type": "null"}], "default": None},
            "others": {"type": "array", "items": {"$ref": "#/$defs/Address"}, "default": []},
        },
        root={"$defs": {"Address": address}, "required": ["name", "address"]},
    )
    by_name = entity.by_name
    assert [field.required for field in entity.fields] == [True, False, False]
    assert [(part.name, part.kind.name, part.required) for part in by_name["address"].parts] == [
        ("city", "text", True),
        ("zip", "text", False),
    ]
    assert [part.name for part in by_name["others"].parts] == ["city", "zip"]
    assert by_name["address"].default is None
    check = compile_validator(entity)
    assert check({"name": "A"}) == []
    assert places(check({"name": "A", "address": {"city": 1}, "others": [{}]})) == [
        ("type", "/address/city"),
        ("required", "/others/0/city"),
    ]


def test_properties_behind_a_ref_or_allof_at_the_top_are_fields() -> None:
    base = {
        "type": "object",
        "title": "Person",
        "required": ["name"],
        "properties": {"name": {"type": "string"}},
    }
    by_ref = load({"$ref": "#/$defs/base", "$defs": {"base": base}}, KINDS, name="person")
    assert (by_ref.title, by_ref.fields[0].required) == ("Person", True)
    merged = {
        "allOf": [
            {"$ref": "#/$defs/base"},
            {"properties": {"age": {"type": "integer"}}},
            {"if": {"properties": {"name": {"const": "x"}}}, "then": {"required": ["age"]}},
        ],
        "$defs": {"base": base},
    }
    entity = load(merged, KINDS, name="person")
    assert list(entity.by_name) == ["name", "age"]
    check = compile_validator(entity)
    assert places(check({"name": "x"})) == [("required", "/age")]
    assert places(check({"age": 1})) == [("required", "/name")]
    assert load(entity.document, KINDS).document == entity.document


def test_an_older_draft_is_read_and_its_other_words_are_refused() -> None:
    old = {"$schema": "http://json-schema.org/draft-07/schema#"}
    entity = read({"a": {"$ref": "#/definitions/x"}}, root={**old, "definitions": {"x": {"type": "integer"}}})
    assert entity.fields[0].kind.name == "integer"
    assert entity.document["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    (problem,) = problems({"a": {"type": "string"}}, root={**old, "dependencies": {"a": ["b"]}})
    assert (problem.code, problem.pointer) == ("keyword", "/dependencies")
    assert "'dependentRequired'" in problem.message
    assert places(problems(root={"$schema": "http://json-schema.org/draft-04/schema#"})) == [
        ("schema", "/$schema")
    ]


@pytest.mark.parametrize(
    ("root", "code", "place"),
    [
        ({"type": "array"}, "type", "/type"),
        ({"properties": {}}, "required", "/properties"),
        ({"properties": {"a": False}}, "schema", "/properties/a"),
        ({"properties": {"a": {"type": "null"}}}, "schema", "/properties/a"),
        ({"properties": {"a": {"enum": [None]}}}, "schema", "/properties/a"),
        ({"required": ["nmae"]}, "unknown", "/required/0"),
        ({"patternProperties": {"^x": {}}}, "formless", "/patternProperties"),
        (
            {"properties": {"a": {"type": "string", "minLength": 3, "maxLength": 2}}},
            "bounds",
            "/properties/a/minLength",
        ),
        ({"properties": {"a": {"type": "string", "default": 3}}}, "type", "/properties/a/default"),
        ({"properties": {"a": {"enum": ["x"], "default": "y"}}}, "enum", "/properties/a/default"),
        ({"properties": {"a": {"format": "email", "default": "no"}}}, "format", "/properties/a/default"),
        (
            {
                "properties": {"a": {"$ref": "#/$defs/d", "default": -1}},
                "$defs": {"d": {"type": "integer", "minimum": 0}},
            },
            "minimum",
            "/properties/a/default",
        ),
        ({"properties": {"a": {"enum": ["x", "x"]}}}, "duplicate", "/properties/a/enum/1"),
        ({"properties": {"a": {"type": "string", "title": "x" * 301}}}, "maxLength", "/properties/a/title"),
    ],
)
def test_what_cannot_be_an_entity_says_where_and_why(root: dict[str, Any], code: str, place: str) -> None:
    assert (code, place) in places(problems(root=root))


def test_unknown_annotations_are_kept_and_harmless() -> None:
    extra = {"x-vendor": {"a": 1}, "$comment": "c", "examples": ["b"], "deprecated": True}
    entity = read(
        {"a": {"type": "string", **extra}},
        root={"x-other": 1, "$comment": "top", "$id": "https://x.example/"},
    )
    assert entity.document["x-other"] == 1
    assert extra.items() <= entity.document["properties"]["a"].items()


def test_every_kind_of_the_core_makes_an_entity() -> None:
    for kind in amity_kinds():
        schema: dict[str, Any] = dict(kind.new_schema())
        if kind.is_relation:
            schema["x-amity"] = {**schema.get("x-amity", {}), "to": "customer"}
        entity = read({"a": schema})
        assert entity.fields[0].kind.name == kind.name
        assert [name for section in entity.layout for name in section.fields] == ["a"]


def test_blank_titles_are_no_titles() -> None:
    entity = read({"first_name": {"title": " \t"}}, root={"title": ""})
    assert (entity.title, entity.fields[0].title) == ("Customer", "First name")


def test_choices_are_bounded_in_number_and_length() -> None:
    assert places(problems({"a": {"enum": ["x" * 501]}})) == [("maxLength", "/properties/a/enum/0")]
    assert places(problems({"a": {"enum": [str(number) for number in range(1_001)]}})) == [
        ("too_many", "/properties/a/enum")
    ]
