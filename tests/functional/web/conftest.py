"""A small workspace for tests of pages: entities of three kinds, Ada (admin) and Sam (staff)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from amity.access.context import SYSTEM, Context
from amity.definitions.documents import DefinitionChange
from amity.records.shapes import Record
from amity.settings import Settings
from amity.workspace import Workspace
from tests.support.apps import KEY, people
from tests.support.databases import DatabaseServer

COMPANY: dict[str, Any] = {
    "title": "Company",
    "description": "Whom we deal with.",
    "type": "object",
    "required": ["name"],
    "properties": {
        "name": {"type": "string", "title": "Name", "minLength": 1, "maxLength": 80},
        "stage": {
            "title": "Stage",
            "oneOf": [{"const": "lead", "title": "Lead"}, {"const": "active", "title": "Active"}],
            "default": "lead",
        },
        "email": {"type": "string", "title": "E-mail", "format": "email"},
        "revenue": {"type": "number", "title": "Revenue", "x-amity": {"kind": "decimal"}},
        "since": {"type": "string", "title": "Customer since", "format": "date"},
        "reason": {
            "type": "string", "title": "Reason",
            "x-amity": {"visible": "stage == 'active'", "required_when": "stage == 'active'"},
        },
    },
    "x-amity": {
        "name": "company",
        "plural": "Companies",
        "display": "name",
        "icon": "building",
        "unique": [["email"]],
        "layout": [
            {"section": "Profile", "fields": ["name", "stage", "reason", "email"], "children": ["people"]},
            {"section": "Money", "visible": "stage == 'active'", "fields": ["revenue", "since"]},
        ],
        "views": [
            {"name": "all", "title": "All companies", "fields": ["name", "stage", "revenue"], "sort": "name"},
            {"name": "active", "title": "Active ones", "fields": ["name"], "where": "stage == 'active'"},
        ],
    },
}  # fmt: skip
PERSON: dict[str, Any] = {
    "title": "Person",
    "type": "object",
    "required": ["name"],
    "properties": {
        "name": {"type": "string", "title": "Name", "maxLength": 80},
        "vip": {"type": "boolean", "title": "VIP"},
        "company": {
            "type": "string", "format": "uuid", "title": "Company",
            "x-amity": {"kind": "relation", "to": "company", "on_delete": "cascade", "inverse": "people"},
        },
        "friends": {
            "type": "array", "title": "Friends", "x-amity": {"kind": "relations", "to": "person"},
        },
    },
    "x-amity": {
        "name": "person", "plural": "People", "display": "name",
        "views": [{"name": "all", "fields": ["name", "vip", "company"]}],
    },
}  # fmt: skip
DOCUMENTS = (COMPANY, PERSON)


def with_entities(url: str) -> None:
    """Fill an empty database: people and the entities of the tests."""
    people(url)
    workspace = Workspace.open(Settings(home=Path("unused"), database_url=url, secret_key=KEY))
    try:
        changes = [DefinitionChange("entity", item["x-amity"]["name"], item) for item in DOCUMENTS]
        workspace.definitions.apply(changes, workspace.context(SYSTEM), revision=None, confirm=True)
    finally:
        workspace.close()


@pytest.fixture
def people_url(database_server: DatabaseServer, request: pytest.FixtureRequest) -> Iterator[str]:
    """A database with people and entities, of this test alone; on both servers."""
    url = database_server.clone("web pages", with_entities)
    yield url
    database_server.drop(url)


class Made:
    """Makes records as the system, for tests to look at."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace

    @property
    def ctx(self) -> Context:
        """A fresh context of the system."""
        return self.workspace.context(SYSTEM)

    def company(self, name: str = "Acme", **values: Any) -> Record:
        """Make a company."""
        return self.workspace.records.create(self.ctx, "company", {"name": name, **values})

    def person(self, name: str = "Zoë", **values: Any) -> Record:
        """Make a person."""
        return self.workspace.records.create(self.ctx, "person", {"name": name, **values})

    def get(self, record: Record) -> Record:
        """Read a record again."""
        return self.workspace.records.get(self.ctx, record.entity, record.id)


@pytest.fixture
def made(workspace: Workspace) -> Made:
    """Make records: `made.company("Acme")`."""
    return Made(workspace)
