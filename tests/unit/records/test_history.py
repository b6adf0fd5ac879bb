"""Events: the history of a record and the feed of all."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import text

from amity.errors import Invalid
from amity.records.feeding import horizon
from tests.factories.worlds import World


def test_history_tells_changes_newest_first(world: World) -> None:
    ada = world.create("person", name="Ada", stage="lead")
    world.records.update(world.ctx(), "person", ada.id, {"stage": "active", "age": 3}, version=1)
    page = world.records.history(world.ctx(), "person", ada.id)
    assert [item.kind for item in page.events] == ["updated", "created"]
    assert page.events[0].changes == {"stage": ("lead", "active"), "age": (None, 3)}
    assert page.events[0].actor == world.actor.account
    assert page.events[0].cause == {"kind": "test"}
    one = world.records.history(world.ctx(), "person", ada.id, limit=1)
    two = world.records.history(world.ctx(), "person", ada.id, limit=1, after=one.next)
    assert [item.id for item in one.events + two.events] == [item.id for item in page.events]
    assert two.next is None


def test_the_feed_goes_on_where_it_stopped(world: World) -> None:
    made = [world.create("person", name=f"P{number}").id for number in range(5)]
    seen: list[str] = []
    after = None
    while True:
        page = world.records.feed(world.ctx(), after=after, limit=2)
        if not page.events:
            break
        seen += [item.record for item in page.events]
        after = page.next
    assert seen == made
    assert page.next == after
    more = world.create("company", name="Late")
    assert [item.record for item in world.records.feed(world.ctx(), after=after).events] == [more.id]


@pytest.mark.parametrize("after", ["x", "-1", "1-", "9" * 30, "1-2-3", "' or 1", "²"])
def test_wrong_cursors_are_refused(world: World, after: str) -> None:
    with pytest.raises(Invalid) as caught:
        world.records.feed(world.ctx(), after=after)
    assert caught.value.problems[0].parameter == "after"


def test_the_feed_misses_nothing_while_others_write(world: World) -> None:
    made: list[str] = []
    done = threading.Event()

    def write() -> None:
        made.extend(world.create("person", name="P").id for _ in range(15))

    writers = [threading.Thread(target=write) for _ in range(4)]
    seen: list[str] = []

    def follow() -> None:
        after = None
        while True:
            finished = done.is_set()
            page = world.records.feed(world.ctx(), after=after, limit=7)
            seen.extend(item.record for item in page.events)
            after = page.next
            if finished and not page.events:
                return

    reader = threading.Thread(target=follow)
    reader.start()
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    done.set()
    reader.join(timeout=60)
    assert len(seen) == 60
    assert set(seen) == set(made)


@pytest.mark.parametrize("database_server", ["postgresql"], indirect=True)
def test_the_feed_waits_for_writers_of_this_database_only(world: World) -> None:
    world.create("person", name="Ada")
    with world.database.write() as connection:
        connection.execute(text("SELECT pg_current_xact_id()"))
        world_two = world.create("person", name="Bob")
        assert [item.record for item in world.records.feed(world.ctx()).events] != [world_two.id]
        assert len(world.records.feed(world.ctx()).events) == 1
    assert len(world.records.feed(world.ctx()).events) == 2
    with world.database.engine.connect() as other, other.begin():
        other.execute(text("SELECT pg_current_xact_id()"))
        world.create("person", name="Eve")
        assert len(world.records.feed(world.ctx()).events) == 3


def test_the_horizon_knows_wrapped_numbers() -> None:
    assert horizon(100, []) == 100
    assert horizon(100, [50, 70]) == 50
    wrapped = (1 << 32) + 5
    assert horizon(wrapped, [3]) == (1 << 32) + 3
    assert horizon(wrapped, [0xFFFF_FFF0]) == 0xFFFF_FFF0
