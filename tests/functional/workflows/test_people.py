"""Runs that ask people, on the real engine: answers, reminders, time-outs, stand-ins, called runs."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import select, update

from amity.access.context import SYSTEM
from amity.database.processes import Presence
from amity.database.schema_workflows import (
    assignment,
    assignment_person,
    notification,
    run,
    run_step,
    run_wait,
)
from amity.definitions.documents import DefinitionChange
from amity.errors import AmityError, Conflict, Forbidden, Invalid, NotFound
from amity.records.shapes import Record
from amity.workflows.engine.worker import open_worker
from amity.workflows.people import assignments, notifications
from amity.workflows.people.assignments import approve, give
from tests.factories.steps import Bench
from tests.support.workers import until

APPROVAL = {
    "id": "decision", "do": "approval", "question": "May {{ record.name }} have a discount?",
    "text": "It is a good customer.",
}  # fmt: skip


@pytest.fixture
def engine(bench: Bench) -> Iterator[Bench]:
    """A bench with a worker beside it."""
    with (
        Presence(bench.workspace.database, "worker") as presence,
        open_worker(bench.workspace.workflows, presence.id),
    ):
        yield bench


def apply(bench: Bench, *steps: Any, name: str = "decide", **more: Any) -> None:
    document = {
        "title": "Decide", "entity": "customer", "enabled": True, "trigger": {"on": "manual"},
        "steps": list(steps), **more,
    }  # fmt: skip
    change = DefinitionChange("workflow", name, document)
    bench.workspace.definitions.apply([change], bench.ctx(), revision=None, confirm=True)


def start(bench: Bench, record: Record) -> str:
    (identity,) = bench.workspace.workflows.start(bench.ctx(SYSTEM), "decide", records=[record.id])
    return identity


def asked(bench: Bench, identity: str) -> Any:
    """The open assignment of a run, once the run waits for it."""

    def ready() -> bool:
        waits = bench.rows(run, id=identity, state="waiting") and bench.rows(
            assignment, run=identity, state="open"
        )
        return bool(waits)

    until(ready, 30, "asking")
    return bench.rows(assignment, run=identity, state="open")[0]


def ended(bench: Bench, identity: str, step: str = "decision") -> Any:
    """The output of a step of an ended run."""
    until(
        lambda: bool(bench.rows(run, id=identity) and bench.rows(run, id=identity)[0].ended_at), 30, "ending"
    )
    row = bench.rows(run, id=identity)[0]
    assert row.state == "done", row.error
    return bench.rows(run_step, run=identity, key=step)[0].output


def told(bench: Bench, name: str) -> list[str]:
    return [row.text for row in bench.rows(notification, account=bench.account(name))]


def to(*names: str) -> list[str]:
    return [f"{name.lower()}@example.test" for name in names]


def test_one_answer_counts(engine: Bench) -> None:
    bench = engine
    apply(
        bench, {**APPROVAL, "to": to("Sam", "Mia")}, {"do": "comment", "text": "{{ steps.decision.outcome }}"}
    )
    record = bench.make("customer", name="Acme")
    identity = start(bench, record)
    row = asked(bench, identity)
    assert (row.title, row.record, row.kind) == ("May Acme have a discount?", record.id, "approval")
    assert told(bench, "Sam") == told(bench, "Mia") == [row.title]
    database = bench.workspace.database
    with pytest.raises(Forbidden):
        approve(database, bench.ctx(bench.actor("Ada")), row.id, yes=True)
    with pytest.raises(Conflict):
        give(database, bench.ctx(bench.actor("Sam")), row.id, {})
    approve(database, bench.ctx(bench.actor("Sam")), row.id, yes=True, comment="Fine")
    assert ended(bench, identity) == {"outcome": "approved", "by": "Sam", "comment": "Fine"}
    for name in ("Sam", "Mia"):
        with pytest.raises(Conflict):
            approve(database, bench.ctx(bench.actor(name)), row.id, yes=False)
    assert assignments.of_person(database, bench.account("Mia")).open == []


def test_all_must_agree_and_one_no_is_enough(engine: Bench) -> None:
    bench = engine
    apply(bench, {**APPROVAL, "to": to("Sam", "Mia"), "all": True})
    database = bench.workspace.database
    first = start(bench, bench.make("customer", name="One"))
    row = asked(bench, first)
    approve(database, bench.ctx(bench.actor("Sam")), row.id, yes=True)
    assert bench.rows(run, id=first)[0].state == "waiting"
    approve(database, bench.ctx(bench.actor("Mia")), row.id, yes=True)
    assert ended(bench, first)["by"] == "Sam, Mia"
    second = start(bench, bench.make("customer", name="Two"))
    row = asked(bench, second)
    approve(database, bench.ctx(bench.actor("Mia")), row.id, yes=False, comment="Too much")
    assert ended(bench, second) == {"outcome": "refused", "by": "Mia", "comment": "Too much"}


def test_many_answers_at_once_count_once(engine: Bench) -> None:
    bench = engine
    apply(bench, {**APPROVAL, "to": to("Sam", "Mia", "Ada")})
    identity = start(bench, bench.make("customer", name="Acme"))
    row = asked(bench, identity)
    gate = threading.Barrier(3)

    def answer(name: str) -> str:
        gate.wait()
        try:
            approve(bench.workspace.database, bench.ctx(bench.actor(name)), row.id, yes=name == "Sam")
            return name
        except AmityError:
            return ""

    with ThreadPoolExecutor(3) as pool:
        winners = [name for name in pool.map(answer, ("Sam", "Mia", "Ada")) if name]
    assert len(winners) == 1
    assert ended(bench, identity)["by"] == winners[0]


@pytest.mark.parametrize(("otherwise", "outcome"), [("expired", "expired"), ("refused", "refused")])
def test_nobody_answers_in_time(engine: Bench, otherwise: str, outcome: str) -> None:
    bench = engine
    apply(bench, {**APPROVAL, "to": to("Sam"), "at_most": "seconds(2)", "otherwise": otherwise})
    identity = start(bench, bench.make("customer", name="Acme"))
    row = asked(bench, identity)
    assert ended(bench, identity)["outcome"] == outcome
    assert bench.rows(assignment, id=row.id)[0].state == "expired"
    with pytest.raises(Conflict, match="time is over"):
        approve(bench.workspace.database, bench.ctx(bench.actor("Sam")), row.id, yes=True)


def test_reminders_come_again(engine: Bench) -> None:
    bench = engine
    apply(bench, {**APPROVAL, "to": to("Sam"), "remind_after": "days(2)"})
    identity = start(bench, bench.make("customer", name="Acme"))
    row = asked(bench, identity)
    for number in (1, 2):
        (wait,) = bench.rows(run_wait, run=identity)
        days = wait.due_at - dt.datetime.now(dt.UTC)
        assert dt.timedelta(days=1, hours=23) < days <= dt.timedelta(days=2)
        _later(bench, row.id, identity)
        until(lambda: len(told(bench, "Sam")) == 1 + number, 30, "reminding")  # noqa: B023
        until(lambda: bench.rows(run, id=identity)[0].state == "waiting", 30, "waiting again")
    approve(bench.workspace.database, bench.ctx(bench.actor("Sam")), row.id, yes=True)
    assert ended(bench, identity)["outcome"] == "approved"


def _later(bench: Bench, identity: str, run_id: str) -> None:
    """Let two days pass for an assignment and its wait."""
    past = dt.datetime.now(dt.UTC) - dt.timedelta(days=2, seconds=1)
    with bench.workspace.database.write() as connection:
        connection.execute(update(assignment).where(assignment.c.id == identity).values(created_at=past))
        connection.execute(
            update(assignment_person)
            .where(assignment_person.c.reminded_at.is_not(None))
            .values(reminded_at=past)
        )
        connection.execute(
            update(run_wait).where(run_wait.c.run == run_id).values(due_at=dt.datetime.now(dt.UTC))
        )


def test_who_leaves_is_replaced_by_the_manager_and_then_by_the_admins(engine: Bench) -> None:
    bench = engine
    boss = bench.make("employee", last_name="Boss")
    worker = bench.make("employee", last_name="Worker", manager=boss.id)
    accounts, ada = bench.workspace.accounts, bench.actor("Ada")
    accounts.link_employee(bench.account("Sam"), worker.id, by=ada)
    accounts.link_employee(bench.account("Mia"), boss.id, by=ada)
    apply(bench, {**APPROVAL, "to": to("Sam")})
    identity = start(bench, bench.make("customer", name="Acme"))
    row = asked(bench, identity)
    for gone, successor in (("Sam", "Mia"), ("Mia", "Ada")):
        accounts.deactivate(bench.account(gone), by=ada)
        assert assignments.wake_gone(bench.workspace.database, dt.datetime.now(dt.UTC)) >= 0
        until(lambda: bool(told(bench, successor)), 40, "asking the next one")  # noqa: B023
        assert f"instead of {gone}" in told(bench, successor)[0]
    until(lambda: bench.rows(run, id=identity)[0].state == "waiting", 30, "waiting again")
    approve(bench.workspace.database, bench.ctx(bench.actor("Ada")), row.id, yes=True)
    assert ended(bench, identity)["by"] == "Ada"


def test_a_form_is_filled_in(engine: Bench) -> None:
    bench = engine
    step = {
        "id": "visit", "do": "ask", "to": to("Sam"), "question": "How was it?", "required": ["mood"],
        "fields": {
            "mood": {"title": "Mood", "oneOf": [{"const": "good", "title": "Good"}]},
            "guests": {"type": "integer", "title": "Guests"},
        },
    }  # fmt: skip
    apply(bench, step, {"do": "comment", "text": "{{ steps.visit.values.guests }} by {{ steps.visit.by }}"})
    identity = start(bench, bench.make("customer", name="Acme"))
    row = asked(bench, identity)
    assert row.kind == "input" and row.form["required"] == ["mood"]
    give(bench.workspace.database, bench.ctx(bench.actor("Sam")), row.id, {"mood": "good", "guests": 3})
    assert ended(bench, identity, "visit") == {
        "values": {"mood": "good", "guests": 3}, "by": "Sam", "comment": None,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"fields": {"x": {"type": "string", "x-amity": {"kind": "relation", "to": "task"}}}}, "/fields/x"),
        ({"fields": {"x": {"type": "wrong"}}}, "/fields/x/type"),
        ({"required": ["y"]}, "/required"),
        ({"to": []}, ""),
        ({"remind_after": "3"}, "/remind_after"),
    ],
)  # fmt: skip
def test_wrong_questions_are_refused_when_they_are_saved(bench: Bench, change: Any, place: str) -> None:
    step = {"do": "ask", "to": to("Sam"), "question": "?", "fields": {"x": {"type": "string", "title": "X"}}}
    with pytest.raises(Invalid) as caught:
        bench.workflow({**step, **change})
    assert any((item.pointer or "").startswith(f"/steps/0{place}") for item in caught.value.problems)


def test_a_preview_says_who_and_stops(bench: Bench) -> None:
    told_ = bench.preview({**APPROVAL, "to": to("Sam")}, bench.make("customer", name="Acme"))
    assert "Sam would be asked to approve: May Acme" in told_.text and "Sam" in told_.stops


def test_who_may_see_a_request(engine: Bench) -> None:
    bench = engine
    apply(bench, {**APPROVAL, "to": to("Sam")})
    row = asked(bench, start(bench, bench.make("customer", name="Acme")))
    database = bench.workspace.database
    for name in ("Sam", "Ada"):
        assert assignments.visible(database, bench.ctx(bench.actor(name)), row.id).title == row.title
    with pytest.raises(NotFound):
        assignments.visible(database, bench.ctx(bench.actor("Mia")), row.id)
    assert notifications.waiting(database, bench.account("Sam")) == 1
    assert notifications.waiting(database, bench.account("Mia")) == 0


# -- called workflows -------------------------------------------------------------------------------------
def test_another_workflow_is_called_and_gives_its_result(engine: Bench) -> None:
    bench = engine
    called = [
        {"id": "table", "do": "decision_table", "rows": [{"then": {"price": 7}}]},
        {"wait": "seconds(1)"},
    ]
    apply(bench, *called, name="prices", trigger={"on": "called"})
    apply(bench, {"id": "part", "do": "call", "workflow": "prices", "input": {"a": "{{ record.name }}"}})
    record = bench.make("customer", name="Acme")
    identity = start(bench, record)
    output = ended(bench, identity, "part")
    assert output["outcome"] == "done" and output["steps"]["table"] == {"price": 7, "row": 1}
    child = bench.rows(run, id=output["run"])[0]
    assert child.parent == identity and child.record == record.id
    assert child.trigger["input"] == {"a": "Acme"}


def test_a_called_workflow_that_fails_fails_the_step(engine: Bench) -> None:
    bench = engine
    apply(
        bench, {"do": "stop", "failed": True, "reason": "No stock"}, name="prices", trigger={"on": "called"}
    )
    apply(bench, {"id": "part", "do": "call", "workflow": "prices"})
    identity = start(bench, bench.make("customer", name="Acme"))
    until(lambda: bool(bench.rows(run, id=identity, state="failed")), 30, "failing")
    assert "No stock" in str(bench.rows(run_step, run=identity, key="part")[0].error)
    with bench.workspace.database.read() as connection:
        assert connection.execute(select(run.c.id).where(run.c.state == "waiting")).all() == []
