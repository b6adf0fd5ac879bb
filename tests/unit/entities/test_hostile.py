"""Hostile and broken documents: refused with a place and a reason, fast, or read; never a crash."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from amity import jsontext
from amity.entities.loader import acceptable, load
from amity.entities.metaschema import check
from amity.entities.model import Entity
from amity.entities.validation import compile_validator
from amity.errors import Invalid
from tests.support.naughty import naughty_strings
from tests.unit.entities.support import KINDS, document, places, problems, read

REMOTE = [
    "https://example.com/a.json",
    "http://169.254.169.254/",
    "file:///etc/passwd",
    "other.json",
    "//host/x",
    "urn:x",
]


@pytest.mark.parametrize("reference", REMOTE)
@pytest.mark.parametrize("where", ["property", "not", "defs", "top", "then"])
def test_a_remote_ref_is_refused_and_never_fetched(
    reference: str, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fetched(*args: object, **more: object) -> None:
        raise AssertionError("something was fetched")

    monkeypatch.setattr("urllib.request.urlopen", fetched)
    monkeypatch.setattr("socket.socket.connect", fetched)
    schema = {"$ref": reference}
    made = {
        "property": document({"a": schema}),
        "not": document({"a": {"type": "string", "not": schema}}),
        "defs": document(root={"$defs": {"x": {"items": schema}}}),
        "top": document(root=schema),
        "then": document(root={"if": {"required": ["name"]}, "then": schema}),
    }[where]
    with pytest.raises(Invalid) as caught:
        load(made, KINDS)
    (problem,) = caught.value.problems
    assert problem.code == "remote_ref"
    assert problem.pointer is not None and problem.pointer.endswith("/$ref")


@pytest.mark.parametrize(
    ("reference", "near"), [("#/$defs/Adress", "'Address'"), ("#Address", "#/$defs/"), ("#/title", "schema")]
)
def test_a_ref_that_leads_nowhere_says_so(reference: str, near: str) -> None:
    (problem,) = problems({"a": {"$ref": reference}}, root={"$defs": {"Address": {"type": "string"}}})
    assert (problem.code, problem.pointer) == ("ref", "/properties/a/$ref")
    assert near in problem.message


def test_a_schema_that_contains_itself_in_place_is_refused() -> None:
    assert places(problems({"a": {"$ref": "#/properties/a"}})) == [("recursion", "/properties/a")]
    loop = {
        "a": {"allOf": [{"$ref": "#/$defs/b"}]},
        "b": {"anyOf": [{"$ref": "#/$defs/a"}, {"type": "string"}]},
    }
    (problem,) = problems({"x": {"$ref": "#/$defs/a"}}, root={"$defs": loop})
    assert problem.code == "recursion"
    assert [problem.code for problem in problems(root={"$ref": "#"})] == ["recursion"]
    assert [problem.code for problem in problems(root={"allOf": [{"$ref": "#/allOf/0"}]})] == ["recursion"]


def test_a_recursive_value_is_checked_all_the_way_down() -> None:
    tree = {
        "type": "object",
        "properties": {
            "value": {"type": "integer"},
            "children": {"type": "array", "items": {"$ref": "#/$defs/tree"}},
        },
    }
    entity = read({"tree": {"$ref": "#/$defs/tree"}}, root={"$defs": {"tree": tree}})
    check = compile_validator(entity)
    assert check({"tree": {"value": 1, "children": [{"value": 2, "children": []}]}}) == []
    wrong = {"tree": {"children": [{"children": [{"value": "x"}]}]}}
    assert places(check(wrong)) == [("type", "/tree/children/0/children/0/value")]


@pytest.mark.parametrize("keyword", ["allOf", "anyOf"])
def test_a_schema_that_explodes_when_its_refs_are_followed_is_refused(keyword: str) -> None:
    names: dict[str, Any] = {f"d{n}": {keyword: [{"$ref": f"#/$defs/d{n + 1}"}] * 4} for n in range(12)}
    names["d12"] = {"type": "string"}
    start = time.perf_counter()
    (problem, *_) = problems({"a": {"$ref": "#/$defs/d0"}}, root={"$defs": names})
    assert problem.code == "too_large"
    assert time.perf_counter() - start < 5


def test_a_check_that_would_take_for_ever_stops() -> None:
    twice = {"type": "object", "allOf": [{"properties": {"c": {"$ref": "#/$defs/n"}}}] * 2}
    check = compile_validator(read({"a": {"$ref": "#/$defs/n"}}, root={"$defs": {"n": twice}}))
    value: dict[str, Any] = {}
    for _ in range(35):
        value = {"c": value}
    assert places(check({"a": value})) == [("too_large", "")]


def test_ten_megabytes_are_refused_at_once() -> None:
    large: list[dict[str, Any]] = [
        {"a": {"title": "x" * 10_000_000}},
        {"a": {"enum": ["x" * 10] * 1_000_000}},
        {"a": {"type": "string", "x" * 10_000_000: 1}},
        {f"p{number}": {"type": "string", "description": "y" * 100} for number in range(100_000)},
    ]
    for properties in large:
        made = document(properties)
        start = time.perf_counter()
        with pytest.raises(Invalid) as caught:
            load(made, KINDS)
        assert time.perf_counter() - start < 0.5
        assert [problem.code for problem in caught.value.problems] == ["too_large"]


def test_two_thousand_properties_are_refused_and_three_hundred_read() -> None:
    found = problems({f"p{number}": {"type": "string"} for number in range(2_000)})
    assert places(found) == [("too_many", "/properties")]
    assert len(read({f"p{number}": {"type": "string"} for number in range(300)}).fields) == 300


def test_deep_nesting_is_refused_and_a_little_of_it_is_read() -> None:
    def nested(levels: int) -> dict[str, Any]:
        schema: dict[str, Any] = {"type": "string"}
        for _ in range(levels):
            schema = {"type": "object", "properties": {"a": schema}}
        return schema

    assert places(problems({"a": nested(60)})) == [("too_deep", "")]
    entity = read({"a": nested(12)})
    levels, field = 0, entity.fields[0]
    while field.parts:
        levels, field = levels + 1, field.parts[0]
    assert field.kind.name == "json"
    assert levels < 12


def test_a_long_chain_of_refs_is_refused() -> None:
    names: dict[str, Any] = {f"d{n}": {"$ref": f"#/$defs/d{n + 1}"} for n in range(500)}
    names["d500"] = {"type": "string"}
    (problem, *_) = problems({"a": {"$ref": "#/$defs/d0"}}, root={"$defs": names})
    assert problem.code == "too_deep"


def test_words_of_sql_are_names_like_any_other() -> None:
    names = ["select", "from", "table", "where", "order", "group", "Drop", "user", "primary", "constraint"]
    assert [field.name for field in read({name: {"type": "string"} for name in names}).fields] == names


@pytest.mark.parametrize(
    ("name", "code", "hint"),
    [
        ("", "name", ""),
        ("id", "reserved", "'number'"),
        ("deleted_at", "reserved", "'ended_at'"),
        ("owner", "reserved", "'responsible'"),
        ("now", "reserved", "'now_value'"),
        ("first name", "name", "'first_name'"),
        ("Größe", "name", "'Grosse'"),
        ("a/b~c", "name", "'a_b_c'"),
        ("2nd", "name", "'n_2nd'"),
        ("__proto__", "name", "'proto'"),
        ("日本", "name", ""),
        ("x" * 101, "name", "x"),
    ],
)
def test_a_name_that_cannot_be_a_field_gets_a_suggestion(name: str, code: str, hint: str) -> None:
    (problem,) = problems({name: {"type": "string"}})
    assert problem.code == code
    assert problem.pointer == "/properties/" + name.replace("~", "~0").replace("/", "~1")
    assert hint in problem.message


def test_names_equal_after_folding_case_are_refused() -> None:
    assert places(problems({"Name": {}, "name": {}, "NAME": {}})) == [
        ("duplicate", "/properties/name"),
        ("duplicate", "/properties/NAME"),
    ]


@pytest.mark.parametrize("text", ["x\0y", "\ud800", "a\udfff"])
def test_text_that_no_database_keeps_is_refused(text: str) -> None:
    assert places(problems({"a": {"title": text}})) == [("characters", "/properties/a/title")]
    assert places(problems({text: {}})) == [("characters", "/properties")]


def _outcome(made: dict[str, Any]) -> Entity | Invalid:
    try:
        return load(made, KINDS)
    except Invalid as error:
        assert error.problems
        for problem in error.problems:
            assert problem.message and problem.code
        jsontext.dumps([problem.as_json() for problem in error.problems]) if _readable(error) else None
        return error


def _readable(error: Invalid) -> bool:
    return not any(
        "\ud800" <= char <= "\udfff" for problem in error.problems for char in str(problem.pointer)
    )


@pytest.mark.parametrize("place", ["title", "choice", "choice title", "name", "default", "help", "section"])
def test_naughty_strings_are_read_or_refused(place: str) -> None:
    read_count = 0
    for index, text in enumerate(naughty_strings()):
        properties: dict[str, Any] = {"a": {"type": "string"}}
        options: dict[str, Any] = {}
        if place == "title":
            properties["a"]["title"] = text
        elif place == "choice":
            properties["a"] = {"oneOf": [{"const": text, "title": "T"}, {"const": "other"}]}
        elif place == "choice title":
            properties["a"] = {"oneOf": [{"const": "x", "title": text}]}
        elif place == "name":
            properties = {text: {"type": "string"}, "other": {"type": "string"}}
        elif place == "default":
            properties["a"]["default"] = text
        elif place == "help":
            properties["a"]["x-amity"] = {"help": text}
        else:
            options["layout"] = [{"section": text, "fields": ["a"]}]
        found = _outcome(document(properties, **options))
        if isinstance(found, Entity):
            read_count += 1
            if index % 10 == 0:
                assert load(found.document, KINDS).document == found.document
            field = found.fields[0]
            if place == "choice":
                assert text == "" or field.choices[0].value == text
            elif place == "default":
                assert field.default == text
            elif place == "title":
                assert field.title == (text if text.strip() else "A")
    assert read_count > (10 if place == "name" else 400) or len(naughty_strings()) < 100


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=8)
    | st.decimals(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
KEYWORDS = st.sampled_from(
    ["type", "properties", "items", "oneOf", "anyOf", "allOf", "enum", "const", "default", "title", "format",
     "pattern", "required", "minLength", "maximum", "multipleOf", "$ref", "not", "if", "then", "x-amity",
     "kind", "id", "name", "display", "layout", "views", "fields", "checks", "unique", "to", "choices",
     "sort", "link_fields", "translations", "additionalProperties", "prefixItems", "readOnly", "help",
     "visible", "edit"]
)  # fmt: skip
VALUES = st.sampled_from(
    [
        "string",
        "object",
        "array",
        "number",
        "null",
        "#/$defs/a",
        "#/properties/a",
        "a",
        "date",
        "(a+)+",
        True,
        False,
        0,
        -1,
    ]
)
NEAR = st.recursive(
    VALUES | JSON,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(KEYWORDS | st.sampled_from(["a", "b"]), inner, max_size=5)
    ),
    max_leaves=25,
)


@given(JSON)
def test_any_json_is_read_or_refused(value: Any) -> None:
    _outcome(value)


@given(
    st.dictionaries(st.sampled_from(["a", "b", "c"]), NEAR, max_size=3),
    st.dictionaries(KEYWORDS, NEAR, max_size=3),
    NEAR,
)
@example({}, {"properties": -1}, {})
def test_anything_that_resembles_a_document_is_read_or_refused(
    properties: dict[str, Any], root: dict[str, Any], definition: Any
) -> None:
    made = {
        "type": "object",
        "properties": properties,
        "x-amity": {"name": "x"},
        "$defs": {"a": definition},
        **root,
    }
    found = _outcome(made)
    if isinstance(found, Entity):
        again = load(found.document, KINDS)
        assert again.document == found.document
        check = compile_validator(found)
        for value in ({}, {"a": "text"}, {"a": 1, "b": [], "c": {}}):
            check(value)


@given(st.dictionaries(st.sampled_from(["name", "tags", "n", "x"]), JSON, max_size=4))
def test_any_body_is_checked_without_a_crash(body: dict[str, Any]) -> None:
    entity = read(
        {
            "name": {"type": "string", "pattern": "^[a-z]+$", "format": "email"},
            "tags": {"type": "array", "items": {"enum": ["a", "b"]}, "uniqueItems": True},
            "n": {"type": "number", "multipleOf": 1, "maximum": 5},
        }
    )
    for problem in compile_validator(entity)(body):
        assert problem.message
        assert problem.pointer is not None


def test_documents_that_cannot_be_loaded_are_not_compared_either() -> None:
    deep: Any = {}
    for _ in range(3_000):
        deep = {"type": "object", "properties": {"a": deep}}
    assert acceptable(document({"a": {"type": "string"}}), KINDS)
    for made in (
        deep,
        {"properties": {f"p{number}": {} for number in range(200_000)}},
        {"allOf": [{"$ref": "#/allOf/0"}], "properties": {"a": {}}},
        {"$ref": "https://example.com/", "properties": {"a": {}}},
        {"properties": {"a": {"x-amity": {"id": 3}}}},
        {"properties": {"a": 3}},
        [],
    ):
        assert not acceptable(made, KINDS)
    assert places(check(deep, KINDS)) == [("too_deep", "")]
