"""What simulations foresee of a save: rules, unique values, deletions; and what they say they do not."""

from __future__ import annotations

from typing import Any

from amity.access.context import SYSTEM
from amity.workflows.simulation.foresee import RULES
from amity.workspace import Workspace
from tests.factories.flows import apply, workflow
from tests.support.contents import contents
from tests.unit.workflows.test_simulation import back, change, draft, dry, make, states

MANUAL = {"trigger": {"on": "manual"}}


def rule(flows: Workspace, name: str, *steps: dict[str, Any], entity: str = "person", **more: Any) -> None:
    trigger = {"on": "saving", **more.pop("options", {})}
    document = workflow(title=name, entity=entity, trigger=trigger, steps=list(steps), when=None)
    apply(flows, name, {**document, **more})


def create(entity: str, id_: str = "c", **values: Any) -> dict[str, Any]:
    return {"do": "create", "id": id_, "entity": entity, "values": values}


def test_a_value_that_is_taken_makes_the_step_fail(flows: Workspace) -> None:
    make(flows, "tag", name="red")
    bob = make(flows, "person", name="Bob")
    found = dry(flows, draft(flows, create("tag", name="red"), **MANUAL), bob)
    assert found.end == "failed" and "must be unique" in (found.stopped or "")
    twice = draft(flows, create("tag", name="blue"), create("tag", "d", name="blue"), **MANUAL)
    found = dry(flows, twice, bob)
    assert states(found) == {"c": "would", "d": "stops"}
    renamed = draft(
        flows,
        {"do": "find", "id": "f", "entity": "tag"},
        {"do": "update", "id": "u", "record": "steps.f.first", "values": {"name": "green"}},
        create("tag", name="red"),
        create("tag", "d", name="green"),
        **MANUAL,
    )
    assert states(dry(flows, renamed, bob)) == {"f": "would", "u": "would", "c": "would", "d": "stops"}


def test_a_back_test_knows_what_was_taken_at_the_moment(flows: Workspace) -> None:
    red = make(flows, "tag", name="red")
    make(flows, "person", name="Before")
    change(flows, red, name="blue")
    make(flows, "person", name="After")
    for name, ends in (("red", ["failed", "done"]), ("blue", ["done", "failed"])):
        compiled = draft(flows, create("tag", name=name), trigger={"on": "created"})
        assert [sample.simulation.end for sample in back(flows, compiled).samples] == ends


def test_a_deletion_meets_what_pointed_to_the_record_at_the_moment(flows: Workspace) -> None:
    ann, bob = make(flows, "person", name="Ann"), make(flows, "person", name="Bob")
    visit = make(flows, "visit", subject="x", person=ann.id)
    make(flows, "tag", name="first")
    change(flows, visit, person=bob.id)
    make(flows, "tag", name="second")
    compiled = draft(
        flows,
        {"do": "find", "id": "f", "entity": "person", "where": "name == 'Ann'"},
        {"do": "delete", "id": "d", "record": "steps.f.first"},
        entity="tag",
        trigger={"on": "created"},
    )
    found = [[write["entity"] for write in item.simulation.writes] for item in back(flows, compiled).samples]
    assert found == [["person", "visit"], ["person"]]


def test_rules_that_are_on_set_refuse_and_reach_out(flows: Workspace) -> None:
    rule(
        flows, "grow",
        {"do": "set", "id": "s", "values": {"email": "{{ record.stage }}@example.test"}},
        create("visit", "v", subject="{{ old.stage }} {{ record.stage }}", person={"expression": "record"}),
        when="record.stage == 'active'", options={"fields": ["stage"]},
    )  # fmt: skip
    rule(flows, "deny", {"do": "refuse", "id": "r", "message": "Not so old"}, when="new.age == 99")
    rule(
        flows,
        "visits",
        {"do": "set", "id": "s", "values": {"subject": "{{ record.subject }}!"}},
        entity="visit",
    )
    bob = make(flows, "person", name="Bob", stage="lead")
    steps = (
        {"do": "update", "id": "u", "values": {"stage": "active"}},
        {"do": "update", "id": "n", "values": {"name": "{{ record.email }}"}},
        {"do": "update", "id": "aged", "values": {"age": 99}},
    )
    before = contents(flows)
    found = dry(flows, draft(flows, *steps, **MANUAL), bob)
    assert contents(flows) == before
    assert [(write["entity"], write["values"]) for write in found.writes] == [
        ("person", {"stage": "active", "email": "Active@example.test"}),
        ("visit", {"subject": "Lead Active!", "person": bob.id}),
        ("person", {"name": "Active@example.test"}),
    ]
    assert found.end == "failed" and "Not so old" in (found.stopped or "")
    tested = back(flows, draft(flows, *steps, trigger={"on": "created"}))
    assert tested.samples[0].simulation.writes == found.writes and RULES in tested.notes


def test_what_real_saves_do_is_what_was_foreseen(flows: Workspace) -> None:
    rule(
        flows,
        "one",
        {"do": "set", "id": "s", "values": {"age": {"expression": "7"}}},
        when="record.stage == 'active'",
    )
    rule(
        flows, "two", create("company", name="{{ record.name }} {{ record.age }}"), when="old.age != new.age"
    )
    bob = make(flows, "person", name="Bob", stage="lead")
    foreseen = dry(
        flows, draft(flows, {"do": "update", "id": "u", "values": {"stage": "active"}}, **MANUAL), bob
    )
    change(flows, bob, stage="active")
    ctx = flows.context(SYSTEM)
    now = flows.records.get(ctx, "person", bob.id).values
    assert foreseen.writes[0]["values"] == {"stage": now["stage"], "age": now["age"]}
    made = flows.records.find(ctx, "company").records
    assert [foreseen.writes[1]["values"]["name"]] == [item.values["name"] for item in made] == ["Bob 7"]


def test_rules_without_end_are_seen(flows: Workspace) -> None:
    bob = make(flows, "person", name="Bob", age=1)
    more = {"do": "update", "id": "u", "values": {"age": {"expression": "record.age + 1"}}}
    rule(flows, "again", more)
    found = dry(flows, draft(flows, {"do": "update", "id": "u", "values": {"name": "B"}}, **MANUAL), bob)
    assert found.end == "failed" and "again and again" in (found.stopped or "")


def test_what_other_workflows_would_do_is_named_not_guessed(flows: Workspace) -> None:
    apply(
        flows, "other", workflow(title="Other one", when=None, trigger={"on": "updated", "fields": ["stage"]})
    )
    bob = make(flows, "person", name="Bob")
    found = dry(
        flows, draft(flows, {"do": "update", "id": "u", "values": {"stage": "active"}}, **MANUAL), bob
    )
    assert found.unforeseen == ["What its changes may start in turn is not worked out: Other one."]
    found = dry(flows, draft(flows, {"do": "update", "id": "u", "values": {"name": "B"}}, **MANUAL), bob)
    assert found.unforeseen == []
