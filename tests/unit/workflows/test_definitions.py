"""Workflow documents: stored, checked against the entities, shown in plans, following renames."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from amity.access.context import SYSTEM
from amity.definitions.documents import DefinitionChange
from amity.errors import InUse, Invalid
from amity.workspace import Workspace
from tests.factories.flows import apply, workflow
from tests.factories.worlds import PERSON


def changed_person(**fields: Any) -> dict[str, Any]:
    document = copy.deepcopy(PERSON)
    for name, schema in fields.items():
        if schema is None:
            del document["properties"][name]
        else:
            document["properties"][name] = schema
    return document


def visit(**values: Any) -> dict[str, Any]:
    """A step that makes a visit."""
    return {"do": "sample_create", "entity": "visit", "values": values}


def test_a_workflow_is_stored_with_ids_for_its_steps(flows: Workspace) -> None:
    apply(flows, "welcome", workflow())
    known = flows.workflows.get("welcome")
    assert known.document["id"] == "welcome"
    assert [step["id"] for step in known.document["steps"]] == ["sample_create"]
    assert flows.workflows.live.changes["person"][0].workflow.title == "Welcome"


def test_a_plan_warns_of_accounts_that_nobody_has(flows: Workspace) -> None:
    flows.accounts.create("ada@example.test", "Ada", ["admin"], "four quiet lamps bend")
    gone = flows.accounts.create("gone@example.test", "Gone", ["staff"], "four quiet lamps bend")
    flows.accounts.deactivate(gone.id, by=SYSTEM)
    ask = {
        "do": "approval",
        "to": ["ADA@example.test", "bo@example.test", "gone@example.test"],
        "question": "?",
    }
    give = {"do": "set_owner", "account": "cy@example.test"}
    loop = {"for_each": "record.visits", "as": "one", "steps": [ask]}
    document = workflow(steps=[loop, give], tell="di@example.test")
    plan = flows.definitions.plan([DefinitionChange("workflow", "welcome", document)])
    assert [(str(line.severity), line.code, line.details.get("pointer")) for line in plan.changes] == [
        ("safe", "add_workflow", None),
        ("safe", "unknown_account", "/tell"),
        ("safe", "unknown_account", "/steps/0/steps/0/to/1"),
        ("safe", "inactive_account", "/steps/0/steps/0/to/2"),
        ("safe", "unknown_account", "/steps/1/account"),
    ]
    assert "bo@example.test" in plan.changes[2].what and not plan.needs_confirmation
    apply(flows, "welcome", document)  # a warning: the account may be made later


def test_applying_the_same_again_changes_nothing(flows: Workspace) -> None:
    apply(flows, "welcome", workflow())
    assert flows.definitions.plan([DefinitionChange("workflow", "welcome", workflow())]).empty
    kept = flows.workflows.get("welcome").document
    assert flows.definitions.plan([DefinitionChange("workflow", "welcome", kept)]).empty


@pytest.mark.parametrize(
    ("changes", "pointer", "words"),
    [
        ({"when": "new.stag == 'active'"}, "/when", "stage"),
        ({"when": "new.age"}, "/when", "boolean"),
        ({"entity": "persn"}, "/entity", "person"),
        ({"entity": None}, "/entity", "which entity"),
        ({"trigger": {"on": "updatd"}}, "/trigger/on", "updated"),
        ({"trigger": {"on": "updated", "fields": ["stge"]}}, "/trigger/fields/0", "stage"),
        ({"trigger": {"on": "schedule", "cron": "0 25 * * *"}}, "/trigger/cron", "Mondays"),
        ({"trigger": {"on": "schedule", "cron": "0 8 * * 1", "timezone": "X"}}, "/trigger/timezone", "X"),
        ({"trigger": {"on": "date", "field": "name"}, "when": None}, "/trigger/field", "no date"),
        ({"trigger": {"on": "schedule", "cron": "0 8 * * 1"}, "run_as": "person"}, "/run_as", "system's"),
        (
            {"trigger": {"on": "form", "form": {"type": "object", "properties": {}}}, "run_as": "person"},
            "/run_as",
            "Nobody triggers",
        ),
        ({"steps": [{"do": "sample_creat"}]}, "/steps/0/do", "sample_create"),
        ({"steps": [{"doo": "x"}]}, "/steps/0", "do"),
        ({"steps": [{"wait": "days(0)"}]}, "/steps/0/wait", "longer than nothing"),
        ({"steps": [{"wait": "record.name"}]}, "/steps/0/wait", "duration"),
        ({"steps": [{"wait_until": "record.age"}]}, "/steps/0/wait_until", "date"),
        ({"steps": [{"if": "record.vip", "then": [{"wait": "dys(1)"}]}]}, "/steps/0/then/0/wait", "days"),
        ({"steps": [{"for_each": "record.name", "steps": []}]}, "/steps/0/for_each", "list"),
        (
            {"steps": [visit(subjct="x")]},
            "/steps/0/values/subjct",
            "subject",
        ),
        (
            {"steps": [visit(subject="{{ record.nam }}")]},
            "/steps/0/values/subject",
            "name",
        ),
        (
            {"steps": [visit(subject="{{ record.name")]},
            "/steps/0/values/subject",
            "}}",
        ),
        (
            {"steps": [visit(at={"expression": "record.name"})]},
            "/steps/0/values/at",
            "date-time",
        ),
        ({"steps": [{"do": "sample_create", "values": {}}]}, "/steps/0/entity", "required"),
        ({"titel": "x"}, "/titel", "title"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_with_its_place(
    flows: Workspace, changes: dict[str, Any], pointer: str, words: str
) -> None:
    with pytest.raises(Invalid) as caught:
        apply(flows, "welcome", workflow(**changes))
    found = {problem.pointer: problem.message for problem in caught.value.problems}
    assert pointer in found, found
    assert words in found[pointer]


def test_where_used_names_a_workflow(flows: Workspace) -> None:
    apply(flows, "welcome", workflow())
    uses = [use for use in flows.definitions.where_used("person", "stage") if use.kind == "workflow"]
    assert {use.pointer for use in uses} == {"/trigger/fields/0", "/when"}
    plan = flows.definitions.plan([DefinitionChange("entity", "person", changed_person(stage=None))])
    used = [use for change in plan.changes for use in change.used_by if use.kind == "workflow"]
    assert used
    assert any(change.code == "breaks" and change.severity == "refused" for change in plan.changes)


def test_a_removal_that_would_stop_a_workflow_is_refused(flows: Workspace) -> None:
    apply(flows, "welcome", workflow())
    change = DefinitionChange("entity", "person", changed_person(stage=None))
    with pytest.raises(InUse, match="would no longer work"):
        flows.definitions.apply([change], flows.context(SYSTEM), confirm=True)
    apply(flows, "welcome", workflow(enabled=False))
    flows.definitions.apply([change], flows.context(SYSTEM), confirm=True)
    assert flows.workflows.live.broken["welcome"][0].pointer == "/trigger/fields/0"


def test_a_workflow_follows_renames_of_fields_choices_and_entities(flows: Workspace) -> None:
    steps = [
        {
            "switch": "record.stage",
            "cases": [{"is": ["active"], "steps": workflow()["steps"]}, {"is": "lead", "steps": []}],
        }
    ]
    apply(flows, "welcome", workflow(steps=steps))
    person = changed_person()
    properties = person["properties"]
    properties["full_name"] = {**properties.pop("name"), "x-amity": {"id": "name"}}
    stage = properties.pop("stage")
    stage["oneOf"][1] = {"const": "won", "title": "Won", "x-amity": {"id": "active"}}
    properties["phase"] = {**stage, "x-amity": {"id": "stage"}}
    person["required"] = ["full_name"]
    person["x-amity"] = {**person["x-amity"], "id": "person", "name": "human", "display": "full_name"}
    flows.definitions.apply(
        [DefinitionChange("entity", "person", person)], flows.context(SYSTEM), confirm=True
    )
    document = flows.workflows.get("welcome").document
    assert document["entity"] == "human"
    assert document["trigger"]["fields"] == ["phase"]
    assert document["when"] == "old.phase != 'won' && new.phase == 'won'"
    assert document["steps"][0]["switch"] == "record.phase"
    assert [case["is"] for case in document["steps"][0]["cases"]] == [["won"], "lead"]
    values = document["steps"][0]["cases"][0]["steps"][0]["values"]
    assert values["subject"] == "Meet {{ record.full_name }}"
    assert flows.workflows.live.changes["person"]


def test_a_workflow_and_its_entity_come_in_one_apply(flows: Workspace) -> None:
    deal = {
        "title": "Deal",
        "type": "object",
        "properties": {"name": {"type": "string"}, "won": {"type": "boolean"}},
        "x-amity": {"name": "deal"},
    }
    document = workflow(entity="deal", trigger={"on": "created"}, when="new.won", steps=[])
    changes = [DefinitionChange("workflow", "won", document), DefinitionChange("entity", "deal", deal)]
    flows.definitions.apply(changes, flows.context(SYSTEM), confirm=True)
    assert flows.workflows.live.changes["deal"]


def test_calls_of_what_is_not_there_and_calls_in_circles_are_refused(flows: Workspace) -> None:
    def calling(name: str) -> dict[str, Any]:
        return workflow(trigger={"on": "called"}, when=None, steps=[{"do": "call", "workflow": name}])

    with pytest.raises(Invalid) as caught:
        apply(flows, "first", calling("secnd"))
    assert caught.value.problems[0].pointer == "/steps/0/workflow"
    apply(flows, "second", workflow(trigger={"on": "called"}, when=None, steps=[]))
    apply(flows, "first", calling("second"))
    with pytest.raises(Invalid, match="first → second → first"):
        apply(flows, "second", calling("first"))
