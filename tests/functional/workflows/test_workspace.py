"""From a save to the end of its run in a whole workspace, and loops of real workflows."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from amity.access.context import SYSTEM
from amity.database.processes import Presence
from amity.database.schema import account
from amity.database.schema_workflows import notification
from amity.records.shapes import Count, Query
from amity.workflows.engine import runs
from amity.workflows.engine.worker import open_worker
from amity.workspace import Workspace
from tests.factories.flows import apply, workflow
from tests.support.workers import until
from tests.unit.workflows.conftest import flows as flows

pytestmark = pytest.mark.slow


@pytest.fixture
def working(flows: Workspace) -> Iterator[Workspace]:
    """A workspace whose worker works, with an administrator who is told."""
    flows.accounts.create("ada@example.test", "Ada", ["admin"], "four quiet lamps bend")
    with (
        Presence(flows.database, "worker") as presence,
        open_worker(flows.workflows, presence.id),
    ):
        yield flows


def ended(workspace: Workspace, state: Any, **query: Any) -> int:
    """How many runs are in a state."""
    return runs.count(workspace.database, runs.RunQuery(states=(state,), **query))[0]


def creates(name: str, entity: str, makes: str, values: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A workflow that makes a record when another one is made."""
    step = {"do": "sample_create", "entity": makes, "values": values}
    document = workflow(title=name, entity=entity, trigger={"on": "created"}, when=None, steps=[step])
    return {**document, **more}


def test_a_save_asks_for_a_run_and_a_change_of_the_workflow_leaves_running_ones_alone(
    working: Workspace,
) -> None:
    late = workflow(steps=[{"wait_for": "record.age == 5"}, *workflow()["steps"]])
    apply(working, "welcome", late)
    records, ctx = working.records, working.context(SYSTEM)
    person = records.create(ctx, "person", {"name": "Bob"})
    records.update(ctx, "person", person.id, {"stage": "active"}, version=1)
    until(lambda: ended(working, "waiting") == 1, 30, "waiting")
    apply(working, "welcome", workflow(steps=[]))
    records.update(ctx, "person", person.id, {"age": 5}, version=2)
    until(lambda: ended(working, "done") == 1, 30, "the end")
    page = records.find(ctx, "visit")
    assert [visit.values["subject"] for visit in page.records] == ["Meet Bob"]
    found = runs.find(working.database, runs.RunQuery(record=person.id)).runs[0]
    assert found.version == 1 and found.writes == 1
    event = records.history(ctx, "visit", page.records[0].id).events[0]
    assert event.cause["kind"] == "workflow" and event.cause["run"] == found.id


def test_workflows_that_trigger_themselves_or_each_other_are_stopped(working: Workspace) -> None:
    apply(working, "itself", creates("Itself", "tag", "tag", {"name": "{{ record.name }}x"}))
    apply(working, "ping", creates("Ping", "company", "person", {"name": "p"}))
    apply(working, "pong", creates("Pong", "person", "company", {"name": "c"}))
    apply(working, "fine", workflow(title="Fine", trigger={"on": "manual"}, when=None))
    ctx = working.context(SYSTEM)
    working.records.create(ctx, "tag", {"name": "t"})
    working.records.create(ctx, "company", {"name": "c"})
    until(lambda: len(working.workflows.pauses()) >= 2, 60, "pausing")
    time.sleep(1)
    pauses = {item.workflow: item for item in working.workflows.pauses().values()}
    assert "itself" in pauses and pauses.keys() & {"ping", "pong"} and "fine" not in pauses
    assert "trigger each other" in pauses["itself"].why
    assert ended(working, "done", workflow="itself") == 9  # causes are at most 8 deep
    statement = select(notification.c.text).join(account, account.c.id == notification.c.account)
    with working.database.read() as connection:
        told = connection.execute(statement).scalars().all()
    assert any("Itself was paused" in text for text in told)
    person = working.records.find(ctx, "person").records[0]
    working.workflows.start(ctx, "fine", records=[person.id])
    until(lambda: ended(working, "done", workflow="fine") == 1, 30, "another workflow")


def test_a_workflow_that_makes_thousands_of_records_is_stopped(flows: Workspace) -> None:
    settings = flows.settings.changed(max_writes=150)
    flows.workflows.services = replace(flows.workflows.services, settings=settings)
    flows.accounts.create("ada@example.test", "Ada", ["admin"], "four quiet lamps bend")
    make = {"do": "sample_create", "entity": "tag", "values": {"name": "{{ one.id }} {{ two.id }}"}}
    inner = {"for_each": "record.visits", "as": "two", "steps": [make]}
    outer = {"for_each": "record.visits", "as": "one", "steps": [inner]}
    apply(flows, "floods", workflow(title="Floods", trigger={"on": "manual"}, when=None, steps=[outer]))
    apply(flows, "fine", workflow(title="Fine", trigger={"on": "manual"}, when=None))
    ctx, records = flows.context(SYSTEM), flows.records
    person = records.create(ctx, "person", {"name": "Ada"})
    for number in range(100):  # of each other, ten thousand
        records.create(ctx, "visit", {"subject": f"Visit {number}", "person": person.id})
    with Presence(flows.database, "worker") as presence, open_worker(flows.workflows, presence.id):
        flows.workflows.start(ctx, "floods", records=[person.id])
        until(lambda: ended(flows, "failed", workflow="floods") == 1, 90, "being stopped")
        flows.workflows.start(ctx, "floods", records=[person.id])
        flows.workflows.start(ctx, "fine", records=[person.id])
        until(lambda: ended(flows, "done", workflow="fine") == 1, 30, "another workflow")
    (found,) = runs.find(flows.database, runs.RunQuery(workflow="floods")).runs
    assert found.why == "One run changed 150 records; 150 are allowed." and found.writes == 150
    assert flows.workflows.pauses()["floods"].why == found.why
    assert records.find(ctx, "tag", Query(limit=1, count="exact")).count == Count(150, True)
    with flows.database.read() as connection:
        told = connection.execute(select(notification.c.text)).scalars().all()
    assert any("Floods was paused" in text for text in told)


def test_the_condition_counts_for_those_who_are_started_by_hand_or_clock(working: Workspace) -> None:
    apply(working, "by_hand", workflow(trigger={"on": "manual"}, when="record.stage == 'active'"))
    ctx = working.context(SYSTEM)
    ada = working.records.create(ctx, "person", {"name": "Ada", "stage": "active"})
    bob = working.records.create(ctx, "person", {"name": "Bob"})
    working.workflows.start(ctx, "by_hand", records=[ada.id, bob.id])
    until(lambda: ended(working, "done") == 2, 30, "both ends")
    assert [item.values["subject"] for item in working.records.find(ctx, "visit").records] == ["Meet Ada"]
    (idle,) = runs.find(working.database, runs.RunQuery(record=bob.id)).runs
    assert idle.why is not None and "did not hold" in idle.why
