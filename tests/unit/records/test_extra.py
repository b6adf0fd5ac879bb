"""Entities that keep properties they do not know (`additionalProperties: true`), and nested values."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from amity.access.policy import Decision
from amity.errors import Invalid
from amity.records.shapes import Query
from tests.factories.worlds import Rules, World, open_world, prepared
from tests.support.databases import DatabaseServer

NOTE: dict[str, Any] = {
    "title": "Note",
    "type": "object",
    "additionalProperties": True,
    "properties": {
        "text": {"type": "string", "title": "Text"},
        "place": {
            "type": "object",
            "title": "Place",
            "properties": {"city": {"type": "string"}, "zip": {"type": "string"}},
        },
        "tags": {"type": "array", "title": "Tags", "items": {"type": "string"}},
    },
    "x-amity": {"name": "note", "plural": "Notes", "display": "text"},
}


@pytest.fixture(scope="module")
def notes(database_server: DatabaseServer) -> Iterator[World]:
    url = database_server.create()
    prepared([NOTE])(url)
    world = open_world(url, [NOTE])
    yield world
    world.database.close()
    database_server.drop(url)


def test_unknown_properties_are_kept(notes: World) -> None:
    made = notes.create("note", text="a", mood={"good": True}, score=3)
    assert made.as_json()["mood"] == {"good": True}
    read = notes.records.get(notes.ctx(), "note", made.id)
    assert read.as_json() == made.as_json()
    changed = notes.records.update(notes.ctx(), "note", made.id, {"score": 4, "mood": None}, version=1)
    assert (changed.version, changed.get("score"), "mood" in changed.values) == (2, 4, False)
    assert notes.records.get(notes.ctx(), "note", made.id).as_json() == changed.as_json()
    same = notes.records.update(notes.ctx(), "note", made.id, {"score": 4}, version=2)
    assert same.version == 2
    page = notes.records.find(notes.ctx(), "note", Query(where="text == 'a'"))
    assert page.records[0].get("score") == 4
    for wrong in ({"id": "x"}, {"a\0": 1}, {"a": "\ud800"}, {"deleted_at": None, "version": 3}):
        with pytest.raises(Invalid):
            notes.create("note", **wrong)
    narrow = notes.under(Rules({("read", "note"): Decision(True, readable=frozenset({"text"}))}))
    assert "score" not in narrow.records.get(notes.ctx(), "note", made.id).values


def test_nested_objects_merge_and_lists_replace(notes: World) -> None:
    made = notes.create("note", text="a", place={"city": "Oslo", "zip": "1"}, tags=["x", "y"])
    patch = {"place": {"zip": None}, "tags": ["z"]}
    changed = notes.records.update(notes.ctx(), "note", made.id, patch, version=1)
    assert changed.as_json()["place"] == {"city": "Oslo"}
    assert changed.as_json()["tags"] == ["z"]
    last = notes.records.history(notes.ctx(), "note", made.id).events[0]
    assert last.changes == {
        "place": ({"city": "Oslo", "zip": "1"}, {"city": "Oslo"}),
        "tags": (["x", "y"], ["z"]),
    }
