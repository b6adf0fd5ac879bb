"""Which indexes an entity's table should have, and bringing the database there.

Unique indexes are made in the transaction that makes the field unique, because from then on they are what
keeps two writers apart; all others afterwards, on PostgreSQL without holding up writers.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, inspect, text

from amity.database.engine import Database
from amity.entities.kinds.base import ColumnSpec
from amity.entities.kinds.missing import MissingKind
from amity.entities.model import SYSTEM_FIELDS, Entity, Field
from amity.entities.tables import operations
from amity.expressions import ExpressionError, nodes
from amity.expressions.parser import parse

MAX_INDEXES: Final = 12
"""Of one entity, unique ones and those of relations not counted: they are needed for what they forbid."""

MAX_COLUMNS: Final = 3
"""Of one index, the id not counted."""

_LIVE: Final = "deleted_at IS NULL"
_PREFIX: Final = "ix_a_"
"""Marks the indexes that are kept by this module."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """One index."""

    table: str
    columns: tuple[str, ...]
    unique: bool = False
    live: bool = True
    """Whether it holds the live records only."""

    @property
    def name(self) -> str:
        """Its name: a hash of what it is, so that a changed one has another name."""
        parts = (self.table, *self.columns, str(self.unique), str(self.live))
        return _PREFIX + hashlib.sha256("\0".join(parts).encode()).hexdigest()[:24]


def wanted(entity: Entity) -> list[Wanted]:
    """Give the indexes of an entity in force, the most needed first."""
    table = entity.table.name
    found = dict.fromkeys(_unique(entity))
    found |= dict.fromkeys(_relations(entity))
    changed = Wanted(table, ("updated_at", "id"))
    rest = dict.fromkeys([changed, *_display(entity), *_views(entity), *_choices(entity)])
    for item in list(rest)[:MAX_INDEXES]:
        found.setdefault(item)
    return list(found)


def _unique(entity: Entity) -> Iterator[Wanted]:
    for names in entity.unique:
        if columns := tuple(_compared(entity, names)):
            yield Wanted(entity.table.name, columns, unique=True)


def _compared(entity: Entity, names: Sequence[str]) -> Iterator[str]:
    """Give the columns that make a value: all but shadow keys."""
    for name in names:
        field = entity.by_name[name]
        for spec in field.kind.columns(field):
            if spec.role != "fold":
                yield entity.column(field, spec.role).name


def _relations(entity: Entity) -> Iterator[Wanted]:
    for field in entity.fields:
        if field.kind.is_relation and not field.kind.to_many:
            # Deleted records, too: whoever goes must find all that points to him.
            yield Wanted(entity.table.name, (entity.column(field).name, "id"), live=False)


def _display(entity: Entity) -> Iterator[Wanted]:
    for name in entity.display:
        field = entity.by_name.get(name)
        if field is not None:
            yield from _indexed(entity, field)


def _choices(entity: Entity) -> Iterator[Wanted]:
    for field in entity.fields:
        if field.choices and not field.kind.to_many:
            yield from _indexed(entity, field)


def _views(entity: Entity) -> Iterator[Wanted]:
    """What shared views walk along: first what they compare with a value, then what they sort by."""
    for view in entity.views:
        compared = [_compared_column(entity, name) for name in compared_names(view.where or "")]
        ordered = [_sorted_column(entity, name) for name in _first_sorted(view.sort)]
        columns = dict.fromkeys(column for column in (*compared, *ordered) if column is not None)
        columns.pop("id", None)
        if columns:
            yield Wanted(entity.table.name, (*list(columns)[:MAX_COLUMNS], "id"))


def _first_sorted(sort: str) -> list[str]:
    """The names that a sort begins with as long as they go the same way: an index has one direction."""
    parts = [part.strip() for part in sort.split(",") if part.strip()]
    down = [part.startswith("-") for part in parts]
    length = next((place for place, way in enumerate(down) if way != down[0]), len(parts))
    return [part.lstrip("+-") for part in parts[:length]]


def _compared_column(entity: Entity, name: str) -> str | None:
    """The column of a field's value; None where it is elsewhere."""
    if name in SYSTEM_FIELDS:
        return name
    field = entity.by_name.get(name)
    return entity.column(field).name if field is not None and field.stored and _plain(field) else None


def _sorted_column(entity: Entity, name: str) -> str | None:
    """The column that a field is sorted by; None where it is elsewhere, or in another table."""
    if name in SYSTEM_FIELDS:
        return name
    field = entity.by_name.get(name)
    if field is None or not field.stored or not field.kind.sortable or field.kind.is_relation:
        return None
    return entity.column(field, field.kind.sort_role(field)).name


def _plain(field: Field) -> bool:
    return all(spec.type != "json" for spec in field.kind.columns(field))


def compared_names(where: str) -> list[str]:
    """Names that a condition compares with a written value, all of which must hold: `a == 1 && b == 'x'`."""
    try:
        node = parse(where) if where else None
    except ExpressionError:
        return []
    return list(_compared_in(node)) if node is not None else []


def _compared_in(node: nodes.Node) -> Iterator[str]:
    if isinstance(node, nodes.Logic) and node.operator == "&&":
        for item in node.items:
            yield from _compared_in(item)
    elif isinstance(node, nodes.Binary) and node.operator == "==":
        sides = (node.left, node.right)
        names = [side.name for side in sides if isinstance(side, nodes.Identifier)]
        values = [side for side in sides if isinstance(side, nodes.Literal) and side.value is not None]
        if names and values:
            yield names[0]


def _indexed(entity: Entity, field: Field) -> Iterator[Wanted]:
    for spec in _specs(field):
        yield Wanted(entity.table.name, (entity.column(field, spec.role).name, "id"))


def _specs(field: Field) -> Sequence[ColumnSpec]:
    return [spec for spec in field.kind.columns(field) if spec.indexed and spec.type != "json"]


def existing(connection: Connection, table: str) -> set[str]:
    """Give the names of the indexes of a table that this module keeps."""
    found = inspect(connection).get_indexes(table)
    return {str(index["name"]) for index in found if str(index["name"]).startswith(_PREFIX)}


def create(connection: Connection, index: Wanted) -> None:
    """Make an index inside the transaction."""
    where = text(_LIVE) if index.live else None
    operations(connection).create_index(
        index.name,
        index.table,
        list(index.columns),
        unique=index.unique,
        sqlite_where=where,
        postgresql_where=where,
    )


def sync_unique(connection: Connection, entity: Entity, *, everything: bool = False) -> None:
    """Inside the flip: make the unique indexes (or all, of a new table), drop those that forbid too much."""
    known = existing(connection, entity.table.name)
    for index in wanted(entity):
        if index.name not in known and (index.unique or everything):
            create(connection, index)
    _drop_unique(connection, entity, known)


def _drop_unique(connection: Connection, entity: Entity, known: set[str]) -> None:
    names = {index.name for index in wanted(entity)}
    for index in inspect(connection).get_indexes(entity.table.name):
        name = str(index["name"])
        if name in known and name not in names and index["unique"]:
            operations(connection).drop_index(name, table_name=entity.table.name)


def missing(connection: Connection, entity: Entity) -> bool:
    """Tell whether `build` has something to do."""
    return existing(connection, entity.table.name) != {index.name for index in wanted(entity)}


def build(database: Database, entity: Entity) -> int:
    """Bring the indexes of an entity to what is wanted; gives how many were made or dropped.

    On PostgreSQL CONCURRENTLY: one that was broken off is left invalid and is made again. Nothing is done to
    an entity of which a kind is missing for the moment: its indexes would look superfluous.
    """
    if any(isinstance(field.kind, MissingKind) for field in entity.fields):
        return 0
    if database.dialect == "postgresql":
        return _build_concurrently(database, entity)
    with database.read() as connection:
        known = existing(connection, entity.table.name)
    indexes = {index.name: index for index in wanted(entity)}
    changed = 0
    for name in known - set(indexes):
        database.run(lambda connection, name=name: operations(connection).drop_index(name))  # type: ignore[misc]
        changed += 1
    for name, index in indexes.items():
        if name not in known:
            database.run(lambda connection, index=index: create(connection, index))  # type: ignore[misc]
            changed += 1
    return changed


_INVALID: Final = text(
    "SELECT c.relname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid "
    "WHERE i.indrelid = to_regclass(:table) AND NOT i.indisvalid"
)


def _build_concurrently(database: Database, entity: Entity) -> int:
    indexes = {index.name: index for index in wanted(entity)}
    changed = 0
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        # It waits for old transactions by design; the limit for ordinary writers would break it off.
        connection.execute(text("SET lock_timeout = 0"))
        try:
            broken = set(connection.execute(_INVALID, {"table": entity.table.name}).scalars())
            known = existing(connection, entity.table.name)
            for name in (known - set(indexes)) | (broken & known):
                connection.execute(text(f"DROP INDEX CONCURRENTLY IF EXISTS {name}"))
                changed += 1
            for name, index in indexes.items():
                if name not in known or name in broken:
                    connection.execute(text(_concurrently(index)))
                    changed += 1
        finally:
            connection.execute(text("RESET lock_timeout"))
    return changed


def _concurrently(index: Wanted) -> str:
    # All names are made by this package of [a-z0-9_] alone.
    unique = "UNIQUE " if index.unique else ""
    where = f" WHERE {_LIVE}" if index.live else ""
    columns = ", ".join(index.columns)
    return f"CREATE {unique}INDEX CONCURRENTLY IF NOT EXISTS {index.name} ON {index.table} ({columns}){where}"
