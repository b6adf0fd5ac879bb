"""The table of draft 2020-12 says what jsonschema's own check of schemas says."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from amity.entities.structure import TYPES, structure_problems
from tests.unit.entities.support import places

SCALARS = st.sampled_from([None, True, False, -1, 0, 1, 3, 2.0, 1.5, -0.5, "", "string", "x"])
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "type"]), inner, max_size=2)
    ),
    max_leaves=6,
)
KEYWORDS = st.sampled_from(
    ["type", "title", "description", "format", "uniqueItems", "readOnly", "deprecated", "minLength",
     "maxItems", "minContains", "minimum", "exclusiveMaximum", "multipleOf", "required",
     "dependentRequired", "enum", "const", "examples", "default", "properties", "patternProperties",
     "$defs", "items", "contains", "not", "if", "then", "allOf", "oneOf", "anyOf", "prefixItems",
     "additionalProperties", "propertyNames", "dependentSchemas", "x-other", "unevaluatedProperties"]
)  # fmt: skip
SCHEMAS = st.recursive(
    st.booleans() | st.fixed_dictionaries({"type": st.sampled_from(TYPES)}) | VALUES,
    lambda inner: st.dictionaries(
        KEYWORDS,
        inner | VALUES | st.lists(inner, max_size=3) | st.dictionaries(st.just("a"), inner),
        max_size=4,
    ),
    max_leaves=12,
)


@given(SCHEMAS)
@example({"type": ["string", "string"]})
@example({"type": []})
@example({"type": [["string"]]})
@example({"minLength": 2.0})
@example({"required": ["a", "a"]})
@example({"items": [{"type": "string"}]})
def test_it_agrees_with_jsonschema(schema: Any) -> None:
    valid = Draft202012Validator(Draft202012Validator.META_SCHEMA).is_valid(schema)
    assert (structure_problems(schema) == []) is valid


@pytest.mark.parametrize(
    ("schema", "place", "hint"),
    [
        ({"type": "strnig"}, "/type", "Did you mean 'string'?"),
        ({"properties": {"a": {"items": [{}]}}}, "/properties/a/items", "'prefixItems'"),
        ({"required": ["a", 1]}, "/required/1", "1 is not a name"),
        ({"properties": {"a": {"minLength": "3"}}}, "/properties/a/minLength", "'3' is not a whole number"),
        ({"anyOf": []}, "/anyOf", "at least one schema"),
        ({"dependentRequired": {"a/b": "c"}}, "/dependentRequired/a~1b", "'c' is not a list of names"),
        ({"multipleOf": 0}, "/multipleOf", "greater than 0"),
    ],
)
def test_it_says_where_and_what_is_meant(schema: dict[str, Any], place: str, hint: str) -> None:
    found = structure_problems(schema)
    assert [pointer for _, pointer in places(found)] == [place]
    assert hint in found[0].message
