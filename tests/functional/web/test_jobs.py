"""What the builder's overview says about work in the background."""

from __future__ import annotations

import copy

import pytest

from amity.definitions.documents import DefinitionChange
from amity.records import computing
from amity.testing.visitor import Visitor
from amity.workspace import Workspace
from tests.functional.web.conftest import COMPANY, Made


def test_a_new_formula_shows_how_far_it_is(
    admin: Visitor, workspace: Workspace, made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert 'hx-trigger="every 2s"' not in admin.get("/builder").text
    for number in range(4):
        made.company(f"Company {number}", revenue=number)
    document = copy.deepcopy(COMPANY)
    document["properties"]["doubled"] = {"type": "number", "x-amity": {"formula": "revenue * 2"}}
    change = DefinitionChange("entity", "company", document)
    workspace.definitions.apply([change], workspace.context(), confirm=True)
    waiting = admin.get("/builder").text
    assert "Computed fields of Companies are computed anew" in waiting and 'hx-trigger="every 2s"' in waiting
    monkeypatch.setattr(computing, "BATCH", 2)
    seen = []
    page = computing._page

    def look(*args: object, **options: object) -> object:
        seen.append(admin.get("/builder/jobs").text)
        return page(*args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(computing, "_page", look)
    workspace.definitions.run_jobs()
    assert any('value="50"' in text for text in seen), seen
    assert "computed anew" not in admin.get("/builder/jobs").text
    values = workspace.records.find(workspace.context(), "company").records
    assert [record.values["doubled"] for record in values] != []
    assert all(record.values["doubled"] == record.values["revenue"] * 2 for record in values)
