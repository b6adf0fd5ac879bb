"""Delete, what goes along, the bin, and the way back."""

from __future__ import annotations

import pytest

from amity.errors import InUse, Invalid, NotFound, Stale
from amity.records.shapes import Query
from tests.factories.worlds import World


def test_deleted_records_are_in_the_bin_only(world: World) -> None:
    ada = world.create("person", name="Ada")
    world.records.delete(world.ctx(), "person", ada.id, version=1)
    with pytest.raises(NotFound):
        world.records.get(world.ctx(), "person", ada.id)
    assert world.records.find(world.ctx(), "person").records == []
    assert [item.id for item in world.records.bin(world.ctx(), "person").records] == [ada.id]
    assert world.records.search(world.ctx(), "ada") == []
    with pytest.raises(NotFound):
        world.records.delete(world.ctx(), "person", ada.id, version=2)
    back = world.records.restore(world.ctx(), "person", ada.id)
    assert back.version == 3
    assert [hit.id for hit in world.records.search(world.ctx(), "ada")] == [ada.id]
    assert world.records.bin(world.ctx(), "person").records == []
    kinds = [item.kind for item in world.records.history(world.ctx(), "person", ada.id).events]
    assert kinds == ["restored", "deleted", "created"]


def test_a_stale_delete_is_refused(world: World) -> None:
    ada = world.create("person", name="Ada")
    with pytest.raises(Stale):
        world.records.delete(world.ctx(), "person", ada.id, version=2)


def test_refuse_names_what_stands_in_the_way(world: World) -> None:
    firm = world.create("company", name="Firm")
    ada = world.create("person", name="Ada", company=firm.id)
    preview = world.records.deletion(world.ctx(), "company", firm.id)
    assert [(item.entity, item.effect, item.count) for item in preview.refused] == [("person", "refuse", 1)]
    with pytest.raises(InUse, match="Ada"):
        world.records.delete(world.ctx(), "company", firm.id, version=1)
    world.records.delete(world.ctx(), "person", ada.id, version=1)
    world.records.delete(world.ctx(), "company", firm.id, version=1)
    assert world.records.restore(world.ctx(), "person", ada.id).get("company") is None
    world.records.restore(world.ctx(), "company", firm.id)
    assert world.records.get(world.ctx(), "person", ada.id).get("company") == firm.id


def test_clear_and_cascade_come_back_exactly(world: World) -> None:
    boss = world.create("person", name="Boss")
    ada = world.create("person", name="Ada", boss=boss.id)
    bob = world.create("person", name="Bob", boss=boss.id)
    visits = [world.create("visit", subject=f"Visit {n}", person=boss.id) for n in range(3)]
    world.records.delete(world.ctx(), "visit", visits[0].id, version=1)
    preview = world.records.deletion(world.ctx(), "person", boss.id)
    assert {(item.entity, item.effect): item.count for item in preview.affected} == {
        ("visit", "cascade"): 2,
        ("person", "clear"): 2,
    }
    ctx = world.ctx()
    world.records.delete(ctx, "person", boss.id, version=1)
    assert world.records.get(world.ctx(), "person", ada.id).get("boss") is None
    assert world.records.get(world.ctx(), "person", ada.id).version == 2
    assert world.records.find(world.ctx(), "visit").records == []
    last = world.records.history(world.ctx(), "person", ada.id).events[0]
    assert last.changes == {"boss": (boss.id, None)}
    assert last.cause["kind"] == "cascade"

    world.records.update(world.ctx(), "person", bob.id, {"boss": ada.id}, version=2)
    world.records.restore(world.ctx(), "person", boss.id)
    assert world.records.get(world.ctx(), "person", ada.id).get("boss") == boss.id
    assert world.records.get(world.ctx(), "person", bob.id).get("boss") == ada.id
    assert {item.id for item in world.records.find(world.ctx(), "visit").records} == {
        visits[1].id,
        visits[2].id,
    }
    assert world.records.history(world.ctx(), "person", ada.id).events[0].changes == {"boss": (None, boss.id)}


def test_a_null_patch_of_a_dead_link_changes_nothing(world: World) -> None:
    boss = world.create("person", name="Boss")
    ada = world.create("person", name="Ada", boss=boss.id)
    world.records.delete(world.ctx(), "person", boss.id, version=1)
    same = world.records.update(world.ctx(), "person", ada.id, {"boss": None}, version=2)
    assert same.version == 2
    world.records.restore(world.ctx(), "person", boss.id)
    assert world.records.get(world.ctx(), "person", ada.id).get("boss") == boss.id


def test_unique_holds_among_live_records_only(world: World) -> None:
    ada = world.create("person", name="Ada", email="a@example.org")
    world.records.delete(world.ctx(), "person", ada.id, version=1)
    world.create("person", name="Eve", email="a@example.org")
    with pytest.raises(Invalid) as caught:
        world.records.restore(world.ctx(), "person", ada.id)
    assert caught.value.problems[0].code == "unique"
    assert len(world.records.bin(world.ctx(), "person", Query(sort="-updated_at")).records) == 1
