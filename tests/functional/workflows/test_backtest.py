"""A back-test's prediction equals what really happened while the workflow was on."""

from __future__ import annotations

import datetime as dt
import json
import random
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import select

from amity.access.context import SYSTEM
from amity.database.processes import Presence
from amity.database.schema import event
from amity.database.schema_workflows import run, run_request
from amity.errors import AmityError
from amity.workflows.engine.worker import open_worker
from amity.workflows.simulation.backtest import back_test
from amity.workflows.simulation.trials import BackTest
from amity.workspace import Workspace
from tests.factories.flows import apply, workflow
from tests.support.contents import contents
from tests.support.workers import until
from tests.unit.workflows.conftest import flows as flows

pytestmark = pytest.mark.slow
VISIT = {"subject": "{{ record.company.name }} / {{ old.stage }}", "person": {"expression": "record"}}
DOCUMENTS: dict[str, dict[str, Any]] = {
    "changed": workflow(
        title="Changed",
        trigger={"on": "updated", "fields": ["stage", "company"]},
        when="old.stage != new.stage || old.company.city == 'Rome' || new.boss.stage == 'active'",
        steps=[
            {
                "if": "record.stage == 'active'",
                "id": "if",
                "then": [{"do": "create", "id": "visit", "entity": "visit", "values": VISIT}],
                "else": [{"do": "update", "id": "older", "values": {"revenue": {"expression": "1.5"}}}],
            },
            {"do": "update", "id": "city", "record": "record.company", "values": {"city": "{{ old.stage }}"}},
            {"do": "update", "id": "seen", "values": {"vip": {"expression": "record.revenue == 1.5"}}},
        ],
    ),
    "made": workflow(
        title="Made",
        entity="visit",
        trigger={"on": "created"},
        when="new.person.company != null || new.subject == 'hello'",
        steps=[{"do": "update", "id": "u", "record": "record.person", "values": {"age": 4}}],
    ),
    "gone": workflow(
        title="Gone",
        trigger={"on": "deleted"},
        when="old.boss.name != null || old.company.name == 'A'",
        steps=[{"do": "create", "id": "c", "entity": "company", "values": {"name": "bye {{ old.name }}"}}],
    ),
    "finds": workflow(
        title="Finds",
        entity="visit",
        trigger={"on": "created"},
        when="new.person != null",
        steps=[
            {
                "do": "find",
                "id": "f",
                "entity": "person",
                "where": "company.city == 'Rome' || stage == record.person.stage",
                "sort": "name",
                "limit": 2,
            },
            {
                "do": "create",
                "id": "c",
                "entity": "company",
                "values": {"name": "found {{ steps.f.count }} {{ steps.f.first.name }}"},
            },
        ],
    ),
    "saved": workflow(
        title="Saved",
        trigger={"on": "saved"},
        when="new.reports.exists(one, one.stage == 'active') && old.owner == null",
        steps=[{"do": "update", "id": "u", "values": {"email": None}}],
    ),
}
RULE = workflow(
    title="City",
    entity="company",
    trigger={"on": "saving"},
    when="record.city == null || record.city == ''",
    steps=[{"do": "set", "id": "s", "values": {"city": "Nowhere {{ record.name }}"}}],
)


@pytest.fixture
def working(flows: Workspace) -> Iterator[Workspace]:
    """A workspace whose worker works."""
    with Presence(flows.database, "worker") as presence, open_worker(flows.workflows, presence.id):
        yield flows


def settled(workspace: Workspace) -> bool:
    """Whether all that was asked for is done."""
    with workspace.database.read() as connection:
        waiting = connection.execute(select(run_request.c.id).limit(1)).first()
        going = connection.execute(select(run.c.id).where(run.c.ended_at.is_(None)).limit(1)).first()
    return waiting is None and going is None


def work(workspace: Workspace, seed: int, steps: int) -> None:
    """Do random things; the runs of each come to their end before the next."""
    pick, records = random.Random(seed), workspace.records
    ids: dict[str, list[str]] = {"person": [], "company": [], "visit": []}

    def some(entity: str) -> str | None:
        return pick.choice([*ids[entity], None]) if ids[entity] else None

    def values(entity: str) -> dict[str, Any]:
        if entity == "company":
            return {"name": pick.choice("AB"), "city": pick.choice(["Rome", "Oslo"])}
        if entity == "visit":
            return {"subject": pick.choice(["hello", "bye"]), "person": some("person")}
        return {
            "name": pick.choice("XYZ"), "stage": pick.choice(["lead", "active", None]),
            "company": some("company"), "boss": some("person"),
        }  # fmt: skip

    for _ in range(steps):
        ctx = workspace.context(SYSTEM)
        entity = pick.choice(["person", "person", "person", "company", "visit"])
        what = pick.choice(["create", "update", "update", "update", "delete"])
        key = some(entity)
        try:
            if what == "create" or key is None:
                ids[entity].append(records.create(ctx, entity, values(entity)).id)
            else:
                version = records.get(ctx, entity, key).version
                given = values(entity)
                names = pick.sample(sorted(given), min(2, len(given)))
                if what == "update":
                    patch = {name: given[name] for name in names}
                    records.update(ctx, entity, key, patch, version=version)
                else:
                    records.delete(ctx, entity, key, version=version)
        except AmityError:
            continue
        until(
            lambda: settled(workspace),
            30,
            "the end of all runs",
        )


def happened(workspace: Workspace, name: str) -> tuple[set[str], dict[str, Counter[str]]]:
    """The events that started a workflow, and by run what it wrote."""
    workflow_id = workspace.workflows.get(name).id
    with workspace.database.read() as connection:
        runs = {
            row.id: row.trigger["event"]
            for row in connection.execute(select(run).where(run.c.workflow == workflow_id))
        }
        rows = connection.execute(select(event)).all()
    model = workspace.definitions.model
    written: dict[str, Counter[str]] = {key: Counter() for key in runs.values()}
    for row in rows:
        if row.cause.get("run") in runs:
            entity = model.by_id[row.entity]
            values = {
                entity.by_id[key].name: new for key, (_old, new) in row.changes.items() if new is not None
            }
            verb = {"created": "create", "updated": "update", "deleted": "delete"}[row.kind]
            record = None if verb == "create" else row.record
            written[runs[row.cause["run"]]][told(verb, entity.name, record, values)] += 1
    return set(runs.values()), written


def told(verb: str, entity: str, record: str | None, values: dict[str, Any]) -> str:
    """A write as a text that can be compared."""
    plain = {
        name: float(value) if name == "revenue" else value
        for name, value in values.items()
        if value is not None
    }
    return json.dumps([verb, entity, record, plain], sort_keys=True, default=str)


def predicted(found: BackTest) -> tuple[set[str], dict[str, Counter[str]]]:
    """The same as a back-test says it."""
    written = {
        sample.event: Counter(
            told(w["verb"], w["entity"], None if w["verb"] == "create" else w["record"], dict(w["values"]))
            for w in sample.simulation.writes
        )
        for sample in found.samples
    }
    return set(written), written


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_the_prediction_is_what_really_happened(working: Workspace, seed: int) -> None:
    for name, document in {**DOCUMENTS, "city": RULE}.items():
        apply(working, name, document)
    since = dt.datetime.now(dt.UTC)
    work(working, seed, 60)
    before = contents(working)
    ctx = working.context(SYSTEM)
    matched = 0
    for name in DOCUMENTS:
        compiled = working.workflows.live.by_name(name)
        assert compiled is not None
        found = back_test(
            working.workflows.services, ctx, compiled, since, ctx.now, samples=10_000, seconds=120.0
        )
        events, written = happened(working, name)
        foretold, writes = predicted(found)
        assert foretold == events, name
        assert writes == written, name
        assert not found.missing and not found.early
        matched += found.matched
    assert matched > 8
    after = contents(working)
    changing = {name for name in after if after[name] != before[name]}
    assert changing <= {"process", "feed_position"}  # of the worker, which goes on
