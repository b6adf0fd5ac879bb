"""What people and programs without sign-in may do: fill in a public form, call with a signature."""

from __future__ import annotations

import datetime as dt
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import select
from standardwebhooks.webhooks import Webhook

from amity.access.context import SYSTEM
from amity.database.processes import Presence
from amity.database.schema_workflows import run_request
from amity.definitions.documents import DefinitionChange
from amity.testing.visitor import Visitor
from amity.workflows.engine import runs
from amity.workflows.engine.worker import open_worker
from amity.workflows.outbound.vault import FILE
from amity.workflows.requesting import run_id
from amity.workspace import Workspace
from tests.support.workers import until

KEY = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
FORM = {
    "type": "object",
    "required": ["name", "email"],
    "properties": {
        "name": {"type": "string", "title": "Your name", "maxLength": 80},
        "email": {"type": "string", "format": "email", "title": "Your e-mail"},
        "words": {"type": "string", "title": "What is it about?", "x-amity": {"kind": "long_text"}},
    },
}


def apply(workspace: Workspace, name: str, trigger: dict[str, Any], **more: Any) -> None:
    document = {
        "title": "Contact us",
        "enabled": True,
        "trigger": trigger,
        "steps": [
            {"do": "create", "entity": "person", "values": {"name": {"expression": "input.name"}}},
        ],
        **more,
    }
    change = DefinitionChange("workflow", name, document)
    workspace.definitions.apply([change], workspace.context(SYSTEM))


def inputs(workspace: Workspace) -> list[Any]:
    with workspace.database.read() as connection:
        return [row.trigger["input"] for row in connection.execute(select(run_request))]


@pytest.fixture
def contact(workspace: Workspace) -> Workspace:
    apply(workspace, "contact_us", {"on": "form", "form": FORM, "thanks": "We will call you."})
    return workspace


def test_a_public_form_is_filled_in_without_signing_in(contact: Workspace, nobody: Visitor) -> None:
    page = nobody.get("/f/contact_us")
    assert page.status_code == 200 and "Your e-mail" in page.text
    sent = {"field-name": "Ada", "field-email": "ada"}
    wrong = nobody.post("/f/contact_us", sent)
    assert wrong.status_code == 422 and 'value="ada"' in wrong.text and inputs(contact) == []
    done = nobody.post("/f/contact_us", {**sent, "field-email": "ada@example.test"})
    assert done.status_code == 200 and "We will call you." in done.text
    assert inputs(contact) == [{"name": "Ada", "email": "ada@example.test"}]


def test_a_program_that_fills_in_everything_reaches_nobody(contact: Workspace, nobody: Visitor) -> None:
    nobody.get("/f/contact_us")
    sent = {"field-name": "Bot", "field-email": "b@example.test", "website": "https://spam.example"}
    assert "We will call you." in nobody.post("/f/contact_us", sent).text
    assert inputs(contact) == []


def test_a_form_needs_its_own_page_and_comes_so_often_only(contact: Workspace, nobody: Visitor) -> None:
    sent = {"field-name": "Ada", "field-email": "ada@example.test"}
    assert nobody.client.post("/f/contact_us", data=sent).status_code in (400, 403)
    nobody.get("/f/contact_us")
    answers = [nobody.post("/f/contact_us", sent).status_code for _ in range(31)]
    assert answers == [200] * 30 + [429]
    assert len(inputs(contact)) == 30


@pytest.mark.parametrize("path", ["/f/nothing", "/f/off", "/f/by_hand", "/f/'%20or%201=1"])
def test_what_is_no_public_form_does_not_show(workspace: Workspace, nobody: Visitor, path: str) -> None:
    apply(workspace, "off", {"on": "form", "form": FORM}, enabled=False)
    apply(workspace, "by_hand", {"on": "manual"}, steps=[])
    assert nobody.get(path).status_code == 404


def signed(body: bytes, key: str = KEY, id_: str = "msg_1", at: dt.datetime | None = None) -> dict[str, str]:
    moment = at or dt.datetime.now(dt.UTC)
    return {
        "webhook-id": id_,
        "webhook-timestamp": str(int(moment.timestamp())),
        "webhook-signature": Webhook(key).sign(id_, moment, body.decode()),
        "Content-Type": "application/json",
    }


@pytest.fixture
def hook(workspace: Workspace) -> Workspace:
    (workspace.settings.home / FILE).write_text(f'partner = "{KEY}"\n')
    apply(workspace, "from_partner", {"on": "webhook", "secret": "partner"})
    return workspace


def test_a_signed_call_asks_for_one_run(hook: Workspace, nobody: Visitor) -> None:
    body = b'{"name": "Ada"}'
    first = nobody.client.post("/hooks/from_partner", data=body, headers=signed(body))
    assert first.status_code == 202
    again = nobody.client.post("/hooks/from_partner", data=body, headers=signed(body))
    assert again.get_json() == first.get_json()
    assert inputs(hook) == [{"name": "Ada"}]
    nobody.client.post("/hooks/from_partner", data=body, headers=signed(body, id_="msg_2"))
    assert len(inputs(hook)) == 2


def test_the_same_call_several_times_at_once_asks_for_one_run(hook: Workspace, nobody: Visitor) -> None:
    body = b'{"name": "Ada"}'
    headers = signed(body)
    with ThreadPoolExecutor(6) as pool:
        sent = [
            pool.submit(nobody.app.test_client().post, "/hooks/from_partner", data=body, headers=headers)
            for _ in range(18)
        ]
        answers = [item.result(60) for item in sent]
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.get_json()["run"] for answer in answers}) == 1
    assert inputs(hook) == [{"name": "Ada"}]


def test_a_call_that_another_process_is_just_taking_asks_for_no_other(
    hook: Workspace, nobody: Visitor
) -> None:
    body = b'{"name": "Ada"}'
    item = hook.workflows.compiled("from_partner")
    id_ = run_id("msg_1", item.workflow.id)
    with ThreadPoolExecutor(1) as pool:
        with hook.database.write() as connection:
            ctx = hook.context(SYSTEM)
            hook.workflows.request(connection, ctx, item, [None], {"input": {"name": "Ada"}}, ids=[id_])
            sent = pool.submit(nobody.client.post, "/hooks/from_partner", data=body, headers=signed(body))
            time.sleep(1)  # so that it has looked and found nothing; it may be late, then it proves less
        answer = sent.result(60)
    assert answer.status_code == 202 and answer.get_json()["run"] == id_
    assert inputs(hook) == [{"name": "Ada"}]


def test_a_call_that_comes_again_after_its_run_asks_for_no_other(hook: Workspace, nobody: Visitor) -> None:
    body = b'{"name": "Ada"}'
    first = nobody.client.post("/hooks/from_partner", data=body, headers=signed(body)).get_json()["run"]
    with Presence(hook.database, "worker") as presence, open_worker(hook.workflows, presence.id):
        done = runs.RunQuery(states=("done",))
        until(lambda: runs.count(hook.database, done) == (1, True), 60, "the end of the run")
        again = nobody.client.post("/hooks/from_partner", data=body, headers=signed(body))
        assert again.status_code == 202 and again.get_json()["run"] == first
        other = b'{"name": "Bob"}'  # the sender's name for the message is what counts
        again = nobody.client.post("/hooks/from_partner", data=other, headers=signed(other))
        assert again.get_json()["run"] == first
    assert inputs(hook) == []
    assert runs.count(hook.database, runs.RunQuery()) == (1, True)


def test_a_call_without_the_right_signature_does_nothing(hook: Workspace, nobody: Visitor) -> None:
    body = b'{"name": "Ada"}'
    other = "whsec_" + "QUJD" * 8
    now = dt.datetime.now(dt.UTC)
    old, early = now - dt.timedelta(minutes=6), now + dt.timedelta(minutes=6)
    replayed = {**signed(body, at=old), "webhook-timestamp": str(int(now.timestamp()))}
    renamed = {**signed(body), "webhook-id": "msg_9"}
    wrong = ({}, signed(body, other), signed(b"{}"), signed(body, at=old), signed(body, at=early))
    for headers in (*wrong, replayed, renamed, {**signed(body), "webhook-timestamp": "soon"}):
        answer = nobody.client.post("/hooks/from_partner", data=body, headers=headers)
        assert answer.status_code == 401, headers
        assert KEY not in answer.text
    assert nobody.client.post("/hooks/nothing", data=body, headers=signed(body)).status_code == 404
    assert inputs(hook) == []


def test_a_call_that_is_no_json_or_too_large_is_refused(hook: Workspace, nobody: Visitor) -> None:
    assert nobody.client.post("/hooks/from_partner", data=b"{", headers=signed(b"{")).status_code == 400
    large = b'"' + b"x" * 300_000 + b'"'
    assert nobody.client.post("/hooks/from_partner", data=large, headers=signed(large)).status_code == 422
    assert inputs(hook) == []
