"""Applies that only touch metadata or empty storage."""

from __future__ import annotations

import pytest
from sqlalchemy import inspect

from amity.definitions import jobs
from amity.entities import planner
from amity.errors import Invalid, NeedsConfirmation, NotFound, Stale
from tests.factories.definitions import Desk, StarsKind, codes, line, occasion, schema
from tests.factories.definitions import desk as open_desk


def test_a_new_entity_has_a_table(desk: Desk) -> None:
    plan = desk.apply("thing", schema({"name": {"type": "string"}, "size": {"type": "integer"}}))
    assert codes(plan) == [("safe", "add_entity")]
    desk.add("thing", {"name": "Box", "size": 3})
    assert desk.values("thing", "name") == ["Box"]
    assert desk.values("thing", "size") == [3]
    assert desk.entity("thing").table.name == "e_thing"


def test_a_rename_touches_no_column_and_rewrites_all_places(desk: Desk) -> None:
    document = schema(
        {"name": {"type": "string"}, "size": {"type": "integer"}},
        required=["name"],
        display="name",
        checks=[{"expression": "name != 'x' && size < 9", "message": "No.", "field": "name"}],
        layout=[{"section": "All", "fields": ["size", "name"], "visible": "name != 'y'"}],
        views=[{"name": "all", "fields": ["name"], "sort": "-size,name", "where": "name == 'a'"}],
        unique=[["name", "size"]],
    )
    desk.apply("thing", document)
    desk.add("thing", {"name": "Box", "size": 3})
    before = desk.entity("thing").column(desk.entity("thing").by_name["name"]).name
    renamed = desk.document("thing")
    renamed["properties"] = {
        "label" if key == "name" else key: value for key, value in renamed["properties"].items()
    }
    plan = desk.apply("thing", renamed, confirm=False)
    assert line(plan, "rename_field").details["old"] == "name"
    assert {use.kind for use in line(plan, "rename_field").used_by} == {
        "check",
        "layout",
        "view",
        "unique",
        "display",
    }
    after = desk.document("thing")
    options = after["x-amity"]
    assert after["required"] == ["label"]
    assert options["display"] == "label"
    assert options["checks"] == [
        {"expression": "label != 'x' && size < 9", "message": "No.", "field": "label"}
    ]
    assert options["layout"] == [{"section": "All", "fields": ["size", "label"], "visible": "label != 'y'"}]
    assert options["views"] == [
        {"name": "all", "fields": ["label"], "sort": "-size,label", "where": "label == 'a'"}
    ]
    assert options["unique"] == [["label", "size"]]
    assert desk.entity("thing").column(desk.entity("thing").by_name["label"]).name == before
    assert desk.values("thing", "label") == ["Box"]


def test_a_removed_field_is_parked_and_comes_back(desk: Desk) -> None:
    desk.apply("thing", schema({"name": {"type": "string"}, "size": {"type": "integer"}}))
    desk.add("thing", {"name": "Box", "size": 3}, {"name": "Bag"})
    smaller = desk.document("thing")
    del smaller["properties"]["size"]
    with pytest.raises(NeedsConfirmation) as caught:
        desk.apply("thing", smaller, confirm=False)
    assert caught.value.details["plan"]["changes"][0]["records"] == 1
    desk.apply("thing", smaller)
    (parked,) = desk.definitions.parked("thing")
    assert (parked.field, parked.kind, parked.records, parked.reason) == ("size", "integer", 1, "removed")
    assert "size" not in desk.entity("thing").by_name
    desk.definitions.restore_field("thing", "size", occasion())
    assert desk.values("thing", "size") == [3, None]
    assert desk.definitions.parked("thing") == []


def test_purging_empties_the_column_for_good(desk: Desk) -> None:
    desk.apply("thing", schema({"name": {"type": "string"}, "size": {"type": "integer"}}))
    desk.add("thing", {"name": "Box", "size": 3})
    smaller = desk.document("thing")
    del smaller["properties"]["size"]
    desk.apply("thing", smaller)
    assert desk.definitions.purge_field("thing", "size", occasion()) == 1
    assert desk.definitions.parked("thing") == []
    with pytest.raises(NotFound):
        desk.definitions.restore_field("thing", "size", occasion())
    with desk.database.read() as connection:
        assert connection.exec_driver_sql("SELECT f_size FROM e_thing").scalar() is None
    again = desk.document("thing")
    again["properties"]["weight"] = {"type": "integer"}
    desk.apply("thing", again)
    with desk.database.read() as connection:
        names = [column["name"] for column in inspect(connection).get_columns("e_thing")]
    assert "f_weight" not in names, "the emptied column of the same type is used again"


def test_applying_over_somebody_elses_change_is_stale(desk: Desk) -> None:
    desk.apply("thing", schema({"name": {"type": "string"}}))
    seen = desk.definitions.revision
    more = desk.document("thing")
    more["properties"]["size"] = {"type": "integer"}
    desk.apply("thing", more)
    other = desk.document("thing")
    other["title"] = "Item"
    with pytest.raises(Stale) as caught:
        desk.apply("thing", other, revision=seen)
    assert caught.value.details["since"][0]["name"] == "thing"
    assert caught.value.details["since"][0]["same"] is True
    assert desk.document("thing")["title"] == "Thing"


def test_a_wrong_document_changes_nothing(desk: Desk) -> None:
    with pytest.raises(Invalid):
        desk.apply("thing", schema({"name": {"type": "strng"}}))
    with pytest.raises(Invalid) as caught:
        desk.apply(
            "thing", schema({"name": {"type": "string"}}, checks=[{"expression": "nam == 1", "message": "x"}])
        )
    assert caught.value.problems[0].pointer == "/x-amity/checks/0/expression"
    assert desk.definitions.revision == 0


def test_a_missing_kind_loses_nothing(desk_url: str) -> None:
    text = {"type": "string"}
    with open_desk(desk_url, [StarsKind()]) as opened:
        rank = {"type": "string", "x-amity": {"kind": "stars"}}
        opened.apply("thing", schema({"name": text, "rank": rank}, unique=[["rank"]]))
        opened.add("thing", {"name": "Box", "rank": "***"})
        opened.definitions.run_jobs()
    with open_desk(desk_url) as opened:
        assert opened.values("thing", "name") == ["Box"]
        with pytest.raises(Invalid, match="stars"):
            opened.apply("thing", opened.document("thing") | {"title": "Item"})
        opened.apply("other", schema({"name": text}, name="other"))
        opened.definitions.run_jobs()
    with open_desk(desk_url, [StarsKind()]) as opened:
        assert opened.values("thing", "rank") == ["***"]


def test_a_field_that_comes_back_is_not_required_where_records_are_empty(desk: Desk) -> None:
    desk.apply("thing", schema({"name": {"type": "string"}, "size": {"type": "integer"}}))
    desk.add("thing", {"name": "Box", "size": 3})
    whole = desk.document("thing")
    smaller = desk.document("thing")
    del smaller["properties"]["size"]
    desk.apply("thing", smaller)
    whole["required"] = ["size"]
    assert codes(desk.plan("thing", whole)) == [("safe", "restore_field")]
    desk.add("thing", {"name": "Bag"})
    assert codes(desk.plan("thing", whole)) == [("refused", "require_field")]


def test_changes_of_searchable_fields_ask_for_a_new_search_index(desk: Desk) -> None:
    asked = []
    desk.definitions.on_job(jobs.REINDEX, lambda job: asked.append(job.payload["entity"]))
    desk.apply("thing", schema({"name": {"type": "string"}, "size": {"type": "integer"}}))
    desk.add("thing", {"name": "1", "size": 3})
    document = desk.document("thing")
    document["properties"]["name"] = {"type": "integer", "x-amity": {"id": "name"}}
    desk.apply("thing", document)
    desk.definitions.run_jobs()
    assert asked == ["thing"]
    del document["properties"]["size"]
    desk.apply("thing", document)
    desk.definitions.run_jobs()
    assert asked == ["thing"]


def test_limits_are_said_before_anything_is_touched(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    text = {"type": "string", "x-amity": {"kind": "long_text"}}
    with pytest.raises(Invalid, match="300"):
        desk.apply("thing", schema({f"f{number}": text for number in range(301)}))
    desk.apply("thing", schema({f"f{number}": text for number in range(300)}))
    assert len(desk.entity("thing").fields) == 300
    monkeypatch.setattr(planner, "MAX_COLUMNS", 301)
    document = desk.document("thing")
    del document["properties"]["f0"], document["properties"]["f1"]
    desk.apply("thing", document)
    document["properties"] |= {"g0": text, "g1": text}
    assert ("refused", "too_many_columns") in codes(desk.plan("thing", document))
    desk.definitions.purge_field("thing", "f0", occasion())
    desk.apply("thing", document)


def test_names_that_sanitise_alike_have_columns_of_their_own(desk: Desk) -> None:
    names = ["a" * 60, "a" * 61, "select", "_x", "x__fold", "x"]
    desk.apply("thing", schema({name: {"type": "string"} for name in names}))
    desk.add("thing", {name: name for name in names})
    for name in names:
        assert desk.values("thing", name) == [name]
    desk.apply("thing2", schema({"order": {"type": "string"}}, name="group"))
    desk.add("group", {"order": "by"})
    assert desk.values("group", "order") == ["by"]
