"""The quick yes agrees with jsonschema on every schema and value."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from amity.entities.accepting import compile_acceptor
from amity.entities.keywords import make_validator

SCALARS = st.sampled_from(
    [
        None,
        True,
        False,
        -1,
        0,
        1,
        2,
        3,
        1.0,
        0.5,
        Decimal("1.0"),
        Decimal("0.1"),
        Decimal("1E+5000"),
        "",
        "a",
        "ab",
        "é",
        "2026-01-31",
        "jo@example.com",
    ]
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "b", "c"]), inner, max_size=3)
    ),
    max_leaves=6,
)
NUMBERS = st.sampled_from([-1, 0, 1, 2, Decimal("0.1"), 0.5])
COUNTS = st.sampled_from([0, 1, 2, Decimal(2)])
NAMES = st.lists(st.sampled_from(["a", "b", "c"]), max_size=2, unique=True)
TYPES = st.sampled_from(["string", "number", "integer", "boolean", "object", "array", "null"])


def keywords(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Give schemas, each with a few keywords whose schemas come from `inner`."""
    members = st.dictionaries(st.sampled_from(["a", "b"]), inner, max_size=2)
    several = st.lists(inner, min_size=1, max_size=3)
    rules: dict[str, st.SearchStrategy[Any]] = {
        "type": TYPES | st.lists(TYPES, min_size=1, max_size=2, unique=True),
        "enum": st.lists(VALUES, max_size=3),
        "const": VALUES,
        "minLength": COUNTS, "maxLength": COUNTS, "minItems": COUNTS, "maxItems": COUNTS,
        "minProperties": COUNTS, "maxProperties": COUNTS,
        "minimum": NUMBERS, "maximum": NUMBERS, "exclusiveMinimum": NUMBERS, "exclusiveMaximum": NUMBERS,
        "multipleOf": st.sampled_from([1, 2, Decimal("0.1"), 0.5]),
        "pattern": st.sampled_from(["^a", "b$", "^$"]),
        "format": st.sampled_from(["date", "email", "unheard-of"]),
        "uniqueItems": st.booleans(),
        "required": NAMES,
        "dependentRequired": st.dictionaries(st.sampled_from(["a", "b"]), NAMES, max_size=2),
        "items": inner, "properties": members, "additionalProperties": inner,
        "allOf": several, "anyOf": several, "oneOf": several, "not": inner,
        "if": inner, "then": inner, "else": inner,
        "$ref": st.sampled_from(["#/$defs/x", "#/$defs/y"]),
        "title": st.just("T"),
    }  # fmt: skip
    return st.sets(st.sampled_from(sorted(rules)), max_size=4).flatmap(
        lambda names: st.fixed_dictionaries({name: rules[name] for name in sorted(names)})
    )


SCHEMAS = st.recursive(st.booleans() | keywords(st.just({})), keywords, max_leaves=8)
DEFINITIONS = {"x": {"type": "string", "minLength": 1}, "y": {"anyOf": [{"$ref": "#/$defs/x"}, {"const": 1}]}}


@given(SCHEMAS, VALUES)
@example({"oneOf": [{"const": 1}, {"const": 1.0}]}, 1)
@example({"oneOf": [{"const": "a", "title": "A"}, {"const": True}]}, 1)
@example({"enum": [1]}, True)
@example({"uniqueItems": True}, [1, True, 1.0])
@example({"type": "integer"}, Decimal("1E+5000"))
def test_it_agrees_with_jsonschema(schema: Any, value: Any) -> None:
    document = {**schema, "$defs": DEFINITIONS} if isinstance(schema, dict) else {"allOf": [schema]}
    accepts = compile_acceptor(document, document)
    assert accepts is not None
    assert accepts(value) is make_validator(document).is_valid(value)


@pytest.mark.parametrize(
    "schema",
    [
        {"prefixItems": [{}]},
        {"prefixItems": [{}], "items": False},
        {"contains": {}},
        {"patternProperties": {"a": {}}},
        {"patternProperties": {"a": {}}, "additionalProperties": False},
        {"unevaluatedProperties": False},
        {"propertyNames": {}},
        {"dependentSchemas": {}},
        {"$ref": "#/properties/a", "properties": {"a": {"items": {"$ref": "#/properties/a"}}}},
        {"items": {"$ref": "https://example.com/"}},
    ],
)
def test_what_is_rare_or_recursive_is_left_to_jsonschema(schema: dict[str, Any]) -> None:
    assert compile_acceptor(schema, schema) is None
