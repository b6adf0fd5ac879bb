"""Typed values of one field over many records: read them, write them, in batches, outside the gate.

Used where definitions change (counting what a plan touches, carrying values into new columns); changes of
records go through `amity.records` and nowhere else. A to-many field's value is here a list of `Link`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import (
    Column,
    Connection,
    Select,
    Table,
    Update,
    bindparam,
    column,
    delete,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY

from amity.database.ids import new_id
from amity.entities.model import Entity, Field, Storage

BATCH: Final = 1000


@dataclass(frozen=True, slots=True)
class Link:
    """One link of a to-many relation; `entity` is the id of the target's entity."""

    entity: str
    target: str
    data: Mapping[str, Any] | None = None


def read(
    connection: Connection,
    storage: Storage,
    field: Field,
    *,
    after: str | None = None,
    ids: Sequence[str] | None = None,
    limit: int = BATCH,
    live_only: bool = False,
    lock: bool = False,
) -> list[tuple[str, Any]]:
    """Read (record id, typed value or None) of one field in order of id.

    `after` pages by key, `ids` names the records; `lock` keeps others from changing them until the end
    of the transaction.
    """
    table = storage.table
    columns = [] if field.kind.to_many else [storage.columns[field.id, role] for role in roles(field)]
    statement: Select[Any] = select(table.c.id, *columns).order_by(table.c.id)
    if after is not None:
        statement = statement.where(table.c.id > after)
    statement = statement.limit(limit) if ids is None else statement.where(table.c.id.in_(ids))
    if live_only:
        statement = statement.where(table.c.deleted_at.is_(None))
    if lock:
        statement = statement.with_for_update()  # SQLite leaves it out: its writers are alone anyway
    rows = connection.execute(statement).all()
    if field.kind.to_many:
        found = _links(connection, storage, field, [row[0] for row in rows])
        return [(row[0], found.get(row[0])) for row in rows]
    return [(row[0], _load(field, row[1:])) for row in rows]


def pages(
    connection: Connection, storage: Storage, field: Field, *, live_only: bool = True, limit: int
) -> Iterator[list[tuple[str, Any]]]:
    """Read all records of a field page by page, at most `limit` of them."""
    after, seen = None, 0
    while seen < limit:
        rows = read(
            connection, storage, field, after=after, live_only=live_only, limit=min(BATCH * 5, limit - seen)
        )
        if not rows:
            return
        yield rows
        seen += len(rows)
        after = rows[-1][0]


def roles(field: Field) -> list[str]:
    """Give the roles of a field's columns, the value first."""
    return [spec.role for spec in field.kind.columns(field)]


def _load(field: Field, stored: Sequence[Any]) -> Any:
    by_role = dict(zip(roles(field), stored, strict=True))
    if all(value is None for value in by_role.values()):
        return None
    return field.kind.load(field, by_role)


def _links(
    connection: Connection, storage: Storage, field: Field, sources: Sequence[str]
) -> dict[str, list[Link]]:
    table = storage.links[field.id]
    found: dict[str, list[Link]] = {}
    if not sources:
        return found
    statement = (
        select(table.c.source, table.c.target_entity, table.c.target, table.c.data)
        .where(table.c.source.in_(sources))
        .order_by(table.c.source, table.c.position, table.c.id)
    )
    for source, entity, target, data in connection.execute(statement):
        found.setdefault(source, []).append(Link(entity, target, data))
    return found


def write(connection: Connection, storage: Storage, field: Field, values: Iterable[tuple[str, Any]]) -> None:
    """Write typed values (None empties) into the field's columns, or its links anew."""
    rows = list(values)
    if not rows:
        return
    if field.kind.to_many:
        _write_links(connection, storage, field, rows)
        return
    columns = [storage.columns[field.id, role] for role in roles(field)]
    stored = [{} if value is None else field.kind.store(field, value) for _, value in rows]
    parameters: dict[str, list[Any]] = {"record": [record for record, _ in rows]}
    for index, role in enumerate(roles(field)):
        parameters[f"v{index}"] = [item.get(role) for item in stored]
    if connection.dialect.name == "postgresql":
        connection.execute(_update_from_arrays(storage.table, columns), parameters)
        return
    statement = (
        update(storage.table)
        .where(storage.table.c.id == bindparam("record"))
        .values({column: bindparam(f"v{index}") for index, column in enumerate(columns)})
    )
    names = list(parameters)
    connection.execute(
        statement, [dict(zip(names, row, strict=True)) for row in zip(*parameters.values(), strict=True)]
    )


def _update_from_arrays(table: Table, columns: Sequence[Column[Any]]) -> Update:
    """One statement for many rows: on PostgreSQL a statement each costs several times as much."""
    types = {"record": table.c.id.type, **{f"v{index}": item.type for index, item in enumerate(columns)}}
    arrays = [bindparam(name, type_=ARRAY(type_, dimensions=1)) for name, type_ in types.items()]
    given = func.unnest(*arrays).table_valued(*(column(name, type_) for name, type_ in types.items()))
    given = given.render_derived(name="given")
    new = {item: given.c[f"v{index}"] for index, item in enumerate(columns)}
    return update(table).where(table.c.id == given.c.record).values(new)


def _write_links(connection: Connection, storage: Storage, field: Field, rows: list[tuple[str, Any]]) -> None:
    table = storage.links[field.id]
    connection.execute(delete(table).where(table.c.source.in_([record for record, _ in rows])))
    links = [
        {
            "id": new_id(),
            "source": record,
            "target_entity": link.entity,
            "target": link.target,
            "position": position,
            "data": link.data,
        }
        for record, value in rows
        for position, link in enumerate(value or ())
    ]
    if links:
        connection.execute(insert(table), links)


def labels(connection: Connection, entity: Entity, ids: Sequence[str]) -> dict[str, str]:
    """Give what people call these records: their display fields, else the beginning of the id."""
    fields = [
        entity.by_name[name]
        for name in entity.display
        if name in entity.by_name and not entity.by_name[name].kind.to_many
    ]
    assert entity.storage is not None, f"{entity.name} has no table"
    parts: dict[str, list[str]] = {record: [] for record in ids}
    for field in fields:
        for record, value in read(connection, entity.storage, field, ids=ids):
            if value is not None:
                parts[record].append(field.kind.to_text(field, value))
    return {record: " ".join(texts)[:200] or record[:8] for record, texts in parts.items()}
