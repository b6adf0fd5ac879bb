"""Workflow documents and a workspace to try them in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from amity.access.context import SYSTEM
from amity.definitions.documents import DefinitionChange
from amity.entities.model import Model
from amity.expressions import Type
from amity.expressions.types import DECIMAL, ID
from amity.records import changing
from amity.records.caller import Caller
from amity.records.unit import Unit
from amity.settings import Settings
from amity.workflows.action import Call, Done, Outcome, Preview, RecordAction
from amity.workspace import Workspace
from tests.factories.worlds import COMPANY, PERSON, TAG, VISIT

KEY = "a secret key of tests, long enough for all of them"
VALUES = {"type": "object", "title": "Values", "x-amity": {"input": "values"}}


class SampleCreate(RecordAction):
    """Makes a record."""

    name, title = "sample_create", "Create a record (sample)"
    schema = {
        "type": "object",
        "required": ["entity", "values"],
        "properties": {
            "entity": {"type": "string", "title": "Entity", "x-amity": {"input": "entity"}},
            "values": {"type": "object", "title": "Values", "x-amity": {"input": "values", "of": "entity"}},
        },
    }
    places = frozenset({"workflow", "rule"})

    def result(self, params: Mapping[str, Any], model: Model) -> Mapping[str, Type]:
        return {"id": ID, "revenue": DECIMAL}

    def prepare(self, call: Call, caller: Caller) -> Callable[[Unit], Outcome]:
        machine = call.services.records.machine
        write = changing.creation(machine, call.params["entity"], call.params["values"])(caller)
        return lambda unit: Done({"id": write(unit).values["id"]})

    def preview(self, call: Call) -> Preview:
        return Preview("creates a record")


def entities() -> list[DefinitionChange]:
    """People, companies, visits and tags."""
    return [
        DefinitionChange("entity", document["x-amity"]["name"], document)
        for document in (PERSON, COMPANY, VISIT, TAG)
    ]


def prepare(url: str) -> None:
    """Fill an empty database: the entities of the worlds, through the planner."""
    workspace = Workspace.open(Settings(home=Path("unused"), database_url=url, secret_key=KEY))
    try:
        workspace.definitions.apply(entities(), workspace.context(SYSTEM), confirm=True)
        workspace.definitions.run_jobs()
    finally:
        workspace.close()


def workflow(**changes: Any) -> dict[str, Any]:
    """A document: when a person becomes active, a visit is made."""
    document: dict[str, Any] = {
        "title": "Welcome",
        "entity": "person",
        "enabled": True,
        "trigger": {"on": "updated", "fields": ["stage"]},
        "when": "old.stage != 'active' && new.stage == 'active'",
        "steps": [
            {
                "do": "sample_create",
                "entity": "visit",
                "values": {"subject": "Meet {{ record.name }}", "person": {"expression": "record"}},
            }
        ],
    }
    document.update(changes)
    return {name: value for name, value in document.items() if value is not None}


def apply(workspace: Workspace, name: str, document: Mapping[str, Any] | None, **more: Any) -> None:
    """Put a workflow in force."""
    change = DefinitionChange("workflow", name, document)
    workspace.definitions.apply([change], workspace.context(SYSTEM), confirm=True, **more)
