"""E-mail templates in the builder: list, editor, preview on a record, versions, the frame."""

from __future__ import annotations

import re

import pytest

from amity import jsontext
from amity.access.context import SYSTEM
from amity.database.schema_workflows import outbox
from amity.definitions.documents import DefinitionChange
from amity.workflows.documents.letters import KIND
from amity.workspace import Workspace
from tests.functional.web.conftest import Made
from tests.support.apps import Visitor

HELLO: dict[str, str] = {
    "title": "Hello",
    "subject": "Hello {{ record.name }}",
    "body": "Dear {{ record.name }}",
    "html": "<p style='color:red'>Dear {{ record.name }}</p><script>alert(1)</script>",
}


@pytest.fixture
def hello(workspace: Workspace) -> Workspace:
    """A template of the workspace, and a workflow that sends it."""
    steps = [{"do": "send_email", "to": "{{ record.email }}", "template": "hello"}]
    document = {"title": "Greet", "entity": "company", "trigger": {"on": "manual"}, "steps": steps}
    changes = [
        DefinitionChange(KIND, "hello", {"name": "hello", **HELLO}),
        DefinitionChange("workflow", "greet", document),
    ]
    workspace.definitions.apply(changes, workspace.context(SYSTEM))
    return workspace


def hidden(text: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', text)
    assert found, name
    return found[1]


def test_the_list_says_whose_text_it_is_and_who_uses_it(hello: Workspace, admin: Visitor) -> None:
    page = admin.get("/builder/emails").text
    assert "comes with Amity" in page and "your own" in page
    assert "Follow up" in page and 'href="/builder/workflows/greet"' in page


def test_staff_do_not_see_them(hello: Workspace, staff: Visitor) -> None:
    for path in ("/builder/emails", "/builder/emails/hello", "/builder/emails/new"):
        assert staff.get(path).status_code == 403
    assert staff.post("/builder/emails/frame", {"html": "x"}).status_code in (400, 403)


def test_a_preview_shows_the_mail_and_who_would_get_it(hello: Workspace, admin: Visitor, made: Made) -> None:
    record = made.company("Smith & <Co>", email="info@smith.example")
    page = admin.get(f"/builder/emails/hello?about=company&record={record.id}").text
    assert "Hello Smith &amp; &lt;Co&gt;" in page and "Dear Smith &amp; &lt;Co&gt;" in page
    assert "info@smith.example" in page and "Greet" in page
    assert "Dear Smith &amp;amp; &amp;lt;Co&amp;gt;" in page, (
        "values in HTML are escaped, the form's value once more"
    )
    assert '<iframe class="letter-frame" name="letter-frame" sandbox=""' in page
    nobody = made.company("Nobody")
    page = admin.get(f"/builder/emails/hello?about=company&record={nobody.id}").text
    assert "has no e-mail address" in page
    with hello.database.read() as connection:
        assert connection.execute(outbox.select()).all() == []


def test_a_draft_is_previewed_before_it_is_applied(hello: Workspace, admin: Visitor, made: Made) -> None:
    record = made.company("Acme", email="info@acme.example")
    admin.get("/builder/emails/hello")
    sent = {**HELLO, "original": "hello", "about": "company", "record": record.id}
    page = admin.post("/builder/emails/change", {**sent, "subject": "Draft for {{ record.name }}"}).text
    assert "Draft for Acme" in page and "info@acme.example" in page
    page = admin.post("/builder/emails/change", {**sent, "body": "One\n{{ record.nam }}"}).text
    assert "line 2" in page and "name" in page
    assert hello.workflows.registry.letters.get("hello").subject == HELLO["subject"]  # type: ignore[union-attr]


def test_a_record_of_another_is_not_previewed(hello: Workspace, admin: Visitor) -> None:
    page = admin.get("/builder/emails/hello?about=company&record=0190a1c2-0000-7000-8000-000000000000")
    assert page.status_code == 200 and "There is no Company" in page.text
    assert admin.get("/builder/emails/hello?about=nothing&record=x").status_code == 200
    assert admin.get("/builder/emails/nothing").status_code == 404


def test_the_frame_runs_nothing(hello: Workspace, admin: Visitor) -> None:
    admin.get("/builder/emails")
    answer = admin.post("/builder/emails/frame", {"html": "<script>alert(1)</script>"})
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("sandbox;") and "default-src 'none'" in policy and "script" not in policy
    assert answer.headers["X-Frame-Options"] == "SAMEORIGIN"
    assert answer.headers.getlist("Content-Security-Policy") == [policy]


def test_a_new_template_goes_through_the_plan(hello: Workspace, admin: Visitor) -> None:
    admin.get("/builder/emails/new")
    draft = {**HELLO, "title": "Thank you!", "original": "", "kind": KIND, "entity": "company"}
    wrong = admin.post("/builder/plan", {**draft, "subject": "Hi {{ record.nam }}"})
    assert wrong.status_code == 422 and "line 1" in wrong.text and "Thank you!" in wrong.text
    plan = admin.post("/builder/plan", draft).text
    assert "is new" in plan
    document = hidden(plan, "document").replace("&#34;", '"').replace("&#39;", "'")
    document = document.replace("&lt;", "<").replace("&gt;", ">")
    done = admin.post(
        "/builder/apply",
        {"kind": KIND, "original": "", "document": document, "revision": hidden(plan, "revision")},
    )
    assert done.status_code == 303 and done.headers["Location"].endswith("/builder/emails/thank_you")
    assert admin.get("/builder/emails/thank_you").status_code == 200
    assert "Version 1" in admin.get("/builder/emails/thank_you/versions").text
    copied = admin.get("/builder/emails/new?from=thank_you").text
    assert "Hello {{ record.name }}" in copied


def test_versions_are_compared_and_brought_back(hello: Workspace, admin: Visitor) -> None:
    change = DefinitionChange(KIND, "hello", {"name": "hello", **HELLO, "subject": "Other"})
    hello.definitions.apply([change], hello.context(SYSTEM))
    page = admin.get("/builder/emails/hello/versions").text
    assert "Go back to this version" in page
    compared = admin.get("/builder/emails/hello/versions/compare?old=1&new=2").text
    assert "the subject" in compared


def test_one_that_is_used_is_not_removed(hello: Workspace, admin: Visitor) -> None:
    admin.get("/builder/emails/hello")
    plan = admin.post("/builder/emails/hello/remove", {"kind": KIND})
    assert "is used by greet" in plan.text and "Remove the template" not in plan.text
    document = {"title": "Greet", "entity": "company", "trigger": {"on": "manual"}, "steps": []}
    hello.definitions.apply([DefinitionChange("workflow", "greet", document)], hello.context(SYSTEM))
    plan = admin.post("/builder/emails/hello/remove", {"kind": KIND}).text
    assert "Remove the template" in plan
    done = admin.post(
        "/builder/apply",
        {
            "kind": KIND,
            "original": "hello",
            "document": "",
            "confirm": "1",
            "revision": hidden(plan, "revision"),
        },
    )
    assert done.status_code == 303
    assert "Restore" in admin.get("/builder/emails").text
    assert admin.post("/builder/emails/hello/restore", {}).status_code == 303
    assert admin.get("/builder/emails/hello").status_code == 200


def test_the_step_of_a_workflow_leads_to_its_template(hello: Workspace, admin: Visitor) -> None:
    admin.get("/builder/workflows/greet")
    document = jsontext.dumps(hello.workflows.get("greet").document)
    typed = {"original": "greet", "document": document, "do": "select:/steps/0"}
    page = admin.post("/builder/workflows/edit", typed).text
    assert "/builder/emails/hello?about=company" in page
