"""Mails and webhooks of real runs: what reaches the other side, what the run page says about it."""

from __future__ import annotations

from typing import Any

from amity.access.context import SYSTEM
from amity.database.ids import new_id
from amity.definitions.documents import DefinitionChange
from amity.workflows.engine import runs
from amity.workflows.engine.runs import RunQuery
from amity.workflows.engine.worker import open_worker
from amity.workflows.outbound.outbox import OutboxSender
from amity.workspace import Workspace
from tests.functional.web.conftest import COMPANY, Made
from tests.support.apps import Visitor
from tests.support.mails import MailServer
from tests.support.mails import mail_server as mail_server
from tests.support.workers import until
from tests.unit.workflows.actions.test_webhook import SECRET, Receiver, Verifier
from tests.unit.workflows.actions.test_webhook import receiver as receiver


def give(workspace: Workspace, steps: list[dict[str, Any]]) -> None:
    """Apply a workflow that is started by hand, and a field by which companies opt out."""
    fields = {**COMPANY["properties"], "no_email": {"type": "boolean", "title": "No e-mails, please"}}
    document = {"title": "Write", "entity": "company", "trigger": {"on": "manual"}, "enabled": True}
    changes = [
        DefinitionChange("entity", "company", {**COMPANY, "properties": fields}),
        DefinitionChange("workflow", "write", {**document, "steps": steps}),
    ]
    workspace.definitions.apply(changes, workspace.context(SYSTEM))


def work(workspace: Workspace, *records: str) -> None:
    """Start it for these records and let a worker end the runs."""
    workspace.workflows.start(workspace.context(SYSTEM), "write", records=records)
    with open_worker(workspace.workflows, new_id()):
        query = RunQuery(states=("done", "failed"))
        until(lambda: len(runs.find(workspace.database, query).runs) == len(records), 60, "the runs")


def test_one_gets_the_mail_the_other_opted_out_and_the_run_says_so(
    workspace: Workspace, admin: Visitor, made: Made, mail_server: MailServer
) -> None:
    step = {"do": "send_email", "id": "mail", "to": "{{ record.name }} <{{ record.email }}>"}
    give(workspace, [{**step, "subject": "Hi", "body": "Text"}])
    good = made.company("Smith, Jones & Co", email="info@smith.example")
    not_me = made.company("Quiet", email="quiet@b.example", no_email=True)
    work(workspace, good.id, not_me.id)
    settings = workspace.settings.changed(smtp_url=mail_server.url)
    assert OutboxSender(workspace.database, workspace.files, settings, "p").send_due() == 1
    (mail,) = mail_server.accepted
    assert mail.recipients == ["info@smith.example"]
    assert mail.message["To"].addresses[0].display_name == "Smith, Jones & Co"
    (run,) = runs.find(workspace.database, RunQuery(record=not_me.id)).runs
    page = admin.get(f"/builder/runs/{run.id}").text
    assert "skipped" in page and "Quiet wants no e-mail (No e-mails, please)." in page


def test_a_webhook_is_tried_again_until_the_other_side_takes_it(
    workspace: Workspace, made: Made, receiver: Receiver
) -> None:
    object.__setattr__(
        workspace.workflows.services, "settings", workspace.settings.changed(private_hosts=receiver.host)
    )
    workspace.secrets.put(workspace.context(SYSTEM), "shop", SECRET)
    step = {"do": "webhook", "id": "call", "url": f"http://{receiver.host}/x", "secret": "shop"}
    give(workspace, [{**step, "body": {"a": 1}, "retry": {"times": 3, "first": 0.1}}])
    receiver.failing = 2
    work(workspace, made.company("Acme").id)
    assert len(receiver.got) == 3
    assert len({headers["webhook-id"] for _verb, _path, headers, _content in receiver.got}) == 1
    for _verb, _path, headers, content in receiver.got:
        Verifier(SECRET).verify(content, headers)
    (run,) = runs.find(workspace.database, RunQuery()).runs
    (told,) = runs.get(workspace.database, run.id).steps
    assert (run.state, told.attempts, told.output["status"]) == ("done", 3, 200)
    assert SECRET not in repr(runs.get(workspace.database, run.id))


def test_a_webhook_that_is_refused_tells_the_inbox_of_failures(
    workspace: Workspace, admin: Visitor, made: Made
) -> None:
    give(workspace, [{"do": "webhook", "url": "https://127.0.0.1/x", "id": "call"}])
    work(workspace, made.company("Acme").id)
    page = admin.get("/builder/failures").text
    assert "private network" in page and "where workflows may not go" in page
