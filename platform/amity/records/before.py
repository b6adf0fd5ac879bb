"""Records as they are before a change, and what of them the person who changes them can see.

A link to a deleted record is null to everyone; a link to a record that the caller may not read is null to the
caller. Both stay in storage unless the caller sets the field to something else.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, select

from amity.entities.model import Entity, Field
from amity.records.batches import chunks
from amity.records.caller import Caller
from amity.records.links import Link, links_of
from amity.records.machine import Machine
from amity.records.reader import Reader
from amity.records.shapes import Target
from amity.records.targets import missing_targets


@dataclass(slots=True)
class Before:
    """A record before a change: typed values without dead links, and the links that the caller cannot see."""

    values: dict[str, Any]
    hidden: dict[str, list[Any]] = field(default_factory=dict)
    """Items of relation fields, by name, whose targets the caller may not read."""
    dead: dict[str, Any] = field(default_factory=dict)
    """To-one links to deleted records, by name: `values` says null, but storage holds them."""
    extra: dict[str, Any] | None = None


def read_before(
    machine: Machine,
    caller: Caller,
    connection: Connection,
    entity: Entity,
    patches: Mapping[str, Iterable[object]],
) -> dict[str, Before]:
    """Read the records of `patches` (id -> names of fields given); absent where they may not be read."""
    reader = Reader(machine, caller, connection, entity)
    stored = reader.stored(list(patches))
    found = {key: Before(values, extra=_extra(reader, values)) for key, values in stored.items()}
    given = set().union(*patches.values()) if patches else set()
    relations = [item for item in entity.fields if item.kind.is_relation and item.name in given]
    if relations:
        _look_at_links(machine, caller, connection, relations, list(found.values()))
    return found


def _extra(reader: Reader, values: dict[str, Any]) -> dict[str, Any] | None:
    if not reader.codec.extra:
        return None
    own = reader.entity.by_name
    known = {name: item for name, item in values.items() if name not in own and name not in SYSTEM}
    for name in known:
        del values[name]
    return known


SYSTEM = frozenset(("id", "version", "created_at", "created_by", "updated_at", "updated_by", "owner"))


def _look_at_links(
    machine: Machine,
    caller: Caller,
    connection: Connection,
    relations: Sequence[Field],
    rows: Sequence[Before],
) -> None:
    links = {
        link.target: link
        for item in relations
        for row in rows
        for link in links_of(caller.model, item, row.values.get(item.name))
    }
    if not links:
        return
    unseen = missing_targets(machine, caller, connection, links.values(), lock=False)
    dead = _dead(caller, connection, [links[target] for target in unseen])
    for item in relations:
        for row in rows:
            _sort_out(caller, item, row, unseen, dead)


def _sort_out(caller: Caller, item: Field, row: Before, unseen: set[Target], dead: set[Target]) -> None:
    value = row.values.get(item.name)
    links = links_of(caller.model, item, value)
    if not any(link.target in unseen for link in links):
        return
    items = value if isinstance(value, list | tuple) else [value]
    pairs = list(zip(items, links, strict=True))
    hidden = [part for part, link in pairs if link.target in unseen and link.target not in dead]
    alive = [part for part, link in pairs if link.target not in dead]
    if hidden:
        row.hidden[item.name] = hidden
    if item.kind.to_many:
        row.values[item.name] = alive or None
    else:
        if links[0].target in dead:
            row.dead[item.name] = value
        row.values[item.name] = alive[0] if alive else None


def _dead(caller: Caller, connection: Connection, links: Sequence[Link]) -> set[Target]:
    """Those targets that are deleted, whoever asks."""
    alive: set[Target] = set()
    by_entity: dict[str, list[str]] = {}
    for link in links:
        by_entity.setdefault(link.entity, []).append(link.id)
    for name, ids in by_entity.items():
        entity = caller.model.entities.get(name)
        if entity is None:
            continue
        table = entity.table
        for some in chunks(ids):
            statement = select(table.c.id).where(table.c.id.in_(some), table.c.deleted_at.is_(None))
            alive.update((name, key) for key in connection.execute(statement).scalars())
    return {link.target for link in links} - alive
