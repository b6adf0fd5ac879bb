"""The registry of tables and columns made at runtime: rows of `stored_table` and `stored_column`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from sqlalchemy import Connection, delete, insert, select, update

from amity.database.schema import parked_value, stored_column, stored_table

LIVE: Final = "live"
BUILDING: Final = "building"
PARKED: Final = "parked"
PURGING: Final = "purging"
PURGED: Final = "purged"


@dataclass(frozen=True, slots=True)
class StoredTable:
    """A table of an entity (`field` None) or of the links of one of its fields."""

    name: str
    entity: str
    field: str | None
    kind: str | None
    target: str | None
    state: str
    revision: int


@dataclass(frozen=True, slots=True)
class StoredColumn:
    """One column of an entity's table."""

    table_name: str
    name: str
    entity: str
    field: str
    role: str
    type: str
    kind: str
    target: str | None
    state: str
    revision: int


@dataclass(frozen=True, slots=True)
class ParkedSet:
    """The columns (or the link table) that hold what a field was when `revision` parked it."""

    entity: str
    field: str
    kind: str
    revision: int
    columns: tuple[StoredColumn, ...]
    link: StoredTable | None


@dataclass(frozen=True)
class Registry:
    """What was read of the registry; a snapshot."""

    tables: tuple[StoredTable, ...]
    columns: tuple[StoredColumn, ...]

    @cached_property
    def _entity_tables(self) -> Mapping[str, StoredTable]:
        return {table.entity: table for table in self.tables if table.field is None}

    @cached_property
    def _columns(self) -> Mapping[str, list[StoredColumn]]:
        found: dict[str, list[StoredColumn]] = {}
        for column in self.columns:
            found.setdefault(column.entity, []).append(column)
        return found

    def entity_table(self, entity: str) -> StoredTable | None:
        """Find the table of an entity by its id, whatever its state."""
        return self._entity_tables.get(entity)

    def links(self, entity: str) -> Iterator[StoredTable]:
        """Give the link tables of an entity."""
        return (table for table in self.tables if table.entity == entity and table.field is not None)

    def of(self, entity: str) -> list[StoredColumn]:
        """Give all columns of an entity ever used."""
        return self._columns.get(entity, [])

    def field(
        self, entity: str, field: str, state: str = LIVE, revision: int | None = None
    ) -> dict[str, StoredColumn]:
        """Give the columns of a field by role; `revision` names one of several parked sets."""
        return {
            item.role: item
            for item in self.of(entity)
            if item.field == field and item.state == state and revision in (None, item.revision)
        }

    def link(
        self, entity: str, field: str, state: str = LIVE, revision: int | None = None
    ) -> StoredTable | None:
        """Find the link table of a field."""
        for item in self.links(entity):
            if item.field == field and item.state == state and revision in (None, item.revision):
                return item
        return None

    def parked(self, entity: str, field: str | None = None) -> list[ParkedSet]:
        """Give what is parked of an entity (or of one of its fields), the newest first."""
        groups: dict[tuple[str, int], list[StoredColumn]] = {}
        for column in self.of(entity):
            if column.state == PARKED and field in (None, column.field):
                groups.setdefault((column.field, column.revision), []).append(column)
        sets = [
            ParkedSet(entity, id_, columns[0].kind, revision, tuple(columns), None)
            for (id_, revision), columns in groups.items()
        ]
        sets += [
            ParkedSet(entity, link.field, link.kind or "", link.revision, (), link)
            for link in self.links(entity)
            if link.state == PARKED and link.field is not None and field in (None, link.field)
        ]
        return sorted(sets, key=lambda item: (-item.revision, item.field))


def load(connection: Connection, *, entities: Iterable[str] | None = None) -> Registry:
    """Read the registry (of some entities, by id)."""
    tables, columns = select(stored_table), select(stored_column)
    if entities is not None:
        wanted = list(entities)
        tables = tables.where(stored_table.c.entity.in_(wanted))
        columns = columns.where(stored_column.c.entity.in_(wanted))
    order = stored_column.c.table_name, stored_column.c.name
    return Registry(
        tuple(StoredTable(**_plain(row._mapping)) for row in connection.execute(tables.order_by("name"))),
        tuple(StoredColumn(**_plain(row._mapping)) for row in connection.execute(columns.order_by(*order))),
    )


def _plain(row: Mapping[Any, Any]) -> dict[str, Any]:
    return {str(key): value for key, value in row.items()}


def add_table(connection: Connection, table: StoredTable) -> None:
    """Note a new table."""
    connection.execute(insert(stored_table).values({name: getattr(table, name) for name in table.__slots__}))


def add_columns(connection: Connection, columns: Sequence[StoredColumn]) -> None:
    """Note new columns."""
    if columns:
        rows = [{name: getattr(column, name) for name in column.__slots__} for column in columns]
        connection.execute(insert(stored_column), rows)


def put_column(connection: Connection, column: StoredColumn) -> None:
    """Note a new column, or one that is used again."""
    row = {name: getattr(column, name) for name in column.__slots__}
    at = stored_column.c.table_name == column.table_name, stored_column.c.name == column.name
    if connection.execute(update(stored_column).where(*at).values(row)).rowcount == 0:
        connection.execute(insert(stored_column).values(row))


def set_state(
    connection: Connection, items: Iterable[StoredColumn | StoredTable | None], state: str, revision: int
) -> None:
    """Put columns and tables into another state."""
    for item in items:
        if isinstance(item, StoredColumn):
            connection.execute(
                update(stored_column)
                .where(stored_column.c.table_name == item.table_name, stored_column.c.name == item.name)
                .values(state=state, revision=revision)
            )
        elif item is not None:
            connection.execute(
                update(stored_table)
                .where(stored_table.c.name == item.name)
                .values(state=state, revision=revision)
            )


def forget_table(connection: Connection, name: str) -> None:
    """Take a dropped table out of the registry."""
    connection.execute(delete(stored_column).where(stored_column.c.table_name == name))
    connection.execute(delete(stored_table).where(stored_table.c.name == name))


def forget_values(connection: Connection, entity: str, field: str) -> None:
    """Remove the values of a field that a conversion could not carry over."""
    connection.execute(
        delete(parked_value).where(parked_value.c.entity == entity, parked_value.c.field == field)
    )


def free_name(prefix: str, text: str, taken: Iterable[str], limit: int = 40) -> str:
    """Make a name of `prefix` and at most `limit` characters of `text`, numbered where it is taken.

    >>> free_name("f_", "Full Name", {"f_full_name"})
    'f_full_name_2'
    """
    stem = prefix + re.sub(r"[^a-z0-9_]", "_", text.lower())[:limit]
    known = set(taken)
    name, number = stem, 2
    while name in known:
        name, number = f"{stem}_{number}", number + 1
    return name
