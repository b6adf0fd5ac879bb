"""The outbox against a real mail server: what arrives, what is tried again, and what a kill leaves."""

from __future__ import annotations

import datetime as dt
import io
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, update

from amity.access.context import SYSTEM
from amity.database.engine import Database
from amity.database.ids import new_id
from amity.database.schema_workflows import outbox
from amity.definitions.documents import DefinitionChange
from amity.errors import Conflict, Forbidden
from amity.workflows.action import Skipped
from amity.workflows.outbound.mail import MAX_RECIPIENTS, addresses, message_id
from amity.workflows.outbound.outbox import ATTEMPTS, OutboxSender, cancel, get_mail, list_mails, send_again
from tests.factories.steps import Bench
from tests.support.mails import MailServer
from tests.support.servers import StartServer

CHILD = """
import sys, threading
from pathlib import Path
from amity.database.engine import Database
from amity.database.processes import Presence
from amity.files import FileStore
from amity.settings import Settings
from amity.workflows.outbound.outbox import OutboxSender
url, home, smtp = sys.argv[1:]
database = Database(url)
settings = Settings(home=Path(home), database_url=url, smtp_url=smtp)
with Presence(database, "worker") as presence:
    OutboxSender(database, FileStore(Path(home) / "files"), settings, presence.id).run(threading.Event())
"""


def put(bench: Bench, to: str = "a@b.example", **more: Any) -> str:
    """Put a mail into the outbox as a step does."""
    values = mail(to, **more)
    with bench.workspace.database.write() as connection:
        connection.execute(insert(outbox).values(values))
    return str(values["id"])


def mail(to: str = "a@b.example", **more: Any) -> dict[str, Any]:
    """A row of the outbox."""
    identity = new_id()
    return {
        "id": identity, "key": f"run:{identity}", "state": "waiting", "subject": "Hällo",
        "sender": "Amity <amity@test.example>", "recipients": {"to": [to], "cc": []}, "attachments": [],
        "message_id": message_id(identity, "amity@test.example"), "created_at": dt.datetime.now(dt.UTC),
        "body": "Text\n.\n..dots\n", **more,
    }  # fmt: skip


def sender(bench: Bench, url: str, clock: Any = None, **settings: Any) -> OutboxSender:
    made = bench.workspace.settings.changed(smtp_url=url, **settings)
    return OutboxSender(bench.workspace.database, bench.workspace.files, made, "process-1", clock)


def state(bench: Bench, identity: str) -> Any:
    return get_mail(bench.workspace.database, identity)


def test_a_mail_arrives_as_it_was_written(bench: Bench, mail_server: MailServer) -> None:
    stored = bench.workspace.files.save(io.BytesIO(b"%PDF-1.7 x"), "offer.pdf").as_json()
    one = put(bench, "Änne <anne@b.example>", html="<p>Hällo</p>", attachments=[stored],
              recipients={"to": ["Änne <anne@b.example>"], "cc": ["c@d.example"]})  # fmt: skip
    assert sender(bench, mail_server.url).send_due() == 1
    (mail,) = mail_server.accepted
    assert mail.recipients == ["anne@b.example", "c@d.example"]
    assert mail.message["Subject"] == "Hällo" and mail.message["To"] == "Änne <anne@b.example>"
    assert mail.message["Cc"] == "c@d.example"
    plain = mail.message.get_body(("plain",))
    assert plain is not None and plain.get_content().splitlines() == ["Text", ".", "..dots"]
    html = mail.message.get_body(("html",))
    assert html is not None and html.get_content().strip() == "<p>Hällo</p>"
    (attached,) = mail.message.iter_attachments()
    assert attached.get_filename() == "offer.pdf" and attached.get_content() == b"%PDF-1.7 x"
    row = state(bench, one)
    assert row.state == "sent" and row.sent_at is not None
    assert sender(bench, mail_server.url).send_due() == 0


def test_a_step_sends_a_file_of_the_record_once_there_is_a_server(
    bench: Bench, mail_server: MailServer
) -> None:
    stored = bench.workspace.files.save(io.BytesIO(b"%PDF-1.7 x"), "Angebot Größe.pdf").as_json()
    subject = "Angebot für Zoë 🎉"
    record = bench.make("interaction", subject=subject, at="2026-01-02T10:00:00Z", attachment=stored)
    step = {
        "do": "send_email", "to": "{{ record.subject }} <info@münchen.example>", "body": "Grüße aus Łódź",
        "subject": "Re: {{ record.subject }}", "attachments": ["record.attachment"],
    }  # fmt: skip
    bench.run(step, record)
    assert sender(bench, "").send_due() == 0
    assert [row.state for row in bench.rows(outbox)] == ["waiting"], "without a server it waits"
    assert sender(bench, mail_server.url).send_due() == 1, "and leaves when there is one"
    (mail,) = mail_server.accepted
    assert mail.recipients == ["info@xn--mnchen-3ya.example"]
    assert mail.message["Subject"] == "Re: Angebot für Zoë 🎉"
    assert mail.message["To"].addresses[0].display_name == "Angebot für Zoë 🎉"
    plain = mail.message.get_body(("plain",))
    assert plain is not None and plain.get_content().strip() == "Grüße aus Łódź"
    (attached,) = mail.message.iter_attachments()
    assert attached.get_filename() == "Angebot Größe.pdf" and attached.get_content() == b"%PDF-1.7 x"


EVIL = [
    "x\r\nBcc: evil@example.test\r\n\r\nbody",
    "x, evil@example.test",
    "x <evil@example.test>, y",
    'x" <evil@example.test>, "y',
    'x\\" <evil@example.test>',
    "x\u2028Bcc: evil@example.test",
    "(evil@example.test",
    "Group: evil@example.test;",
]


@pytest.mark.parametrize("evil", EVIL)
def test_nobody_adds_a_header_or_a_recipient(bench: Bench, mail_server: MailServer, evil: str) -> None:
    stored = bench.workspace.files.save(io.BytesIO(b"x"), "a.txt").as_json()
    file = {**stored, "name": f"{evil}.txt"}
    record = bench.make("customer", name=evil, email="a@b.example")
    step = {
        "do": "send_email", "to": "{{ record.name }} <{{ record.email }}>", "subject": "Hi {{ record.name }}",
        "cc": "{{ record.name }}  <c@b.example>", "body": "Text {{ record.name }}",
    }  # fmt: skip
    bench.run(step, record)
    with bench.workspace.database.write() as connection:
        connection.execute(update(outbox).values(attachments=[file]))
    assert sender(bench, mail_server.url).send_due() == 1, bench.rows(outbox)[0].why
    (mail,) = mail_server.accepted
    assert mail.recipients == ["a@b.example", "c@b.example"]
    assert mail.message["Bcc"] is None and len(mail.message["To"].addresses) == 1
    plain = mail.message.get_body(("plain",))
    assert plain is not None and plain.get_content().startswith("Text ")
    assert len(list(mail.message.iter_attachments())) == 1


def test_a_list_of_recipients_has_an_end(bench: Bench, mail_server: MailServer) -> None:
    record = bench.make("customer", name="Acme", email="a@b.example")
    fifty = ", ".join(f"p{number}@b.example" for number in range(MAX_RECIPIENTS))
    step = {"do": "send_email", "to": "{{ input }}", "subject": "x", "body": "y"}
    bench.run({**step, "to": fifty}, record)
    assert sender(bench, mail_server.url).send_due() == 1
    assert len(mail_server.accepted[0].recipients) == MAX_RECIPIENTS
    begun = time.monotonic()
    with pytest.raises(ValueError, match="50 people at most"):
        addresses(",".join(f"p{number}@b.example" for number in range(50_000)))
    assert time.monotonic() - begun < 10
    assert addresses(f"{fifty}, {fifty}") == fifty.split(", "), "the same one twice counts once"


@pytest.mark.parametrize("name", ["do_not_contact", "do_not_email", "email_opt_out", "no_email"])
def test_who_opted_out_by_an_own_field_is_passed_over(bench: Bench, name: str) -> None:
    document = dict(bench.workspace.definitions.get("entity", "customer").document)
    field = {"type": "boolean", "title": "Wants no e-mail"}
    document["properties"] = {**document["properties"], name: field}
    bench.workspace.definitions.apply([DefinitionChange("entity", "customer", document)], bench.ctx())
    record = bench.make("customer", name="Acme", email="a@b.example", **{name: True})
    step = {"do": "send_email", "to": "{{ record.email }}", "subject": "x", "body": "y"}
    outcome = bench.run(step, record)
    assert isinstance(outcome, Skipped)
    assert outcome.reason == "Acme wants no e-mail (Wants no e-mail)."
    assert bench.rows(outbox) == []


def test_all_mails_go_to_me(bench: Bench, mail_server: MailServer) -> None:
    put(bench, recipients={"to": ["Änne <a@b.example>"], "cc": ["c@d.example"]})
    sender(bench, mail_server.url, mail_all_to="me@test.example").send_due()
    (mail,) = mail_server.accepted
    assert mail.recipients == ["me@test.example"] and mail.message["To"] == "me@test.example"
    assert mail.message["Cc"] is None
    assert str(mail.message["X-Amity-Meant-For"]) == "Änne <a@b.example>, c@d.example"


def test_without_a_mail_server_mails_wait(bench: Bench) -> None:
    one = put(bench)
    assert sender(bench, "").send_due() == 0
    assert state(bench, one).state == "waiting"


def test_a_server_that_is_away_is_tried_later(bench: Bench, mail_server: MailServer) -> None:
    one = put(bench)
    now = dt.datetime.now(dt.UTC)
    assert sender(bench, "smtp://127.0.0.1:9", lambda: now).send_due() == 0
    row = state(bench, one)
    assert row.state == "waiting" and row.attempts == 0 and "cannot be reached" in row.why
    assert sender(bench, mail_server.url, lambda: now).send_due() == 0
    assert sender(bench, mail_server.url, lambda: now + dt.timedelta(hours=1)).send_due() == 1


def test_temporary_and_final_refusals(bench: Bench, mail_server: MailServer) -> None:
    mail_server.answers = {"late@b.example": "451 greylisted", "no@b.example": "550 no such user"}
    late, never, good = put(bench, "late@b.example"), put(bench, "no@b.example"), put(bench)
    assert sender(bench, mail_server.url).send_due() == 1
    row = state(bench, late)
    assert row.state == "waiting" and "451 greylisted" in row.why and row.attempts == 1
    assert row.next_at > dt.datetime.now(dt.UTC)
    assert (state(bench, never).state, state(bench, good).state) == ("failed", "sent")
    assert "550 no such user" in state(bench, never).why
    later = dt.datetime.now(dt.UTC)
    for _ in range(ATTEMPTS):
        later += dt.timedelta(days=1)
        sender(bench, mail_server.url, lambda now=later: now).send_due()
    assert state(bench, late).state == "failed" and state(bench, late).attempts == ATTEMPTS
    mail_server.data_answer = "554 spam"
    spam = put(bench)
    sender(bench, mail_server.url).send_due()
    assert (state(bench, spam).state, state(bench, spam).why) == ("failed", "554 spam")


def test_one_of_several_that_the_server_does_not_know_is_told(bench: Bench, mail_server: MailServer) -> None:
    mail_server.answers = {"no@b.example": "550 no such user"}
    one = put(bench, recipients={"to": ["a@b.example", "no@b.example"], "cc": []})
    sender(bench, mail_server.url).send_due()
    row = state(bench, one)
    assert row.state == "sent" and "no@b.example: 550" in row.why


def test_a_connection_that_breaks_after_the_text_is_uncertain(bench: Bench, mail_server: MailServer) -> None:
    mail_server.hang_up = True
    one = put(bench)
    sender(bench, mail_server.url).send_due()
    assert state(bench, one).state == "uncertain"
    mail_server.hang_up = False
    assert sender(bench, mail_server.url).send_due() == 0
    assert len(mail_server.accepted) == 1


def test_an_admin_decides(bench: Bench, mail_server: MailServer) -> None:
    database = bench.workspace.database
    one, two = put(bench, state="uncertain"), put(bench, state="failed")
    with pytest.raises(Forbidden):
        send_again(database, bench.ctx(bench.actor("Sam")), one)
    send_again(database, bench.ctx(bench.actor("Ada")), one)
    cancel(database, bench.ctx(bench.actor("Ada")), two)
    assert sender(bench, mail_server.url).send_due() == 1
    for verb in (send_again, cancel):
        with pytest.raises(Conflict, match="sent"):
            verb(database, bench.ctx(SYSTEM), one)
    page = list_mails(database, "sent")
    assert [row.id for row in page.rows] == [one] and page.counts == {"sent": 1, "cancelled": 1}


def test_what_a_dead_process_was_sending_is_uncertain(bench: Bench, mail_server: MailServer) -> None:
    one = put(bench, state="sending", sent_by=new_id())
    assert sender(bench, mail_server.url).recover() == 1
    assert state(bench, one).state == "uncertain" and "Look before" in state(bench, one).why


def test_two_senders_share_the_work(
    bench: Bench, mail_server: MailServer, bench_url: str, tmp_path: Path
) -> None:
    wanted = [put(bench) for _ in range(30)]
    children = [_child(bench_url, tmp_path, mail_server.url) for _ in range(2)]
    _until(lambda: len(mail_server.accepted) >= len(wanted))
    time.sleep(0.5)
    for child in children:
        _kill(child)
    assert len(mail_server.ids) == len(set(mail_server.ids)) == len(wanted)


@pytest.mark.slow
def test_no_mail_is_delivered_twice_whenever_the_sender_is_killed(
    bench: Bench, mail_server: MailServer, bench_url: str, tmp_path: Path
) -> None:
    chance = random.Random(20261124)
    mail_server.wait = 0.02
    rows = [put(bench) for _ in range(150)]
    kills = 0
    deadline = time.monotonic() + 200
    while time.monotonic() < deadline:
        child = _child(bench_url, tmp_path, mail_server.url)
        before = len(mail_server.accepted)
        _until(lambda: len(mail_server.accepted) > before or not _open(bench), 30)  # noqa: B023
        time.sleep(chance.random() * 0.4)
        _kill(child)
        kills += 1
        if not _open(bench):
            break
    sender(bench, mail_server.url).recover()
    states = {row: state(bench, row) for row in rows}
    assert {item.state for item in states.values()} <= {"sent", "uncertain"}
    assert kills >= 5
    ids = mail_server.ids
    assert len(ids) == len(set(ids)), "a mail was delivered twice"
    sent = {item.message_id for item in states.values() if item.state == "sent"}
    assert sent <= set(ids), "a mail counts as sent and never arrived"
    uncertain = [item for item in states.values() if item.state == "uncertain"]
    assert len(uncertain) <= kills, "a kill leaves one mail in doubt at most"


def _open(bench: Bench) -> bool:
    """Whether something is still to be sent."""
    return bool(bench.rows(outbox, state="waiting"))


def _child(url: str, home: Path, smtp: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", CHILD, url, str(home), smtp]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2] / "platform")}
    return subprocess.Popen(command, env=environment)


def _kill(child: subprocess.Popen[bytes]) -> None:
    child.send_signal(signal.SIGKILL)
    child.wait(10)


def _until(done: Any, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def test_the_secret_of_the_server_is_in_no_error(bench: Bench) -> None:
    one = put(bench)
    sender(bench, "smtp://user:hush-hush@127.0.0.1:9").send_due()
    assert "hush" not in state(bench, one).why
    assert "hush" not in repr(bench.workspace.settings.changed(smtp_url="smtp://user:hush-hush@h:9"))


def test_the_worker_of_a_server_sends(
    start_server: StartServer, mail_server: MailServer, tmp_path: Path
) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "amity.toml").write_text(f'smtp_url = "{mail_server.url}"\n')
    server = start_server()
    database = Database(server.database_url)
    try:
        with database.write() as connection:
            connection.execute(insert(outbox).values(mail()))
    finally:
        database.close()
    _until(lambda: bool(mail_server.accepted), 30)
    assert server.stop() == 0
