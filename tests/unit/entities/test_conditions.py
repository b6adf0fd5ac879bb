"""`if`/`then`/`else` and `dependentRequired` in forms."""

from __future__ import annotations

from typing import Any

import pytest

from amity.entities.linking import link_problems
from amity.entities.validation import compile_validator
from tests.unit.entities.support import places, problems, read

PROPERTIES: dict[str, Any] = {
    "stage": {"oneOf": [{"const": "lead"}, {"const": 'it\'s "on"'}]},
    "vip": {"type": "boolean"},
    "size": {"type": "integer"},
    "email": {"type": "string", "format": "email"},
    "born": {"type": "string", "format": "date"},
}


def required(*names: str) -> dict[str, Any]:
    return {"required": list(names)}


@pytest.mark.parametrize(
    ("root", "expected"),
    [
        (
            {
                "if": {"properties": {"stage": {"const": "lead"}}, "required": ["stage"]},
                "then": required("email"),
            },
            'stage == "lead"',
        ),
        (
            {"if": {"properties": {"stage": {"const": "lead"}}}, "then": required("email")},
            '(stage == null || stage == "lead")',
        ),
        (
            {"if": {"properties": {"vip": {"const": True}}, "required": ["vip"]}, "else": required("email")},
            "!(vip == true)",
        ),
        (
            {
                "if": {"properties": {"size": {"enum": [1, 2]}}, "required": ["size", "born"]},
                "then": required("email"),
            },
            "size in [1, 2] && born != null",
        ),
        ({"dependentRequired": {"born": ["email"]}}, "born != null"),
        (
            {
                "dependentRequired": {"born": ["email"]},
                "allOf": [{"if": required("vip"), "then": required("email")}],
            },
            "(born != null) || (vip != null)",
        ),
        ({"if": {"properties": {"size": {"minimum": 3}}}, "then": required("email")}, None),
        ({"if": {"properties": {"born": {"const": "2026-01-01"}}}, "then": required("email")}, None),
        ({"if": {"not": required("vip")}, "then": required("email")}, None),
        ({"if": True, "then": required("email")}, None),
    ],
)
def test_simple_conditions_say_when_a_field_is_required(root: dict[str, Any], expected: str | None) -> None:
    entity = read(PROPERTIES, root=root)
    assert entity.by_name["email"].required_when == expected
    assert link_problems([entity]) == {}


def test_what_the_field_says_itself_counts() -> None:
    email = {"type": "string", "x-amity": {"required_when": "vip"}}
    entity = read({**PROPERTIES, "email": email}, root={"dependentRequired": {"born": ["email"]}})
    assert entity.by_name["email"].required_when == "vip"


def test_a_text_with_quotes_is_written_as_an_expression() -> None:
    rule = {
        "if": {"properties": {"stage": {"const": 'it\'s "on"'}}, "required": ["stage"]},
        "then": required("email"),
    }
    entity = read(PROPERTIES, root=rule)
    assert link_problems([entity]) == {}
    check = compile_validator(entity)
    assert places(check({"stage": 'it\'s "on"'})) == [("required", "/email")]
    assert check({"stage": "lead"}) == []


def test_conditions_about_unknown_members_are_refused() -> None:
    root = {
        "if": {"properties": {"stge": {"const": "lead"}}},
        "then": {"properties": {"zip": {"type": "string"}}, "required": ["zip"]},
        "anyOf": [{"required": ["email"]}, {"required": ["phone"]}],
    }
    found = problems(PROPERTIES, root=root)
    assert sorted(places(found)) == [
        ("unknown", "/anyOf/1/required/0"),
        ("unknown", "/if/properties/stge"),
        ("unknown", "/then/properties/zip"),
        ("unknown", "/then/required/0"),
    ]
    assert any("'stage'" in problem.message for problem in found)
    assert read(PROPERTIES, root={**root, "additionalProperties": True}).additional
