"""Emptying columns whose data nobody wants any more, and dropping link tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy import Connection, column, or_, select, update
from sqlalchemy import table as table_clause

from amity.database.engine import Database
from amity.definitions.handlers import Progress
from amity.entities import stored
from amity.entities.stored import PURGED, PURGING, StoredColumn, StoredTable
from amity.entities.tables import operations

BATCH: Final = 5000


def pending(connection: Connection) -> bool:
    """Tell whether something waits to be emptied."""
    columns, links = _purging(connection)
    return bool(columns or links)


def purge(database: Database, progress: Progress) -> None:
    """Empty all columns in state purging in batches, drop such link tables, and note it."""
    with database.read() as connection:
        columns, links = _purging(connection)
    for name in sorted({item.table_name for item in columns}):
        mine = [item for item in columns if item.table_name == name]
        while database.run(lambda connection, mine=mine: _empty(connection, progress, mine)):  # type: ignore[misc]
            pass
        database.run(lambda connection, mine=mine: _done(connection, progress, mine))  # type: ignore[misc]
    for link in links:
        database.flip(lambda connection, link=link: _drop(connection, progress, link))  # type: ignore[misc]


def _purging(connection: Connection) -> tuple[list[StoredColumn], list[StoredTable]]:
    registry = stored.load(connection)
    columns = [item for item in registry.columns if item.state == PURGING]
    return columns, [item for item in registry.tables if item.state == PURGING and item.field is not None]


def _empty(connection: Connection, progress: Progress, columns: Sequence[StoredColumn]) -> int:
    names = [item.name for item in columns]
    target = table_clause(columns[0].table_name, column("id"), *(column(name) for name in names))
    filled = or_(*(target.c[name].is_not(None) for name in names))
    some = select(target.c.id).where(filled).limit(BATCH)
    done = connection.execute(
        update(target).where(target.c.id.in_(some)).values(dict.fromkeys(names))
    ).rowcount
    progress.beat(connection, {"done": int(progress.state.get("done", 0)) + done})
    return done


def _done(connection: Connection, progress: Progress, columns: Sequence[StoredColumn]) -> None:
    for item in columns:
        stored.set_state(connection, [item], PURGED, item.revision)
    progress.beat(connection)


def _drop(connection: Connection, progress: Progress, link: StoredTable) -> None:
    operations(connection).drop_table(link.name)
    stored.forget_table(connection, link.name)
    progress.beat(connection)
