"""Dry runs and back-tests in a whole workspace: what they say, and that they change nothing."""

from __future__ import annotations

import datetime as dt
import socket
from dataclasses import replace
from typing import Any

import pytest

from amity.access.context import SYSTEM
from amity.definitions.documents import DefinitionChange
from amity.errors import Invalid, NotFound
from amity.records.ownership import give_to
from amity.records.shapes import Record
from amity.workflows.documents.checking import compile_workflow
from amity.workflows.documents.compiled import CompiledWorkflow
from amity.workflows.documents.loader import load
from amity.workflows.requesting import MUTE
from amity.workflows.simulation.backtest import back_test, dry_run
from amity.workflows.simulation.dryrun import Simulation
from amity.workflows.simulation.trials import BackTest
from amity.workspace import Workspace
from tests.factories.flows import workflow
from tests.factories.worlds import PERSON
from tests.support.contents import contents, files

EVER = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)


def draft(flows: Workspace, *steps: dict[str, Any], **changes: Any) -> CompiledWorkflow:
    """A document that is not applied, compiled."""
    document = workflow(**{"enabled": False, "when": None, "steps": list(steps), **changes})
    read = load(document, flows.workflows.registry, name="tried")
    return compile_workflow(read, flows.definitions.model, flows.functions, flows.workflows.registry)


def make(flows: Workspace, entity: str, **values: Any) -> Record:
    return flows.records.create(flows.context(SYSTEM), entity, values)


def change(flows: Workspace, record: Record, **values: Any) -> Record:
    ctx = flows.context(SYSTEM)
    version = flows.records.get(ctx, record.entity, record.id).version
    return flows.records.update(ctx, record.entity, record.id, values, version=version)


def dry(flows: Workspace, compiled: CompiledWorkflow, record: Record | None) -> Simulation:
    return dry_run(flows.workflows.services, flows.context(SYSTEM), compiled, record.id if record else None)


def back(flows: Workspace, compiled: CompiledWorkflow, **more: Any) -> BackTest:
    ctx = flows.context(SYSTEM)
    until = more.pop("until", ctx.now + dt.timedelta(minutes=1))
    return back_test(flows.workflows.services, ctx, compiled, more.pop("since", EVER), until, **more)


def states(found: Simulation) -> dict[str, str]:
    return {step.key: step.state for step in found.steps}


VISIT = {
    "do": "create",
    "id": "b",
    "entity": "visit",
    "values": {"subject": "x", "person": {"expression": "record"}},
}
SET_ACTIVE = {"do": "update", "id": "raise", "values": {"stage": "active", "age": 7}}


# -- steps ----------------------------------------------------------------------------------------------
def test_later_steps_see_what_earlier_ones_would_have_written(flows: Workspace) -> None:
    bob = make(flows, "person", name="Bob", stage="lead", age=3)
    compiled = draft(
        flows,
        SET_ACTIVE,
        {
            "if": "record.stage == 'active' && record.age == 7 && record.version == 2",
            "id": "look",
            "then": [
                {"do": "update", "id": "name", "values": {"name": "{{ record.name }} {{ record.age }}"}}
            ],
            "else": [{"do": "delete", "id": "drop"}],
        },
        trigger={"on": "manual"},
    )
    found = dry(flows, compiled, bob)
    assert states(found) == {"raise": "would", "look": "would", "name": "would", "drop": "not_taken"}
    assert [write["values"] for write in found.writes] == [
        {"stage": "active", "age": 7},
        {"name": "Bob 7"},
    ]
    assert found.end == "done" and found.stopped is None


def test_a_record_that_would_be_made_is_there_for_later_steps(flows: Workspace) -> None:
    bob = make(flows, "person", name="Bob")
    compiled = draft(
        flows,
        {"do": "create", "id": "firm", "entity": "company", "values": {"name": "Firm of {{ record.name }}"}},
        {"do": "update", "id": "link", "values": {"company": {"expression": "steps.firm.record"}}},
        {"do": "update", "id": "shout", "values": {"name": "{{ record.company.name }}!"}},
        trigger={"on": "manual"},
    )
    found = dry(flows, compiled, bob)
    assert found.writes[-1]["values"] == {"name": "Firm of Bob!"}


def test_loops_parallel_ways_and_stops(flows: Workspace) -> None:
    boss = make(flows, "person", name="Boss")
    for name in "AB":
        make(flows, "person", name=name, boss=boss.id)
    compiled = draft(
        flows,
        {
            "for_each": "record.reports", "as": "one", "id": "loop",
            "steps": [{"do": "update", "id": "older", "record": "one", "values": {"age": 9}}],
        },
        {
            "parallel": [
                [{"wait": "days(2)", "id": "sleep"}, {"do": "delete", "id": "never"}],
                [{"do": "update", "id": "other", "values": {"age": 1}}],
            ],
            "id": "both",
        },
        {"do": "delete", "id": "behind"},
        trigger={"on": "manual"},
    )  # fmt: skip
    found = dry(flows, compiled, boss)
    assert states(found) == {
        "loop": "would", "older[0]": "would", "older[1]": "would", "both": "would", "sleep": "stops",
        "never": "not_taken", "other": "would", "behind": "not_taken",
    }  # fmt: skip
    assert found.end == "waiting" and "waits until" in (found.stopped or "")


def test_a_stop_ends_all_and_a_failure_goes_the_way_of_failures(flows: Workspace) -> None:
    bob = make(flows, "person", name="Bob")
    failing = {"do": "update", "id": "bad", "values": {"age": {"expression": "0 - 5"}}}
    ends = draft(flows, failing, SET_ACTIVE, trigger={"on": "manual"})
    assert dry(flows, ends, bob).end == "failed"
    caught = draft(flows, {**failing, "on_failure": [SET_ACTIVE]}, trigger={"on": "manual"})
    assert states(dry(flows, caught, bob)) == {"bad": "skipped", "raise": "would"}
    on = draft(
        flows,
        {**failing, "on_failure": "continue"},
        {"if": "steps.bad.state == 'failed'", "id": "saw", "then": [{"do": "stop", "id": "stop"}]},
        SET_ACTIVE,
        trigger={"on": "manual"},
    )
    found = dry(flows, on, bob)
    assert found.end == "ended" and states(found)["raise"] == "not_taken"


def test_a_wait_that_is_over_and_a_condition_that_holds_do_not_stop(flows: Workspace) -> None:
    bob = make(flows, "person", name="Bob", age=3)
    compiled = draft(
        flows, {"wait_until": "now() - days(1)", "id": "past"}, {"wait_for": "record.age == 3", "id": "met"},
        SET_ACTIVE, {"wait_for": "record.age == 3", "id": "unmet"}, trigger={"on": "manual"},
    )  # fmt: skip
    assert states(dry(flows, compiled, bob)) == {
        "past": "would", "met": "would", "raise": "would", "unmet": "stops",
    }  # fmt: skip


def test_a_dry_run_tries_the_last_change_and_says_whether_it_starts(flows: Workspace) -> None:
    bob = make(flows, "person", name="Bob", stage="lead")
    compiled = draft(flows, SET_ACTIVE, when="old.stage == 'lead' && new.stage == 'active'")
    assert not dry(flows, compiled, bob).starts
    change(flows, bob, stage="active")
    assert dry(flows, compiled, bob).starts
    change(flows, bob, name="Rob")
    found = dry(flows, compiled, bob)
    assert not found.starts and "other fields" in found.why_not
    with pytest.raises(NotFound):
        dry_run(flows.workflows.services, flows.context(SYSTEM), compiled, "0" * 8)
    with pytest.raises(Invalid):
        dry(flows, compiled, None)


# -- nothing is changed ---------------------------------------------------------------------------------
def test_nothing_is_written_or_sent(flows: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    flows.accounts.create("ada@example.test", "Ada", ["admin"], "four quiet lamps bend")
    bob = make(flows, "person", name="Bob", email="bob@example.com")
    change(flows, bob, stage="active")
    steps: list[dict[str, Any]] = [
        {"do": "update", "id": "a", "values": {"age": 5}},
        VISIT,
        {"do": "notify", "id": "c", "to": ["ada@example.test"], "text": "Look"},
        {"do": "comment", "id": "d", "text": "Hm"},
        {"do": "webhook", "id": "e", "url": "https://example.test/x"},
        {"do": "send_email", "id": "f", "to": "bob@example.com", "subject": "s", "body": "b"},
        {"do": "set_owner", "id": "g", "accounts": ["ada@example.test"]},
        {"do": "find", "id": "h", "entity": "person"},
        {"do": "delete", "id": "i"},
        {"do": "approval", "id": "j", "question": "Yes?", "to": ["ada@example.test"]},
    ]  # fmt: skip
    compiled = draft(flows, *steps)
    before, kept = contents(flows), files(flows.settings.home)
    real = socket.socket.connect

    def refuse(self: socket.socket, address: Any) -> None:
        if isinstance(address, tuple) and address[1] in (25, 465, 587, 80, 443):
            raise AssertionError(f"it called {address}")
        real(self, address)

    monkeypatch.setattr(socket.socket, "connect", refuse)
    found, tested = dry(flows, compiled, bob), back(flows, compiled)
    assert contents(flows) == before and files(flows.settings.home) == kept
    assert states(found)["i"] == "would", found.steps
    assert tested.matched == 1
    assert tested.writes[("delete", "person")] == 1


# -- back-test ------------------------------------------------------------------------------------------
def test_a_back_test_uses_the_values_of_the_moment_also_of_related_records(flows: Workspace) -> None:
    firm = make(flows, "company", name="Old name")
    bob = make(flows, "person", name="Bob", company=firm.id, stage="lead")
    change(flows, bob, stage="active")
    change(flows, firm, name="New name")
    change(flows, bob, stage="lead")
    change(flows, bob, stage="active")
    step = {"do": "update", "id": "u", "values": {"name": "{{ record.company.name }}"}}
    compiled = draft(flows, step, when="new.stage == 'active' && record.company.name == 'Old name'")
    found = back(flows, compiled)
    assert (found.looked_at, found.matched) == (3, 1)
    assert found.samples[0].simulation.writes[0]["values"] == {"name": "Old name"}
    assert found.samples[0].label == "Bob" and found.first == found.last == found.samples[0].at
    assert found.writes == {("update", "person"): 1} and found.actions == {"update": 1}


def test_a_back_test_ends_at_its_limits_and_says_so(flows: Workspace) -> None:
    for number in range(6):
        make(flows, "person", name=f"P{number}")
    compiled = draft(flows, SET_ACTIVE, trigger={"on": "created"})
    found = back(flows, compiled, limit=4, samples=2)
    assert (found.early, found.matched, len(found.samples)) == ("limit", 4, 2)
    assert back(flows, compiled, seconds=-1.0).early == "time"
    assert back(flows, compiled, cancelled=lambda: True).early == "cancelled"
    with pytest.raises(Invalid):
        back(flows, compiled, since=EVER, until=EVER)


def test_what_is_removed_for_good_is_said(flows: Workspace) -> None:
    bob, gone = make(flows, "person", name="Bob"), make(flows, "person", name="Gone")
    ctx = flows.context(SYSTEM)
    flows.records.delete(ctx, "person", gone.id, version=1)
    table = flows.definitions.model.entities["person"].table
    with flows.database.write() as connection:
        connection.execute(table.delete().where(table.c.id == gone.id))
    compiled = draft(flows, SET_ACTIVE, trigger={"on": "created"}, when="new.name != null")
    found = back(flows, compiled)
    assert (found.matched, found.unknown) == (1, 1)
    assert found.missing[("person", None, "purged")] == 1
    assert found.samples[0].record == bob.id


def test_a_field_that_was_not_there_yet_is_said(flows: Workspace) -> None:
    make(flows, "person", name="Bob")
    properties = {**PERSON["properties"], "grade": {"type": "integer", "title": "Grade"}}
    changed = DefinitionChange("entity", "person", {**PERSON, "properties": properties})
    flows.definitions.apply([changed], flows.context(SYSTEM), confirm=True)
    make(flows, "person", name="Ann")
    compiled = draft(flows, SET_ACTIVE, trigger={"on": "created"}, when="new.grade == null")
    found = back(flows, compiled)
    assert found.matched == 2
    assert found.missing == {("person", "grade", "added"): 1}
    assert [gap.why for gap in found.samples[0].simulation.missing] == ["added"]


def test_a_change_of_the_owner_is_a_change(flows: Workspace) -> None:
    ada = flows.accounts.create("ada@example.test", "Ada", ["admin"], "four quiet lamps bend").id
    bob = make(flows, "person", name="Bob")
    entity = flows.definitions.model.entities["person"]
    flows.records.machine.write(
        flows.context(SYSTEM), lambda caller: lambda unit: give_to(unit, entity, bob.id, ada)
    )
    for condition, matched in (("old.owner == null && new.owner != null", 1), ("old.owner != null", 0)):
        compiled = draft(flows, SET_ACTIVE, trigger={"on": "updated"}, when=condition)
        assert back(flows, compiled).matched == matched, condition


def test_imports_that_start_no_workflows_are_counted_apart(flows: Workspace) -> None:
    ctx = flows.context(SYSTEM)
    muted = replace(ctx, cause={**ctx.cause, MUTE: True})
    flows.records.create(muted, "person", {"name": "Bob"})
    found = back(flows, draft(flows, SET_ACTIVE, trigger={"on": "created"}))
    assert (found.looked_at, found.matched, found.muted) == (1, 0, 1)


def test_rules_say_which_saves_they_would_have_changed_or_refused(flows: Workspace) -> None:
    make(flows, "person", name="Young", age=5)
    make(flows, "person", name="Old", age=90)
    compiled = draft(
        flows,
        {
            "if": "record.age > 80", "id": "if",
            "then": [{"do": "refuse", "id": "no", "message": "Too old", "field": "age"}],
            "else": [{"do": "set", "id": "set", "values": {"stage": "active"}}],
        },
        trigger={"on": "saving"},
    )  # fmt: skip
    found = back(flows, compiled)
    assert found.ends == {"refused": 1, "done": 1}
    assert found.writes == {("update", "person"): 1}


def test_manual_workflows_cannot_be_back_tested(flows: Workspace) -> None:
    found = back(flows, draft(flows, SET_ACTIVE, trigger={"on": "manual"}))
    assert found.matched == 0 and found.notes


# -- the clock ------------------------------------------------------------------------------------------
def test_schedules_meet_the_records_as_they_were(flows: Workspace) -> None:
    bob = make(flows, "person", name="Bob", age=1)
    start = dt.datetime.now(dt.UTC)
    compiled = draft(
        flows, SET_ACTIVE, trigger={"on": "schedule", "cron": "*/5 * * * *", "where": "age == 1"}
    )
    services, ctx = flows.workflows.services, flows.context(SYSTEM)
    later = replace(ctx, now=start + dt.timedelta(hours=1))
    found = back_test(services, later, compiled, start + dt.timedelta(seconds=1), later.now)
    assert found.matched == 12 and found.samples[0].record == bob.id
    change(flows, bob, age=2)
    found = back_test(services, later, compiled, start + dt.timedelta(seconds=1), later.now)
    assert found.matched == 0 and found.looked_at == 12


def test_dates_are_followed_when_they_change(flows: Workspace) -> None:
    today = dt.datetime.now(dt.UTC).date()
    bob = make(flows, "person", name="Bob", born=(today + dt.timedelta(days=3)).isoformat())
    services, ctx = flows.workflows.services, flows.context(SYSTEM)
    later = replace(ctx, now=ctx.now + dt.timedelta(days=30))
    compiled = draft(flows, SET_ACTIVE, trigger={"on": "date", "field": "born", "before": "days(1)"})
    found = back_test(services, later, compiled, ctx.now, later.now)
    assert [sample.at.date() for sample in found.samples] == [today + dt.timedelta(days=2)]
    change(flows, bob, born=(today + dt.timedelta(days=10)).isoformat())
    found = back_test(services, later, compiled, ctx.now, later.now)
    assert [sample.at.date() for sample in found.samples] == [today + dt.timedelta(days=9)]
    never = draft(flows, SET_ACTIVE, trigger={"on": "date", "field": "born"}, when="record.name == 'Ann'")
    assert back_test(services, later, never, ctx.now, later.now).matched == 0


# -- fields that have changed since ---------------------------------------------------------------------
def reshape(flows: Workspace, properties: dict[str, Any], without: str = "") -> None:
    known = flows.definitions.get("entity", "person").document
    kept = {name: value for name, value in known["properties"].items() if name != without}
    document = {**known, "properties": {**kept, **properties}}
    flows.definitions.apply(
        [DefinitionChange("entity", "person", document)], flows.context(SYSTEM), confirm=True
    )


def test_a_field_that_was_renamed_since_has_its_values(flows: Workspace) -> None:
    bob = make(flows, "person", name="Bob", age=5)
    change(flows, bob, age=6)
    known = dict(flows.definitions.get("entity", "person").document["properties"]["age"])
    reshape(flows, {"years": known}, without="age")
    compiled = draft(
        flows,
        {"do": "update", "id": "u", "values": {"name": "{{ old.years }} {{ record.years }}"}},
        trigger={"on": "updated", "fields": ["years"]},
        when="new.years == 6",
    )
    found = back(flows, compiled)
    assert [write["values"]["name"] for write in found.samples[0].simulation.writes] == ["5 6"]
    assert not found.missing


def test_a_field_of_another_kind_since_is_a_gap(flows: Workspace) -> None:
    bob = make(flows, "person", name="Bob", age=5)
    known = dict(flows.definitions.get("entity", "person").document["properties"]["age"])
    as_text = {name: value for name, value in known.items() if name not in ("minimum", "maximum")}
    reshape(flows, {"age": {**as_text, "type": "string"}})
    change(flows, bob, name="Rob")
    step = {"do": "update", "id": "u", "values": {"name": "{{ record.age }}"}}
    compiled = draft(flows, step, trigger={"on": "saved"}, when="new.age != 'x'")
    found = back(flows, compiled)
    assert found.matched == 2
    assert {why for entity, name, why in found.missing} <= {"converted", "rewritten"} and found.missing
    after = [sample for sample in found.samples if sample.kind == "updated"]
    assert [write["values"]["name"] for write in after[0].simulation.writes] == ["5"]


def test_a_field_that_was_removed_and_came_back_is_told_or_a_gap(flows: Workspace) -> None:
    bob = make(flows, "person", name="Bob", age=5)
    field = flows.definitions.model.entities["person"].by_name["age"]
    known = dict(flows.definitions.get("entity", "person").document["properties"]["age"])
    reshape(flows, {}, without="age")
    change(flows, bob, name="Rob")
    plain = draft(flows, SET_ACTIVE_ONLY, trigger={"on": "saved"}, when="new.name != null")
    found = back(flows, plain)
    assert found.matched == 2 and not found.missing  # who does not name it misses nothing
    flows.definitions.restore_field("person", field.id, flows.context(SYSTEM))
    assert (
        flows.definitions.get("entity", "person").document["properties"]["age"].get("type") == known["type"]
    )
    step = {"do": "update", "id": "u", "values": {"name": "{{ record.age }}"}}
    found = back(flows, draft(flows, step, trigger={"on": "created"}))
    told = [write["values"].get("name") for write in found.samples[0].simulation.writes]
    assert told == ["5"] or found.missing


SET_ACTIVE_ONLY = {"do": "update", "id": "raise", "values": {"stage": "active"}}
