"""Two people, one record: both sides are told, nothing is lost."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from amity.errors import AmityError, InUse, Invalid, NotFound, Stale
from amity.records.shapes import Query
from tests.factories.worlds import World, build_model, person


def test_stale_tells_both_sides_and_the_base(world: World) -> None:
    ada = world.create("person", name="Ada", age=1, stage="lead")
    bob = person("Bob")
    world.records.update(world.ctx(bob), "person", ada.id, {"age": 2, "vip": True}, version=1)
    world.records.update(world.ctx(bob), "person", ada.id, {"age": 3}, version=2)
    with pytest.raises(Stale) as caught:
        world.records.update(world.ctx(), "person", ada.id, {"name": "Eve", "age": 9}, version=1)
    details = caught.value.details
    assert details["version"] == 3
    assert details["base"] == {"name": "Ada", "age": 1, "vip": None}
    assert details["theirs"] == {"name": "Ada", "age": 3, "vip": True}
    assert details["yours"] == {"name": "Eve", "age": 9, "vip": None}
    assert details["changed_by"] == bob.account


def run(count: int, work: Any) -> list[Any]:
    """Run `work(number)` in threads at once and give what each returned or raised."""
    results: list[Any] = [None] * count
    start = threading.Barrier(count)

    def one(number: int) -> None:
        start.wait()
        try:
            results[number] = work(number)
        except AmityError as error:
            results[number] = error

    threads = [threading.Thread(target=one, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def test_of_many_writers_of_one_version_one_wins(world: World) -> None:
    ada = world.create("person", name="Ada")
    results = run(8, lambda n: world.records.update(world.ctx(), "person", ada.id, {"age": n}, version=1))
    winners = [item for item in results if not isinstance(item, AmityError)]
    assert len(winners) == 1
    assert all(isinstance(item, Stale) for item in results if isinstance(item, AmityError))
    assert all("theirs" in item.details for item in results if isinstance(item, AmityError))
    assert len(world.records.history(world.ctx(), "person", ada.id).events) == 2


def test_of_many_writers_of_one_unique_value_one_wins(world: World) -> None:
    results = run(8, lambda n: world.create("person", name=f"P{n}", email="same@example.org"))
    lost = [item for item in results if isinstance(item, AmityError)]
    assert len(lost) == 7
    assert all(isinstance(item, Invalid) and item.problems[0].code == "unique" for item in lost)
    assert len(world.records.find(world.ctx(), "person").records) == 1


def test_who_links_to_what_is_being_deleted_is_seen_or_refused(world: World) -> None:
    for _ in range(5):
        firm = world.create("company", name="Firm")

        def work(number: int, key: str = firm.id) -> Any:
            if number == 0:
                return world.records.delete(world.ctx(), "company", key, version=1)
            return world.create("person", name="P", company=key)

        results = run(5, work)
        linked = [item for item in results[1:] if not isinstance(item, AmityError)]
        if isinstance(results[0], InUse):
            assert linked
        else:
            assert not linked
        assert all(
            isinstance(item, Invalid | InUse | NotFound) for item in results if isinstance(item, AmityError)
        )


def test_a_definition_change_in_mid_save_starts_the_save_again(world: World) -> None:
    newer = build_model(revision=2)
    world.definitions.newer = newer
    assert world.create("person", name="Ada").get("name") == "Ada"
    assert world.model is newer
    cursor = world.records.find(world.ctx(), "person", Query(limit=1))
    assert cursor.next is None


def test_a_read_of_a_vanished_column_reads_again(world: World) -> None:
    world.create("person", name="Ada")
    good = world.model
    broken = build_model(revision=0)
    table = broken.entities["person"].table
    table.c.f_age.name = table.c.f_age.key = "f_gone"
    world.definitions.model, world.definitions.newer = broken, good
    assert len(world.records.find(world.ctx(), "person").records) == 1
    assert world.model is good
