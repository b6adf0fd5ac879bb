"""Shipped definitions: applied once, left alone afterwards, refused with their file where they are wrong."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from amity import jsontext
from amity.access.context import SYSTEM
from amity.definitions.documents import DefinitionChange
from amity.errors import Invalid
from amity.exchange.shipped import apply_shipped
from amity.settings import Settings
from amity.workspace import Workspace
from tests.support.databases import DatabaseServer

ROOT = Path(__file__).parents[3]


@pytest.fixture
def workspace(database_server: DatabaseServer, tmp_path: Path) -> Iterator[Workspace]:
    url = database_server.create()
    workspace = Workspace.open(Settings(home=tmp_path / "home", database_url=url))
    yield workspace
    workspace.close()
    database_server.drop(url)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with two shipped entities, one linked to the other."""
    entities = tmp_path / "content" / "entities"
    entities.mkdir(parents=True)
    link = {"type": "string", "format": "uuid", "x-amity": {"kind": "relation", "to": "zoo"}}
    for name, properties in (("animal", {"zoo": link}), ("zoo", {})):
        document = {
            "title": name.title(),
            "type": "object",
            "properties": {"name": {"type": "string"}, **properties},
            "x-amity": {"name": name},
        }
        (entities / f"{name}.json").write_text(json.dumps(document))
    return entities.parent


def names(workspace: Workspace) -> set[str]:
    """Names of all entities in force."""
    return {entity.name for entity in workspace.definitions.refresh()}


def test_new_ones_are_applied_together_and_only_once(workspace: Workspace, folder: Path) -> None:
    context = workspace.context(SYSTEM)
    assert apply_shipped(workspace.definitions, [folder], context) is not None
    assert names(workspace) == {"animal", "zoo"}
    revision = workspace.definitions.revision
    assert apply_shipped(workspace.definitions, [folder], context) is None
    assert workspace.definitions.revision == revision


def test_what_the_admin_removed_or_renamed_stays_so(workspace: Workspace, folder: Path) -> None:
    context = workspace.context(SYSTEM)
    apply_shipped(workspace.definitions, [folder], context)
    workspace.definitions.apply([DefinitionChange("entity", "animal", None)], context, confirm=True)
    zoo = dict(workspace.definitions.get("entity", "zoo").document)
    zoo["x-amity"] = {**zoo["x-amity"], "name": "park"}
    workspace.definitions.apply([DefinitionChange("entity", "zoo", zoo)], context, confirm=True)
    assert names(workspace) == {"park"}
    assert apply_shipped(workspace.definitions, [folder], context) is None
    assert names(workspace) == {"park"}


def test_a_wrong_one_names_its_file_and_leaves_nothing(workspace: Workspace, folder: Path) -> None:
    (folder / "entities" / "animal.json").write_text('{"type": "object", "x-amity": {"nmae": "animal"}}')
    with pytest.raises(Invalid) as caught:
        apply_shipped(workspace.definitions, [folder], workspace.context(SYSTEM))
    assert "nmae" in str(caught.value.problems or caught.value.message)
    assert names(workspace) == set()


def test_shipped_workflows_fit_the_shipped_entities_and_are_off(workspace: Workspace) -> None:
    apply_shipped(workspace.definitions, [ROOT], workspace.context())
    live = workspace.workflows.live
    names = {file.stem for file in (ROOT / "workflows").glob("*.json")}
    assert len(names) >= 7
    assert live.broken == {} and {item.workflow.name for item in live.all.values()} == names
    for item in live.all.values():
        assert not item.workflow.enabled
        assert item.workflow.description and all(step.step.title for step in item.walk() if step.action)
        assert item.workflow.document == jsontext.loads(
            (ROOT / "workflows" / f"{item.workflow.name}.json").read_bytes()
        ), "the file is what is kept: ids included"
    assert apply_shipped(workspace.definitions, [ROOT], workspace.context()) is None


def test_a_shipped_workflow_that_does_not_fit_is_left_out(workspace: Workspace, tmp_path: Path) -> None:
    context = workspace.context()
    apply_shipped(workspace.definitions, [_only(tmp_path, "entities")], context)
    workspace.definitions.apply([DefinitionChange("entity", "appointment", None)], context, confirm=True)
    apply_shipped(workspace.definitions, [ROOT], context)
    names = {known.name for known in workspace.workflows.list()}
    assert "appointment_reminder" not in names and "renewal_reminder" in names


def _only(folder: Path, place: str) -> Path:
    """A folder with one kind of the shipped documents."""
    shutil.copytree(ROOT / place, folder / "shipped" / place)
    return folder / "shipped"
