"""The published meta-schema: what editors get is what documents are checked by."""

from __future__ import annotations

from typing import Any

import pytest
from jsonschema import Draft202012Validator

from amity.entities.kinds.base import Kind
from amity.entities.metaschema import LATER, base, check, options_of, property_schema, published
from tests.unit.entities.support import KINDS, document, places, problems


@pytest.fixture(scope="module")
def whole() -> Draft202012Validator:
    """The validator of an editor, which has the standard and this one file."""
    from jsonschema_specifications import REGISTRY

    return Draft202012Validator(published(KINDS)["document"], registry=REGISTRY)


@pytest.mark.parametrize("name", ["entity", "property", "choice", "document"])
def test_what_is_published_is_a_json_schema(name: str) -> None:
    Draft202012Validator.check_schema(published(KINDS)[name])


def test_an_editor_accepts_a_document_and_points_at_a_misspelt_key(whole: Draft202012Validator) -> None:
    good = document(
        {
            "stage": {"oneOf": [{"const": "a", "x-amity": {"color": "red"}}]},
            "money": {"type": "number", "x-amity": {"kind": "money", "currency": "EUR"}},
        },
        views=[{"name": "all"}],
    )
    assert [error.message for error in whole.iter_errors(good)] == []
    for bad in (
        document(plurl="x"),
        document({"a": {"x-amity": {"visibel": "true"}}}),
        document({"a": {"x-amity": {"kind": "txet"}}}),
        document({"a": {"type": "number", "x-amity": {"kind": "money", "currency": 7}}}),
        document({"a": {"oneOf": [{"const": "a", "x-amity": {"colour": "red"}}]}}),
    ):
        assert not whole.is_valid(bad)


@pytest.mark.parametrize("kind", list(KINDS), ids=lambda kind: kind.name)
def test_the_options_of_a_kind_are_allowed_and_described(kind: Kind) -> None:
    Draft202012Validator.check_schema(property_schema(kind))
    for key, rule in options_of(kind).items():
        assert rule.get("description"), f"{kind.name}.{key} says nothing"
        found = check({"properties": {"a": {"x-amity": {"kind": kind.name, key + "x": 1}}}}, KINDS)
        assert places(found) == [("unknown", f"/properties/a/x-amity/{key}x")]
        assert f"'{key}'" in found[0].message


@pytest.mark.parametrize("kind", list(KINDS), ids=lambda kind: kind.name)
def test_what_the_designer_writes_is_allowed(kind: Kind) -> None:
    assert check({"properties": {"a": dict(kind.new_schema())}}, KINDS) == []


@pytest.mark.parametrize("name", LATER)
def test_what_comes_later_is_refused_with_a_word_about_it(name: str) -> None:
    (as_key,) = problems({"a": {"type": "number", "x-amity": {name: "1 + 1"}}})
    assert (as_key.code, as_key.pointer) == ("later", f"/properties/a/x-amity/{name}")
    (as_kind,) = problems({"a": {"type": "number", "x-amity": {"kind": name}}})
    assert (as_kind.code, as_kind.pointer) == ("later", "/properties/a/x-amity/kind")
    assert "later version" in as_kind.message


@pytest.mark.parametrize(
    ("where", "place"),
    [
        ({"a": {"x-amity": []}}, "/properties/a/x-amity"),
        ({"a": {"x-amity": {"kind": 3}}}, "/properties/a/x-amity/kind"),
        (
            {"a": {"type": "object", "properties": {"b": {"x-amity": {"hlep": ""}}}}},
            "/properties/a/properties/b/x-amity/hlep",
        ),
        ({"a": {"type": "array", "items": {"x-amity": {"hlep": ""}}}}, "/properties/a/items/x-amity/hlep"),
        (
            {"a": {"oneOf": [{"const": "x", "x-amity": {"colr": "red"}}]}},
            "/properties/a/oneOf/0/x-amity/colr",
        ),
        ({"a": {"x-amity": {"translations": {"deutsch!": {}}}}}, "/properties/a/x-amity/translations"),
        (
            {"a": {"x-amity": {"translations": {"de": {"titel": "A"}}}}},
            "/properties/a/x-amity/translations/de/titel",
        ),
        (
            {"a": {"x-amity": {"kind": "relations", "to": "x", "link_fields": {"r": {"type": "strnig"}}}}},
            "/properties/a/x-amity/link_fields/r/type",
        ),
        ({"a": {"type": "string", "x-amity": {"currency": "EUR"}}}, "/properties/a/x-amity/currency"),
    ],
)
def test_a_wrong_key_is_found_wherever_it_stands(where: dict[str, Any], place: str) -> None:
    assert place in [problem.pointer for problem in problems(where)]


@pytest.mark.parametrize(
    ("options", "place"),
    [
        ({"name": "Customer"}, "/x-amity/name"),
        ({"display": []}, "/x-amity/display"),
        ({"unique": ["name"]}, "/x-amity/unique/0"),
        ({"checks": [{"expression": "true"}]}, "/x-amity/checks/0/message"),
        ({"layout": [{"section": "A", "feilds": [], "fields": []}]}, "/x-amity/layout/0/feilds"),
        ({"layout": [{"columns": 9, "fields": []}]}, "/x-amity/layout/0/columns"),
        ({"views": [{"name": "all", "kind": "tabel"}]}, "/x-amity/views/0/kind"),
        ({"icon": "<script>"}, "/x-amity/icon"),
        ({"translations": {"de": {"views": {"all": 3}}}}, "/x-amity/translations/de/views/all"),
    ],
)
def test_a_wrong_value_of_the_entity_is_found(options: dict[str, Any], place: str) -> None:
    assert place in [problem.pointer for problem in problems(**options)]


def test_a_file_is_named_before_each_message() -> None:
    (problem,) = check(document(plurl="x"), KINDS, source="entities/customer.json")
    assert problem.message.startswith("entities/customer.json: 'plurl' is not known here.")
    assert "Did you mean 'plural'? Allowed are 'name', 'id'" in problem.message


def test_every_key_says_what_it_is_for() -> None:
    def undescribed(schema: dict[str, Any], at: str) -> list[str]:
        missing = []
        for name, rule in schema.get("properties", {}).items():
            if not rule.get("description"):
                missing.append(f"{at}.{name}")
        for name, definition in schema.get("$defs", {}).items():
            missing += undescribed(definition, f"{at}.{name}")
        return missing

    assert [key for name in ("entity", "property", "choice") for key in undescribed(base(name), name)] == []
