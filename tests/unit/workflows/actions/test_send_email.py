"""The action `send_email`: what it puts into the outbox and on the timeline, whom it passes over."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

import pytest

from amity.database.schema_workflows import outbox
from amity.errors import Invalid
from amity.records.shapes import Query, Record
from amity.workflows.action import ActionFailed, Done, Skipped
from tests.factories.steps import Bench

STEP: Mapping[str, Any] = {
    "do": "send_email",
    "to": "{{ record.email }}",
    "subject": "Hello {{ record.name }}",
    "body": "Dear {{ record.name }}",
}


def customer(bench: Bench, **values: Any) -> Record:
    return bench.make("customer", **{"name": "Acme & Co", "email": "info@acme.example", **values})


def interactions(bench: Bench, record: Record) -> list[Record]:
    page = bench.workspace.records.related(bench.ctx(), record.entity, record.id, "interactions", Query())
    return page.records


def test_a_mail_waits_and_stands_on_the_timeline(bench: Bench) -> None:
    record = customer(bench)
    told = bench.preview(STEP, record)
    done = bench.run(STEP, record)
    assert isinstance(done, Done)
    (row,) = bench.rows(outbox)
    assert (row.state, row.subject, row.body) == ("waiting", "Hello Acme & Co", "Dear Acme & Co")
    assert row.recipients == {"to": ["info@acme.example"], "cc": []}
    assert (row.entity, row.record, row.id) == ("customer", record.id, done.output["mail"])
    (noted,) = interactions(bench, record)
    values = noted.as_json()
    assert (values["channel"], values["direction"], values["subject"]) == ("email", "out", "Hello Acme & Co")
    assert values["participants"] == [{"entity": "customer", "id": record.id, "role": "to"}]
    (write,) = told.writes
    assert write["entity"] == "interaction"
    assert {name: values[name] for name in write["values"] if name != "at"} == {
        name: value for name, value in write["values"].items() if name != "at"
    }


@pytest.mark.parametrize(
    ("values", "consent", "reason"),
    [
        ({"consent": "withdrawn"}, "not_withdrawn", "withdrawn"),
        ({"consent": "withdrawn"}, "none", ""),
        ({"consent": "none"}, "not_withdrawn", ""),
        ({"consent": "none"}, "given", "not given"),
        ({"consent": "given"}, "given", ""),
        ({"email": None}, "none", "no e-mail address"),
    ],
)
def test_who_opted_out_is_passed_over_with_a_reason(
    bench: Bench, values: Mapping[str, Any], consent: str, reason: str
) -> None:
    record = customer(bench, **values)
    step = {**STEP, "consent": consent}
    told = bench.preview(step, record)
    outcome = bench.run(step, record)
    if reason:
        assert isinstance(outcome, Skipped)
        assert reason in outcome.reason and outcome.reason.startswith("Acme & Co ")
        assert outcome.reason in told.text and not told.writes
    assert bool(bench.rows(outbox)) is not bool(reason)
    assert bool(interactions(bench, record)) is not bool(reason)


def test_a_wrong_address_fails_and_is_not_tried_again(bench: Bench) -> None:
    record = customer(bench)
    step = {**STEP, "to": "not an address"}
    with pytest.raises(ActionFailed, match="no e-mail address") as caught:
        bench.run(step, record)
    assert not caught.value.again
    assert bench.preview(step, record).stops
    assert bench.rows(outbox) == []


def test_nobody_can_add_headers(bench: Bench) -> None:
    record = customer(bench, name="A\r\nBcc: evil@example.test")
    bench.run(STEP, record)
    assert bench.rows(outbox)[0].subject == "Hello A Bcc: evil@example.test"


def test_a_template_is_filled_and_html_is_escaped(bench: Bench) -> None:
    record = customer(bench)
    bench.run({"do": "send_email", "to": "{{ record.email }}", "template": "follow_up"}, record)
    (row,) = bench.rows(outbox)
    assert row.subject and "Dear Acme & Co," in row.body
    assert "<p>Dear Acme &amp; Co,</p>" in row.html


def test_files_of_the_record_are_attached(bench: Bench) -> None:
    stored = bench.workspace.files.save(io.BytesIO(b"%PDF-1.7 x"), "offer.pdf").as_json()
    record = bench.make("interaction", subject="Offer", at="2026-01-01T10:00:00Z", attachment=stored)
    step = {
        "do": "send_email", "to": "a@b.example", "subject": "x", "body": "y",
        "attachments": ["record.attachment"],
    }  # fmt: skip
    bench.run(step, record)
    assert bench.rows(outbox)[0].attachments == [stored]
    with pytest.raises(ActionFailed, match="file"):
        bench.run({**step, "attachments": ["record.subject"]}, record)


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"subject": "{{ record.nam }}"}, "/subject"),
        ({"subject": "{{ record.name"}, "/subject"),
        ({"html": "<b>{{ record.nam }}</b>"}, "/html"),
        ({"attachments": ["record.nam"]}, "/attachments/0"),
        ({"consent": "perhaps"}, "/consent"),
        ({"template": "nothing"}, "/template"),
        ({"record": "record.name"}, "/record"),
    ],
)
def test_mistakes_are_refused_when_it_is_saved(bench: Bench, change: Mapping[str, Any], place: str) -> None:
    step = {**STEP, **change}
    if "template" in change:
        step = {"do": "send_email", "to": "a@b.example", **change}
    with pytest.raises(Invalid) as caught:
        bench.workflow(step)
    assert f"/steps/0{place}" in [problem.pointer for problem in caught.value.problems]


def test_text_or_template(bench: Bench) -> None:
    for step in ({"do": "send_email", "to": "a@b.example"}, {**STEP, "template": "follow_up"}):
        with pytest.raises(Invalid):
            bench.workflow(step)
