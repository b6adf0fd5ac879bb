"""The workflow editor on the server: the draft travels with the form, buttons change it, nothing is lost."""

from __future__ import annotations

from typing import Any

import pytest
from werkzeug.datastructures import MultiDict

from amity import jsontext
from amity.testing.visitor import Visitor
from amity.workspace import Workspace
from tests.functional.web.conftest import Made
from tests.support.flow_editor import Editor
from tests.support.forms import read_form


@pytest.fixture
def editor(admin: Visitor) -> Editor:
    """The editor, opened by Ada."""
    return Editor(admin)


def test_a_workflow_is_built_from_nothing_and_applied(editor: Editor, workspace: Workspace) -> None:
    editor.begin()
    assert editor.document == {
        "title": "Large customers",
        "entity": "company",
        "enabled": False,
        "trigger": {"on": "saved"},
        "steps": [],
    }
    editor.press("select:/when")
    editor.press(**{"p__when__0__field": "record.revenue"})
    assert "when" not in editor.document, "half a condition is none"
    editor.press(**{"p__when__0__op": "more", "p__when__0__value": "100000"})
    assert editor.document["when"] == "record.revenue > 100000"
    editor.press("open:/steps/0").press("add:approval@/steps/0")
    assert editor.form["selected"] == "/steps/0" and 'name="p-question"' in editor.html
    editor.press(
        **{
            "p__question": "May {{ record.name }} have a discount?",
            "p__owner": "true",
            "p__remind_after__amount": "2",
            "p__at_most__amount": "1",
            "p__at_most__unit": "weeks",
        }
    )
    step = editor.document["steps"][0]
    assert step["remind_after"] == "days(2)" and step["at_most"] == "weeks(1)" and step["owner"] is True
    editor.press("add:if@/steps/1").press(**{"p__if__0__field": "steps.approval.outcome"})
    editor.press(**{"p__if__0__value": "expired"})
    assert editor.document["steps"][1]["if"] == "steps.approval.outcome == 'expired'"
    editor.press("add:notify@/steps/1/then/0", **{})
    editor.press(**{"p__text": "Nobody answered for {{ record.name }}.", "p__manager": "true"})
    assert editor.document["steps"][1]["then"][0]["manager"] is True
    assert "has-problems" not in editor.html, editor.html
    assert editor.apply().status_code == 303
    stored = workspace.definitions.get("workflow", "large_customers")
    assert stored.document["title"] == "Large customers" and len(stored.document["steps"]) == 2


def test_undo_and_redo_go_through_the_drafts(editor: Editor) -> None:
    editor.begin().press("add:stop@/steps/0").press(p__reason="Enough")
    assert editor.document["steps"][0]["reason"] == "Enough"
    editor.press("undo")
    assert "reason" not in editor.document["steps"][0]
    editor.press("undo")
    assert editor.document["steps"] == []
    editor.press("redo").press("redo")
    assert editor.document["steps"][0]["reason"] == "Enough"


def test_steps_are_moved_copied_and_removed(editor: Editor) -> None:
    editor.begin().press("add:stop@/steps/0").press("add:if@/steps/1").press("add:wait@/steps/1/then/0")
    editor.press("up:/steps/1/then/0")
    assert [next(iter(step)) for step in editor.document["steps"]] == ["do", "wait", "if"]
    editor.press("copy:/steps/1")
    assert len({step["id"] for step in editor.document["steps"]}) == 4
    editor.press("take:/steps/0").press("put:/steps/3/else/0")
    assert editor.document["steps"][2]["else"][0]["do"] == "stop"
    editor.press("remove:/steps/0")
    assert len(editor.document["steps"]) == 2


def test_cards_are_dragged_within_and_between_branches(editor: Editor) -> None:
    editor.begin().press("add:stop@/steps/0").press("add:if@/steps/1").press("add:wait@/steps/2")
    before = editor.document

    def heads(steps: list[Any]) -> list[str]:
        return [next(iter(step)) for step in steps]

    editor.press("place:/steps/0@/steps/2")
    assert heads(editor.document["steps"]) == ["if", "wait", "do"] and editor.form["selected"] == "/steps/2"
    editor.press("place:/steps/1@/steps/0/else/0")
    assert heads(editor.document["steps"]) == ["if", "do"]
    assert heads(editor.document["steps"][0]["else"]) == ["wait"]
    editor.press("place:/steps/0/else/0@/steps/1")
    assert heads(editor.document["steps"]) == ["if", "wait", "do"]
    kept = editor.document
    for nonsense in ("/steps/0@/steps/0/then/0", "/steps/9@/steps/0", "/steps/0@", "@", "/steps/0@/x/0"):
        editor.press(f"place:{nonsense}")
        assert editor.document == kept, nonsense
    editor.press("undo").press("undo").press("undo")
    assert editor.document == before


def test_a_condition_that_rows_cannot_say_stays_as_it_is_written(editor: Editor) -> None:
    text = "record.people.exists(x, x.vip) ? true : record.revenue > 1"
    editor.begin().press("select:/when").press("as-text:p-when")
    editor.press(p__when=text)
    assert editor.document["when"] == text
    editor.press("select:/trigger").press("select:/when")
    assert editor.form["p-when"] == text
    editor.press(p__when="record.revenue > 1 || record.stage == 'active'").press("select:").press(
        "select:/when"
    )
    assert editor.form["p-when-join"] == "||" and editor.form["p-when-1-value"] == "active"


def test_values_by_input_and_by_expression(editor: Editor) -> None:
    editor.begin().press("add:create@/steps/0").press(p__entity="person")
    editor.press(**{"p__values__add": "name"}).press(**{"p__values__add": "company"})
    editor.press(
        **{"p__values__v__name": "Contact of {{ record.name }}", "p__values__by__company": "expression"}
    )
    editor.press(**{"p__values__x__company__path": "record"})
    assert editor.document["steps"][0]["values"] == {
        "name": "Contact of {{ record.name }}",
        "company": {"expression": "record"},
    }
    editor.press("drop:values:name")
    assert list(editor.document["steps"][0]["values"]) == ["company"]


def test_problems_stand_beside_the_card(editor: Editor) -> None:
    editor.begin().press("add:send_email@/steps/0")
    assert "flow-problems" in editor.html
    editor.press(p__to="{{ record.emial }}", p__subject="Hello", p__body="Hello")
    assert "input-p-to-problems" in editor.html and "email" in editor.html


def test_what_nobody_touches_stays_as_it_is(editor: Editor, workspace: Workspace) -> None:
    document = {
        "title": "All kinds",
        "entity": "company",
        "trigger": {"on": "manual"},
        "steps": [
            {"do": "find", "entity": "person", "where": "company == record.id && vip"},
            {
                "for_each": "steps.find.records",
                "as": "one",
                "steps": [{"do": "comment", "record": "one", "text": "Hi"}],
            },
            {"switch": "record.stage", "cases": [{"is": "active", "steps": []}], "default": [{"do": "stop"}]},
            {"wait_for": "record.revenue > 5", "at_most": "days(3)"},
            {
                "do": "webhook",
                "url": "https://a.example/x",
                "body": {"n": 1, "t": "1", "e": {"expression": "record.name"}},
                "retry": {"times": 2},
                "on_failure": [{"do": "stop", "failed": True}],
            },
            {
                "do": "decision_table",
                "rows": [{"when": "record.revenue > 1", "then": {"level": "a", "n": 3}}],
            },
            {
                "do": "ask",
                "owner": True,
                "question": "Why?",
                "fields": {"why": {"type": "string", "title": "Why"}},
            },
        ],
    }
    assert editor.visitor.api("PUT", "/workflows/all_kinds", document).status_code == 201
    editor.open("all_kinds")
    before = editor.document
    pointers = [
        "/trigger",
        "/when",
        *(f"/steps/{n}" for n in range(7)),
        "/steps/1/steps/0",
        "/steps/4/on_failure/0",
    ]
    for pointer in pointers:
        editor.press(f"select:{pointer}").press()
        assert editor.document == before, pointer


def test_the_list_shows_health_and_pauses(editor: Editor, workspace: Workspace) -> None:
    editor.begin().press("add:stop@/steps/0").apply()
    visitor = editor.visitor
    plan = visitor.post("/builder/workflows/large_customers/switch", {"kind": "workflow", "on": "1"})
    assert "switched on" in plan.text
    form = MultiDict(
        read_form(plan.text.partition('action="/builder/apply"')[2].partition("</form>")[0]).sent
    )
    assert visitor.client.post("/builder/apply", data=form).status_code == 303
    page = visitor.get("/builder/workflows").text
    assert "Large customers" in page and "When a record is created or changed" in page
    visitor.post("/builder/workflows/pause", {"name": "large_customers", "why": "Let me think"})
    assert "Let me think" in visitor.get("/builder/workflows").text
    visitor.post("/builder/workflows/resume", {"name": "large_customers"})
    visitor.post("/builder/workflows/pause", {})
    assert "All workflows are paused" in visitor.get("/builder/workflows").text
    assert visitor.get("/builder/workflows/large_customers/versions").status_code == 200
    compared = visitor.get("/builder/workflows/large_customers/versions/compare?old=1&new=2").text
    assert "switched on" in compared


@pytest.mark.parametrize("name", ["new", "edit", "pause", "resume", "draft"])
def test_no_word_of_an_address_hides_a_workflow(editor: Editor, name: str) -> None:
    document = {"title": "Hidden?", "trigger": {"on": "manual"}, "steps": [{"do": "stop"}]}
    assert editor.visitor.api("PUT", f"/workflows/{name}", document).status_code == 201
    assert editor.open(name).form["original"] == name
    editor.press("select:")
    assert "Hidden?" in editor.visitor.get(f"/builder/workflows/{name}/try").text
    assert editor.visitor.get(f"/builder/workflows/{name}/versions").status_code == 200


def test_who_reloads_what_a_button_sent_comes_to_the_list(editor: Editor) -> None:
    answer = editor.visitor.get("/builder/workflows/edit")
    assert answer.status_code == 303 and answer.location.endswith("/builder/workflows")


def test_staff_may_not(staff: Visitor, made: Made) -> None:
    for path in ("/builder/workflows", "/builder/new-workflow", "/builder/runs", "/builder/failures"):
        assert staff.get(path).status_code == 403


STRANGE: list[Any] = [
    {},
    {"title": 5, "trigger": "x", "steps": 5, "entity": [], "limits": 3, "when": {}, "enabled": "no"},
    {
        "title": "T",
        "trigger": {"on": []},
        "steps": [5, {}, {"do": 7}, {"do": "nothing"}, {"do": "stop", "wait": "x"}],
    },
    {
        "title": "T",
        "trigger": {"on": "schedule", "cron": 5, "where": []},
        "entity": "company",
        "steps": [
            {"if": 5, "then": 7},
            {"switch": [], "cases": 3},
            {"switch": "record.stage", "cases": [1, {"is": {"a": 1}}]},
            {"for_each": {}, "as": 3, "steps": "x"},
            {"parallel": 4},
            {"wait": 5},
            {"wait_until": []},
            {"wait_for": 1},
            {"do": "create", "entity": [], "values": 5},
            {"do": "create", "entity": "person", "values": {"name": "N", "no": 1}},
            {
                "do": "send_email",
                "to": 5,
                "attachments": "x",
                "consent": {},
                "retry": 3,
                "on_failure": {"a": 1},
            },
            {"do": "decision_table", "rows": [5, {"then": []}]},
            {"do": "webhook", "url": {}, "body": [1, {"a": [2]}]},
            {"do": "ask", "fields": 5, "required": "x"},
            {"do": "approval", "to": "me", "owner": "yes", "roles": 7},
            {"do": "find", "entity": "person", "where": {}, "limit": "many"},
            {"do": "update", "record": 5, "values": []},
            {"do": "stop", "id": 5, "title": [], "reason": {"x": 1}},
        ],
    },
    {
        "title": "T",
        "entity": "company",
        "trigger": {"on": "saved", "fields": 5},
        "steps": [
            {"do": "stop", "on_failure": [{"do": "stop"}]},
            {"if": "true", "else": [{"wait": "days(1)"}]},
        ],
    },
]


@pytest.mark.parametrize("document", STRANGE, ids=range(len(STRANGE)))
def test_any_document_can_be_looked_at_and_mended(editor: Editor, document: Any) -> None:
    editor.begin().press("use-json", json=jsontext.dumps(document))
    steps = document.get("steps")
    pointers = [f"/steps/{number}" for number in range(len(steps))] if isinstance(steps, list) else []
    for pointer in ["", "/trigger", "/when", *pointers, "/steps/99", "/nonsense", "/steps/x/y"]:
        editor.press(f"select:{pointer}").press()
        if isinstance(document.get("title"), str) and pointer:
            assert editor.document.get("steps") == steps, pointer
    for verb in (
        "up",
        "down",
        "copy",
        "take",
        "put",
        "remove",
        "open",
        "case-drop",
        "arm-drop",
        "drop",
        "add",
    ):
        editor.press(f"{verb}:/steps/0").press(f"{verb}:stop@/steps/0/x").press(f"{verb}:")


def test_the_list_and_the_plan_name_people_who_are_missing(editor: Editor) -> None:
    document = {
        "title": "Tell Bo",
        "entity": "company",
        "enabled": True,
        "trigger": {"on": "created"},
        "steps": [{"do": "notify", "to": ["bo@example.test"], "text": "New"}],
    }
    planned = editor.visitor.api("PUT", "/workflows/tell_bo?plan=true", document)
    assert [line["code"] for line in planned.get_json()["changes"]] == ["add_workflow", "unknown_account"]
    assert editor.visitor.api("PUT", "/workflows/tell_bo", document).status_code == 201
    assert "Nobody acts for bo@example.test." in editor.visitor.get("/builder/workflows").text
