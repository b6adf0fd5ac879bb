"""Restore: a record comes back from the bin with exactly what its deletion took."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Row, select

from amity.access.context import Context
from amity.database.schema import event
from amity.entities.model import Entity
from amity.errors import Forbidden, NotFound
from amity.records import events
from amity.records.batches import chunks
from amity.records.caller import Caller
from amity.records.changing import shown
from amity.records.deletion import bump, may_all
from amity.records.draft import Draft, RowsRefused
from amity.records.identity import as_id
from amity.records.links import links_of
from amity.records.machine import Machine
from amity.records.reader import Reader
from amity.records.search import entry, put_entries
from amity.records.shapes import Record
from amity.records.telling import write_and_tell
from amity.records.unique import check_unique
from amity.records.unit import Unit


@dataclass
class Taken:
    """What one deletion took: records by entity, and events of cleared links."""

    root_event: str
    deleted: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    """Entity id -> record ids; the root is the first of its entity."""
    cleared: list[Row[Any]] = field(default_factory=list)


def restore(machine: Machine, ctx: Context, name: str, identity: str) -> Record:
    """Bring a record back.

    Raises `NotFound` where it is not in the bin, `Invalid` where a unique value is taken meanwhile.
    """

    def prepare(caller: Caller) -> Callable[[Unit], Record]:
        entity = caller.entity(name, "delete")
        key = as_id(identity)
        if key is None:
            raise _not_in_bin(entity, identity)
        return lambda unit: _restore(unit, entity, key)

    return machine.write(ctx, prepare)


def _not_in_bin(entity: Entity, identity: str) -> NotFound:
    return NotFound(f"There is no {entity.title} {identity[:40]!r} in the bin, or you may not see it.")


def _restore(unit: Unit, entity: Entity, identity: str) -> Record:
    root = _drafts(unit, entity, [identity])
    if not root:
        raise _not_in_bin(entity, identity)
    taken = _taken(unit, entity, identity)
    batches: list[tuple[Entity, list[Draft]]] = [(entity, root)]
    for entity_id, ids in taken.deleted.items():
        other = unit.model.by_id.get(entity_id)
        if other is not None:
            batches.append((other, _drafts(unit, other, [key for key in ids if key != identity])))
    for other, drafts in batches:
        _check(unit, other, drafts)
    cause = {
        "kind": "restore",
        "entity": entity.id,
        "record": identity,
        "of": taken.root_event,
        "by": unit.cause,
    }
    rows: list[dict[str, Any]] = []
    for other, drafts in batches:
        rows.extend(_bring_back(unit, other, drafts))
    first, *others = rows
    alive = {draft.id for _, drafts in batches for draft in drafts}
    others.extend(_relink(unit, taken, alive))
    write_and_tell(unit, [first, *({**row, "cause": cause} for row in others)])
    draft = root[0]
    with_links = Reader(unit.machine, unit.caller, unit.connection, entity)
    record = shown(unit.caller, draft)
    labels: dict[Any, str] = {}
    readable = [item for item in with_links.codec.relations if item.name in record.values]
    with_links.mask(readable, [record.values], labels)
    return record


def _drafts(unit: Unit, entity: Entity, ids: Sequence[str]) -> list[Draft]:
    """The deleted ones among these records, as drafts that change nothing."""
    if not ids:
        return []
    reader = Reader(unit.machine, unit.caller, unit.connection, entity)
    stored = reader.stored(ids, deleted=True)
    return [
        Draft(
            index=0,
            entity=entity,
            codec=reader.codec,
            id=key,
            version=values["version"] + 1,
            old=values,
            values={name: values.get(name) for name in reader.codec.names},
            changed=set(),
            system={**values, "version": values["version"] + 1, "updated_at": unit.ctx.now},
        )
        for key in ids
        if (values := stored.get(key)) is not None
    ]


def _taken(unit: Unit, entity: Entity, identity: str) -> Taken:
    """Read from the log what the latest deletion of the record took."""
    latest = (
        select(event)
        .where(event.c.entity == entity.id, event.c.record == identity, event.c.kind == "deleted")
        .order_by(event.c.seq.desc())
        .limit(1)
    )
    root = unit.connection.execute(latest).first()
    if root is None:
        return Taken("")
    taken = Taken(root.id)
    same = (
        select(event).where(event.c.cause_id == root.cause_id, event.c.seq > root.seq).order_by(event.c.seq)
    )
    for row in unit.connection.execute(same):
        if row.cause.get("of") != root.id or row.cause.get("kind") != "cascade":
            continue
        if row.kind == "deleted":
            taken.deleted[row.entity].append(row.record)
        else:
            taken.cleared.append(row)
    return _still(unit, taken)


def _still(unit: Unit, taken: Taken) -> Taken:
    """Leave out what came back and was deleted again for another reason."""
    for entity_id, ids in taken.deleted.items():
        later: set[str] = set()
        for some in chunks(ids):
            statement = select(event.c.record, event.c.cause).where(
                event.c.entity == entity_id,
                event.c.record.in_(some),
                event.c.kind.in_(["deleted", "restored"]),
            )
            last = {row.record: row.cause for row in unit.connection.execute(statement.order_by(event.c.seq))}
            later.update(key for key, cause in last.items() if cause.get("of") != taken.root_event)
        taken.deleted[entity_id] = [key for key in ids if key not in later]
    return taken


def _check(unit: Unit, entity: Entity, drafts: list[Draft]) -> None:
    if not drafts:
        return
    if not may_all(unit, entity, "delete", [draft.id for draft in drafts]):
        raise Forbidden(
            f"You may not restore all {entity.plural} that this brings back.",
            hint="Ask an administrator for the right.",
        )
    for draft in drafts:
        draft.changed = {name for name, value in draft.values.items() if value is not None}
    check_unique(unit, entity, drafts)
    bad = [draft for draft in drafts if draft.failed]
    if bad:
        raise RowsRefused(bad).as_error()


def _bring_back(unit: Unit, entity: Entity, drafts: list[Draft]) -> list[dict[str, Any]]:
    if not drafts:
        return []
    bump(unit, entity, {draft.id: draft.version for draft in drafts}, deleted_at=None)
    fields = drafts[0].codec.searchable
    put_entries(unit, [entry(entity, fields, draft.id, draft.values) for draft in drafts])
    return [events.event_row(unit, entity, "restored", draft.id, draft.version, {}) for draft in drafts]


def _relink(unit: Unit, taken: Taken, alive: set[str]) -> list[dict[str, Any]]:
    """Events and versions of the records whose links read as before again."""
    by_entity: dict[str, dict[str, list[Row[Any]]]] = defaultdict(lambda: defaultdict(list))
    for row in taken.cleared:
        by_entity[row.entity][row.record].append(row)
    written: list[dict[str, Any]] = []
    for entity_id, records in by_entity.items():
        entity = unit.model.by_id.get(entity_id)
        if entity is None:
            continue
        reader = Reader(unit.machine, unit.caller, unit.connection, entity)
        stored = reader.stored(list(records), everyone=True)
        changes = {
            key: found
            for key, values in stored.items()
            if (found := _back(unit, entity, values, records[key], alive))
        }
        bump(unit, entity, dict.fromkeys(changes, 0))
        written.extend(
            events.event_row(unit, entity, "updated", key, stored[key]["version"] + 1, found)
            for key, found in changes.items()
        )
    return written


def _back(
    unit: Unit, entity: Entity, values: dict[str, Any], rows: Sequence[Row[Any]], alive: set[str]
) -> dict[str, list[Any]]:
    """Which links of a record point to what came back; one that was set anew meanwhile stays as it is."""
    changes: dict[str, list[Any]] = {}
    for row in rows:
        for field_id, (old, _) in row.changes.items():
            item = entity.by_id.get(field_id)
            if item is None:
                continue
            targets = {link.id for link in links_of(unit.model, item, values.get(item.name))} & alive
            if targets & set(old if isinstance(old, list) else [old]):
                back = sorted(targets)
                changes[field_id] = [None, back if item.kind.to_many else back[0]]
    return changes
