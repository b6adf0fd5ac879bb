"""Schedules and dates: each moment once, also where the clocks change."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete, insert, select

from amity.database.schema_workflows import run_request
from amity.workflows.documents.timing import moment_of, valid_moment
from amity.workflows.engine.clock import Clock, anniversary, following, latest
from amity.workflows.service import put_state
from tests.factories.workflows import Workflows, make_services
from tests.factories.worlds import World, open_world, prepared
from tests.support.databases import DatabaseServer

BERLIN = "Europe/Berlin"


def utc(text: str) -> dt.datetime:
    """A moment in UTC."""
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)


def fired(cron: str, timezone: str, start: str, end: str, minutes: int = 1) -> list[str]:
    """The moments of a schedule, as a worker that looks every few minutes finds them."""
    since, last, found = utc(start), utc(end), []
    while since < last:
        now = since + dt.timedelta(minutes=minutes)
        moment = latest(cron, timezone, since, now)
        if moment is not None:
            found.append(moment.strftime("%d %H:%M"))
        since = now
    return found


def test_an_hour_that_is_skipped_comes_at_the_next_moment() -> None:
    assert fired("30 2 * * *", BERLIN, "2026-03-28T00:00", "2026-03-31T00:00") == [
        "28 01:30",
        "29 01:00",
        "30 00:30",
    ]


def test_an_hour_that_occurs_twice_comes_once() -> None:
    assert fired("30 2 * * *", BERLIN, "2026-10-24T00:00", "2026-10-27T00:00") == [
        "24 00:30",
        "25 00:30",
        "26 01:30",
    ]
    assert fired("0 * * * *", BERLIN, "2026-10-24T23:30", "2026-10-25T03:30") == [
        "25 00:00",
        "25 02:00",
        "25 03:00",
    ]


def test_what_was_missed_is_one_moment() -> None:
    assert latest("0 8 * * *", "UTC", utc("2026-01-01T09:00"), utc("2026-01-05T09:00")) == utc(
        "2026-01-05T08:00"
    )
    assert latest("0 8 * * *", "UTC", utc("2026-01-05T08:00"), utc("2026-01-05T09:00")) is None
    assert latest("0 0 31 2 *", "UTC", utc("2026-01-01T00:00"), utc("2026-12-31T00:00")) is None


@given(
    st.datetimes(dt.datetime(2024, 1, 1), dt.datetime(2028, 1, 1)),
    st.sampled_from([BERLIN, "America/New_York", "Australia/Lord_Howe", "Pacific/Apia", "UTC"]),
)
def test_a_wall_clock_time_is_a_moment_that_shows_it_or_the_first_behind_a_gap(
    wall: dt.datetime, zone: str
) -> None:
    wall = wall.replace(microsecond=0)
    moment = valid_moment(wall.date(), wall.time(), zone)
    shown = moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    assert shown >= wall
    if shown != wall:  # the second before, the wall clock had not come so far
        before = (moment - dt.timedelta(seconds=1)).astimezone(ZoneInfo(zone)).replace(tzinfo=None)
        assert before < wall


def test_a_date_is_its_first_moment() -> None:
    assert moment_of(dt.date(2026, 7, 1), BERLIN) == utc("2026-06-30T22:00")


def test_following_moments_and_anniversaries() -> None:
    found = following("0 8 * * 1", BERLIN, utc("2026-03-25T00:00"), 2)
    assert found == [utc("2026-03-30T06:00"), utc("2026-04-06T06:00")]
    assert anniversary(dt.date(2024, 2, 29), 2026) == dt.date(2026, 2, 28)


@pytest.fixture
def world(database_server: DatabaseServer) -> Iterator[World]:
    url = database_server.clone("workflows", prepared())
    found = open_world(url)
    yield found
    found.database.close()
    database_server.drop(url)


def taken(world: World) -> list[str]:
    """The records that runs are asked for; the requests are then gone, as if a worker had taken them."""
    with world.database.write() as connection:
        rows = connection.execute(select(run_request.c.record, run_request.c.id)).all()
        connection.execute(delete(run_request))
        made = {"state": "done", "segment": 0, "version": 1, "trigger": {}, "depth": 0}
        now = dt.datetime.now(dt.UTC)
        from amity.database.schema_workflows import run

        for row in rows:
            more = {"cause_id": row.id, "requested_at": now, "started_at": now, "changed_at": now}
            connection.execute(insert(run), {"id": row.id, "workflow": "x", **made, **more})
    return sorted(str(row.record) for row in rows)


def test_dates_of_records_come_once_and_follow_changes(world: World, tmp_path: Path) -> None:
    catalog = Workflows(world)
    catalog.add("renewal", trigger={"on": "date", "field": "born", "before": "days(3)", "at": "08:00"})
    catalog.add("birthday", trigger={"on": "date", "field": "born", "yearly": True, "at": "09:00"})
    catalog.add("meeting", trigger={"on": "date", "field": "met", "after": "hours(2)"})
    clock = Clock(make_services(world, tmp_path), catalog)
    assert clock.tick(utc("2026-02-20T00:00")) == 0
    one = world.create("person", name="One", born="2026-03-01").id
    two = world.create("person", name="Two", born="1980-02-26", met="2026-02-27T10:00:00Z").id
    leap = world.create("person", name="Leap", born="1996-02-29").id
    for hour in range(24 * 3):
        clock.tick(utc("2026-02-24T00:00") + dt.timedelta(hours=hour))
    assert taken(world) == sorted([one, two])  # 26 Feb 08:00 renewal of One, 09:00 birthday of Two
    # Put off: it comes again for the new date, and never twice for the old one.
    world.records.update(world.ctx(), "person", one, {"born": "2026-03-10"}, version=1)
    for _ in range(2):
        clock.tick(utc("2026-02-28T12:00"))
    assert taken(world) == sorted([two, leap])  # the meeting of Two, the birthday of Leap
    clock.tick(utc("2026-03-09T00:00"))
    assert taken(world) == [one]


def test_a_schedule_for_records_and_what_was_missed(world: World, tmp_path: Path) -> None:
    catalog = Workflows(world)
    where = {"on": "schedule", "cron": "0 8 * * *", "where": "age > 40"}
    catalog.add("daily", trigger=where)
    catalog.add("skips", trigger={"on": "schedule", "cron": "0 8 * * *", "missed": "skip"}, entity=None)
    clock = Clock(make_services(world, tmp_path), catalog)
    clock.tick(utc("2026-02-20T00:00"))
    old = world.create("person", name="Old", age=50).id
    world.create("person", name="Young", age=20)
    clock.tick(utc("2026-02-20T08:00:30"))
    clock.tick(utc("2026-02-20T08:00:40"))
    assert taken(world) == sorted([old, "None"])
    clock.tick(utc("2026-02-23T12:00"))  # down for three days
    assert taken(world) == [old]


@pytest.mark.parametrize("switch", ["one", "all"])
def test_what_falls_into_a_pause_is_missed(world: World, tmp_path: Path, switch: str) -> None:
    catalog = Workflows(world)
    catalog.add("once", trigger={"on": "schedule", "cron": "0 8 * * *", "where": "age > 40"})
    catalog.add("skips", trigger={"on": "schedule", "cron": "0 8 * * *", "missed": "skip"}, entity=None)
    catalog.add("renewal", trigger={"on": "date", "field": "born", "at": "08:00"})
    clock = Clock(make_services(world, tmp_path), catalog)
    clock.tick(utc("2026-02-20T00:00"))
    old = world.create("person", name="Old", age=50).id
    due = world.create("person", name="Due", born="2026-02-22").id
    held = ["*"] if switch == "all" else ["once", "skips", "renewal"]

    def pause(at: dt.datetime | None) -> None:
        with world.database.write() as connection:
            for name in held:
                put_state(connection, name, {"paused_at": at})

    pause(utc("2026-02-20T01:00"))
    for hour in range(1, 24 * 7):
        clock.tick(utc("2026-02-20T00:00") + dt.timedelta(hours=hour))
    assert taken(world) == []  # nothing is collected
    pause(None)
    clock.tick(utc("2026-02-27T00:00"))
    assert taken(world) == sorted([old, due])  # the schedule once, and the date that passed
    clock.tick(utc("2026-02-27T08:00:30"))
    assert taken(world) == sorted([old, "None"])
