"""Workflows over REST: the same documents, versions and errors as entities."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from amity.database.ids import new_id
from amity.testing.visitor import Visitor
from amity.workflows.engine.worker import open_worker
from amity.workspace import Workspace


def document(**changes: Any) -> dict[str, Any]:
    found: dict[str, Any] = {
        "title": "Call",
        "entity": "person",
        "enabled": True,
        "trigger": {"on": "manual"},
        "steps": [{"wait": "days(1)"}],
    }
    return {**found, **changes}


@pytest.fixture
def flows(admin: Visitor) -> Visitor:
    """An admin; people are there already."""
    return admin


def test_create_read_change_and_remove(flows: Visitor) -> None:
    made = flows.api("PUT", "/workflows/call", document())
    assert made.status_code == 201
    assert made.headers["ETag"] == '"1"'
    assert made.get_json()["steps"][0]["id"] == "wait"
    assert flows.api("GET", "/workflows/call").get_json()["name"] == "call"
    again = {**made.get_json(), "title": "Ring"}
    assert flows.api("PUT", "/workflows/call", again).status_code == 428
    changed = flows.api("PUT", "/workflows/call", again, headers={"If-Match": '"1"'})
    assert changed.status_code == 200 and changed.headers["ETag"] == '"2"'
    assert flows.api("PUT", "/workflows/call", again, headers={"If-Match": '"1"'}).status_code == 409
    listed = flows.api("GET", "/workflows").get_json()["workflows"]
    assert [(item["name"], item["enabled"], item["problems"]) for item in listed] == [("call", True, [])]
    assert flows.api("DELETE", "/workflows/call", headers={"If-Match": '"2"'}).status_code == 204
    assert flows.api("GET", "/workflows/call").status_code == 404


def test_a_plan_changes_nothing(flows: Visitor) -> None:
    plan = flows.api("PUT", "/workflows/call?plan=true", document()).get_json()
    assert [change["code"] for change in plan["changes"]] == ["add_workflow"]
    assert flows.api("GET", "/workflows/call").status_code == 404


def test_what_is_wrong_is_named(flows: Visitor) -> None:
    wrong = flows.api("PUT", "/workflows/call", document(steps=[{"wait": "dayz(1)"}, {"if": "record.vp"}]))
    assert wrong.status_code == 422
    pointers = {error["pointer"] for error in wrong.get_json()["errors"]}
    assert pointers == {"/steps/0/wait", "/steps/1/if"}


def test_start_asks_for_runs(flows: Visitor, workspace: Workspace) -> None:
    flows.api("PUT", "/workflows/call", document())
    person = flows.api("POST", "/records/person", {"name": "Ada"}).get_json()
    started = flows.api("POST", "/workflows/call/start", {"record": person["id"]})
    assert started.status_code == 202 and len(started.get_json()["runs"]) == 1
    assert flows.api("POST", "/workflows/call/start", {}).status_code == 422
    assert flows.api("POST", "/workflows/call/start", {"recrd": "x"}).status_code == 422
    unknown = flows.api("POST", "/workflows/call/start", {"record": "0190b0f0-0000-7000-8000-000000000000"})
    assert unknown.status_code == 404


@pytest.mark.parametrize("whole", [True, False])
def test_an_input_is_checked_by_the_form(flows: Visitor, workspace: Workspace, whole: bool) -> None:
    """The form is the schema of an object, or its properties alone: the same from both."""
    fields = {"why": {"type": "string", "maxLength": 5}, "days": {"type": "integer", "minimum": 1}}
    form = {"type": "object", "properties": fields, "required": ["why"]} if whole else fields
    trigger = {"on": "manual", "form": form}
    steps = [{"wait": "days(input.days)"}]
    made = flows.api(
        "PUT", "/workflows/call", {"title": "Call", "enabled": True, "trigger": trigger, "steps": steps}
    )
    assert made.status_code == 201, made.text
    assert flows.api("POST", "/workflows/call/start", {"input": {"why": "me", "days": 3}}).status_code == 202
    for given, place in (
        ({"why": "too long"}, "/input/why"),
        ({"why": "me", "days": 0}, "/input/days"),
        ({"why": "me", "days": "x"}, "/input/days"),
        ({"why": "me", "day": 3}, "/input/day"),
        ("me", "/input"),
        *([({"days": 3}, "/input/why")] if whole else []),
    ):
        answer = flows.api("POST", "/workflows/call/start", {"input": given})
        assert answer.status_code == 422, answer.text
        assert [error["pointer"] for error in answer.get_json()["errors"]] == [place]


def test_pause_and_resume(flows: Visitor, workspace: Workspace) -> None:
    flows.api("PUT", "/workflows/call", document())
    assert flows.api("POST", "/workflows/call/pause", {}).status_code == 204
    assert set(workspace.workflows.pauses()) == {"call"}
    assert flows.api("POST", "/workflows/*/pause", {}).status_code == 204
    assert set(workspace.workflows.pauses()) == {"call", "*"}
    for name in ("call", "*"):
        assert flows.api("POST", f"/workflows/{name}/resume", {}).status_code == 204
    assert workspace.workflows.pauses() == {}


def test_staff_may_start_but_not_shape(flows: Visitor, staff: Visitor) -> None:
    flows.api("PUT", "/workflows/call", document())
    assert staff.api("GET", "/workflows/call").status_code == 403
    assert staff.api("PUT", "/workflows/call", document()).status_code == 403
    person = staff.api("POST", "/records/person", {"name": "Ada"}).get_json()
    assert staff.api("POST", "/workflows/call/start", {"record": person["id"]}).status_code == 202


def test_the_meta_schema_is_published(flows: Visitor) -> None:
    schema = flows.api("GET", "/schemas/workflow").get_json()
    assert schema["$id"] == "urn:amity:schema:workflow"
    assert {rule["properties"]["on"]["const"] for rule in schema["properties"]["trigger"]["oneOf"]} >= {
        "created", "updated", "schedule", "saving",
    }  # fmt: skip


def test_runs_are_listed_looked_at_and_ended(flows: Visitor, workspace: Workspace) -> None:
    flows.api("PUT", "/workflows/call", document())
    person = flows.api("POST", "/records/person", {"name": "Ada"}).get_json()
    (run_id,) = flows.api("POST", "/workflows/call/start", {"record": person["id"]}).get_json()["runs"]
    with open_worker(workspace.workflows, new_id()):
        run = waited(lambda: flows.api("GET", f"/runs/{run_id}"), lambda found: found["state"] == "waiting")
    assert (run["workflow"], run["record"], run["on"]) == ("call", person["id"], "manual")
    assert [(step["key"], step["state"]) for step in run["steps"]] == [("wait", "waiting")]
    assert run["steps"][0]["due_at"]
    listed = flows.api("GET", f"/runs?workflow=call&state=waiting&record={person['id']}").get_json()
    assert [item["id"] for item in listed["runs"]] == [run_id] and listed["next"] is None
    assert flows.api("GET", "/runs?state=done").get_json()["runs"] == []
    assert flows.api("GET", "/runs?state=lost").status_code == 422
    assert flows.api("GET", "/runs?after=xyz").status_code == 422
    assert flows.api("POST", f"/runs/{run_id}/retry").status_code == 409
    assert flows.api("POST", f"/runs/{run_id}/cancel").get_json()["state"] == "cancelled"
    assert flows.api("POST", f"/runs/{run_id}/cancel").status_code == 409


def waited(ask: Callable[[], Any], until: Callable[[Any], bool]) -> Any:
    """Ask until the answer is as it should be, a minute at most."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        answer = ask()
        if answer.status_code == 200 and until(answer.get_json()):
            return answer.get_json()
        time.sleep(0.1)
    raise AssertionError(f"not within a minute: {answer.get_json()}")
