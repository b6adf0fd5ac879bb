"""What is written asks for runs in its own transaction; nothing is asked twice, nothing is lost."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from amity.database.schema_workflows import run_request
from amity.errors import Invalid
from amity.workspace import Workspace
from tests.factories.flows import apply, workflow


def requests(flows: Workspace) -> list[Any]:
    with flows.database.read() as connection:
        return list(connection.execute(select(run_request).order_by(run_request.c.requested_at)))


def test_a_change_that_meets_the_condition_asks_for_a_run(flows: Workspace) -> None:
    apply(flows, "welcome", workflow())
    ctx = flows.context()
    ada = flows.records.create(ctx, "person", {"name": "Ada"})
    assert requests(flows) == []
    flows.records.update(ctx, "person", ada.id, {"stage": "active"}, version=1)
    (row,) = requests(flows)
    assert (row.workflow, row.version, row.entity, row.record) == ("welcome", 1, "person", ada.id)
    assert row.trigger["old"]["stage"] == "lead"
    assert row.trigger["new"]["stage"] == "active"
    flows.records.update(ctx, "person", ada.id, {"name": "Ada L."}, version=2)
    assert len(requests(flows)) == 1


def test_a_bulk_write_asks_for_all_in_one_statement(flows: Workspace) -> None:
    apply(flows, "born", workflow(trigger={"on": "created"}, when="new.age > 3"))
    rows = [{"name": f"P {number}", "age": number} for number in range(10)]
    flows.records.bulk(flows.context(), "person", rows)
    assert len(requests(flows)) == 6


def test_a_refused_save_asks_for_nothing(flows: Workspace) -> None:
    apply(flows, "born", workflow(trigger={"on": "created"}, when=None))
    with pytest.raises(Invalid):
        flows.records.create(flows.context(), "person", {"name": "Ada", "age": -1})
    assert requests(flows) == []


def test_deleted_and_restored_ask_too(flows: Workspace) -> None:
    apply(flows, "gone", workflow(trigger={"on": "deleted"}, when="old.name == 'Ada'", steps=[]))
    apply(flows, "back", workflow(trigger={"on": "restored"}, when="new.name == 'Ada'", steps=[]))
    ctx = flows.context()
    ada = flows.records.create(ctx, "person", {"name": "Ada"})
    flows.records.create(ctx, "visit", {"subject": "Tea", "person": ada.id})
    flows.records.delete(ctx, "person", ada.id, version=1)
    assert [row.workflow for row in requests(flows)] == ["gone"]
    flows.records.restore(ctx, "person", ada.id)
    assert [row.workflow for row in requests(flows)] == ["gone", "back"]


def test_a_muted_import_asks_for_nothing(flows: Workspace) -> None:
    apply(flows, "born", workflow(trigger={"on": "created"}, when=None))
    flows.records.create(flows.context(kind="import", mute_workflows=True), "person", {"name": "Ada"})
    assert requests(flows) == []


def test_a_workflow_that_is_off_is_not_asked(flows: Workspace) -> None:
    apply(flows, "born", workflow(trigger={"on": "created"}, when=None, enabled=False))
    flows.records.create(flows.context(), "person", {"name": "Ada"})
    assert requests(flows) == []
    with pytest.raises(Invalid, match="not started by hand"):
        flows.workflows.start(flows.context(), "born")


def test_a_person_starts_a_manual_one_for_chosen_records(flows: Workspace) -> None:
    apply(flows, "call", workflow(trigger={"on": "manual"}, when=None))
    ctx = flows.context()
    people = [flows.records.create(ctx, "person", {"name": name}).id for name in ("Ada", "Bob")]
    ids = flows.workflows.start(ctx, "call", records=people, input={"note": "x"})
    assert {row.id for row in requests(flows)} == set(ids)
    assert {row.record for row in requests(flows)} == set(people)
