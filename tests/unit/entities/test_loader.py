"""Reading entity documents."""

from __future__ import annotations

from typing import Any

import pytest

from amity import jsontext
from amity.entities.kinds.core import amity_kinds
from amity.entities.kinds.registry import KindRegistry
from amity.entities.loader import identify, load
from amity.entities.model import Entity
from amity.errors import Invalid, Problem

KINDS = KindRegistry(amity_kinds())


def document(properties: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """Make a document; keyword arguments are members of `x-amity`, `root` is merged into the top."""
    root = more.pop("root", {})
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Customer",
        "type": "object",
        "properties": properties or {"name": {"type": "string"}},
        "x-amity": {"name": "customer", **more},
        **root,
    }


def read(properties: dict[str, Any] | None = None, **more: Any) -> Entity:
    return load(document(properties, **more), KINDS)


def problems(properties: dict[str, Any] | None = None, **more: Any) -> list[Problem]:
    with pytest.raises(Invalid) as caught:
        read(properties, **more)
    return list(caught.value.problems)


def places(found: list[Problem]) -> list[tuple[str, str | None]]:
    return [(problem.code, problem.pointer) for problem in found]


def test_a_plain_json_schema_is_an_entity() -> None:
    entity = load(
        {
            "type": "object",
            "required": ["firstName"],
            "properties": {
                "firstName": {"type": "string"},
                "age": {"type": ["integer", "null"], "minimum": 0},
                "born": {"type": "string", "format": "date"},
                "status": {"enum": ["new_one", "Old One"]},
            },
        },
        KINDS,
        name="person",
    )
    assert (entity.id, entity.name, entity.title, entity.plural) == ("person", "person", "Person", "Persons")
    assert [(field.name, field.title, field.kind.name) for field in entity.fields] == [
        ("firstName", "First name", "text"),
        ("age", "Age", "integer"),
        ("born", "Born", "date"),
        ("status", "Status", "choice"),
    ]
    assert entity.by_name["firstName"].required
    assert entity.by_name["status"].choice_titles == {"new_one": "New one", "Old One": "Old One"}
    assert entity.display == ("firstName",)
    assert entity.layout[0].fields == ("firstName", "age", "born", "status")
    assert entity.views[0].fields == ("firstName", "age", "born", "status")


def test_ids_are_written_into_the_served_document() -> None:
    entity = read(
        {"stage": {"oneOf": [{"const": "lead", "title": "Lead"}], "x-amity": {"help": "Where it is"}}}
    )
    assert entity.document["x-amity"] == {"name": "customer", "id": "customer"}
    stage = entity.document["properties"]["stage"]
    assert stage["x-amity"] == {"id": "stage", "help": "Where it is"}
    assert stage["oneOf"] == [{"const": "lead", "title": "Lead", "x-amity": {"id": "lead"}}]


def test_a_served_document_reads_as_itself() -> None:
    first = read({"a": {"type": "string"}, "b": {"type": "integer"}}, unique=[["a"]])
    again = load(first.document, KINDS, previous=first)
    assert again.document == first.document
    assert load(first.document, KINDS, trusted=True).document == first.document


def test_a_misspelt_key_says_the_nearest() -> None:
    found = problems({"name": {"type": "string", "x-amity": {"visibel": "true"}}}, plurl="x")
    assert places(found) == [("unknown", "/x-amity/plurl"), ("unknown", "/properties/name/x-amity/visibel")]
    assert "'plural'" in found[0].message
    assert "'visible'" in found[1].message


def test_names_of_other_things_are_checked_all_at_once() -> None:
    found = problems(
        {"name": {"type": "string"}},
        display="nam",
        unique=[["name", "mail"]],
        layout=[{"section": "A", "fields": ["name", "name", "x"]}],
        views=[{"name": "all", "fields": ["nme"], "sort": "-updated_at,nmae"}],
        checks=[{"expression": "name != null", "message": "No.", "field": "other"}],
    )
    assert places(found) == [
        ("unknown", "/x-amity/display"),
        ("duplicate", "/x-amity/layout/0/fields/1"),
        ("unknown", "/x-amity/layout/0/fields/2"),
        ("unknown", "/x-amity/views/0/fields/0"),
        ("unknown", "/x-amity/views/0/sort"),
        ("unknown", "/x-amity/checks/0/field"),
        ("unknown", "/x-amity/unique/0/1"),
    ]


def test_a_rename_keeps_the_id() -> None:
    before = read({"name": {"type": "string"}, "mail": {"type": "string"}})
    after = load(
        document({"name": {"type": "string"}, "email": {"type": "string", "x-amity": {"id": "mail"}}}),
        KINDS,
        previous=before,
    )
    assert after.by_name["email"].id == "mail"
    found = identify(document({"name": {}, "email": {}}), before)
    assert found.questions == {"email": ("mail",)}
    assert identify(document({"name": {}, "email": {}}), before, {"email": "mail"}).ids["email"] == "mail"
    assert jsontext.dumps(after.document)


RELATION: dict[str, Any] = {
    "type": "string",
    "format": "uuid",
    "x-amity": {"kind": "relation", "to": "customer"},
}
MEETING: dict[str, Any] = {
    "name": {"type": "string"},
    "day": {"type": "string", "format": "date"},
    "moment": {"type": "string", "format": "date-time"},
    "with": RELATION,
}


def test_a_timeline_says_when_and_with_whom() -> None:
    found = read(MEETING, timeline={"at": "day"}).timeline
    assert found is not None
    assert (found.at, found.relations, found.open, found.fields) == (("day",), ("with",), None, ())
    full = {"at": ["moment", "day"], "with": ["with"], "open": "day == null", "fields": ["name"]}
    found = read(MEETING, timeline=full).timeline
    assert found is not None
    assert (found.at, found.relations, found.open, found.fields) == (
        ("moment", "day"), ("with",), "day == null", ("name",)
    )  # fmt: skip
    assert read(MEETING).timeline is None


def test_a_timeline_that_cannot_be_is_refused_at_its_place() -> None:
    for timeline, place in (
        ({"at": "name"}, "/x-amity/timeline/at"),
        ({"at": ["day", "nmoment"]}, "/x-amity/timeline/at/1"),
        ({"with": ["day"]}, "/x-amity/timeline/with/0"),
        ({"fields": ["name", "nothing"]}, "/x-amity/timeline/fields/1"),
        ({"att": "day"}, "/x-amity/timeline/att"),
        ({"at": []}, "/x-amity/timeline/at"),
    ):
        assert [at for _code, at in places(problems(MEETING, timeline=timeline))] == [place]
    assert places(problems(timeline={})) == [("timeline", "/x-amity/timeline")], "no relation at all"


def test_only_a_one_to_one_relation_joins_two_records_to_one_party() -> None:
    for options in ({"timeline": "same"}, {"timeline": "same", "kind": "relations", "unique": True}):
        schema = {"x-amity": {**RELATION["x-amity"], **options}}
        found = problems({"name": {"type": "string"}, "party": schema})
        assert ("timeline", "/properties/party/x-amity/timeline") in places(found)
    schema = {**RELATION, "x-amity": {**RELATION["x-amity"], "timeline": "same", "unique": True}}
    assert read({"name": {"type": "string"}, "party": schema}).by_name["party"].timeline == "same"
    wrong = {**RELATION, "x-amity": {**RELATION["x-amity"], "timeline": "some"}}
    assert "same" in problems({"name": {"type": "string"}, "party": wrong})[0].message
