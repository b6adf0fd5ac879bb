"""Linked records: do they exist, may the caller see them, and what are they called."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Select, bindparam, select

from amity.entities.model import Entity
from amity.records.batches import chunks
from amity.records.caller import Caller
from amity.records.codec import EntityCodec, Selection
from amity.records.conditions import policy_condition
from amity.records.links import Link
from amity.records.machine import Machine
from amity.records.shapes import Target


class _English:
    language = "en"
    timezone = "UTC"


def label_of(codec: EntityCodec, values: Mapping[str, Any], readable: Any = None) -> str:
    """The first filled display fields joined by a space; the short id where there are none."""
    parts = []
    for name in codec.entity.display:
        value = values.get(name)
        if value is not None and (readable is None or name in readable):
            field = codec.entity.by_name[name]
            parts.append(field.kind.format(field, value, _English()))
    text = " ".join(part for part in parts if part).strip()
    return text or f"{codec.entity.title} {str(values['id'])[-6:]}"


def read_labels(
    machine: Machine, caller: Caller, connection: Connection, targets: Iterable[Target]
) -> dict[Target, str]:
    """Labels of those targets that are live and readable: one statement per entity, however many rows."""
    wanted: dict[str, set[str]] = defaultdict(set)
    for entity_name, identity in targets:
        wanted[entity_name].add(identity)
    labels: dict[Target, str] = {}
    for name, ids in wanted.items():
        entity = caller.model.entities.get(name)
        if entity is None or not caller.can_read(entity):
            continue
        labels.update(_labels(machine, caller, connection, entity, sorted(ids)))
    return labels


def _labels(
    machine: Machine, caller: Caller, connection: Connection, entity: Entity, ids: Sequence[str]
) -> dict[Target, str]:
    codec = machine.codec(caller, entity)
    decision = caller.decide(entity, "read")
    names = tuple(name for name in entity.display if decision.can_read(name))

    def make() -> tuple[Selection, Select[Any]]:
        selection = codec.selection(names)
        table = entity.table
        ids_in = table.c.id.in_(bindparam("keys", expanding=True))
        return selection, select(*selection.columns).where(ids_in, table.c.deleted_at.is_(None))

    selection, statement = machine.revision(caller.model).keep(("labels", entity.id, names), make)
    condition = policy_condition(machine, caller, entity, "read")
    if condition is not None:
        statement = statement.where(condition)
    found: dict[Target, str] = {}
    for some in chunks(ids):
        for row in connection.execute(statement, {"keys": some}):
            values = selection.load(row)
            found[entity.name, values["id"]] = label_of(codec, values, decision.readable)
    return found


def missing_targets(
    machine: Machine, caller: Caller, connection: Connection, links: Iterable[Link], *, lock: bool = True
) -> set[Target]:
    """Those targets that do not exist, are deleted, or may not be seen by the caller.

    With `lock` the others cannot be deleted until the transaction ends.
    """
    wanted: dict[str, set[str]] = defaultdict(set)
    for link in links:
        wanted[link.entity].add(link.id)
    missing: set[Target] = set()
    for name, ids in wanted.items():
        entity = caller.model.entities.get(name)
        known = (
            _visible(machine, caller, connection, entity, sorted(ids), lock) if entity is not None else set()
        )
        missing.update((name, identity) for identity in ids - known)
    return missing


def _visible(
    machine: Machine, caller: Caller, connection: Connection, entity: Entity, ids: Sequence[str], lock: bool
) -> set[str]:
    if not caller.can_read(entity):
        return set()
    table = entity.table
    condition = policy_condition(machine, caller, entity, "read")
    known: set[str] = set()
    for some in chunks(ids):
        statement = select(table.c.id).where(table.c.id.in_(some), table.c.deleted_at.is_(None))
        if condition is not None:
            statement = statement.where(condition)
        # Whoever deletes a target locks it first: either this link is seen there, or it waits here.
        if lock:
            statement = statement.with_for_update(read=True, key_share=True, of=table)
        known.update(connection.execute(statement).scalars())
    return known
