"""Create, change and delete single records: the order and the messages of the gate."""

from __future__ import annotations

from decimal import Decimal

import pytest

from amity.database.ids import new_id
from amity.errors import Invalid, NotFound, Stale
from tests.factories.worlds import World


def test_create_gives_the_record_with_defaults(world: World) -> None:
    record = world.create("person", name="Ada", revenue=Decimal("12.5"), born="1815-12-10")
    json = record.as_json()
    assert json["name"] == "Ada"
    assert json["stage"] == "lead"
    assert json["version"] == 1
    assert json["email"] is None
    assert json["owner"] == world.actor.account
    assert world.records.get(world.ctx(), "person", record.id).as_json() == json


@pytest.mark.parametrize(
    ("values", "code", "pointer"),
    [
        ({"name": "A", "nam": 1}, "unknown", "/nam"),
        ({"name": "A", "id": "x"}, "read_only", "/id"),
        ({"name": "A", "age": "x"}, "type", "/age"),
        ({"name": ""}, "minLength", "/name"),
        ({}, "required", "/name"),
        ({"name": "A", "boss": new_id()}, "unknown_target", "/boss"),
        ({"name": "A\0"}, "characters", "/name"),
        ({"name": "\ud800"}, "characters", "/name"),
    ],
)
def test_bad_values_are_named(world: World, values: dict[str, object], code: str, pointer: str) -> None:
    with pytest.raises(Invalid) as caught:
        world.records.create(world.ctx(), "person", values)
    assert [(item.code, item.pointer) for item in caught.value.problems] == [(code, pointer)]
    assert world.records.find(world.ctx(), "person").records == []


def test_unique_names_the_field_and_the_other(world: World) -> None:
    world.create("person", name="Ada", email="a@example.org")
    with pytest.raises(Invalid, match="Ada") as caught:
        world.create("person", name="Bob", email="a@example.org")
    assert caught.value.problems[0].code == "unique"


def test_a_patch_changes_what_it_names(world: World) -> None:
    record = world.create("person", name="Ada", age=3)
    changed = world.records.update(world.ctx(), "person", record.id, {"age": None, "vip": True}, version=1)
    assert (changed.get("age"), changed.get("vip"), changed.get("name"), changed.version) == (
        None,
        True,
        "Ada",
        2,
    )
    with pytest.raises(Invalid) as caught:
        world.records.update(world.ctx(), "person", record.id, {"name": None}, version=2)
    assert caught.value.problems[0].code == "required"


def test_a_patch_that_changes_nothing_writes_nothing(world: World) -> None:
    record = world.create("person", name="Ada", age=3)
    with world.statements() as statements:
        same = world.records.update(world.ctx(), "person", record.id, {"age": 3}, version=1)
    assert same.version == 1
    assert not [item for item in statements if item.startswith(("UPDATE", "INSERT"))]


def test_a_stale_version_is_refused(world: World) -> None:
    record = world.create("person", name="Ada")
    world.records.update(world.ctx(), "person", record.id, {"age": 4}, version=1)
    with pytest.raises(Stale):
        world.records.update(world.ctx(), "person", record.id, {"age": 5}, version=1)


def test_missing_records_and_entities(world: World) -> None:
    with pytest.raises(NotFound):
        world.records.get(world.ctx(), "person", new_id())
    with pytest.raises(NotFound):
        world.records.get(world.ctx(), "person", "' OR 1=1 --")
    with pytest.raises(NotFound, match="Did you mean 'person'"):
        world.records.get(world.ctx(), "persons", new_id())
