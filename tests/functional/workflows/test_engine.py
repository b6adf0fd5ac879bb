"""What runs do, step by step, in a real engine on both databases."""

from __future__ import annotations

import datetime as dt
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import func, select, text, update

from amity.database.ids import new_id
from amity.database.schema_workflows import notification, run, run_wait, run_watch, workflow_state
from amity.errors import Conflict
from amity.workflows.action import ActionFailed, Call, Done, Outcome, Skipped, Stop
from amity.workflows.engine import runs, waits
from amity.workflows.engine.guard import Bounds
from amity.workflows.engine.interpreter import Interpreter, Walk
from amity.workflows.engine.journal import Journal
from amity.workflows.service import put_state
from tests.factories.workflows import NOW_IN_ACTIONS
from tests.functional.workflows.conftest import Engine
from tests.support.workers import until

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def actions() -> Iterator[None]:
    """What steps do in this test is forgotten behind it."""
    yield
    NOW_IN_ACTIONS.clear()


def does(name: str, what: Callable[[Call], Outcome]) -> dict[str, Any]:
    """A step that does something of the test."""
    NOW_IN_ACTIONS[name] = what
    return {"do": "call", "what": name, "id": name}


def fails(name: str, times: int, *, again: bool = True) -> dict[str, Any]:
    """A step that fails some times."""
    left = [times]

    def what(call: Call) -> Outcome:
        if left[0]:
            left[0] -= 1
            raise ActionFailed("The printer is out of paper.", again=again)
        return Done({"attempt": call.attempt})

    return does(name, what)


def nothing(call: Call) -> Outcome:
    """A step that only is there."""
    return Done()


def company(name: str) -> dict[str, Any]:
    """A step that makes a company."""
    return {"do": "create", "entity": "company", "values": {"name": name}}


def pause(seconds: int, key: str) -> dict[str, Any]:
    """A step that waits."""
    return {"wait": f"seconds({seconds})", "id": key}


def count(engine: Engine, entity: str) -> int:
    """Records of an entity."""
    with engine.world.database.read() as connection:
        table = engine.world.model.entities[entity].table
        return connection.execute(select(func.count()).select_from(table)).scalar() or 0


def test_arms_loops_and_results(engine: Engine) -> None:
    world = engine.world
    boss = world.create("person", name="Boss", age=50)
    for name in ("Ann", "Bob", "Cleo"):
        world.create("person", name=name, boss=boss.id)
    engine.add(
        "tour",
        {
            "if": "record.age > 40",
            "then": [{"do": "create", "entity": "tag", "values": {"name": "old"}, "id": "tag"}],
            "else": [{"do": "create", "entity": "tag", "values": {"name": "young"}}],
        },
        {
            "switch": "record.stage",
            "cases": [
                {"is": "active", "steps": []},
                {"is": ["lead"], "steps": [company("{{ steps.tag.id }}")]},
            ],
        },
        {
            "for_each": "record.reports",
            "as": "one",
            "id": "loop",
            "steps": [
                {"wait": "seconds(1)"},
                {**company("{{ one.name }} of {{ record.name }}"), "id": "made"},
            ],
        },
        {"do": "update", "values": {"age": {"expression": "steps.loop.count"}}},
    )
    run_id = engine.go("tour", boss.id)
    steps = engine.steps(run_id)
    assert steps["made[2]"].input == {"entity": "company", "values": {"name": "Cleo of Boss"}}
    assert count(engine, "company") == 4 and count(engine, "tag") == 1
    assert world.records.get(world.ctx(), "person", boss.id).values["age"] == 3
    found = runs.get(world.database, run_id)
    assert found.run.writes == 6 and found.steps[0].key == "if" and not found.waits


def test_arms_of_parallel_wait_at_the_same_time(engine: Engine) -> None:
    engine.add(
        "both",
        {"parallel": [[pause(2, "a")], [pause(2, "b"), pause(1, "c")]]},
        entity=None,
    )
    begun = time.monotonic()
    run_id = engine.go("both")
    assert 3 <= time.monotonic() - begun < 15
    row, steps = engine.run(run_id), engine.steps(run_id)
    assert row is not None and abs((steps["b"].started_at - steps["a"].started_at).total_seconds()) < 0.5


def test_failures_are_tried_again_then_told(engine: Engine) -> None:
    retry = {"times": 2, "first": 0.1, "factor": 1}
    engine.add("again", {**fails("twice", 2), "retry": retry}, entity=None)
    steps = engine.steps(engine.go("again"))
    assert steps["twice"].attempts == 3 and steps["twice"].output == {"attempt": 3}

    engine.add("never", {**fails("always", 99), "retry": retry}, {"do": "ask", "id": "later"}, entity=None)
    run_id = engine.go("never", state="failed")
    row = engine.run(run_id)
    assert row is not None and row.error == {
        "step": "always",
        "message": "The printer is out of paper.",
        "cause": "",
    }
    assert engine.steps(run_id)["always"].attempts == 3 and "later" not in engine.steps(run_id)

    def breaks(call: Call) -> Outcome:
        raise ZeroDivisionError("boom")

    engine.add("broken", {**does("breaks", breaks), "retry": {"times": 0}}, entity=None)
    row = engine.run(engine.go("broken", state="failed"))
    assert row is not None and row.error is not None
    assert row.error["message"].startswith("Something went wrong") and "boom" in row.error["cause"]


def test_what_follows_a_failure(engine: Engine) -> None:
    no = {"retry": {"times": 0}}
    engine.add("on", {**fails("one", 9), **no, "on_failure": "continue"}, does("next", nothing), entity=None)
    steps = engine.steps(engine.go("on"))
    assert steps["one"].state == "failed" and steps["next"].state == "done"
    other = [does("instead", lambda call: Skipped("Nobody wants it."))]
    engine.add("branch", {**fails("two", 9), **no, "on_failure": other}, entity=None)
    steps = engine.steps(engine.go("branch"))
    assert steps["instead"].state == "skipped" and steps["instead"].error == {"message": "Nobody wants it."}
    engine.add("stop", does("halt", lambda call: Stop("Enough.")), does("after", nothing), entity=None)
    run_id = engine.go("stop")
    row = engine.run(run_id)
    assert row is not None and row.why == "Enough." and "after" not in engine.steps(run_id)


def test_a_failed_run_goes_on_from_its_step_or_behind_it(engine: Engine) -> None:
    calls = []
    first = does("first", lambda call: calls.append(call.key) or Done())  # type: ignore[func-returns-value]
    engine.add("go", first, {**fails("weak", 1), "retry": {"times": 0}}, entity=None)
    run_id = engine.go("go", state="failed")
    with pytest.raises(Conflict):
        runs.cancel(engine.world.database, run_id)
    assert runs.for_all(engine.world.database, [run_id], runs.retry) == (1, {})
    engine.until(run_id, "done")
    assert calls == ["first"]

    engine.add("over", {**fails("dead", 9), "retry": {"times": 0}}, does("end", nothing), entity=None)
    run_id = engine.go("over", state="failed")
    runs.skip(engine.world.database, run_id)
    engine.until(run_id, "done")
    assert engine.steps(run_id)["dead"].state == "skipped"


def test_a_step_that_takes_too_long_fails_and_blocks_nobody(engine: Engine) -> None:
    release = threading.Event()
    stuck = does("stuck", lambda call: (release.wait(60), Done())[1])
    engine.add("hangs", {**stuck, "timeout": "seconds(40)"}, entity=None, limits={"concurrent": 100})
    slow = does("slow", lambda call: (time.sleep(3), Done())[1])
    engine.add("short", {**slow, "timeout": "seconds(1)", "retry": {"times": 0}}, entity=None)
    engine.add("quick", does("quick", nothing), entity=None)
    try:
        engine.request("hangs", count=40)
        time.sleep(3)
        run_id = engine.go("quick")
        row = engine.run(run_id)
        assert row is not None and (row.ended_at - row.requested_at).total_seconds() < 10  # type: ignore[operator]
        row = engine.run(engine.go("short", state="failed"))
        assert row is not None and row.why == "It took longer than 1 seconds."
    finally:
        release.set()


def test_a_condition_is_woken_by_what_makes_it_true(engine: Engine) -> None:
    world = engine.world
    company = world.create("company", name="Acme", city="Rome")
    person = world.create("person", name="Ada", company=company.id)
    engine.add("moved", {"wait_for": "record.company.city == 'Oslo'", "id": "city"})
    engine.add("seen", {"wait_for": "record.visits.exists(v, v.subject == 'Demo')", "id": "visit"})
    engine.add("limit", {"wait_for": "record.age > 99", "at_most": "seconds(2)", "id": "aged"})
    moved, seen, limit = (engine.request(name, person.id)[0] for name in ("moved", "seen", "limit"))
    for run_id in (moved, seen):
        engine.until(run_id, "waiting")
    world.create("visit", subject="Other", person=person.id)
    visit = world.create("visit", subject="Call", person=person.id)
    time.sleep(1.5)
    assert engine.until(seen, "waiting").segment >= 1  # looked again, and rested again
    world.records.update(world.ctx(), "company", company.id, {"city": "Oslo"}, version=1)
    world.records.update(world.ctx(), "visit", visit.id, {"subject": "Demo"}, version=1)
    for run_id in (moved, seen, limit):
        engine.until(run_id, "done")
    assert engine.steps(moved)["city"].output["met"] is True
    assert engine.steps(limit)["aged"].output["met"] is False
    with world.database.read() as connection:
        for table in (run_wait, run_watch):
            assert connection.execute(select(func.count()).select_from(table)).scalar() == 0


class Dies(Interpreter):
    """A process that is killed as soon as its run waits."""

    def _look_again(self, journal: Journal, walk: Walk) -> None:
        raise SystemExit


def test_a_kill_at_the_beginning_of_a_wait_misses_no_change(engine: Engine) -> None:
    world, worker = engine.world, engine.worker
    assert worker is not None
    person = world.create("person", name="Ada", age=1)
    engine.add("aged", {"wait_for": "record.age == 2", "id": "aged"})
    lives = worker.dispatcher.advance
    dying = Dies(engine.services, engine.catalog, worker.dispatcher.lease)
    worker.dispatcher.advance = dying.advance
    run_id = engine.request("aged", person.id)[0]
    engine.until(run_id, "waiting")
    worker.dispatcher.advance = lives
    # A change that the feed has passed already: only looking again can see it.
    entity = world.model.entities["person"]
    with world.database.write() as connection:
        connection.execute(update(entity.table).values({entity.column(entity.by_name["age"]): 2}))
    engine.until(run_id, "done", 60)

    other = engine.request("aged", world.create("person", name="Bob", age=1).id)[0]
    engine.until(other, "waiting")

    def due() -> Any:
        with world.database.read() as connection:
            return connection.execute(select(run_wait.c.due_at).where(run_wait.c.run == other)).scalar()

    until(lambda: due() is None, 20, "the second look")


def test_an_action_that_waits_is_resumed(engine: Engine) -> None:
    engine.add("asks", {"do": "ask", "id": "question"}, entity=None)
    run_id = engine.request("asks")[0]
    assert engine.until(run_id, "waiting").why == "waits for an answer"
    waits.wake(engine.world.database, [(run_id, "question")], dt.datetime.now(dt.UTC))
    engine.until(run_id, "done")
    assert engine.steps(run_id)["question"].output == {"asked": 1}
    other = engine.request("asks")[0]
    engine.until(other, "waiting")
    runs.cancel(engine.world.database, other)
    assert engine.until(other, "cancelled").why == "Cancelled by hand."


def test_the_record_is_deleted_while_a_run_waits(engine: Engine) -> None:
    world = engine.world
    engine.add("long", {"wait": "days(3)"})
    engine.add("stays", {"wait": "seconds(4)"}, on_deleted="continue")
    person = world.create("person", name="Ada")
    long, stays = engine.request("long", person.id)[0], engine.request("stays", person.id)[0]
    engine.until(long, "waiting")
    engine.until(stays, "waiting")
    world.records.delete(world.ctx(), "person", person.id, version=1)
    assert engine.until(long, "cancelled").why == "Its record was deleted."
    engine.until(stays, "done")


def test_pause_of_one_and_of_all(engine: Engine) -> None:
    database = engine.world.database
    engine.add("paused", does("a", nothing), entity=None)
    engine.add("other", does("b", nothing), entity=None)

    def pause(workflow: str, at: dt.datetime | None) -> None:
        with database.write() as connection:
            put_state(connection, workflow, {"paused_at": at})

    now = dt.datetime.now(dt.UTC)
    pause("paused", now)
    held = engine.request("paused")[0]
    engine.go("other")
    assert engine.run(held) is None
    assert runs.overview(database, now)["paused"].requested == 1
    pause("*", now)
    more = engine.request("other")[0]
    time.sleep(1.5)
    assert engine.run(more) is None and runs.backlog(database).paused
    pause("*", None)
    pause("paused", None)
    engine.until(held, "done")
    engine.until(more, "done")


def test_one_workflow_with_many_runs_does_not_hold_up_another(engine: Engine) -> None:
    engine.add("many", {"do": "create", "entity": "company", "values": {"name": "x"}}, entity=None)
    engine.add("one", does("one", nothing), entity=None)
    engine.request("one")
    engine.request("many", count=10_000)
    time.sleep(3)
    waited = []
    for _ in range(3):
        row = engine.run(engine.go("one"))
        assert row is not None
        waited.append((row.started_at - row.requested_at).total_seconds())
    assert max(waited) < 2, waited
    with engine.world.database.write() as connection:
        put_state(connection, "many", {"paused_at": dt.datetime.now(dt.UTC)})


def test_the_guard_stops_what_goes_on_for_ever(idle: Engine) -> None:
    idle.bounds = Bounds(depth=8, records=20)
    idle.start()
    idle.add("deep", does("deep", nothing), entity=None)
    idle.add("fine", does("fine", nothing), entity=None)
    row = idle.run(idle.go("deep", state="failed", depth=9))
    assert row is not None and "trigger each other" in (row.why or "")
    engine = idle
    for number in range(30):
        engine.world.create("tag", name=f"t{number}")
    engine.add("floods", *[company("x") for _ in range(40)], entity=None)
    row = engine.run(engine.go("floods", state="failed"))
    assert row is not None and row.writes == 20 and "20 are allowed" in (row.why or "")
    engine.add("busy", does("busy", nothing), entity=None, limits={"per_hour": 5})
    ids = engine.request("busy", count=12)
    until(lambda: engine.run(ids[0]) is not None, 20, "the first run")
    with engine.world.database.read() as connection:
        until(lambda: _paused(engine) == {"deep", "floods", "busy"}, 20, "pausing")
        started = connection.execute(select(func.count()).select_from(run).where(run.c.workflow == "busy"))
        assert 5 <= (started.scalar() or 0) <= 10
        assert connection.execute(select(func.count()).select_from(notification)).scalar() == 0  # no accounts
    engine.go("fine")


def _paused(engine: Engine) -> set[str]:
    with engine.world.database.read() as connection:
        statement = select(workflow_state.c.workflow).where(workflow_state.c.paused_at.is_not(None))
        return set(connection.execute(statement).scalars())


def test_a_run_that_calls_another_is_woken_by_its_end(engine: Engine) -> None:
    engine.add("child", does("work", nothing), entity=None)
    engine.add("parent", {"do": "ask", "id": "calls"}, entity=None)
    parent = engine.request("parent")[0]
    engine.until(parent, "waiting")
    child = engine.request("child", trigger={"on": "called", "parent": parent, "parent_key": "calls"})[0]
    engine.until(child, "done")
    engine.until(parent, "done")
    assert [item.id for item in runs.get(engine.world.database, parent).children] == [child]


def test_what_is_kept_of_a_step_is_bounded_and_without_secrets(engine: Engine) -> None:
    engine.add(
        "big", does("big", lambda call: Done({"text": "x" * 100_000, "api_key": "k", "n": 1})), entity=None
    )
    output = engine.steps(engine.go("big"))["big"].output
    assert output == {"n": 1, "api_key": "•••", "$cut": ["text"]}


def test_a_process_that_was_taken_for_dead_writes_nothing(engine: Engine) -> None:
    database = engine.world.database

    def lose(call: Call) -> Outcome:
        with database.write() as connection:
            connection.execute(update(run).where(run.c.id == call.run.id).values(lease="another"))
        return Done({"written": True})

    engine.add("lost", does("lose", lose), entity=None)
    run_id = engine.request("lost")[0]
    # The other one is no living process: the run is taken back, and begun again behind what was kept.
    until(lambda: (engine.run(run_id) or 0) and engine.steps(run_id).get("lose") is not None, 20, "the step")  # type: ignore[arg-type]
    time.sleep(1)
    assert engine.steps(run_id)["lose"].output is None
    runs.cancel(database, run_id)


def test_what_the_engine_has_lost_is_begun_again(engine: Engine) -> None:
    """Its row says that this process works on a segment of a dead one, and this process does not."""
    database, worker = engine.world.database, engine.worker
    assert worker is not None
    engine.add("long", {"wait": "days(3)"}, entity=None)
    run_id = engine.request("long")[0]
    engine.until(run_id, "waiting")
    engine.add("long", does("end", nothing), entity=None)
    table = "workflow_status" if database.dialect == "sqlite" else "dbos.workflow_status"
    copied = (
        f"INSERT INTO {table} (workflow_uuid, status, name, executor_id, created_at, updated_at) "
        "VALUES (:id, 'PENDING', 'segments', :executor, 0, 0)"
    )
    with database.write() as connection:
        connection.execute(text(copied), {"id": f"{run_id}:5", "executor": worker.dispatcher.lease})
        left = update(run).where(run.c.id == run_id)
        connection.execute(left.values(state="running", segment=5, lease=new_id()))
    row = engine.until(run_id, "done", 60)
    assert row.segment == 6


def test_old_runs_are_pruned(engine: Engine) -> None:
    from amity.workflows.engine import retention

    engine.add("short", does("short", nothing), entity=None)
    old, new = engine.go("short"), engine.go("short")
    with engine.world.database.write() as connection:
        past = dt.datetime.now(dt.UTC) - dt.timedelta(days=100)
        connection.execute(update(run).where(run.c.id == old).values(started_at=past, ended_at=past))
    before = dt.datetime.now(dt.UTC) - dt.timedelta(days=90)
    assert retention.prune(engine.world.database, before) == 1
    assert retention.prune(engine.world.database, before) == 0
    assert engine.run(old) is None and engine.run(new) is not None and engine.steps(old) == {}


def test_pages_of_runs(engine: Engine) -> None:
    engine.add("short", does("short", nothing), entity=None)
    ids = engine.request("short", count=7)
    for run_id in ids:
        engine.until(run_id, "done")
    found: list[str] = []
    query = runs.RunQuery(workflow="short", states=("done",), limit=3)
    page = runs.find(engine.world.database, query)
    while True:
        found += [item.id for item in page.runs]
        if page.next is None:
            break
        query = runs.RunQuery(workflow="short", states=("done",), limit=3, after=page.next)
        page = runs.find(engine.world.database, query)
    assert sorted(found) == sorted(ids) and runs.count(engine.world.database, runs.RunQuery()) == (7, True)


def test_a_workflow_runs_so_often_at_once_as_it_may(engine: Engine) -> None:
    guard, now, most = threading.Lock(), [0], [0]

    def slow(call: Call) -> Outcome:
        with guard:
            now[0] += 1
            most[0] = max(most[0], now[0])
        time.sleep(0.5)
        with guard:
            now[0] -= 1
        return Done()

    engine.add("narrow", does("slow", slow), entity=None, limits={"concurrent": 2})
    engine.add("other", does("other", nothing), entity=None)
    ids = engine.request("narrow", count=8)
    engine.go("other")
    for run_id in ids:
        engine.until(run_id, "done")
    assert most[0] == 2
