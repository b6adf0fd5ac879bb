"""Many rows in one call."""

from __future__ import annotations

from typing import Any

import pytest

from amity.access.policy import Decision
from amity.database.ids import new_id
from amity.errors import Invalid, NotFound
from amity.records.unit import Unit
from tests.factories.worlds import Rules, World


def names(world: World) -> list[Any]:
    return sorted(item.get("name") for item in world.records.find(world.ctx(), "person").records)


def test_rows_are_created_updated_and_left_alone(world: World) -> None:
    ada = world.create("person", name="Ada", email="a@example.org")
    bob = world.create("person", name="Bob", email="b@example.org")
    rows = [
        {"name": "Eve", "email": "e@example.org"},
        {"id": ada.id, "version": 1, "age": 36},
        {"id": bob.id, "version": 1, "name": "Bob"},
    ]
    result = world.records.bulk(world.ctx(), "person", rows)
    assert result.as_json() | {"ids": None} == {
        "created": 1, "updated": 1, "unchanged": 1, "failed": 0, "ids": None, "errors": [],
    }  # fmt: skip
    assert result.ids[1:] == [ada.id, bob.id]
    assert world.records.get(world.ctx(), "person", ada.id).get("age") == 36


def test_upserts_by_key_create_nothing_the_second_time(world: World) -> None:
    rows = [{"name": f"P{n}", "email": f"p{n}@example.org"} for n in range(20)]
    first = world.records.bulk(world.ctx(), "person", rows, key="email")
    assert first.created == 20
    rows[3]["name"] = "changed"
    second = world.records.bulk(world.ctx(), "person", rows, key="email")
    assert (second.created, second.updated, second.unchanged) == (0, 1, 19)
    assert second.ids == first.ids


def test_each_keeps_the_good_rows(world: World) -> None:
    world.create("person", name="Old", email="taken@example.org")
    rows: list[Any] = [
        {"name": "Good"},
        {"name": ""},
        "nonsense",
        {"name": "Taken", "email": "taken@example.org"},
        {"name": "Twice", "email": "t@example.org"},
        {"name": "Twice", "email": "t@example.org"},
        {"name": "Lost", "boss": new_id()},
        {"id": new_id(), "version": 1, "name": "Nobody"},
        {"id": "x", "version": 1},
        {"nam": "x"},
        {"name": "Also good"},
    ]
    result = world.records.bulk(world.ctx(), "person", rows)
    assert names(world) == ["Also good", "Good", "Old", "Twice"]
    assert result.created == 3
    assert [(item.index, item.code) for item in result.errors] == [
        (1, "minLength"), (2, "type"), (3, "unique"), (5, "unique"), (6, "unknown_target"), (7, "not_found"),
        (8, "not_found"), (9, "unknown"),
    ]  # fmt: skip
    assert [index for index, key in enumerate(result.ids) if key] == [0, 4, 10]


def test_all_writes_nothing_where_one_row_is_wrong(world: World) -> None:
    with pytest.raises(Invalid) as caught:
        world.records.bulk(world.ctx(), "person", [{"name": "A"}, {"name": ""}, {}], mode="all")
    assert {item.index for item in caught.value.problems} == {1, 2}
    world.create("person", name="Old", email="taken@example.org")
    with pytest.raises(Invalid) as caught:
        rows = [{"name": "A"}, {"name": "B", "email": "taken@example.org"}]
        world.records.bulk(world.ctx(), "person", rows, mode="all")
    assert [(item.index, item.code) for item in caught.value.problems] == [(1, "unique")]
    assert names(world) == ["Old"]
    assert len(world.records.feed(world.ctx()).events) == 1


def test_the_call_itself_is_checked(world: World) -> None:
    for more in ({"key": "nothing"}, {"mode": "some"}, {"key": "name\0"}):
        with pytest.raises(Invalid):
            world.records.bulk(world.ctx(), "person", [{"name": "A"}], **more)
    with pytest.raises(Invalid):
        world.records.bulk(world.ctx(), "person", [{}] * 10_001)
    with pytest.raises(NotFound):
        world.records.bulk(world.ctx(), "nobody", [])
    assert world.records.bulk(world.ctx(), "person", []).created == 0


def test_stale_and_repeated_rows(world: World) -> None:
    ada = world.create("person", name="Ada")
    rows = [
        {"id": ada.id, "version": 1, "age": 1},
        {"id": ada.id, "version": 1, "age": 2},
        {"id": ada.id, "age": 3},
    ]
    result = world.records.bulk(world.ctx(), "person", rows)
    assert [(item.index, item.code) for item in result.errors] == [(1, "duplicate"), (2, "required")]
    again = world.records.bulk(world.ctx(), "person", rows[:1])
    assert [item.code for item in again.errors] == ["stale"]


def test_the_policy_holds_for_every_row(world: World) -> None:
    limited = world.under(Rules({("create", "person"): Decision(True, condition="name != 'Bad'")}))
    result = limited.records.bulk(world.ctx(), "person", [{"name": "Bad"}, {"name": "Good"}, {"name": "Bad"}])
    assert names(world) == ["Good"]
    assert [(item.index, item.code) for item in result.errors] == [(0, "forbidden"), (2, "forbidden")]


def test_statements_do_not_grow_with_the_rows(world: World) -> None:
    firm = world.create("company", name="Firm")

    def rows(count: int, start: int) -> list[dict[str, Any]]:
        return [
            {"name": f"P{n}", "email": f"p{n}@example.org", "company": firm.id}
            for n in range(start, start + count)
        ]

    with world.statements() as few:
        world.records.bulk(world.ctx(), "person", rows(5, 0))
    with world.statements() as many:
        world.records.bulk(world.ctx(), "person", rows(400, 5))
    assert len(many) == len(few), (few, many)


def test_a_dry_run_says_what_would_be(world: World) -> None:
    ada = world.create("person", name="Ada", email="a@example.org")
    rows = [
        {"name": "Eve"},
        {"name": "Taken", "email": "a@example.org"},
        {"id": ada.id, "age": 4},
    ]
    result = world.records.bulk(world.ctx(), "person", rows, dry_run=True, any_version=True)
    assert (result.created, result.updated, result.failed) == (1, 1, 1)
    assert names(world) == ["Ada"]
    assert world.records.bulk(world.ctx(), "person", rows[2:], any_version=True).updated == 1
    assert len(world.records.search(world.ctx(), "eve")) == 0


def test_ids_are_found_by_value(world: World) -> None:
    ada = world.create("person", name="Ada", email="a@example.org")
    world.create("person", name="Twin")
    world.create("person", name="Twin")
    assert world.records.find_ids(world.ctx(), "person", "email", ["a@example.org", "x@example.org"]) == {
        "a@example.org": ada.id
    }
    assert world.records.find_ids(world.ctx(), "person", "name", ["Twin", "Ada"]) == {"Ada": ada.id}


def test_what_waits_for_a_commit_waits_for_that_of_the_whole(world: World) -> None:
    """Several calls as one transaction: nothing of them is there before its end, and nobody is woken."""
    told: list[int] = []

    def waiting(unit: Unit) -> None:
        unit.after.append(lambda: told.append(len(world.records.find(world.ctx(), "person").records)))

    with world.records.together() as records:
        for name in ("Ada", "Bob"):
            records.create(world.ctx(), "person", {"name": name})
            records.machine.write(world.ctx(), lambda caller: waiting)
        assert len(records.find(world.ctx(), "person").records) == 2
        assert told == []
    assert told == [2, 2]
    with pytest.raises(ZeroDivisionError), world.records.together() as records:
        records.create(world.ctx(), "person", {"name": "Cyd"})
        records.machine.write(world.ctx(), lambda caller: waiting)
        raise ZeroDivisionError
    assert told == [2, 2] and len(world.records.find(world.ctx(), "person").records) == 2
