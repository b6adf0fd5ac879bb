"""What an apply does to storage: tasks become tables, columns and states of the registry."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from amity.database.engine import Database
from amity.definitions.handlers import Progress
from amity.entities import impact, stored, tables
from amity.entities.carrying import Carrier, last_event
from amity.entities.model import Entity, Field
from amity.entities.stored import BUILDING, LIVE, PARKED, PURGING, Registry
from amity.entities.tasks import (
    CarryField,
    MakeField,
    MakeTable,
    ParkField,
    Recompute,
    SetTableState,
    Task,
    UnparkField,
)


def carries(tasks: Sequence[Task]) -> list[CarryField]:
    """Give the tasks that carry data."""
    return [task for task in tasks if isinstance(task, CarryField)]


def unsearchable(tasks: Sequence[Task]) -> set[str]:
    """Give the entities (by id) whose search index no longer says what their records hold."""
    found = set()
    for task in tasks:
        match task:
            case CarryField(before=entity, old=old, new=new):
                if new.kind.searchable or (old is not None and old.kind.searchable):
                    found.add(entity.id)
            case ParkField(entity_id, _, searchable) | UnparkField(entity_id, _, _, searchable) if searchable:
                found.add(entity_id)
            case _:
                pass
    return found


def outdated(tasks: Sequence[Task]) -> set[str]:
    """Give the entities (by id) whose records must be computed anew."""
    return {task.entity for task in tasks if isinstance(task, Recompute)}


def refilled(tasks: Sequence[Task]) -> set[str]:
    """Give the entities (by id) that have other values in fields now, without a save."""
    return {task.before.id for task in carries(tasks)}


# -- phase one -----------------------------------------------------------------------------------------


def stage(tasks: Sequence[Task], connection: Connection, revision: int) -> dict[str, Any]:
    """Make the new columns that data is carried into; nobody but the apply looks at them yet."""
    made = []
    for task in carries(tasks):
        _make_field(connection, task.after, task.new, BUILDING, revision)
        made.append([task.before.id, task.new.id])
    return {"fields": made, "cut": last_event(connection), "revision": revision}


def _make_field(connection: Connection, entity: Entity, field: Field, state: str, revision: int) -> None:
    if field.kind.to_many:
        tables.create_link_table(connection, entity, field, state, revision)
    else:
        tables.create_columns(connection, entity, field, state, revision)


# -- phase two -----------------------------------------------------------------------------------------


def carry(tasks: Sequence[Task], staged: Mapping[str, Any], progress: Progress, database: Database) -> None:
    """Carry the data over; goes on where an earlier run stopped."""
    todo = carries(tasks)
    with database.read() as connection:
        registry = stored.load(connection)
        total = sum(impact.total(connection, task.before) for task in todo)
    for task in todo:
        carrier = Carrier(task, registry, staged["revision"])
        carrier.run(database, progress, staged["cut"], total)


# -- phase three ---------------------------------------------------------------------------------------


def flip(
    tasks: Sequence[Task],
    staged: Mapping[str, Any],
    connection: Connection,
    revision: int,
) -> None:
    """Put the new tables and columns in force, park the old ones."""
    registry = stored.load(connection)
    for moved in carries(tasks):
        Carrier(moved, registry, revision).finish(connection, staged["progress"], staged["cut"])
        _swap(connection, registry, moved, revision)
    for task in tasks:
        if isinstance(task, MakeTable):
            tables.create_entity_table(connection, task.entity, revision)
    for task in tasks:
        _run(task, connection, registry, revision)


def _swap(connection: Connection, registry: Registry, task: CarryField, revision: int) -> None:
    entity, field = task.before.id, task.new.id
    old = (*registry.field(entity, field).values(), registry.link(entity, field))
    new = (*registry.field(entity, field, BUILDING).values(), registry.link(entity, field, BUILDING))
    stored.set_state(connection, old, PARKED, revision)
    stored.set_state(connection, new, LIVE, revision)
    if task.originals is not None:
        _forget(connection, registry, entity, field, task.originals, revision)


def _forget(
    connection: Connection, registry: Registry, entity: str, field: str, parked: int, revision: int
) -> None:
    """What came back is no longer needed aside."""
    for item in registry.parked(entity, field):
        if item.revision == parked:
            stored.set_state(connection, (*item.columns, item.link), PURGING, revision)


def _run(task: Task, connection: Connection, registry: Registry, revision: int) -> None:
    match task:
        case MakeTable(entity):
            for field in entity.fields:
                if field.kind.to_many or tables.has_reference(field):
                    _make_field(connection, entity, field, LIVE, revision)
        case MakeField(entity, field):
            _make_field(connection, entity, field, LIVE, revision)
        case SetTableState(entity_id, state):
            stored.set_state(connection, [registry.entity_table(entity_id)], state, revision)
        case ParkField(entity_id, field_id, _):
            known = registry.field(entity_id, field_id).values()
            stored.set_state(connection, (*known, registry.link(entity_id, field_id)), PARKED, revision)
        case UnparkField(entity_id, field_id, parked, _):
            for item in registry.parked(entity_id, field_id):
                if item.revision == parked:
                    stored.set_state(connection, (*item.columns, item.link), LIVE, revision)
        case _:
            pass


def discard(staged: Mapping[str, Any], connection: Connection) -> None:
    """Give up columns that were being filled: they are emptied and used again."""
    registry = stored.load(connection)
    for entity, field in staged.get("fields", ()):
        made = (*registry.field(entity, field, BUILDING).values(), registry.link(entity, field, BUILDING))
        stored.set_state(connection, made, PURGING, staged["revision"])
