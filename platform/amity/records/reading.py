"""Get, find and what else only reads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Column, Connection, and_, bindparam, select, tuple_

from amity.access.context import Context
from amity.database.types import Uuid36
from amity.entities.model import Entity, Field
from amity.errors import Invalid, NotFound
from amity.records.batches import chunks
from amity.records.caller import Caller
from amity.records.conditions import policy_condition
from amity.records.finder import find_page
from amity.records.identity import as_id
from amity.records.listing import BIN, Condition, Restriction, live
from amity.records.machine import Machine
from amity.records.reader import Reader, not_found
from amity.records.shapes import Page, Query, Record
from amity.records.targets import read_labels


def get(machine: Machine, ctx: Context, name: str, identity: str, fields: Sequence[str] | None) -> Record:
    """Read one record."""

    def work(caller: Caller, connection: Connection) -> Record:
        entity = caller.entity(name)
        key = as_id(identity)
        if key is None:
            raise not_found(entity, identity)
        reader = Reader(machine, caller, connection, entity)
        return reader.one(key, reader.readable(fields))[0]

    return machine.read(ctx, work)


def find(machine: Machine, ctx: Context, name: str, query: Query) -> Page:
    """List records."""

    def work(caller: Caller, connection: Connection) -> Page:
        entity = caller.entity(name)
        return find_page(machine, caller, connection, entity, query)

    return machine.read(ctx, work)


def bin_page(machine: Machine, ctx: Context, name: str, query: Query) -> Page:
    """List deleted records."""
    if query.q:
        raise Invalid.parameter("q", "not_available", "The bin cannot be searched; use a filter.")

    def work(caller: Caller, connection: Connection) -> Page:
        entity = caller.entity(name)
        return find_page(machine, caller, connection, entity, query, BIN)

    return machine.read(ctx, work)


def labels(machine: Machine, ctx: Context, name: str, ids: Sequence[str]) -> dict[str, str]:
    """Labels by id of those records that are live and readable."""

    def work(caller: Caller, connection: Connection) -> dict[str, str]:
        entity = caller.entity(name)
        keys = [key for key in map(as_id, ids) if key is not None]
        found = read_labels(machine, caller, connection, [(entity.name, key) for key in keys])
        return {key: label for (_, key), label in found.items()}

    return machine.read(ctx, work)


def find_ids(
    machine: Machine, ctx: Context, name: str, field_name: str, values: Sequence[Any]
) -> dict[Any, str]:
    """Ids of readable records by the JSON value of a field, where exactly one has it."""

    def work(caller: Caller, connection: Connection) -> dict[Any, str]:
        entity = caller.entity(name)
        codec = Reader(machine, caller, connection, entity).codec.fields.get(field_name)
        if codec is None or not caller.decide(entity, "read").can_read(field_name):
            raise Invalid.at("/key", "unknown", f"{entity.title} has no field {field_name[:64]!r}.")
        stored = {codec.store(codec.parse(value))[codec.keys[0]]: value for value in values}
        found = ids_by_value(machine, caller, connection, entity, codec.columns[:1], list(stored))
        return {stored[key]: ids[0] for key, ids in found.items() if len(ids) == 1}

    return machine.read(ctx, work)


def ids_by_value(
    machine: Machine,
    caller: Caller,
    connection: Connection,
    entity: Entity,
    columns: Sequence[Column[Any]],
    values: Sequence[Any],
) -> dict[Any, list[str]]:
    """Ids of live and readable records by the stored value of a column, a tuple for several columns."""
    single = len(columns) == 1
    table = entity.table
    condition = policy_condition(machine, caller, entity, "read")
    found: dict[Any, list[str]] = {}
    for some in chunks(values):
        # A single column is asked plainly: its index is used for sure.
        among = columns[0].in_(some) if single else tuple_(*columns).in_(some)
        statement = select(table.c.id, *columns).where(among, table.c.deleted_at.is_(None))
        if condition is not None:
            statement = statement.where(condition)
        for identity, *value in connection.execute(statement):
            found.setdefault(value[0] if single else tuple(value), []).append(identity)
    return found


def related(machine: Machine, ctx: Context, name: str, identity: str, inverse: str, query: Query) -> Page:
    """List the records that point to one record, or that it holds in a to-many relation."""

    def work(caller: Caller, connection: Connection) -> Page:
        entity = caller.entity(name)
        key = as_id(identity)
        reader = Reader(machine, caller, connection, entity)
        if key is None or not reader.exists(key):
            raise not_found(entity, identity)
        found = find_inverse(caller, entity, inverse)
        if found is None:
            raise NotFound(f"{entity.title} has no related list {inverse[:64]!r}.")
        other, field = found
        return find_page(machine, caller, connection, other, query, pointing_to(field, key))

    return machine.read(ctx, work)


def find_inverse(caller: Caller, entity: Entity, name: str) -> tuple[Entity, Field] | None:
    """The entity and the relation behind a related list, None where the caller may not see one."""
    for inverse in entity.inverses:
        other = caller.model.entities.get(inverse.entity)
        if inverse.name != name or other is None or not caller.can_read(other):
            continue
        if caller.decide(other, "read").can_read(inverse.field):
            return other, other.by_name[inverse.field]
    return None


def pointing_to(field: Field, key: str) -> Restriction:
    """The records that point to `key` by `field`."""

    def make(entity: Entity) -> Condition:
        pointed = bindparam("pointed", type_=Uuid36())
        if not field.kind.to_many:
            return and_(live(entity), entity.column(field) == pointed)
        assert entity.storage is not None
        link = entity.storage.links[field.id]
        sources = select(link.c.source).where(link.c.target == pointed)
        return and_(live(entity), entity.table.c.id.in_(sources))

    return Restriction(("related", field.id), make, {"pointed": key})
