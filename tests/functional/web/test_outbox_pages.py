"""The outbox in the builder: why a mail did not go, in words that an admin understands."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from sqlalchemy import insert

from amity.database.ids import new_id
from amity.database.schema_workflows import outbox
from amity.workflows.outbound.outbox import OutboxSender, meaning
from amity.workspace import Workspace
from tests.support.apps import Visitor
from tests.support.mails import MailServer
from tests.support.mails import mail_server as mail_server


def put(workspace: Workspace, to: str, **more: Any) -> str:
    """Put a mail into the outbox."""
    identity = new_id()
    row = {
        "id": identity, "key": identity, "state": "waiting", "subject": "Hällo", "sender": "a@test.example",
        "recipients": {"to": [to], "cc": []}, "attachments": [], "message_id": f"<{identity}@x>",
        "created_at": dt.datetime.now(dt.UTC), "body": "Text", **more,
    }  # fmt: skip
    with workspace.database.write() as connection:
        connection.execute(insert(outbox).values(row))
    return identity


def test_a_refusal_is_told_in_plain_words_and_in_the_inbox_of_failures(
    workspace: Workspace, admin: Visitor, mail_server: MailServer
) -> None:
    mail_server.answers = {
        "no@b.example": "550 5.1.1 <no@b.example>: User unknown",
        "late@b.example": "451 4.7.1 Greylisted, <b>come back</b>",
    }
    never, late = put(workspace, "no@b.example"), put(workspace, "late@b.example")
    assert "could not be sent" not in admin.get("/builder/failures").text
    settings = workspace.settings.changed(smtp_url=mail_server.url)
    OutboxSender(workspace.database, workspace.files, settings, "p").send_due()
    failures = admin.get("/builder/failures").text
    assert "One e-mail could not be sent." in failures and "/builder/outbox?state=failed" in failures
    assert "does not know this address" in admin.get("/builder/outbox?state=failed").text
    page = admin.get(f"/builder/outbox/{never}").text
    assert "does not know this address" in page and "550 5.1.1" in page
    page = admin.get(f"/builder/outbox/{late}").text
    assert "asks to try again later" in page and "&lt;b&gt;come back" in page and "Next try" in page
    mail_server.answers = {}
    assert admin.post(f"/builder/outbox/{never}/send", {}).status_code == 303
    assert OutboxSender(workspace.database, workspace.files, settings, "p").send_due() == 1
    assert "could not be sent" not in admin.get("/builder/failures").text


def test_a_mail_in_doubt_asks_for_a_decision(workspace: Workspace, admin: Visitor) -> None:
    put(workspace, "a@b.example", state="uncertain", why="The process stopped.")
    assert "nobody knows whether it arrived" in admin.get("/builder/failures").text


def test_the_formatted_version_is_shown_cut_off(workspace: Workspace, admin: Visitor) -> None:
    one = put(workspace, "a@b.example", html="<script>alert(1)</script><p>Hi</p>")
    page = admin.get(f"/builder/outbox/{one}").text
    assert 'sandbox=""' in page and "<script>alert" not in page and "&lt;script&gt;alert" in page


@pytest.mark.parametrize(
    ("why", "words"),
    [
        ("550 5.1.1 no such user", "does not know this address"),
        ("554 5.7.1 Message rejected as spam", "unwanted"),
        ("552 5.2.2 mailbox full", "too large"),
        ("452 4.2.2 mailbox over quota", "mailbox is full"),
        ("The mail server refuses the sign-in: 535 5.7.8 bad", "user or password"),
        ("The mail server h cannot be reached: refused", "does not answer"),
        ("451 greylisted", "later"),
        ("421 busy", "later"),
        ("554 Relay access denied", "does not send for"),
        ("571 nope", "refuses this mail"),
        ("'x' is no e-mail address", ""),
        ("The content of offer.pdf is not here any more.", ""),
    ],
)
def test_what_mail_servers_say(why: str, words: str) -> None:
    assert words in meaning(why) if words else meaning(why) == ""
