"""Get and find."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, select

from amity.access.context import Context
from amity.records.caller import Caller
from amity.records.identity import as_id
from amity.records.machine import Machine
from amity.records.reader import Reader, not_found
from amity.records.shapes import Page, Query, Record


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
        reader = Reader(machine, caller, connection, entity)
        selection = reader.codec.selection(reader.readable(query.fields))
        table = entity.table
        statement = select(*selection.columns).where(table.c.deleted_at.is_(None)).order_by(table.c.id)
        rows = connection.execute(statement.limit(query.limit)).all()
        records, labels = reader.present(selection, rows)
        return Page(records, labels=labels)

    return machine.read(ctx, work)
