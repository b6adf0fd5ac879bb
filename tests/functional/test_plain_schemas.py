"""Plain and hostile JSON Schemas through the whole machine: a working form and API, or a clear refusal."""

from __future__ import annotations

import time
from typing import Any

from jsonschema import Draft202012Validator

from amity.testing.visitor import Visitor

PYDANTIC: dict[str, Any] = {
    "$defs": {
        "Address": {
            "title": "Address",
            "type": "object",
            "required": ["city"],
            "properties": {
                "city": {"title": "City", "type": "string"},
                "zip": {"anyOf": [{"type": "string"}, {"type": "null"}], "default": None},
            },
        },
        "Size": {"enum": ["small", "large"], "title": "Size", "type": "string"},
        "Tree": {
            "type": "object",
            "properties": {
                "name": {"type": "string"},
                "children": {"type": "array", "items": {"$ref": "#/$defs/Tree"}},
            },
        },
    },
    "title": "Order",
    "type": "object",
    "required": ["code", "address", "size"],
    "properties": {
        "code": {"type": "string", "pattern": "^[A-Z]{2}\\d+$", "title": "Code"},
        "address": {"$ref": "#/$defs/Address"},
        "others": {"type": "array", "items": {"$ref": "#/$defs/Address"}},
        "size": {"allOf": [{"$ref": "#/$defs/Size"}], "default": "small"},
        "tags": {"type": "array", "items": {"enum": ["a", "b"]}, "uniqueItems": True},
        "amount": {"anyOf": [{"type": "number", "multipleOf": 0.01}, {"type": "null"}]},
        "anything": {"anyOf": [{"type": "string"}, {"type": "integer"}]},
        "tree": {"$ref": "#/$defs/Tree"},
        "pair": {"type": "array", "prefixItems": [{"type": "string"}, {"type": "integer"}]},
        "scores": {"type": "object", "additionalProperties": {"type": "integer"}},
        "agreed": {"const": True},
        "select": {"type": "string", "title": "Order by; DROP TABLE"},
    },
    "if": {"properties": {"size": {"const": "large"}}, "required": ["size"]},
    "then": {"required": ["amount"]},
}
RECORD: dict[str, Any] = {
    "code": "AB12",
    "address": {"city": "Graz", "zip": None},
    "others": [{"city": "Wien", "zip": "1010"}],
    "size": "large",
    "tags": ["b"],
    "amount": 12.34,
    "anything": 7,
    "tree": {"name": "a", "children": [{"name": "b", "children": []}]},
    "pair": ["x", 1],
    "scores": {"maths": 1},
    "agreed": True,
    "select": "x",
}


def test_a_plain_schema_is_a_working_form_and_api(admin: Visitor, staff: Visitor) -> None:
    made = admin.api("PUT", "/entities/order", PYDANTIC)
    assert made.status_code == 201, made.text
    served = admin.api("GET", "/entities/order").get_json()
    assert admin.api("PUT", "/entities/order?plan=true", served).get_json()["changes"] == []

    created = staff.api("POST", "/records/order", RECORD)
    assert created.status_code == 201, created.text
    record = created.get_json()
    shown = {name: record[name] for name in RECORD}
    assert {**shown, "address": {"city": "Graz"}} == {**RECORD, "address": {"city": "Graz"}}

    form = staff.client.get("/e/order/new")
    assert form.status_code == 200
    for name in RECORD:
        assert f'name="{name}' in form.text, f"the form has no input for {name}"
    assert staff.client.get(f"/e/order/{record['id']}").status_code == 200
    assert staff.client.get(f"/e/order/{record['id']}/edit").status_code == 200
    assert staff.client.get("/e/order").status_code == 200


FORBIDDEN: list[tuple[dict[str, Any], list[tuple[str, str]]]] = [
    ({"code": "ab"}, [("pattern", "/code")]),
    ({"address": {}}, [("required", "/address/city")]),
    ({"others": [{"city": 3}]}, [("type", "/others/0/city")]),
    ({"size": "larg"}, [("enum", "/size")]),
    ({"amount": None}, [("required", "/amount")]),
    ({"amount": 0.001}, [("multipleOf", "/amount")]),
    ({"tags": ["a", "a"]}, [("uniqueItems", "/tags/1")]),
    ({"tree": {"children": [{"name": 1}]}}, [("type", "/tree/children/0/name")]),
    ({"pair": ["x", "y"]}, [("type", "/pair/1")]),
    ({"scores": {"maths": "one"}}, [("type", "/scores/maths")]),
    ({"agreed": False}, [("const", "/agreed")]),
    ({"slect": "x"}, [("unknown", "/slect")]),
]


def test_what_a_plain_schema_forbids_is_named(admin: Visitor) -> None:
    assert admin.api("PUT", "/entities/order", PYDANTIC).status_code == 201
    for change, expected in FORBIDDEN:
        answer = admin.api("POST", "/records/order", {**RECORD, **change})
        assert answer.status_code == 422, answer.text
        found = [(item["code"], item["pointer"]) for item in answer.get_json()["errors"]]
        assert found == expected, change
    assert admin.api("GET", "/records/order").get_json()["records"] == []


def hostile() -> dict[str, dict[str, Any]]:
    deep: dict[str, Any] = {"type": "string"}
    for _ in range(25):
        deep = {"type": "object", "properties": {"a": deep}}
    return {
        "remote": {"properties": {"a": {"$ref": "http://169.254.169.254/latest"}}},
        "loop": {"properties": {"a": {"$ref": "#/properties/a"}}},
        "deep": {"properties": {"a": deep}},
        "many": {"properties": {f"p{number}": {"type": "string"} for number in range(2_000)}},
        "empty": {"properties": {"": {}}},
        "folded": {"properties": {"Name": {}, "name": {}}},
        "system": {"properties": {"version": {}}},
        "pattern": {"properties": {"a": {"type": "string", "pattern": "(a)\\1"}}},
        "type": {"properties": {"a": {"type": "strnig"}}},
        "none": {"type": "object"},
        "list": {"properties": []},
        "options": {"properties": {"a": {"x-amity": {"kind": ["text"]}}}},
        "nul": {"properties": {"a": {"title": "a\0b"}}},
    }


def test_a_hostile_schema_is_refused_at_once_and_leaves_nothing(admin: Visitor) -> None:
    for name, made in hostile().items():
        for query in ("?plan=true", ""):
            start = time.perf_counter()
            answer = admin.api("PUT", f"/entities/thing{query}", made)
            assert answer.status_code == 422, (name, answer.text)
            assert answer.content_type == "application/problem+json"
            for problem in answer.get_json()["errors"]:
                assert problem["message"] and problem["code"] and "pointer" in problem, name
            assert time.perf_counter() - start < 5, name
    assert admin.api("GET", "/entities/thing").status_code == 404


def test_a_hostile_schema_does_not_touch_the_one_in_force(admin: Visitor) -> None:
    assert admin.api("PUT", "/entities/thing", {"properties": {"a": {"type": "string"}}}).status_code == 201
    before = admin.api("GET", "/entities/thing")
    for name, made in hostile().items():
        answer = admin.api("PUT", "/entities/thing", made, headers={"If-Match": before.headers["ETag"]})
        assert answer.status_code == 422, (name, answer.text)
    after = admin.api("GET", "/entities/thing")
    assert (after.get_json(), after.headers["ETag"]) == (before.get_json(), before.headers["ETag"])


def test_ten_megabytes_are_refused(admin: Visitor) -> None:
    body = {"properties": {"a": {"type": "string", "description": "x" * 10_000_000}}}
    assert admin.api("PUT", "/entities/thing", body).status_code in (413, 422)


def test_editors_get_the_meta_schema(staff: Visitor, nobody: Visitor) -> None:
    schema = staff.api("GET", "/schemas/document").get_json()
    Draft202012Validator.check_schema(schema)
    assert "money" in schema["$defs"]["property"]["properties"]["kind"]["enum"]
    for name in schema["$defs"]:
        assert staff.api("GET", f"/schemas/{name}").get_json() == schema["$defs"][name]
    assert staff.api("GET", "/schemas/nothing").status_code == 404
    assert staff.api("GET", "/schemas/entity?x=1").status_code == 422
    assert nobody.client.get("/api/v1/schemas/entity").status_code == 401
    assert "/api/v1/schemas/{name}" in staff.api("GET", "/openapi.json").get_json()["paths"]
