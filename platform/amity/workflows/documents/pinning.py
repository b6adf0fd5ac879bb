"""Which documents runs are pinned to: a run stays on the version that it began with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, select
from sqlalchemy.dialects import postgresql, sqlite

from amity.database.engine import Dialect
from amity.database.schema import definition, definition_version
from amity.database.schema_workflows import workflow_document
from amity.workflows.documents.model import KIND


def pin(connection: Connection, dialect: Dialect, workflow: str, version: int) -> None:
    """Keep the document of a version, where it is not kept already."""
    if pinned(connection, workflow, version) is not None:
        return
    document = _in_force(connection, workflow, version)
    if document is None:
        return  # removed for good: the run will say so
    row = {"workflow": workflow, "version": version, "document": document}
    made = (sqlite if dialect == "sqlite" else postgresql).insert(workflow_document).values(**row)
    connection.execute(made.on_conflict_do_nothing())


def pinned(connection: Connection, workflow: str, version: int) -> Mapping[str, Any] | None:
    """Give a document that runs are pinned to."""
    table = workflow_document
    statement = select(table.c.document).where(table.c.workflow == workflow, table.c.version == version)
    found: Mapping[str, Any] | None = connection.execute(statement).scalar()
    return found


def document(connection: Connection, workflow: str, version: int) -> Mapping[str, Any] | None:
    """Give the document of any version that was ever applied."""
    return pinned(connection, workflow, version) or _in_force(connection, workflow, version)


def _in_force(connection: Connection, workflow: str, version: int) -> Mapping[str, Any] | None:
    # The one in force first: renames of fields were followed in it.
    for table in (definition, definition_version):
        statement = select(table.c.document).where(
            table.c.kind == KIND, table.c.id == workflow, table.c.version == version
        )
        found: Mapping[str, Any] | None = connection.execute(statement).scalar()
        if found is not None:
            return found
    return None
