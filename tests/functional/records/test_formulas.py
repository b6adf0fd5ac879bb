"""Computed fields through the whole product: in saves, bulk, rules, lists, and after changes of the model."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from amity.definitions.documents import DefinitionChange
from amity.errors import InUse, Invalid
from amity.records import computing
from amity.records.shapes import Query
from amity.settings import Settings
from amity.workspace import Workspace
from tests.factories.definitions import schema

NAME = {"type": "string"}
PRICE = {"type": "number"}
COUNT = {"type": "integer"}


def computed(formula: str, kind: str = "number") -> dict[str, Any]:
    return {"type": kind, "x-amity": {"formula": formula}}


LINE = {
    "name": NAME,
    "price": PRICE,
    "count": COUNT,
    "total": computed("price * count"),
    "label": computed("name + ' x ' + string(count)", "string"),
    "dear": computed("total > 100", "boolean"),
}


@pytest.fixture
def workspace(settings: Settings) -> Iterator[Workspace]:
    opened = Workspace.open(settings)
    yield opened
    opened.close()


def put(workspace: Workspace, properties: dict[str, Any], **options: Any) -> None:
    change = DefinitionChange("entity", "thing", schema(properties, **options))
    workspace.definitions.apply([change], workspace.context(), confirm=True)


def all_of(workspace: Workspace, where: str | None = None) -> list[dict[str, Any]]:
    page = workspace.records.find(workspace.context(), "thing", Query(where=where, sort="name", limit=500))
    return [record.values for record in page.records]


def test_a_save_computes(workspace: Workspace) -> None:
    put(workspace, LINE, checks=[{"expression": "total == null || total < 1000", "message": "Too dear."}])
    ctx, records = workspace.context(), workspace.records
    made = records.create(ctx, "thing", {"name": "ink", "price": Decimal("2.5"), "count": 3})
    assert (made.values["total"], made.values["label"], made.values["dear"]) == (
        Decimal("7.5"),
        "ink x 3",
        False,
    )
    changed = records.update(ctx, "thing", made.id, {"count": 100}, version=1)
    assert (changed.values["total"], changed.values["dear"]) == (Decimal(250), True)
    assert records.get(ctx, "thing", made.id).values["label"] == "ink x 100"
    event = records.history(ctx, "thing", made.id).events[0].as_json()
    assert event["changes"]["total"] == [Decimal("7.5"), 250]
    emptied = records.update(ctx, "thing", made.id, {"price": None}, version=2)
    assert (emptied.values["total"], emptied.values["dear"]) == (None, False)
    with pytest.raises(Invalid, match="Too dear"):
        records.update(ctx, "thing", made.id, {"price": 999}, version=3)
    with pytest.raises(Invalid) as caught:
        records.update(ctx, "thing", made.id, {"total": 1}, version=3)
    assert (caught.value.problems[0].code, caught.value.problems[0].pointer) == ("read_only", "/total")
    assert records.update(ctx, "thing", made.id, {"price": None}, version=3).values["version"] == 3


def test_lists_filter_sort_search_and_bulk(workspace: Workspace) -> None:
    put(workspace, LINE)
    rows = [{"name": f"n{number}", "price": number, "count": 10} for number in range(20)]
    result = workspace.records.bulk(workspace.context(), "thing", rows)
    assert result.created == 20
    assert [values["name"] for values in all_of(workspace, "dear && total < 150")] == [
        "n11",
        "n12",
        "n13",
        "n14",
    ]
    page = workspace.records.find(workspace.context(), "thing", Query(sort="-total", limit=2))
    assert [record.values["total"] for record in page.records] == [190, 180]
    assert [hit.id for hit in workspace.records.search(workspace.context(), "n7 x 10")]


def test_rules_are_computed_with(workspace: Workspace) -> None:
    put(workspace, LINE)
    rule = {
        "title": "Ten at least",
        "entity": "thing",
        "enabled": True,
        "trigger": {"on": "saving"},
        "when": "record.count < 10",
        "steps": [{"do": "set", "values": {"count": 10}}],
    }
    change = DefinitionChange("workflow", "ten", rule)
    workspace.definitions.apply([change], workspace.context(), confirm=True)
    made = workspace.records.create(workspace.context(), "thing", {"name": "a", "price": 2, "count": 1})
    assert (
        made.values["total"] == 20
        and workspace.records.get(workspace.context(), "thing", made.id).values["label"] == "a x 10"
    )


def test_a_new_formula_reaches_the_records_that_are_there(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(computing, "BATCH", 7)
    plain = {"name": NAME, "price": PRICE, "count": COUNT}
    put(workspace, plain)
    ctx, records = workspace.context(), workspace.records
    rows = [{"name": f"n{number:02}", "price": number, "count": 2} for number in range(30)]
    ids = [key for key in records.bulk(ctx, "thing", rows).ids if key is not None]
    records.delete(ctx, "thing", ids[3], version=1)
    before = {values["id"]: values for values in all_of(workspace)}
    plan = workspace.definitions.plan(
        [DefinitionChange("entity", "thing", schema({**plain, "total": computed("price * count")}))], ctx
    )
    assert "29 records in the background" in " ".join(change.what for change in plan.changes)
    put(workspace, {**plain, "total": computed("price * count")})
    (job,) = [job for job in workspace.definitions.jobs() if job.kind == "recompute"]
    workspace.definitions.run_jobs()
    assert job.id not in [item.id for item in workspace.definitions.jobs()]
    after = {values["id"]: values for values in all_of(workspace)}
    assert [values["total"] for values in after.values()] == [
        2 * number for number in range(30) if number != 3
    ]
    for key, values in after.items():
        assert {**before[key], "total": values["total"]} == values, "neither version nor time changes"
    assert len(records.history(ctx, "thing", ids[0]).events) == 1
    assert records.restore(ctx, "thing", ids[3]).values["total"] == 6
    put(workspace, {**plain, "total": computed("price * count + 1")})
    workspace.definitions.run_jobs()
    assert all_of(workspace)[1]["total"] == 3
    # An input that is converted is computed with, too.
    put(workspace, {**plain, "count": PRICE, "total": computed("price * count + 1")})
    workspace.definitions.run_jobs()
    assert all_of(workspace)[2]["total"] == 5


def test_records_saved_meanwhile_are_right(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """While old records are computed anew, others are saved: each total is that of its own inputs."""
    monkeypatch.setattr(computing, "BATCH", 5)
    plain = {"name": NAME, "price": PRICE, "count": COUNT}
    put(workspace, plain)
    ctx, records = workspace.context(), workspace.records
    rows = [{"name": f"n{number:03}", "price": number, "count": 2} for number in range(200)]
    ids = [key for key in records.bulk(ctx, "thing", rows).ids if key is not None]
    put(workspace, {**plain, "total": computed("price * count")})
    job = threading.Thread(target=workspace.definitions.run_jobs)
    job.start()
    for number, key in enumerate(reversed(ids)):
        records.update(workspace.context(), "thing", key, {"count": number}, version=1)
    job.join()
    for values in all_of(workspace):
        assert values["total"] == values["price"] * values["count"], values


def test_a_killed_recomputation_goes_on(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(computing, "BATCH", 5)
    plain = {"name": NAME, "price": PRICE, "count": COUNT}
    put(workspace, plain)
    ctx, records = workspace.context(), workspace.records
    records.bulk(
        ctx, "thing", [{"name": f"n{number:02}", "price": number, "count": 2} for number in range(20)]
    )
    put(workspace, {**plain, "total": computed("price * count")})
    told: list[dict[str, Any]] = []

    def stop(connection: Any, progress: Any) -> None:
        if len(told) == 2:
            raise KeyboardInterrupt
        told.append(dict(progress))

    with pytest.raises(KeyboardInterrupt):
        records.recompute(ctx, "thing", {}, stop)
    assert (told[-1]["done"], told[-1]["total"]) == (10, 20)
    assert [values["total"] for values in all_of(workspace)].count(None) == 10
    assert records.recompute(ctx, "thing", told[-1], lambda connection, progress: None) == 20
    assert [values["total"] for values in all_of(workspace)] == [2 * number for number in range(20)]


def test_values_that_a_formula_would_replace_are_kept(workspace: Workspace) -> None:
    put(workspace, {"name": NAME, "price": PRICE})
    ctx = workspace.context()
    made = workspace.records.create(ctx, "thing", {"name": "a", "price": 3})
    change = DefinitionChange("entity", "thing", schema({"name": NAME, "price": computed("1.5")}))
    with pytest.raises(InUse) as caught:
        workspace.definitions.apply([change], ctx, confirm=True)
    assert "values in 1 record would be replaced" in str(caught.value.details)
    put(workspace, {"name": NAME, "price": PRICE, "total": computed("price * 2")})
    workspace.definitions.run_jobs()
    put(workspace, {"name": NAME, "price": PRICE, "total": PRICE})
    assert workspace.records.get(ctx, "thing", made.id).values["total"] == 6
    assert workspace.records.update(ctx, "thing", made.id, {"total": 7}, version=1).values["total"] == 7


def test_inputs_are_renamed_and_cannot_go(workspace: Workspace) -> None:
    put(workspace, LINE)
    ctx = workspace.context()
    uses = workspace.definitions.where_used("thing", "price")
    assert any("price * count" in use.text for use in uses), uses
    known = workspace.definitions.get("entity", "thing").document
    renamed = {key: value for key, value in known["properties"].items() if key != "price"}
    renamed["unit_price"] = known["properties"]["price"]
    change = DefinitionChange("entity", "thing", {**known, "properties": renamed})
    workspace.definitions.apply([change], ctx, confirm=True)
    made = workspace.records.create(ctx, "thing", {"name": "a", "unit_price": 2, "count": 4})
    assert made.values["total"] == 8
    without = {key: value for key, value in renamed.items() if key != "unit_price"}
    with pytest.raises(Invalid):
        workspace.definitions.apply(
            [DefinitionChange("entity", "thing", {**known, "properties": without})], ctx, confirm=True
        )


VALUES = st.fixed_dictionaries(
    {
        "price": st.none() | st.decimals(-1000, 1000, places=4),
        "count": st.none() | st.integers(-50, 50),
        "name": st.none() | st.text("abcß é😀", max_size=5),
        "due": st.none() | st.dates(dt.date(1900, 1, 1), dt.date(2100, 1, 1)).map(str),
    }
)


def test_whatever_happens_each_value_is_what_a_recomputation_gives(workspace: Workspace) -> None:
    put(
        workspace,
        {
            **LINE,
            "due": {"type": "string", "format": "date"},
            "half": computed("total / 2"),
            "next": {"type": "string", "format": "date", "x-amity": {"formula": "due + days(count)"}},
        },
    )
    records = workspace.records

    @settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(VALUES, min_size=1, max_size=4), VALUES)
    def try_it(rows: list[dict[str, Any]], patch: dict[str, Any]) -> None:
        ctx = workspace.context()
        result = records.bulk(ctx, "thing", rows)
        assert not result.errors
        first = str(result.ids[0])
        records.update(ctx, "thing", first, patch, version=1)

    try_it()
    assert records.recompute(workspace.context(), "thing", {}, lambda connection, progress: None) == 0
