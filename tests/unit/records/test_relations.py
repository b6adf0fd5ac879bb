"""To-many and polymorphic relations, links with fields of their own, related lists, labels."""

from __future__ import annotations

import pytest

from amity.access.policy import Decision
from amity.database.ids import new_id
from amity.errors import Invalid, NotFound
from amity.records.shapes import Query
from tests.factories.worlds import Rules, World


def test_links_keep_their_order_and_their_fields(world: World) -> None:
    ada, firm = world.create("person", name="Ada"), world.create("company", name="Firm")
    guests = [
        {"entity": "company", "id": firm.id, "role": "host"},
        {"entity": "person", "id": ada.id},
    ]
    visit = world.create("visit", subject="Tea", person=ada.id, guests=guests)
    read = world.records.get(world.ctx(), "visit", visit.id)
    assert read.as_json()["guests"] == guests
    assert read.as_json() == visit.as_json()
    patch = {"guests": [guests[1], {**guests[0], "role": "guest"}]}
    changed = world.records.update(world.ctx(), "visit", visit.id, patch, version=1)
    assert changed.as_json()["guests"] == patch["guests"]
    same = world.records.update(world.ctx(), "visit", visit.id, patch, version=2)
    assert same.version == 2
    assert world.records.get(world.ctx(), "visit", visit.id).as_json()["guests"] == patch["guests"]
    last = world.records.history(world.ctx(), "visit", visit.id).events[0]
    assert last.changes == {"guests": (guests, patch["guests"])}
    gone = world.records.update(world.ctx(), "visit", visit.id, {"guests": None}, version=2)
    assert gone.as_json()["guests"] in (None, [])


def test_polymorphic_links_say_their_entity(world: World) -> None:
    ada, firm = world.create("person", name="Ada"), world.create("company", name="Firm")
    visit = world.create("visit", subject="Tea", person=ada.id, about={"entity": "company", "id": firm.id})
    page = world.records.find(world.ctx(), "visit")
    assert page.records[0].get("about") == {"entity": "company", "id": firm.id}
    assert page.labels == {("company", firm.id): "Firm", ("person", ada.id): "Ada"}
    with pytest.raises(Invalid) as caught:
        world.records.update(
            world.ctx(), "visit", visit.id, {"about": {"entity": "person", "id": firm.id}}, version=1
        )
    assert caught.value.problems[0].code == "unknown_target"
    with pytest.raises(Invalid):
        world.create("visit", subject="x", person=ada.id, about={"entity": "nothing", "id": firm.id})
    related = world.records.related(world.ctx(), "company", firm.id, "topics")
    assert [item.id for item in related.records] == [visit.id]


def test_wrong_targets_are_refused(world: World) -> None:
    ada, tag = world.create("person", name="Ada"), world.create("tag", name="red")
    for guests in (
        [{"entity": "tag", "id": tag.id}],
        [{"entity": "person", "id": new_id()}],
        [{"entity": "person", "id": ada.id}, {"entity": "person", "id": ada.id}],
    ):
        with pytest.raises(Invalid):
            world.create("visit", subject="x", person=ada.id, guests=guests)
    assert world.records.find(world.ctx(), "visit").records == []


def test_related_lists_are_pages(world: World) -> None:
    ada, bob = world.create("person", name="Ada"), world.create("person", name="Bob")
    tag = world.create("tag", name="red")
    made = [
        world.create("visit", subject=f"V{n}", person=ada.id, tags=[tag.id] if n % 2 else None)
        for n in range(5)
    ]
    world.create("visit", subject="other", person=bob.id, tags=[tag.id])
    page = world.records.related(world.ctx(), "person", ada.id, "visits", Query(sort="-subject", limit=3))
    assert [item.get("subject") for item in page.records] == ["V4", "V3", "V2"]
    query = Query(sort="-subject", limit=3, after=page.next)
    rest = world.records.related(world.ctx(), "person", ada.id, "visits", query)
    assert [item.get("subject") for item in rest.records] == ["V1", "V0"]
    with pytest.raises(Invalid):
        world.records.related(world.ctx(), "person", bob.id, "visits", query)
    tagged = world.records.related(world.ctx(), "tag", tag.id, "visits", Query(where="subject != 'other'"))
    assert {item.id for item in tagged.records} == {made[1].id, made[3].id}
    with pytest.raises(NotFound):
        world.records.related(world.ctx(), "person", ada.id, "nothing")


def test_a_list_of_fifty_with_three_relations_takes_few_statements(world: World) -> None:
    boss = world.create("person", name="Boss")
    firm = world.create("company", name="Firm")
    rows = [
        {"subject": f"V{number}", "person": boss.id, "about": {"entity": "company", "id": firm.id}}
        for number in range(60)
    ]
    world.records.bulk(world.ctx(), "visit", rows)
    query = Query(where="subject != 'x'", sort="-at,subject", count="capped")
    world.records.find(world.ctx(), "visit", query)
    with world.statements() as statements:
        page = world.records.find(world.ctx(), "visit", query)
    assert len(page.records) == 50
    assert page.count is not None
    assert page.count.as_json() == {"value": 60, "exact": True}
    assert len([item for item in statements if not item.startswith("SET")]) <= 6, statements


def test_links_to_the_dead_and_the_hidden(world: World) -> None:
    ada, bob = world.create("person", name="Ada"), world.create("person", name="Bob")
    red, blue = world.create("tag", name="red"), world.create("tag", name="blue")
    visit = world.create("visit", subject="Tea", person=ada.id, tags=[red.id, blue.id])
    blind = world.under(Rules({("read", "tag"): Decision(True, condition="name != 'red'")}))
    shown = blind.records.get(world.ctx(), "visit", visit.id)
    assert shown.get("tags") == [blue.id]
    same = blind.records.update(world.ctx(), "visit", visit.id, {"tags": [blue.id]}, version=1)
    assert same.version == 1
    green = world.create("tag", name="green")
    blind.records.update(world.ctx(), "visit", visit.id, {"tags": [green.id]}, version=1)
    assert world.records.get(world.ctx(), "visit", visit.id).get("tags") == [green.id, red.id]

    world.records.delete(world.ctx(), "tag", green.id, version=1)
    assert world.records.get(world.ctx(), "visit", visit.id).get("tags") == [red.id]
    version = world.records.get(world.ctx(), "visit", visit.id).version
    world.records.update(world.ctx(), "visit", visit.id, {"tags": [blue.id]}, version=version)
    world.records.restore(world.ctx(), "tag", green.id)
    assert set(world.records.get(world.ctx(), "visit", visit.id).get("tags")) == {blue.id, green.id}
    assert bob.version == 1


def test_labels_of_many_entities_take_one_statement(world: World) -> None:
    ada, firm = world.create("person", name="Ada"), world.create("company", name="Firm")
    tag = world.create("tag", name="red")
    tea = world.create("visit", subject="Tea", person=ada.id)
    guests = [{"entity": "company", "id": firm.id}, {"entity": "person", "id": ada.id}]
    more = {"guests": guests, "tags": [tag.id], "about": {"entity": "visit", "id": tea.id}}
    world.create("visit", subject="Two", person=ada.id, **more)
    world.records.find(world.ctx(), "visit")
    with world.statements() as statements:
        page = world.records.find(world.ctx(), "visit")
    assert page.labels == {
        ("person", ada.id): "Ada",
        ("company", firm.id): "Firm",
        ("tag", tag.id): "red",
        ("visit", tea.id): "Tea",
    }
    assert len(statements) <= 4, statements
