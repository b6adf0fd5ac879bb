"""Text search: the index is kept by the gate in the same transaction as the record.

One platform table holds the words; PostgreSQL derives a `tsvector` from it, SQLite an FTS5 table by trigger
(see the migration `r0001_first`), so that the gate's statements are the same on both.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Executable, delete, insert
from sqlalchemy.dialects import postgresql, sqlite

from amity.database.engine import Dialect
from amity.database.schema import search_entry
from amity.entities.model import Entity, Field
from amity.records.batches import chunks
from amity.records.draft import Draft
from amity.records.unit import Unit
from amity.records.words import index_text


def entry(
    entity: Entity, fields: Sequence[Field], identity: str, values: Mapping[str, Any]
) -> dict[str, Any]:
    """The index row of a record."""
    texts = [
        (field.id, field.kind.search_text(field, values[field.name]))
        for field in fields
        if values.get(field.name) is not None
    ]
    return {"entity": entity.id, "record": identity, "text": index_text(texts)}


def index_drafts(unit: Unit, entity: Entity, drafts: Sequence[Draft]) -> None:
    """Keep the index true for what was just written."""
    fields = drafts[0].codec.searchable
    names = {field.name for field in fields}
    touched = [draft for draft in drafts if names & draft.changed]
    new = [entry(entity, fields, draft.id, draft.values) for draft in touched if draft.is_new]
    if new:
        statement = unit.machine.revision(unit.model).keep("insert words", lambda: insert(search_entry))
        unit.connection.execute(statement, new)
    put_entries(
        unit, [entry(entity, fields, draft.id, draft.values) for draft in touched if not draft.is_new]
    )


def put_entries(unit: Unit, rows: Sequence[dict[str, Any]]) -> None:
    """Write index rows, over older ones."""
    if not rows:
        return
    dialect = unit.machine.database.dialect
    statement = unit.machine.revision(unit.model).keep("put words", lambda: _upsert(dialect))
    unit.connection.execute(statement, rows)


def _upsert(dialect: Dialect) -> Executable:
    into: Any = sqlite.insert if dialect == "sqlite" else postgresql.insert
    statement = into(search_entry)
    found: Executable = statement.on_conflict_do_update(
        index_elements=["record"],
        set_={"text": statement.excluded.text, "entity": statement.excluded.entity},
    )
    return found


def drop_entries(unit: Unit, ids: Sequence[str]) -> None:
    """Take records out of the index."""
    for some in chunks(ids):
        unit.connection.execute(delete(search_entry).where(search_entry.c.record.in_(some)))
