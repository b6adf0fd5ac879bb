"""Back-tests beside the requests: kept, cancelled, taken over, begun again, cleared away."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from sqlalchemy import update

from amity.access.context import SYSTEM
from amity.database.ids import new_id
from amity.database.processes import Presence
from amity.database.schema_workflows import back_test as table
from amity.errors import Conflict, Invalid, NotFound
from amity.workflows.documents.compiled import CompiledWorkflow
from amity.workflows.simulation import asked as asking
from amity.workflows.simulation import tester as working
from amity.workflows.simulation.asked import AskedTest, BackTests
from amity.workflows.simulation.backtest import back_test
from amity.workflows.simulation.kept import MOST, keep, read
from amity.workflows.simulation.tester import BackTester
from amity.workspace import Workspace
from tests.factories.flows import workflow
from tests.support.contents import contents
from tests.support.workers import until

EVER = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
GREET = {"do": "update", "id": "u", "values": {"name": "{{ record.name }}!"}}


def draft(flows: Workspace, **changes: Any) -> CompiledWorkflow:
    document = workflow(
        **{"enabled": False, "when": None, "trigger": {"on": "created"}, "steps": [GREET], **changes}
    )
    return flows.workflows.draft(document, "tried")


def people(flows: Workspace, number: int) -> None:
    rows = [{"name": f"P{count}"} for count in range(number)]
    flows.records.bulk(flows.context(SYSTEM), "person", rows)


def ask(flows: Workspace, **more: Any) -> str:
    ctx = flows.context(SYSTEM)
    return BackTests(flows.workflows.services).ask(ctx, "tried", draft(flows), EVER, ctx.now, **more)


def get(flows: Workspace, id_: str) -> AskedTest:
    return BackTests(flows.workflows.services).get(id_)


def test_it_finds_what_a_back_test_within_the_request_finds(flows: Workspace) -> None:
    people(flows, 30)
    at_once = back_test(
        flows.workflows.services, flows.context(SYSTEM), draft(flows), EVER, flows.context(SYSTEM).now
    )
    id_ = ask(flows)
    before = contents(flows)
    with Presence(flows.database, "worker") as presence, working.testing(flows.workflows, presence.id):
        until(lambda: not get(flows, id_).is_open, 60, "the end of the back-test")
    after = contents(flows)
    assert {name for name in after if after[name] != before[name]} <= {"back_test", "process"}
    done = get(flows, id_)
    assert done.state == "done" and done.found is not None and done.result is not None
    skipped = ("until", "took")
    told = {name: value for name, value in done.result.items() if name not in skipped}
    assert told == {name: value for name, value in at_once.as_json().items() if name not in skipped}
    assert read(keep(done.found)).as_json() == done.found.as_json()
    assert done.progress["matched"] == 30 and done.ended_at is not None


def test_one_that_waits_is_cancelled_at_once_and_one_that_runs_soon(
    flows: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    people(flows, 40)
    tests = BackTests(flows.workflows.services)
    waiting, running = ask(flows), ask(flows)
    tests.cancel(waiting, flows.context(SYSTEM).now)
    assert get(flows, waiting).state == "cancelled" and get(flows, waiting).found is None
    monkeypatch.setattr(working, "REPORT_SECONDS", 0.0)
    seen: list[AskedTest] = []

    class Watched(working._Watch):
        def __call__(self) -> bool:
            if self.trial.found.looked_at == 10:
                tests.cancel(running, flows.context(SYSTEM).now)
            ended = super().__call__()
            seen.append(get(flows, running))
            return ended

    monkeypatch.setattr(working, "_Watch", Watched)
    with Presence(flows.database, "worker") as presence:
        assert BackTester(flows.workflows, presence.id).step()
        assert not BackTester(flows.workflows, presence.id).step()
    done = get(flows, running)
    assert done.state == "cancelled" and done.found is not None and done.found.early == "cancelled"
    assert done.found.looked_at == 10
    assert seen[5].progress["total"] == 40 and 0 < (seen[5].percent or 0) < 25 and seen[-1].cancel


def test_one_whose_process_died_is_begun_again_but_not_for_ever(flows: Workspace) -> None:
    people(flows, 3)
    id_ = ask(flows)
    with Presence(flows.database, "worker") as presence:
        tester = BackTester(flows.workflows, presence.id)
        for attempt in range(asking.MAX_ATTEMPTS):
            taken = tester._take()
            assert taken is not None and taken.attempts == attempt + 1
            with flows.database.write() as connection:  # as a process leaves it that was killed
                connection.execute(update(table).values(runner=new_id()))
        assert tester._take() is None
        failed = get(flows, id_)
        assert failed.state == "failed" and "ended 3 times" in (failed.why or "")
        again = ask(flows)
        with flows.database.write() as connection:
            gone = {"state": "running", "runner": new_id(), "attempts": 1}
            connection.execute(update(table).where(table.c.id == again).values(gone))
        assert tester.step() and get(flows, again).state == "done"


def test_a_process_that_lost_its_row_writes_nothing_more(
    flows: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    people(flows, 3)
    id_ = ask(flows)
    monkeypatch.setattr(working, "REPORT_SECONDS", 0.0)
    with Presence(flows.database, "worker") as presence:
        tester = BackTester(flows.workflows, presence.id)
        taken = tester._take()
        assert taken is not None
        other = new_id()
        with flows.database.write() as connection:
            connection.execute(update(table).values(runner=other))
        with pytest.raises(working._Lost):
            tester._do(taken)
        tester._end(taken, "failed", why="no")
    assert get(flows, id_).state == "running" and get(flows, id_).runner == other


def test_one_that_stops_with_its_process_waits_for_the_next(flows: Workspace) -> None:
    people(flows, 3)
    id_ = ask(flows)
    with Presence(flows.database, "worker") as presence:
        tester = BackTester(flows.workflows, presence.id)
        tester.stop.set()
        assert tester.step()
    again = get(flows, id_)
    assert (again.state, again.attempts, again.runner) == ("waiting", 0, None)


def test_what_cannot_be_done_is_said(flows: Workspace) -> None:
    tests, ctx = BackTests(flows.workflows.services), flows.context(SYSTEM)
    with pytest.raises(Invalid):
        tests.ask(ctx, "tried", draft(flows), ctx.now, EVER)
    with pytest.raises(NotFound):
        tests.get(new_id())
    id_ = ask(flows)
    with pytest.raises(Conflict):
        tests.remove(id_)
    with flows.database.write() as connection:
        connection.execute(update(table).values(document={"title": "x", "trigger": {"on": "nothing"}}))
    with Presence(flows.database, "worker") as presence:
        assert BackTester(flows.workflows, presence.id).step()
    assert get(flows, id_).state == "failed" and get(flows, id_).why
    tests.remove(id_)
    staff = flows.accounts.create("sam@example.test", "Sam", ["staff"], "four quiet lamps bend")
    asked = tests.ask(flows.context(staff.actor()), "tried", draft(flows), EVER, ctx.now)
    with Presence(flows.database, "worker") as presence:
        assert BackTester(flows.workflows, presence.id).step()
    assert "no administrator" in (get(flows, asked).why or "")


def test_results_are_few_and_not_old_and_of_a_bounded_size(
    flows: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    people(flows, 20)
    tests, ctx = BackTests(flows.workflows.services), flows.context(SYSTEM)
    found = back_test(flows.workflows.services, ctx, draft(flows), EVER, ctx.now)
    first = ask(flows, found=found)
    for _ in range(asking.KEPT_EACH):
        ask(flows, found=found)
    assert len(tests.of("tried")) == asking.KEPT_EACH
    with pytest.raises(NotFound):
        tests.get(first)
    with flows.database.write() as connection:
        old = ctx.now - dt.timedelta(days=asking.KEPT_DAYS + 1)
        connection.execute(update(table).values(asked_at=old, workflow="other"))
    ask(flows, found=found)
    assert tests.of("other") == []
    for sample in found.samples:
        object.__setattr__(sample, "label", "x" * (MOST // 10))
    assert 0 < len(keep(found)["samples"]) < 10
    monkeypatch.setattr(asking, "MOST_OPEN", 2)
    ask(flows), ask(flows)
    with pytest.raises(Conflict):
        ask(flows)


def test_the_rest_of_the_time_is_estimated(flows: Workspace) -> None:
    id_ = ask(flows)
    values = {"done": 100, "total": 1000, "seconds": 10.0, "matched": 3, "looked_at": 100}
    with flows.database.write() as connection:
        connection.execute(update(table).values(state="running", progress=values))
    found = get(flows, id_)
    assert (found.percent, found.seconds_left) == (10, 90)
