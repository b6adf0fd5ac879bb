"""Every shipped workflow, action and trigger is built with inputs for people: no JSON, no expressions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from amity import jsontext
from amity.exchange.shipped import apply_shipped
from amity.settings import Settings
from amity.testing.visitor import Visitor
from amity.web.builder.flows import document as flows
from amity.workflows.actions import core_actions
from amity.workflows.triggers import TRIGGERS
from amity.workspace import Workspace
from tests.support.apps import KEY, people
from tests.support.databases import DatabaseServer
from tests.support.flow_editor import Editor

pytestmark = pytest.mark.parametrize("database_server", ["sqlite"], indirect=True)
"""The draft travels with the form: no database has a part in it."""
ROOT = Path(__file__).parents[3]
SHIPPED = sorted(path.stem for path in (ROOT / "workflows").glob("*.json"))
CODE = re.compile(r'class="[^"]*\bis-code\b[^>]*name="(?!nested-[0-9]+-name"|nested-[0-9]+-choice)')
"""What JSON and expressions are written into; names of fields are neither."""
ME = "ada@example.test"


def with_shipped(url: str) -> None:
    """Fill an empty database: people, the shipped entities and workflows."""
    people(url)
    workspace = Workspace.open(Settings(home=Path("unused"), database_url=url, secret_key=KEY))
    try:
        apply_shipped(workspace.definitions, [ROOT], workspace.context())
    finally:
        workspace.close()


@pytest.fixture
def people_url(database_server: DatabaseServer) -> Iterator[str]:
    """A database with all that comes with Amity, of this test alone; on both servers."""
    url = database_server.clone("shipped workflows", with_shipped)
    yield url
    database_server.drop(url)


@pytest.fixture
def editor(admin: Visitor) -> Editor:
    """The editor, opened by Ada."""
    return Editor(admin)


def form_of(html: str) -> str:
    """The form of the selected card."""
    return html.partition('id="flow-form"')[2].partition('id="designer-json"')[0]


def walk(editor: Editor, pointers: Iterable[str] = ()) -> None:
    """Open every card: no code is shown. The form of each is sent with the press for the next one."""
    before = jsontext.dumps(editor.document)
    last = ""
    every = ["", "/trigger", "/when", *(at for at, _step in flows.walk(editor.document))]
    for pointer in [*(pointers or every), ""]:
        editor.press(f"select:{pointer}")
        assert jsontext.dumps(editor.document) == before, f"the form of {last} changed something"
        shown = form_of(editor.html)
        assert not CODE.search(shown), f"{pointer}: {CODE.split(shown)[1][:300]}"
        last = pointer


def test_shipped_workflows_are_changed_without_code(editor: Editor) -> None:
    assert len(SHIPPED) == 7
    for name in SHIPPED:
        walk(editor.open(name))
        assert "has-problems" not in editor.html


STEPS: dict[str, dict[str, Any]] = {
    "create": {
        "entity": "task",
        "values": {"title": "Call", "due_on": {"expression": "record.renewal_on - days(3)"}},
    },
    "update": {
        "record": "record.account_manager",
        "values": {"email": {"expression": "record.account_manager.email"}},
    },
    "delete": {"record": "record"},
    "find": {
        "entity": "interaction",
        "where": "outcome == 'complaint' && (follow_up_on == null || at < now() - days(9))",
        "sort": "-at,subject",
        "limit": 5,
    },
    "set_owner": {
        "table": [
            {"when": "record.discount > 10 && record.stage == 'active'", "then": {"account": ME}},
            {"then": {"account": "sam@example.test"}},
        ]
    },
    "send_email": {
        "to": "{{ record.email }}",
        "subject": "S",
        "body": "B\n\nC",
        "html": "<p>B</p>",
    },
    "notify": {"to": [ME], "text": "T"},
    "comment": {"text": "T"},
    "webhook": {
        "url": "https://a.example/x",
        "secret": "other_system",
        "body": {
            "customer": {"name": {"expression": "record.name"}, "tags": ["a", "12", 12, [], {}]},
            "a.b": True, "1": "", "-": None, "": "x", " y ": "{{ record.name }}", "deep": [[1], {"a": [2]}],
        },
    },
    "approval": {"owner": True, "question": "Q?", "remind_after": "days(2)", "at_most": "weeks(1)"},
    "ask": {
        "owner": True, "question": "Q?", "required": ["why"],
        "fields": {"why": {"type": "string", "title": "Why"}, "much": {"type": "integer", "title": "Much"}},
    },
    "call": {"workflow": "other", "input": {"a": {"b": 1}}},
    "decision_table": {
        "rows": [
            {"when": "record.discount > 10", "then": {"level": "high", "n": 3, "on": True, "d": {"a": "1"}}},
            {"then": {"level": "low", "n": 0, "on": False, "d": {"a": "2"}}},
        ]
    },
    "stop": {"reason": "R", "failed": True},
    "link": {"field": "x", "targets": "record", "values": {"role": "host"}},
    "unlink": {"field": "x", "targets": "record"},
    "set": {"values": {"name": "N"}},
    "refuse": {"message": "M", "field": "name"},
}  # fmt: skip
"""A step of each action; what is not valid for the entity keeps its place all the same."""
HEADS: list[dict[str, Any]] = [
    {"for_each": "record.interactions", "as": "one", "steps": [{"do": "comment", "text": "{{ one.at }}"}]},
    {
        "switch": "record.stage", "default": [],
        "cases": [{"is": "active", "steps": []}, {"is": ["former", "lead"]}],
    },
    {"wait": "hours(3)"},
    {"wait_until": "record.renewal_on - days(7)"},
    {"wait_for": "record.stage == 'active'", "at_most": "days(3)"},
    {"parallel": [[{"do": "stop"}], []]},
    {
        "do": "create", "entity": "task", "retry": {"times": 2}, "timeout": "minutes(2)",
        "on_failure": "continue",
        "values": {
            "title": {"expression": "record.discount > 3 ? 'High' : record.name"},
            "due_on": {"expression": "record.discount > 3 ? date('2030-01-02') : today() + weeks(1)"},
        },
    },
]  # fmt: skip
"""A step of each word that is no action."""
ASKED: dict[str, Any] = {
    "properties": {"about": {"title": "About", "oneOf": [{"const": "a", "title": "A"}]}},
    "required": ["about"],
}
OPTIONS: dict[str, dict[str, Any]] = {
    "created": {},
    "updated": {"fields": ["stage", "discount"]},
    "saved": {"fields": ["name"]},
    "saving": {"fields": ["name"]},
    "deleted": {},
    "restored": {},
    "schedule": {
        "cron": "30 7 * * 1-5", "timezone": "Europe/Berlin", "missed": "skip",
        "where": "stage == 'active' && !interactions.exists(i, i.at > now() - days(90))",
    },
    "date": {"field": "renewal_on", "before": "days(30)", "at": "07:00", "yearly": True},
    "manual": {"button": "Go", "form": {"properties": {"why": {"type": "string", "title": "Why"}}}},
    "form": {"heading": "H", "form": ASKED},
    "webhook": {"secret": "other_system"},
    "event": {"event": "shop.order"},
    "called": {"form": {"type": "object", "required": ["a"], "properties": {"a": {"type": "string"}}}},
}  # fmt: skip


@pytest.mark.parametrize("number", range(2), ids=["bare", "filled in"])
def test_every_action_and_trigger_has_inputs_for_people(editor: Editor, number: int) -> None:
    for name, trigger in TRIGGERS.items():
        document: dict[str, Any] = {
            "title": name,
            "enabled": False,
            "trigger": {"on": name, **(OPTIONS[name] if number else {})},
            "steps": [],
        }
        if trigger.entity != "none":
            document["entity"] = "customer"
        editor.begin().press("use-json", json=jsontext.dumps(document))
        walk(editor, ["/trigger"])
    steps = [{"do": action.name, **(STEPS[action.name] if number else {})} for action in core_actions()]
    document = {"title": "All", "entity": "customer", "trigger": {"on": "manual"}, "steps": [*steps, *HEADS]}
    walk(editor.begin().press("use-json", json=jsontext.dumps(flows.with_step_ids(document))))


def test_attachments_and_orders_are_chosen(editor: Editor) -> None:
    editor.begin(entity="interaction").press("add:send_email@/steps/0")
    editor.press(**{"p-attachments-0-path": "record.attachment"})
    assert editor.document["steps"][0]["attachments"] == ["record.attachment"]
    assert "record.subject" not in editor.html.partition("p-attachments-0-path")[2].partition("</select>")[0]
    editor.press(**{"p-attachments-0-path": ""})
    assert "attachments" not in editor.document["steps"][0]
    editor.press("add:find@/steps/1").press(p__entity="task").press(**{"p-sort-0-field": "due_on"})
    editor.press(**{"p-sort-0-way": "down", "p-sort-1-field": "title"})
    assert editor.document["steps"][1]["sort"] == "-due_on,title"
    editor.press(**{"p-sort-0-field": ""})
    assert editor.document["steps"][1]["sort"] == "title"


def test_a_schedule_is_chosen_and_its_next_times_are_shown(editor: Editor) -> None:
    editor.open("no_contact_for_90_days").press("select:/trigger")
    assert editor.form.getlist("p-cron-weekday") == ["1"] and editor.form["p-cron-time"] == "07:00"
    editor.press(**{"p__cron__weekday": ["1", "4", "0"], "p__cron__time": "18:30"})
    assert editor.document["trigger"]["cron"] == "30 18 * * 1,4,0"
    assert editor.html.partition("The next times:")[2][:300].count("·") == 2
    editor.press(p__cron__mode="monthly").press(p__cron__day="L")
    assert editor.document["trigger"]["cron"] == "30 18 L * *"
    editor.press(p__cron__mode="yearly").press(p__cron__day="24", p__cron__month="12")
    assert editor.document["trigger"]["cron"] == "30 18 24 12 *"
    editor.press(p__cron__mode="minutes")
    assert editor.document["trigger"]["cron"] == "*/15 * * * *"
    editor.press(p__cron__mode="~").press(p__cron="0 9-17 * * 1-5")
    assert editor.document["trigger"]["cron"] == "0 9-17 * * 1-5"
    editor.press(p__cron="every now and then")
    assert editor.document["trigger"]["cron"] == "every now and then" and "has-problems" in editor.html


def test_conditions_with_groups_other_values_and_linked_records(editor: Editor) -> None:
    editor.begin(entity="customer", trigger="saved").press("select:/when")
    editor.press(p__when__0__field="new.discount").press(p__when__0__op="more~")
    assert "when" not in editor.document
    editor.press(p__when__0__value="old.discount")
    assert editor.document["when"] == "new.discount > old.discount"
    editor.press(p__when__1__field="~group").press(p__when__1__0__field="record.stage")
    assert editor.document["when"] == "new.discount > old.discount", "half a group is none"
    editor.press(p__when__1__0__value="active").press(p__when__1__1__field="record.email")
    editor.press(p__when__1__1__op="empty")
    group = "(record.stage == 'active' || record.email == null)"
    assert editor.document["when"] == f"new.discount > old.discount && {group}"
    editor.press("row-remove:p-when:0")
    assert editor.document["when"] == group
    editor.press(p__when__1__field="record.interactions").press(p__when__1__op="none")
    editor.press(p__when__1__0__field="x.at").press(p__when__1__0__op="newer", p__when__1__0__value="90")
    editor.press(**{"p-when-1-1-field": "x.outcome"}).press(**{"p-when-1-1-value": "complaint"})
    inner = "x.at > now() - days(90) && x.outcome == 'complaint'"
    assert editor.document["when"] == f"{group} && !record.interactions.exists(x, {inner})"
    assert "has none for which" in editor.html
    assert "has-problems" not in editor.html
    editor.press("row-remove:p-when-1:0")
    assert editor.document["when"].endswith("exists(x, x.outcome == 'complaint')")


def test_values_are_computed_without_writing_expressions(editor: Editor) -> None:
    editor.begin(entity="customer", trigger="saved").press("add:create@/steps/0").press(p__entity="task")
    for field in ("title", "due_on", "priority", "about"):
        editor.press(p__values__add=field).press(**{f"p-values-by-{field}": "expression"})
    at = "p-values-x"
    editor.press(
        **{f"{at}-title-path": "record.name", f"{at}-about-path": "record", f"{at}-due_on-path": "+"}
    )
    editor.press(
        **{
            f"{at}-due_on-amount": "14",
            f"{at}-due_on-side": "before",
            f"{at}-due_on-base": "record.renewal_on",
        }
    )
    editor.press(**{f"{at}-priority-path": "?"})
    editor.press(
        **{
            f"{at}-priority-if-0-field": "record.stage",
            f"{at}-priority-then-path": "=",
            f"{at}-priority-else-path": "=",
        }
    )
    editor.press(
        **{
            f"{at}-priority-if-0-value": "active",
            f"{at}-priority-then-fixed": "high",
            f"{at}-priority-else-fixed": "low",
        }
    )
    assert editor.document["steps"][0]["values"] == {
        "title": {"expression": "record.name"},
        "due_on": {"expression": "record.renewal_on - days(14)"},
        "priority": {"expression": "record.stage == 'active' ? 'high' : 'low'"},
        "about": {"expression": "record"},
    }
    assert "has-problems" not in editor.html


def test_answers_of_a_form_are_chosen_like_fields(editor: Editor) -> None:
    asked = {
        "name": {"type": "string", "title": "Your name"},
        "about": {"title": "What about", "oneOf": [{"const": "sale", "title": "A sale"}]},
    }
    document = {"title": "Contact", "trigger": {"on": "form", "form": {"properties": asked}}, "steps": []}
    editor.begin().press("use-json", json=jsontext.dumps(document)).press("select:/when")
    editor.press(**{"p-when-0-field": "input.about"}).press(**{"p-when-0-value": "sale"})
    assert editor.document["when"] == "input.about == 'sale'"
    editor.press("select:/trigger").press(**{"nested-2-title": "Your age", "nested-2-kind": "integer"})
    editor.press(**{"nested-2-required": "1"})
    assert editor.document["trigger"]["form"]["required"] == ["your_age"]
    assert list(editor.document["trigger"]["form"]["properties"]) == ["name", "about", "your_age"]
    editor.press("add:create@/steps/0").press(p__entity="task").press(**{"p-values-add": "title"})
    editor.press(**{"p-values-v-title": "From", "p-values-insert-title": "input.name"})
    assert editor.document["steps"][0]["values"] == {"title": "From {{ input.name }}"}
    assert "has-problems" not in editor.html


def test_a_table_and_a_body_are_filled_in(editor: Editor) -> None:
    editor.begin(entity="customer").press("add:decision_table@/steps/0").press(
        **{"p-rows-new-column": "level"}
    )
    editor.press(**{"p-rows-0-when-0-field": "record.discount", "p-rows-0-cell": "high"})
    editor.press(**{"p-rows-0-when-0-op": "more", "p-rows-0-when-0-value": "10"})
    editor.press(**{"p-rows-1-cell": "low"})
    assert editor.document["steps"][0]["rows"] == [
        {"when": "record.discount > 10", "then": {"level": "high"}},
        {"then": {"level": "low"}},
    ]
    assert "has-problems" not in editor.html
    editor.press("row-up:p-rows:1")
    assert "when" not in editor.document["steps"][0]["rows"][0] and "never do" in editor.html
    editor.press("add:webhook@/steps/1").press(p__url="https://a.example/x")
    editor.press(**{"p-body-0-name": "customer.name", "p-body-0-way": "record.name"})
    editor.press(**{"p-body-1-name": "customer.tags.1", "p-body-1-value": "12", "p-body-1-way": "text"})
    editor.press(**{"p-body-2-name": "amount", "p-body-2-value": "12.5"})
    assert jsontext.dumps(editor.document["steps"][1]["body"]) == jsontext.dumps(
        jsontext.loads('{"customer":{"name":{"expression":"record.name"},"tags":["12"]},"amount":12.5}')
    )
    editor.press("row-remove:p-body:1")
    assert "tags" not in editor.document["steps"][1]["body"]["customer"]
