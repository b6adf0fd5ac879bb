"""Definitions and the real gate: search follows, what is saved during a conversion is carried."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from amity.definitions.documents import DefinitionChange
from amity.entities import carrying
from amity.errors import Invalid
from amity.settings import Settings
from amity.workspace import Workspace
from tests.factories.definitions import schema

TEXT = {"type": "string"}


@pytest.fixture
def workspace(settings: Settings) -> Iterator[Workspace]:
    """An open workspace."""
    opened = Workspace.open(settings)
    yield opened
    opened.close()


def put(workspace: Workspace, document: dict[str, Any]) -> None:
    """Apply `thing`."""
    change = DefinitionChange("entity", "thing", document)
    workspace.definitions.apply([change], workspace.context(), confirm=True)


def document(workspace: Workspace) -> dict[str, Any]:
    """The document in force, to be changed."""
    known = workspace.definitions.get("entity", "thing").document
    return {**known, "properties": dict(known["properties"])}


def test_search_follows_fields_that_go_and_come_back(workspace: Workspace) -> None:
    put(workspace, schema({"name": TEXT, "nickname": TEXT}, display="name"))
    ctx = workspace.context()
    workspace.records.create(ctx, "thing", {"name": "Box", "nickname": "Zebra"})
    assert len(workspace.records.search(ctx, "zebra")) == 1
    smaller = document(workspace)
    del smaller["properties"]["nickname"]
    put(workspace, smaller)
    workspace.definitions.run_jobs()
    assert workspace.records.search(ctx, "zebra") == []
    assert len(workspace.records.search(ctx, "box")) == 1
    workspace.definitions.restore_field("thing", "nickname", ctx)
    workspace.definitions.run_jobs()
    assert len(workspace.records.search(ctx, "zebra")) == 1


def test_what_is_saved_during_a_conversion_is_carried(
    workspace: Workspace, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(carrying, "BATCH", 20)
    put(workspace, schema({"name": TEXT, "size": TEXT}))
    ctx, records = workspace.context(), workspace.records
    made = [records.create(ctx, "thing", {"name": str(n), "size": "1"}) for n in range(150)]
    versions = {record.values["id"]: record.values["version"] for record in made}
    other = Workspace.open(settings)
    stop, last = threading.Event(), {}

    def save() -> None:
        for number in range(10_000):
            if stop.is_set():
                return
            id_ = made[number * 7 % len(made)].values["id"]
            for value in (str(number), number):
                try:
                    saved = other.records.update(
                        other.context(), "thing", id_, {"size": value}, version=versions[id_]
                    )
                except Invalid:
                    continue  # the kind has changed: a number now
                versions[id_] = saved.values["version"]
                last[id_] = number
                break

    try:
        with ThreadPoolExecutor(1) as pool:
            saving = pool.submit(save)
            deadline = time.monotonic() + 60
            while len(last) < 6 and time.monotonic() < deadline:  # it is in full swing when the change begins
                time.sleep(0.01)
            before = dict(last)
            changed = document(workspace)
            changed["properties"]["size"] = {"type": "integer", "x-amity": {"id": "size"}}
            put(workspace, changed)
            stop.set()
            saving.result()
    finally:
        other.close()
    for id_, number in last.items():
        assert records.get(ctx, "thing", id_).values["size"] == number
    assert len(last) > 5
    assert last != before, "nothing was saved while the change was applied"
