"""Rules run inside the save: the same in form, REST, bulk and import, in one transaction with it."""

from __future__ import annotations

from typing import Any

import pytest

from amity.errors import Invalid
from amity.records.shapes import Query
from amity.workspace import Workspace
from tests.factories.flows import apply


def rule(**changes: Any) -> dict[str, Any]:
    """A document: people who are active are important."""
    document: dict[str, Any] = {
        "title": "Important people",
        "entity": "person",
        "enabled": True,
        "trigger": {"on": "saving"},
        "when": "record.stage == 'active'",
        "steps": [{"do": "set", "values": {"vip": True, "age": {"expression": "record.age + 1"}}}],
    }
    return {**document, **changes}


def refusal(**changes: Any) -> dict[str, Any]:
    steps = [{"do": "refuse", "field": "email", "message": "{{ record.name }} needs an e-mail."}]
    return rule(
        title="E-mail", when="record.stage == 'active' && record.email == null", steps=steps, **changes
    )


def test_a_rule_sets_fields(flows: Workspace) -> None:
    apply(flows, "important", rule())
    ctx = flows.context()
    lead = flows.records.create(ctx, "person", {"name": "Bob", "age": 20})
    assert (lead.values["vip"], lead.values["age"]) == (None, 20)
    ada = flows.records.create(ctx, "person", {"name": "Ada", "stage": "active", "age": 36})
    assert (ada.values["vip"], ada.values["age"]) == (True, 37)
    assert flows.records.get(ctx, "person", ada.id).values["age"] == 37
    event = flows.records.history(ctx, "person", ada.id).events[0].as_json()
    assert event["changes"]["vip"] == [None, True]


def test_a_rule_refuses_at_the_field(flows: Workspace) -> None:
    apply(flows, "mail", refusal())
    ctx = flows.context()
    with pytest.raises(Invalid) as caught:
        flows.records.create(ctx, "person", {"name": "Ada", "stage": "active"})
    (problem,) = caught.value.problems
    assert (problem.pointer, problem.message) == ("/email", "Ada needs an e-mail.")
    rows = [{"name": "Ada", "stage": "active"}, {"name": "Bob"}]
    result = flows.records.bulk(ctx, "person", rows)
    assert (result.created, result.failed) == (1, 1)
    assert [(item.index, item.pointer) for item in result.errors] == [(0, "/email")]


def test_rules_run_in_their_order_and_see_each_other(flows: Workspace) -> None:
    first = rule(when="record.age == 1", steps=[{"do": "set", "values": {"age": 2}}])
    second = rule(when="record.age == 2", steps=[{"do": "set", "values": {"age": 3}}])
    apply(flows, "a_later", {**second, "trigger": {"on": "saving", "order": 20}})
    apply(flows, "b_first", {**first, "trigger": {"on": "saving", "order": 10}})
    made = flows.records.create(flows.context(), "person", {"name": "Ada", "age": 1})
    assert made.values["age"] == 3


def test_what_a_rule_sets_must_be_valid(flows: Workspace) -> None:
    apply(
        flows,
        "bad",
        rule(when="record.age == 5", steps=[{"do": "set", "values": {"age": {"expression": "0 - 7"}}}]),
    )
    with pytest.raises(Invalid) as caught:
        flows.records.create(flows.context(), "person", {"name": "Ada", "age": 5})
    assert caught.value.problems[0].pointer == "/age"
    assert flows.records.find(flows.context(), "person").records == []


def test_old_and_new_values_can_be_compared(flows: Workspace) -> None:
    steps = [{"do": "refuse", "field": "stage", "message": "Once active, always active."}]
    apply(flows, "keep", rule(when="old.stage == 'active' && new.stage != 'active'", steps=steps))
    ctx = flows.context()
    ada = flows.records.create(ctx, "person", {"name": "Ada", "stage": "active"})
    flows.records.update(ctx, "person", ada.id, {"name": "Ada L."}, version=1)
    with pytest.raises(Invalid, match="always active"):
        flows.records.update(ctx, "person", ada.id, {"stage": "lead"}, version=2)


def test_an_if_inside_a_rule_chooses(flows: Workspace) -> None:
    steps = [
        {
            "if": "record.age > 60",
            "then": [{"do": "set", "values": {"vip": True}}],
            "else": [{"do": "set", "values": {"vip": False}}],
        }
    ]
    apply(flows, "old", rule(when="record.age != null", steps=steps))
    ctx = flows.context()
    assert flows.records.create(ctx, "person", {"name": "Ada", "age": 61}).values["vip"] is True
    assert flows.records.create(ctx, "person", {"name": "Bob", "age": 60}).values["vip"] is False


def test_a_rule_makes_a_related_record_in_the_same_transaction(flows: Workspace) -> None:
    steps = [
        {
            "do": "create",
            "entity": "visit",
            "values": {"subject": "Welcome {{ record.name }}", "person": {"expression": "record"}},
        }
    ]
    apply(flows, "visit", rule(trigger={"on": "saving", "on_update": False}, when="record.vip", steps=steps))
    ctx = flows.context()
    ada = flows.records.create(ctx, "person", {"name": "Ada", "vip": True})
    (visit,) = flows.records.find(ctx, "visit", Query(where=f"person == '{ada.id}'")).records
    assert visit.values["subject"] == "Welcome Ada"
    event = flows.records.history(ctx, "visit", visit.id).events[0].as_json()
    assert event["cause"]["kind"] == "rule" and event["cause"]["workflow"] == "visit"
    apply(
        flows,
        "never",
        rule(entity="visit", when="record.subject != null", steps=[{"do": "refuse", "message": "No."}]),
    )
    with pytest.raises(Invalid, match="No"):
        flows.records.create(ctx, "person", {"name": "Bob", "vip": True})
    assert [item.values["name"] for item in flows.records.find(ctx, "person").records] == ["Ada"]


def test_rules_that_start_each_other_are_stopped(flows: Workspace) -> None:
    steps = [{"do": "create", "entity": "person", "values": {"name": "Copy of {{ record.name }}"}}]
    apply(flows, "copy", rule(when="true", steps=steps))
    with pytest.raises(Invalid, match="again and again"):
        flows.records.create(flows.context(), "person", {"name": "Ada"})
    assert flows.records.find(flows.context(), "person").records == []


def test_a_rule_cannot_wait(flows: Workspace) -> None:
    with pytest.raises(Invalid) as caught:
        apply(flows, "wait", rule(steps=[{"wait": "days(1)"}]))
    assert caught.value.problems[0].pointer == "/steps/0"
