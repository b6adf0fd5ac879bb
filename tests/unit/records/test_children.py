"""Children saved with their parent in one transaction."""

from __future__ import annotations

import pytest

from amity.errors import Invalid, Stale
from amity.records.shapes import Query
from tests.factories.worlds import World


def test_children_come_with_their_parent(world: World) -> None:
    ctx = world.ctx()
    children = {"visits": [{"values": {"subject": "One"}}, {"values": {"subject": "Two"}}]}
    ada = world.records.create(ctx, "person", {"name": "Ada"}, children=children)
    page = world.records.related(world.ctx(), "person", ada.id, "visits", Query(sort="subject"))
    assert [item.get("subject") for item in page.records] == ["One", "Two"]
    one, two = page.records
    changes = {
        "visits": [
            {"id": one.id, "version": 1, "values": {"subject": "Uno"}},
            {"id": two.id, "version": 1, "delete": True},
            {"values": {"subject": "Three"}},
        ]
    }
    world.records.update(world.ctx(), "person", ada.id, {"age": 5}, version=1, children=changes)
    page = world.records.related(world.ctx(), "person", ada.id, "visits", Query(sort="subject"))
    assert [item.get("subject") for item in page.records] == ["Three", "Uno"]
    assert {item.cause["kind"] for item in world.records.feed(world.ctx()).events} == {"test"}


def test_a_wrong_child_leaves_nothing(world: World) -> None:
    children = {"visits": [{"values": {"subject": "One"}}, {"values": {"subject": 2, "at": "never"}}]}
    with pytest.raises(Invalid) as caught:
        world.records.create(world.ctx(), "person", {"name": ""}, children=children)
    assert {item.pointer for item in caught.value.problems} == {
        "/name",
        "/children/visits/1/values/subject",
        "/children/visits/1/values/at",
    }
    assert world.records.feed(world.ctx()).events == []


@pytest.mark.parametrize(
    "children",
    [
        {"nothing": []},
        {"visits": "x"},
        {"visits": ["x"]},
        {"visits": [{"value": {}}]},
        {"visits": [{"id": "x", "values": {}}]},
        {"visits": [{"values": []}]},
        {"visited": [{"values": {}}]},
    ],
)
def test_wrong_shapes_are_named(world: World, children: dict[str, object]) -> None:
    with pytest.raises(Invalid) as caught:
        world.records.create(world.ctx(), "person", {"name": "Ada"}, children=children)  # type: ignore[arg-type]
    assert (caught.value.problems[0].pointer or "").startswith("/children/")


def test_another_parents_child_and_a_stale_child(world: World) -> None:
    ada, bob = world.create("person", name="Ada"), world.create("person", name="Bob")
    visit = world.create("visit", subject="Bob's", person=bob.id)
    stolen = {"visits": [{"id": visit.id, "version": 1, "values": {"subject": "mine"}}]}
    with pytest.raises(Invalid):
        world.records.update(world.ctx(), "person", ada.id, {}, version=1, children=stolen)
    stolen["visits"][0]["version"] = 7
    with pytest.raises(Stale):
        world.records.update(world.ctx(), "person", bob.id, {}, version=1, children=stolen)
