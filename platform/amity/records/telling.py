"""Events of whole records (deleted, restored, a link cleared), and those who listen for them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from amity.entities.model import Entity
from amity.records import events
from amity.records.listeners import Change
from amity.records.reader import Reader
from amity.records.unit import Unit

Row = dict[str, Any]


def write_and_tell(unit: Unit, rows: Sequence[Row]) -> None:
    """Write events whose records are changed already, and tell the listeners of their entities.

    What the records hold is read for those entities only that somebody listens to.
    """
    events.write_events(unit, rows)
    if not unit.listeners:
        return
    by_entity: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        by_entity[row["entity"]].append(row)
    for entity_id, some in by_entity.items():
        entity = unit.model.by_id.get(entity_id)
        listeners = unit.listening(entity) if entity is not None else ()
        if entity is None or not listeners:
            continue
        changes = _changes(unit, entity, some)
        for listener in listeners:
            listener.written(unit, entity, changes)


def _changes(unit: Unit, entity: Entity, rows: Sequence[Row]) -> list[Change]:
    reader = Reader(unit.machine, unit.caller, unit.connection, entity)
    gone = [row["record"] for row in rows if row["kind"] == "deleted"]
    alive = [row["record"] for row in rows if row["kind"] != "deleted"]
    values = reader.stored(gone, deleted=True, everyone=True) if gone else {}
    values |= reader.stored(alive, everyone=True) if alive else {}
    return [_change(entity, row, values[row["record"]]) for row in rows if row["record"] in values]


def _change(entity: Entity, row: Row, values: dict[str, Any]) -> Change:
    if row["kind"] == "deleted":
        return Change(row["id"], "deleted", row["record"], values, values)
    if row["kind"] == "restored":
        return Change(row["id"], "restored", row["record"], None, values)
    # A cleared link stays in storage, it is its target that went.
    cleared = {entity.by_id[key].name for key in row["changes"] if key in entity.by_id}
    new = {name: None if name in cleared else value for name, value in values.items()}
    return Change(row["id"], row["kind"], row["record"], values, new)
