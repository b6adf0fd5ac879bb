"""The pages of the inbox, of the outbox and of comments, without a browser."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from sqlalchemy import insert

from amity.database.ids import new_id
from amity.database.schema_workflows import outbox
from amity.records.shapes import Record
from amity.testing.visitor import Visitor
from amity.workflows.outbound.outbox import get_mail
from amity.workflows.people import assignments, notifications
from amity.workflows.people.assignments import Question
from amity.workspace import Workspace
from tests.functional.web.conftest import Made
from tests.support.apps import ADMIN, STAFF

FORM = {
    "properties": {
        "mood": {
            "title": "Mood",
            "oneOf": [{"const": "good", "title": "Good"}, {"const": "bad", "title": "Bad"}],
        },
        "guests": {"type": "integer", "title": "Guests", "minimum": 0},
    },
    "required": ["mood"],
}


def ask(workspace: Workspace, record: Record | None = None, kind: str = "approval", **more: object) -> str:
    """Put a question to Sam, as a step does."""
    sam = workspace.accounts.by_email(STAFF).id
    entity = workspace.definitions.model.entities[record.entity].id if record else None
    question = Question(
        run=new_id(), key="step", kind=kind, title="May Acme <b>have</b> it?", text="Because.", people=[sam],
        entity=entity, record=record.id if record else None, form=FORM if kind == "input" else None, **more,
    )  # type: ignore[arg-type]  # fmt: skip
    now = dt.datetime.now(dt.UTC)
    return workspace.database.run(lambda connection: assignments.ask(connection, question, now))


def state(workspace: Workspace, identity: str) -> assignments.Assignment:
    with workspace.database.read() as connection:
        return assignments.read(connection, identity)


def test_an_approval_is_found_and_given(
    workspace: Workspace, staff: Visitor, admin: Visitor, made: Made
) -> None:
    identity = ask(workspace, made.company("Acme", email="info@acme.example"))
    page = staff.get("/inbox")
    assert "May Acme &lt;b&gt;have&lt;/b&gt; it?" in page.text and f"/inbox/{identity}" in page.text
    assert re.search(r"inbox-count.*1", page.text)
    shown = staff.get(f"/inbox/{identity}")
    assert "info@acme.example" in shown.text and "Approve" in shown.text and "Because." in shown.text
    assert "Approve" not in admin.get(f"/inbox/{identity}").text, "an admin may look, not answer"
    refused = staff.post(f"/inbox/{identity}", {"comment": "x"})
    assert refused.status_code == 422 and "Choose yes or no" in refused.text
    done = staff.post(f"/inbox/{identity}", {"answer": "yes", "comment": "Fine\r\nby me"})
    assert done.status_code == 303
    found = state(workspace, identity)
    assert found.state == "approved" and found.answers[0].comment == "Fine\nby me"
    again = staff.post(f"/inbox/{identity}", {"answer": "no"})
    assert again.status_code == 303 and state(workspace, identity).state == "approved"
    assert "inbox-count" not in staff.get("/").text


def test_others_see_nothing_of_it(workspace: Workspace, made: Made, app: object) -> None:
    identity = ask(workspace)
    workspace.accounts.create("eve@example.test", "Eve", ["staff"], "four quiet lamps bend")
    eve = Visitor(app).sign_in("eve@example.test")  # type: ignore[arg-type]
    assert eve.get(f"/inbox/{identity}").status_code == 404
    assert eve.post(f"/inbox/{identity}", {"answer": "yes"}).status_code == 404
    assert state(workspace, identity).is_open


def test_a_form_is_checked_and_keeps_what_was_typed(workspace: Workspace, staff: Visitor) -> None:
    identity = ask(workspace, kind="input")
    page = staff.get(f"/inbox/{identity}")
    assert 'name="field-mood"' in page.text and 'name="field-guests"' in page.text
    refused = staff.post(f"/inbox/{identity}", {"field-mood": "", "field-guests": "many", "comment": "Hm"})
    assert refused.status_code == 422
    assert "Mood is needed." in refused.text and "many" in refused.text and "Hm" in refused.text
    assert staff.post(f"/inbox/{identity}", {"field-mood": "good", "field-guests": "3"}).status_code == 303
    assert dict(state(workspace, identity).answers[0].values) == {"mood": "good", "guests": 3}


def test_notifications_are_read(workspace: Workspace, staff: Visitor, made: Made) -> None:
    sam, now = workspace.accounts.by_email(STAFF).id, dt.datetime.now(dt.UTC)
    record = made.company("Acme")
    url = f"/e/company/{record.id}"
    for text, link in (("One", url), ("Two", "https://evil.example/"), ("Three", None)):
        notice = notifications.Notice("notify", text, link)
        workspace.database.run(lambda connection: notifications.tell(connection, [sam], notice, now))  # noqa: B023
    page = staff.get("/inbox")
    seqs = re.findall(r"/inbox/notifications/(\d+)", page.text)
    assert len(seqs) == 3 and "Mark all as read" in page.text
    places = [staff.post(f"/inbox/notifications/{seq}").headers["Location"] for seq in seqs]
    assert places == ["/inbox", "/inbox", url], "newest first; nobody is sent to another site"
    assert notifications.unread(workspace.database, sam) == 0
    assert "Mark all as read" not in staff.get("/inbox").text
    assert staff.post("/inbox/read").status_code == 303


@pytest.mark.parametrize("path", ["/inbox", "/builder/outbox"])
def test_nobody_is_sent_to_the_sign_in(nobody: Visitor, path: str) -> None:
    assert nobody.get(path).status_code in (302, 303, 401)


# -- comments -----------------------------------------------------------------------------------------
def test_people_talk_on_a_record(workspace: Workspace, staff: Visitor, admin: Visitor, made: Made) -> None:
    record = made.company("Acme")
    url = f"/e/company/{record.id}"
    assert staff.post(f"{url}/comments", {"text": "<b>Hi</b> @Ada Admin"}).status_code == 303
    page = admin.get(url)
    assert "&lt;b&gt;Hi&lt;/b&gt; @Ada Admin" in page.text
    ada = workspace.accounts.by_email(ADMIN).id
    rows, _ = notifications.newest(workspace.database, ada)
    assert [(row.text, row.url) for row in rows] == [("Sam Staff mentioned you: Acme", url)]
    staff.post(f"{url}/comments", {"text": "  "})
    deletes = re.findall(rf"{url}/comments/[^\"/]+/delete", staff.get(url).text)
    assert len(deletes) == 1
    admin.post(f"{url}/comments", {"text": "Mine"})
    mine = re.findall(rf"{url}/comments/[^\"/]+/delete", admin.get(url).text)
    theirs = next(item for item in mine if item not in deletes)
    assert staff.post(theirs).status_code == 403
    assert staff.post(deletes[0]).status_code == 303
    talk = staff.get(url).text.partition('id="comments"')[2].partition('id="history"')[0]
    assert "Mine" in talk and "@Ada" not in talk


# -- the outbox ---------------------------------------------------------------------------------------
def put(workspace: Workspace, **more: object) -> str:
    identity = new_id()
    values = {
        "id": identity, "key": identity, "state": "waiting", "sender": "a@b.example",
        "recipients": {"to": ["c@d.example"], "cc": []}, "subject": "Hello <there>", "body": "Dear\nyou",
        "attachments": [], "message_id": f"<{identity}@x>", "created_at": dt.datetime.now(dt.UTC), **more,
    }  # fmt: skip
    with workspace.database.write() as connection:
        connection.execute(insert(outbox).values(values))
    return identity


def test_an_admin_looks_at_the_outbox_and_decides(
    workspace: Workspace, admin: Visitor, staff: Visitor
) -> None:
    one = put(workspace)
    two = put(workspace, state="uncertain", why="It may have arrived.")
    page = admin.get("/builder/outbox")
    assert (
        "Hello &lt;there&gt;" in page.text and "no mail server" in page.text and "Uncertain (1)" in page.text
    )
    assert one in page.text and two not in page.text
    assert two in admin.get("/builder/outbox?state=uncertain").text
    assert admin.get("/builder/outbox?state=nonsense").status_code == 200
    assert "Dear\nyou" in admin.get(f"/builder/outbox/{one}").text
    for path in (f"/builder/outbox/{one}", "/builder/outbox"):
        assert staff.get(path).status_code == 403
    assert staff.post(f"/builder/outbox/{one}/cancel").status_code == 403
    admin.post(f"/builder/outbox/{one}/cancel")
    admin.post(f"/builder/outbox/{two}/send")
    assert get_mail(workspace.database, one).state == "cancelled"
    assert get_mail(workspace.database, two).state == "waiting"
    put(workspace, state="sent", sent_at=dt.datetime.now(dt.UTC))
    assert admin.get("/builder/outbox?state=sent").status_code == 200
    assert admin.get(f"/builder/outbox/{new_id()}").status_code == 404
