"""Things that tests need, made through the same services as by people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from amity.access.people import Account
from amity.definitions.documents import DefinitionChange
from amity.entities.model import Entity
from amity.records.shapes import Record
from amity.workspace import Workspace

PASSWORD = "four quiet lamps bend"  # noqa: S105


def make_person(
    workspace: Workspace,
    email: str = "ada@example.test",
    name: str = "Ada",
    roles: tuple[str, ...] = ("admin",),
) -> Account:
    """Make an active account with the password `PASSWORD`."""
    return workspace.accounts.create(email, name, roles, PASSWORD)


def make_entity(workspace: Workspace, name: str, properties: Mapping[str, Any], **keywords: Any) -> Entity:
    """Apply an entity; `keywords` are further members of the JSON Schema, e.g. `required=["name"]`.

    Raises as `definitions.apply` does where the document is wrong.
    """
    document = {
        "title": name.replace("_", " ").capitalize(),
        "type": "object",
        "properties": dict(properties),
    }
    change = DefinitionChange("entity", name, {**document, **keywords})
    workspace.definitions.apply([change], workspace.context())
    return workspace.definitions.model.entities[name]


def make_record(workspace: Workspace, entity: str, **values: Any) -> Record:
    """Make a record through the gate; raises as `records.create` does."""
    return workspace.records.create(workspace.context(), entity, values)
