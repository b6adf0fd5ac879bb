"""Tables of entities: how they are named, made and reached.

A table is named once from the entity's id, a column once from the field's id; neither is ever renamed or
retyped. Columns are always nullable: whether a field is required is the gate's business. All functions that
change tables run inside the caller's transaction, which on both databases rolls DDL back, too.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Column, Connection, ForeignKey, Integer, MetaData, PrimaryKeyConstraint, String, Table
from sqlalchemy.types import TypeEngine

from amity.database.types import UtcDateTime, Uuid36, json_type
from amity.entities import stored
from amity.entities.kinds.base import ColumnSpec
from amity.entities.model import Entity, Field, Storage
from amity.entities.storage_types import storage_type
from amity.entities.stored import BUILDING, LIVE, PARKED, PURGED, Registry, StoredColumn, StoredTable

if TYPE_CHECKING:
    from alembic.operations import Operations

MAX_COLUMNS: Final = 900
"""Columns that an entity's table may ever have had."""

SYSTEM_COLUMNS: Final[tuple[tuple[str, Any], ...]] = (
    ("id", Uuid36),
    ("version", Integer),
    ("created_at", UtcDateTime),
    ("created_by", Uuid36),
    ("updated_at", UtcDateTime),
    ("updated_by", Uuid36),
    ("owner", Uuid36),
    ("deleted_at", UtcDateTime),
    ("extra", json_type()),
)
"""`extra` holds the unknown properties of an entity with `additionalProperties: true`."""

_REQUIRED: Final = ("id", "version", "created_at", "updated_at")

LINK_COLUMNS: Final[tuple[tuple[str, Any], ...]] = (
    ("id", Uuid36),
    ("source", Uuid36),
    ("target_entity", String(100)),
    ("target", Uuid36),
    ("position", Integer),
    ("data", json_type()),
)


def operations(connection: Connection) -> Operations:
    """Give Alembic's operations on an open transaction."""
    # A tenth of the start-up time, and only a change of the model needs it.
    from alembic.migration import MigrationContext
    from alembic.operations import Operations

    return Operations(MigrationContext.configure(connection))


def column_type(field: Field, spec: ColumnSpec) -> TypeEngine[Any]:
    """Give the type of one column of a field."""
    own = field.kind.column_type(spec)
    return storage_type(spec.type) if own is None else own


def foreign_table(field: Field, registry: Registry) -> str | None:
    """Give the table that a relation points to; None where it may point to several, or is no relation."""
    if not field.kind.is_relation or len(field.targets) != 1:
        return None
    table = registry.entity_table(field.targets[0])
    return None if table is None else table.name


def _reference(table: str) -> ForeignKey:
    # Deferred: one transaction may write a record before the one it points to.
    return ForeignKey(f"{table}.id", deferrable=True, initially="DEFERRED")


def create_entity_table(connection: Connection, entity: Entity, revision: int) -> StoredTable:
    """Make the table of a new entity, and note it.

    It has the columns of all fields but relations: what they point to may not be there yet (`create_columns`
    adds them).
    """
    name = stored.free_name("e_", entity.id, (table.name for table in stored.load(connection).tables), 38)
    system = [Column(key, type_, nullable=key not in _REQUIRED) for key, type_ in SYSTEM_COLUMNS]
    columns: list[Column[Any]] = []
    noted: list[StoredColumn] = []
    for field in entity.fields:
        if has_reference(field):
            continue
        stem = _stem(field, {item.name for item in noted})
        for spec in field.kind.columns(field):
            column = stem if spec.role == "" else f"{stem}__{spec.role}"
            columns.append(Column(column, column_type(field, spec), nullable=True))
            noted.append(
                StoredColumn(
                    name, column, entity.id, field.id, spec.role, spec.type,
                    field.kind.name, None, LIVE, revision,
                )
            )  # fmt: skip
    operations(connection).create_table(
        name, *system, *columns, PrimaryKeyConstraint("id", name=f"pk_{name}")
    )
    table = StoredTable(name, entity.id, None, None, None, LIVE, revision)
    stored.add_table(connection, table)
    stored.add_columns(connection, noted)
    return table


def has_reference(field: Field) -> bool:
    """Tell whether a column of the field has a foreign key."""
    return field.kind.is_relation and not field.kind.to_many and len(field.targets) == 1


def create_link_table(
    connection: Connection, entity: Entity, field: Field, state: str, revision: int
) -> StoredTable:
    """Make the table of the links of a many-to-many field, and note it."""
    registry = stored.load(connection)
    source = registry.entity_table(entity.id)
    assert source is not None, f"{entity.id} has no table"
    target = foreign_table(field, registry)
    name = stored.free_name("l_", f"{entity.id}_{field.id}", (table.name for table in registry.tables), 38)
    references = {"source": [_reference(source.name)], "target": [_reference(target)] if target else []}
    columns: list[Column[Any]] = [
        Column(key, type_, *references.get(key, ()), nullable=key == "data") for key, type_ in LINK_COLUMNS
    ]
    operation = operations(connection)
    operation.create_table(name, *columns, PrimaryKeyConstraint("id", name=f"pk_{name}"))
    operation.create_index(f"ix_{name}_source", name, ["source", "position"])
    operation.create_index(f"ix_{name}_target", name, ["target"])
    table = StoredTable(name, entity.id, field.id, field.kind.name, target, state, revision)
    stored.add_table(connection, table)
    return table


def create_columns(
    connection: Connection, entity: Entity, field: Field, state: str, revision: int
) -> list[StoredColumn]:
    """Make the columns of a field, and note them; emptied ones of the same type are used again."""
    registry = stored.load(connection, entities=[entity.id])
    table = registry.entity_table(entity.id)
    assert table is not None, f"{entity.id} has no table"
    target = foreign_table(field, stored.load(connection, entities=[entity.id, *field.targets]))
    names = {column.name for column in registry.of(entity.id)}
    stem = _stem(field, names)
    spare = [item for item in registry.of(entity.id) if item.state == PURGED and item.target is None]
    made = []
    operation = operations(connection)
    for spec in field.kind.columns(field):
        points_to = target if spec.role == "" else None
        again = next((item for item in spare if item.type == spec.type and points_to is None), None)
        if again is not None:
            spare.remove(again)
            name = again.name
        else:
            name = stem if spec.role == "" else f"{stem}__{spec.role}"
            reference = [_reference(points_to)] if points_to else []
            column: Column[Any] = Column(name, column_type(field, spec), *reference, nullable=True)
            operation.add_column(table.name, column, inline_references=True)
        item = StoredColumn(
            table.name, name, entity.id, field.id, spec.role, spec.type,
            field.kind.name, points_to, state, revision,
        )  # fmt: skip
        stored.put_column(connection, item)
        made.append(item)
    return made


def _stem(field: Field, names: set[str]) -> str:
    """Find a name under which all columns of the field are free."""
    roles = [spec.role for spec in field.kind.columns(field)]
    taken = set(names)
    while True:
        stem = stored.free_name("f_", field.id, taken)
        if not any(f"{stem}__{role}" in names for role in roles if role):
            return stem
        taken.add(stem)


def storage(entity: Entity, registry: Registry) -> Storage:
    """Describe where an entity's records lie, from what the registry says is live."""
    return _describe(entity.id, entity.fields, registry, LIVE)


def staged_storage(entity: str, field: Field, registry: Registry) -> Storage:
    """Describe where a running apply builds the new columns or links of one field."""
    return _describe(entity, [field], registry, BUILDING)


def parked_storage(entity: str, field: Field, registry: Registry, revision: int) -> Storage:
    """Describe where the values lie that a field had when `revision` parked it."""
    return _describe(entity, [field], registry, PARKED, revision)


def _describe(
    entity: str, fields: Iterable[Field], registry: Registry, state: str, revision: int | None = None
) -> Storage:
    """Make SQLAlchemy tables of what the registry says. Raises `LookupError` where something is missing."""
    table = registry.entity_table(entity)
    if table is None:
        raise LookupError(f"the entity {entity} has no table")
    columns: dict[tuple[str, str], Column[Any]] = {}
    links: dict[str, Table] = {}
    for field in fields:
        if field.kind.to_many:
            link = registry.link(entity, field.id, state, revision)
            if link is None:
                raise LookupError(f"the field {entity}.{field.id} has no link table")
            links[field.id] = link_table(link.name)
            continue
        by_role = registry.field(entity, field.id, state, revision)
        for spec in field.kind.columns(field):
            known = by_role.get(spec.role)
            if known is None or known.type != spec.type:
                raise LookupError(
                    f"the field {entity}.{field.id} has no {spec.type} column for {spec.role!r}"
                )
            columns[field.id, spec.role] = Column(known.name, column_type(field, spec))
    system = [Column(key, type_, primary_key=key == "id") for key, type_ in SYSTEM_COLUMNS]
    return Storage(Table(table.name, MetaData(), *system, *columns.values()), columns, links)


def link_table(name: str) -> Table:
    """Describe a link table."""
    columns = [Column(key, type_, primary_key=key == "id") for key, type_ in LINK_COLUMNS]
    return Table(name, MetaData(), *columns)


def same_shape(before: Field, after: Field) -> bool:
    """Tell whether a field's present columns can hold what the new definition stores."""
    if before.kind.name != after.kind.name or before.kind.to_many != after.kind.to_many:
        return False
    if after.kind.is_relation and _single_target(before) != _single_target(after):
        return False  # the foreign key points elsewhere
    return _shape(before) == _shape(after)


def _single_target(field: Field) -> str | None:
    return field.targets[0] if len(field.targets) == 1 else None


def _shape(field: Field) -> list[tuple[str, str]]:
    return sorted((spec.role, spec.type) for spec in field.kind.columns(field))
