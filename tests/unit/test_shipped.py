"""Shipped entities: all of them apply, once, and an extension with wrong ones is set aside alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from amity.definitions.documents import DefinitionChange
from amity.exchange.shipped import apply_shipped
from amity.paths import bundled
from amity.plugins import Plugins
from amity.settings import Settings
from amity.workspace import Workspace

SHIPPED = {path.stem for path in bundled("entities").glob("*.json")}
SQLITE = pytest.mark.parametrize("database_server", ["sqlite"], indirect=True)


def apply(workspace: Workspace) -> list[str]:
    return apply_shipped(workspace.definitions, workspace.plugins, workspace.context())


def extension(home: Path, name: str, **entities: Any) -> None:
    folder = home / "extensions" / name / "entities"
    folder.mkdir(parents=True)
    for entity, document in entities.items():
        (folder / f"{entity}.json").write_text(
            document if isinstance(document, str) else json.dumps(document)
        )


def test_every_shipped_entity_applies_once(workspace: Workspace) -> None:
    assert set(apply(workspace)) == SHIPPED
    assert set(workspace.definitions.model.entities) == SHIPPED
    revision = workspace.definitions.revision
    assert apply(workspace) == []
    assert workspace.definitions.revision == revision


@SQLITE
def test_what_an_admin_changed_or_removed_stays(workspace: Workspace) -> None:
    apply(workspace)
    document = dict(workspace.definitions.get("entity", "task").document)
    document["title"] = "Chore"
    document["x-amity"] = {**document["x-amity"], "name": "chore"}
    changes = [DefinitionChange("entity", "task", document)]
    workspace.definitions.apply(changes, workspace.context(), confirm=True)
    assert apply(workspace) == []
    assert workspace.definitions.model.entities["chore"].title == "Chore"
    removed = [DefinitionChange("entity", "chore", None)]
    workspace.definitions.apply(removed, workspace.context(), confirm=True)
    assert apply(workspace) == []
    assert "task" not in workspace.definitions.model.entities


@SQLITE
def test_an_extensions_entities_come_with_it(settings: Settings) -> None:
    plant = {"title": "Plant", "type": "object", "properties": {"name": {"type": "string"}}}
    extension(settings.home, "garden", plant=plant)
    extension(
        settings.home, "wrong", weed={"type": "object", "properties": {"x": {"x-amity": {"kindd": "text"}}}}
    )
    extension(settings.home, "broken", thing="{")
    extension(settings.home, "later", stone=plant)
    workspace = Workspace.open(settings)
    try:
        applied = apply(workspace)
        assert set(applied) == SHIPPED | {"plant", "stone"}
        plugins: Plugins = workspace.plugins
        states = {item.name: item.state for item in plugins.extensions}
        assert states["garden"] == states["later"] == "loaded"
        assert states["wrong"] == states["broken"] == "failed"
        reasons = {item.name: item.reason for item in plugins.extensions}
        assert "kindd" in reasons["wrong"] and "thing.json" in reasons["broken"]
    finally:
        workspace.close()
