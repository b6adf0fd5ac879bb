"""Rebuild the search index of an entity, after a definition change gave or took searchable fields.

Saves keep the index true by themselves; this is for what no save touched: fields that were added with values,
converted, removed or brought back.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

from sqlalchemy import delete, select

from amity.access.context import Context
from amity.database.schema import search_entry
from amity.entities.model import Entity
from amity.records.caller import Caller
from amity.records.machine import Machine
from amity.records.search import entry, put_entries
from amity.records.unit import Unit

BATCH: Final = 500


def reindex(machine: Machine, ctx: Context, name: str) -> int:
    """Index all live records of an entity anew, in short transactions; give how many there were.

    Entries of records that are gone from the entity are removed. May be stopped and run again at any time.
    """
    count, after = 0, ""
    while True:
        ids = machine.write(ctx, partial(_page, name=name, after=after))
        count += len(ids)
        if len(ids) < BATCH:
            break
        after = ids[-1]
    machine.write(ctx, partial(_sweep, name=name))
    return count


def _page(caller: Caller, name: str, after: str) -> Callable[[Unit], list[str]]:
    entity = caller.entity(name)

    def work(unit: Unit) -> list[str]:
        codec = unit.machine.codec(caller, entity)
        selection = codec.selection([field.name for field in codec.searchable], full=False)
        table = entity.table
        statement = select(*selection.columns).where(table.c.deleted_at.is_(None))
        if after:
            statement = statement.where(table.c.id > after)
        rows = unit.connection.execute(statement.order_by(table.c.id).limit(BATCH)).all()
        loaded = [selection.load(row) for row in rows]
        put_entries(unit, [entry(entity, codec.searchable, values["id"], values) for values in loaded])
        return [values["id"] for values in loaded]

    return work


def _sweep(caller: Caller, name: str) -> Callable[[Unit], None]:
    entity: Entity = caller.entity(name)

    def work(unit: Unit) -> None:
        table = entity.table
        alive = select(table.c.id).where(table.c.deleted_at.is_(None))
        unit.connection.execute(
            delete(search_entry).where(
                search_entry.c.entity == entity.id, search_entry.c.record.not_in(alive)
            )
        )

    return work
