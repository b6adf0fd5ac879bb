"""Workers are really killed, again and again: each run ends, nothing that was finished is repeated."""

from __future__ import annotations

import datetime as dt
import random
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, select

from amity.database.schema_workflows import run, run_step, run_wait, workflow_state
from tests.factories.workflows import Workflows, request
from tests.factories.worlds import World, open_world, prepared
from tests.support.databases import DatabaseServer
from tests.support.workers import Worker, until, workers

pytestmark = pytest.mark.slow
RUNS = 200
WAIT = 2.0


@pytest.fixture
def world(database_server: DatabaseServer) -> Iterator[World]:
    url = database_server.clone("workflows", prepared())
    found = open_world(url)
    yield found
    found.database.close()
    database_server.drop(url)


def count(world: World, *states: str) -> int:
    """How many runs are in these states."""
    with world.database.read() as connection:
        statement = select(func.count()).select_from(run).where(run.c.state.in_(states))
        return connection.execute(statement).scalar() or 0


@pytest.mark.timeout(280)
def test_every_run_ends_and_no_finished_step_is_repeated(world: World, tmp_path: Path) -> None:
    traces = tmp_path / "traces"
    catalog = Workflows(world)
    catalog.add(
        "journey",
        {"do": "create", "entity": "company", "values": {"name": "{{ record.name }}"}, "id": "made"},
        {"do": "trace", "file": str(traces), "text": "before", "id": "before"},
        {"wait": f"seconds({WAIT:.0f})", "id": "pause"},
        {
            "if": "record.name != null",
            "then": [{"do": "create", "entity": "tag", "values": {"name": "{{ steps.made.id }}"}}],
        },
        {"do": "trace", "file": str(traces), "text": "after", "id": "after"},
        limits={"concurrent": 30},
    )
    people = [world.create("person", name=f"Person {number}").id for number in range(20)]
    url = str(world.database.url.render_as_string(hide_password=False))
    dice = random.Random(7)
    with workers(3, url, tmp_path, catalog.documents) as living:
        end, requested, killed = time.monotonic() + 30, 0, 0
        while requested < RUNS or (time.monotonic() < end and count(world, "done") < RUNS):
            # In portions, so that each kill meets runs under way however fast the machine is.
            for number in range(requested, min(requested + RUNS // 8, RUNS)):
                request(world, "journey", people[number % len(people)])
                requested += 1
            time.sleep(dice.uniform(1.0, 3.0))
            victim = living.pop(dice.randrange(len(living)))
            victim.kill()
            killed += 1
            living.append(Worker(url, tmp_path, catalog.documents))
        until(lambda: count(world, "done") == RUNS, 90, "ending all runs")
    assert killed >= 8

    with world.database.read() as connection:
        steps = connection.execute(select(run_step)).all()
        assert connection.execute(select(func.count()).select_from(run_wait)).scalar() == 0
        runs = connection.execute(select(run)).all()
    assert {item.state for item in runs} == {"done"} and len(runs) == RUNS
    # What is done inside the database happened exactly once.
    for entity in ("company", "tag"):
        table = world.model.entities[entity].table
        with world.database.read() as connection:
            assert connection.execute(select(func.count()).select_from(table)).scalar() == RUNS
    # What is done outside, once for each attempt at most; nothing is tried again that was finished.
    lines = Counter(line.split()[0] for line in traces.read_text().splitlines())
    attempts = {f"{step.run}:{step.key}": step.attempts for step in steps if step.action == "trace"}
    assert len(attempts) == 2 * RUNS and lines.keys() == attempts.keys()
    assert all(lines[key] <= attempts[key] for key in lines)
    assert sum(attempts.values()) <= 2 * RUNS + killed * 40
    # Waits end at their time, counted from the step before.
    by_run: dict[str, dict[str, object]] = {}
    for step in steps:
        by_run.setdefault(step.run, {})[step.key] = step
    late = []
    for found in by_run.values():
        due = found["before"].ended_at + dt.timedelta(seconds=WAIT)  # type: ignore[attr-defined]
        late.append((found["pause"].ended_at - due).total_seconds())  # type: ignore[attr-defined]
    assert min(late) >= 0, min(late)
    # Late is only what had no living worker for a while: starting one takes seconds.
    assert sorted(late)[RUNS // 2] < 20, sorted(late)[-5:]


@pytest.mark.timeout(280)
def test_a_run_that_ends_each_worker_is_stopped_and_the_others_go_on(world: World, tmp_path: Path) -> None:
    catalog = Workflows(world)
    catalog.add("outside", {"do": "die", "id": "dies"}, entity=None)
    catalog.add("inside", {"do": "die_inside", "id": "dies"}, entity=None)
    catalog.add("fine", {"do": "create", "entity": "company", "values": {"name": "x"}}, entity=None)
    url = str(world.database.url.render_as_string(hide_password=False))
    bounds = {"killed": 2}
    with workers(1, url, tmp_path, catalog.documents, **bounds) as living:
        ends = 0
        for number, name in enumerate(("outside", "inside"), 1):
            deadline = time.monotonic() + 90
            request(world, name)
            while count(world, "failed") < number:
                assert time.monotonic() < deadline, "it goes on for ever"
                if living[0].process.poll() is not None:
                    ends += 1
                    request(world, "fine")
                    living[0].kill()
                    living[0] = Worker(url, tmp_path, catalog.documents, **bounds)
                time.sleep(0.1)
        until(lambda: count(world, "done") == ends, 60, "the others")
    assert ends == 2 + 3
    with world.database.read() as connection:
        why = {row.workflow: row.why for row in connection.execute(select(run.c.workflow, run.c.why))}
        paused = set(connection.execute(select(workflow_state.c.workflow)).scalars())
    assert why["outside"] == "Amity was ended 2 times in the middle of this step."
    assert why["inside"] == "Amity was ended 3 times while it worked on this run."
    assert "inside" in paused
