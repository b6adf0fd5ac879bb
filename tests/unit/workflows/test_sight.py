"""What simulated steps find: records of the moment, under what earlier steps would have written."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest

from amity.access.context import SYSTEM
from amity.workflows.simulation import sight
from amity.workflows.simulation.backtest import back_test
from amity.workspace import Workspace
from tests.factories.flows import workflow
from tests.unit.workflows.test_simulation import back, change, draft, dry, make

FIND = {"do": "find", "id": "f", "entity": "person"}
TELL = {
    "do": "create",
    "id": "told",
    "entity": "company",
    "values": {"name": "{{ steps.f.count }} {{ steps.f.first.name }}"},
}


def told(found: Any) -> list[str]:
    return [
        write["values"]["name"]
        for sample in found.samples
        for write in sample.simulation.writes
        if write["entity"] == "company"
    ]


def test_a_back_test_finds_the_records_and_values_of_the_moment(flows: Workspace) -> None:
    ann = make(flows, "person", name="Ann", stage="lead")
    bob = make(flows, "person", name="Bob", stage="active")
    gone = make(flows, "person", name="Aaron", stage="active")
    make(flows, "tag", name="first")
    change(flows, ann, stage="active", name="Zoe")
    change(flows, bob, stage="lead")
    ctx = flows.context(SYSTEM)
    flows.records.delete(ctx, "person", gone.id, version=1)
    make(flows, "tag", name="second")
    make(flows, "person", name="Later", stage="active")
    step = {**FIND, "where": "stage == 'active' && name != record.name", "sort": "name"}
    compiled = draft(flows, step, TELL, entity="tag", trigger={"on": "created"})
    found = back(flows, compiled)
    assert told(found) == ["2 Aaron", "1 Zoe"]
    assert not found.notes and not found.missing


def test_a_condition_through_links_meets_the_links_of_the_moment(flows: Workspace) -> None:
    rome, oslo = make(flows, "company", name="R", city="Rome"), make(flows, "company", name="O", city="Oslo")
    boss = make(flows, "person", name="Boss", stage="lead")
    make(flows, "person", name="Ann", company=rome.id, boss=boss.id)
    make(flows, "tag", name="first")
    change(flows, rome, city="Bonn")
    change(flows, oslo, city="Rome")
    make(flows, "tag", name="second")
    make(flows, "person", name="Bob", company=oslo.id)
    make(flows, "tag", name="third")
    for where, counts in (
        ("company.city == 'Rome'", ["1 Ann", "0 ", "1 Bob"]),
        ("reports.exists(one, one.company.city == 'Rome')", ["1 Boss", "0 ", "0 "]),
    ):
        step = {**FIND, "where": where}
        compiled = draft(flows, step, TELL, entity="tag", trigger={"on": "created"}, when="new.name != null")
        assert told(back(flows, compiled)) == counts, where


def test_it_says_where_it_cannot_look_at_all_of_them(
    flows: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in "ABC":
        make(flows, "person", name=name)
    make(flows, "tag", name="x")
    monkeypatch.setattr(sight, "MOST", 2)
    plain = draft(flows, FIND, TELL, entity="tag", trigger={"on": "created"})
    found = back(flows, plain)
    assert told(found) == ["3 A"] and not found.notes  # nothing was changed since: the rows tell of all
    far = {**FIND, "where": "company.city == null"}
    found = back(flows, draft(flows, far, TELL, entity="tag", trigger={"on": "created"}))
    assert found.notes == [sight.TOO_MANY]
    for person in flows.records.find(flows.context(SYSTEM), "person").records:
        change(flows, person, age=3)
    assert back(flows, plain).notes == [sight.TOO_MANY]


def test_later_steps_find_what_earlier_ones_would_have_written(flows: Workspace) -> None:
    ann = make(flows, "person", name="Ann", stage="lead")
    make(flows, "person", name="Bob", stage="lead")
    steps = (
        {"do": "update", "id": "a", "values": {"stage": "active", "name": "Zoe"}},
        {"do": "create", "id": "b", "entity": "person", "values": {"name": "New", "stage": "active"}},
        {**FIND, "where": "stage == 'active'", "sort": "-name"},
        TELL,
        {"do": "delete", "id": "d"},
        {**FIND, "id": "g", "where": "stage != 'x' || company.city == 'Rome'", "limit": 9},
        {**TELL, "id": "more", "values": {"name": "{{ steps.g.count }}"}},
    )
    found = dry(flows, draft(flows, *steps, trigger={"on": "manual"}), ann)
    subjects = [write["values"]["name"] for write in found.writes if write["entity"] == "company"]
    assert subjects == ["2 Zoe", "2"]


def test_a_schedule_without_records_reads_what_it_finds(flows: Workspace) -> None:
    ann = make(flows, "person", name="Ann")
    start = dt.datetime.now(dt.UTC)
    document = workflow(
        entity=None,
        enabled=False,
        when=None,
        trigger={"on": "schedule", "cron": "0 * * * *"},
        steps=[FIND, TELL],
    )
    compiled = flows.workflows.draft(document, "hourly")
    change(flows, ann, name="Zoe")
    later = replace(flows.context(SYSTEM), now=start + dt.timedelta(hours=3))
    found = back_test(flows.workflows.services, later, compiled, start, later.now)
    assert told(found) == ["1 Zoe"] * 3
