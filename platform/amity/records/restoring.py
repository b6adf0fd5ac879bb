"""Restore: records come back from the bin, each with exactly what its deletion took."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Container, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Row, select

from amity.access.context import Context
from amity.database.schema import event
from amity.entities.model import Entity
from amity.errors import AmityError, Forbidden, Invalid, NotFound, Problem
from amity.records import events
from amity.records.batches import chunks
from amity.records.caller import Caller
from amity.records.changing import shown
from amity.records.deletion import CHUNK, allowed_among, bump
from amity.records.draft import Draft, RowsRefused
from amity.records.identity import as_id
from amity.records.links import links_of
from amity.records.machine import Machine
from amity.records.reader import Reader
from amity.records.search import entry, put_entries
from amity.records.shapes import MAX_BULK, Deletions, Record, Target
from amity.records.telling import write_and_tell
from amity.records.unique import check_unique
from amity.records.unit import Unit


@dataclass
class Taken:
    """What one deletion took: records by entity, and events of cleared links."""

    root: str
    """Id of the record that was chosen for deletion."""
    event: str = ""
    """Id of the event of its deletion; empty where the log knows of none."""
    cause: str = ""
    """Id of the request that did it."""
    deleted: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    """Entity id -> ids of the records that went along."""
    cleared: list[Row[Any]] = field(default_factory=list)


Batches = list[tuple[Entity, list[Draft]]]
"""Records that come back, the chosen ones first, and the entity of each list."""


# -- the verbs ----------------------------------------------------------------------------------------
def restore(machine: Machine, ctx: Context, name: str, identity: str) -> Record:
    """Bring a record back.

    Raises `NotFound` where it is not in the bin, `Invalid` where a unique value is taken meanwhile.
    """

    def prepare(caller: Caller) -> Callable[[Unit], Record]:
        entity = caller.entity(name, "delete")
        key = as_id(identity)
        if key is None:
            raise _not_in_bin(entity, identity)

        def work(unit: Unit) -> Record:
            drafts, errors, _ = _restore_batch(unit, entity, [key], None)
            for error in errors.values():
                raise error
            return _shown(unit, drafts[0])

        return work

    return machine.write(ctx, prepare)


def restore_many(
    machine: Machine, ctx: Context, name: str, ids: Sequence[str], cause: str | None
) -> Deletions:
    """Bring many records back, those that can come; see `Records.restore_many`."""
    if len(ids) > MAX_BULK:
        raise Invalid.at("", "too_many", f"There are {len(ids)} records; one call takes at most {MAX_BULK}.")
    index = {key: number for number, key in reversed(list(enumerate(map(as_id, ids)))) if key is not None}
    entity = machine.caller(ctx).entity(name, "delete")
    result = Deletions()
    errors: dict[int, AmityError] = {
        number: _not_in_bin(entity, identity)
        for number, identity in enumerate(ids)
        if as_id(identity) is None
    }
    for some in chunks(sorted(index, key=index.__getitem__), CHUNK):

        def prepare(
            caller: Caller, some: list[str] = some
        ) -> Callable[[Unit], tuple[list[Draft], dict[str, AmityError], int]]:
            own = caller.entity(name, "delete")
            return lambda unit: _restore_batch(unit, own, some, cause)

        drafts, refused, along = machine.write(ctx, prepare)
        result.ids.extend(draft.id for draft in drafts)
        result.along += along
        errors |= {index[key]: error for key, error in refused.items()}
    result.errors = [
        Problem(error.code, error.message, pointer="", index=number)
        for number, error in sorted(errors.items())
    ]
    return result


def deleted_by(machine: Machine, ctx: Context, name: str, cause: str) -> list[str]:
    """Records that the caller chose for deletion in one request, as the log tells."""
    key = as_id(cause)
    if key is None:
        return []

    def work(caller: Caller, connection: Connection) -> list[str]:
        entity = caller.entity(name, "delete")
        statement = (
            select(event.c.record, event.c.cause)
            .where(event.c.cause_id == key, event.c.entity == entity.id, event.c.kind == "deleted")
            .where(event.c.actor == ctx.actor.account)
            .order_by(event.c.seq)
        )
        rows = connection.execute(statement).all()
        return list(dict.fromkeys(row.record for row in rows if row.cause.get("kind") != "cascade"))

    return machine.read(ctx, work)


def _not_in_bin(entity: Entity, identity: str) -> NotFound:
    return NotFound(f"There is no {entity.title} {identity[:40]!r} in the bin, or you may not see it.")


def _shown(unit: Unit, draft: Draft) -> Record:
    reader = Reader(unit.machine, unit.caller, unit.connection, draft.entity)
    record = shown(unit.caller, draft)
    labels: dict[Any, str] = {}
    readable = [item for item in reader.codec.relations if item.name in record.values]
    reader.mask(readable, [record.values], labels)
    return record


# -- a batch ------------------------------------------------------------------------------------------
def _restore_batch(
    unit: Unit, entity: Entity, ids: Sequence[str], cause: str | None
) -> tuple[list[Draft], dict[str, AmityError], int]:
    """Bring back those that can come; gives their drafts, why the others stay, how many came along."""
    roots = {draft.id: draft for draft in _drafts(unit, entity, ids)}
    taken = _taken(unit, entity, list(roots))
    if cause is not None:
        roots = {key: draft for key, draft in roots.items() if taken[key].cause == cause}
    errors: dict[str, AmityError] = {key: _not_in_bin(entity, key) for key in ids if key not in roots}
    taken = {key: taken[key] for key in roots}
    batches: Batches = [(entity, list(roots.values()))]
    root_of: dict[Target, str] = {(entity.name, key): key for key in roots}
    for other, along in _along(unit, entity, taken, root_of).items():
        batches.append((unit.model.entities[other], along))
    errors |= _check(unit, batches, root_of)
    batches = _without(batches, root_of, errors)
    taken = {key: item for key, item in taken.items() if key not in errors}
    rows = [row for other, drafts in batches for row in _bring_back(unit, other, drafts)]
    back = batches[0][1]
    consequences = [(root_of[_target(unit, row)], row) for row in rows[len(back) :]]
    alive = {draft.id for _, drafts in batches for draft in drafts}
    consequences += _relink(unit, taken, alive)
    for root, row in consequences:
        row["cause"] = {
            "kind": "restore",
            "entity": entity.id,
            "record": root,
            "of": taken[root].event,
            "by": unit.cause,
        }
    write_and_tell(unit, rows[: len(back)] + [row for _, row in consequences])
    return back, errors, len(rows) - len(back)


def _target(unit: Unit, row: dict[str, Any]) -> Target:
    return unit.model.by_id[row["entity"]].name, row["record"]


def _along(
    unit: Unit, entity: Entity, taken: dict[str, Taken], root_of: dict[Target, str]
) -> dict[str, list[Draft]]:
    """Drafts of what went along, by entity name; notes in `root_of` with which chosen record each comes."""
    wanted: dict[str, dict[str, str]] = defaultdict(dict)
    for root, item in taken.items():
        for entity_id, keys in item.deleted.items():
            other = unit.model.by_id.get(entity_id)
            if other is not None:
                wanted[other.name] |= {key: root for key in keys if (other.name, key) not in root_of}
    found: dict[str, list[Draft]] = {}
    for name, roots in wanted.items():
        found[name] = _drafts(unit, unit.model.entities[name], list(roots))
        root_of.update({(name, draft.id): roots[draft.id] for draft in found[name]})
    return found


def _without(batches: Batches, root_of: dict[Target, str], errors: Container[str]) -> Batches:
    return [
        (entity, [draft for draft in drafts if root_of[entity.name, draft.id] not in errors])
        for entity, drafts in batches
    ]


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


def _taken(unit: Unit, entity: Entity, ids: Sequence[str]) -> dict[str, Taken]:
    """Read from the log what the latest deletion of each record took."""
    found = {key: Taken(key) for key in ids}
    first: dict[str, int] = {}
    for some in chunks(ids):
        latest = (
            select(event.c.id, event.c.record, event.c.cause_id, event.c.seq)
            .where(event.c.entity == entity.id, event.c.record.in_(some), event.c.kind == "deleted")
            .order_by(event.c.seq)
        )
        for row in unit.connection.execute(latest):
            found[row.record] = Taken(row.record, row.id, row.cause_id)
            first[row.record] = row.seq
    by_event = {item.event: item for item in found.values() if item.event}
    for some in chunks(sorted({item.cause for item in by_event.values()})):
        start = min(first[item.root] for item in by_event.values() if item.cause in some)
        same = select(event).where(event.c.cause_id.in_(some), event.c.seq > start).order_by(event.c.seq)
        rows: Sequence[Any] = unit.connection.execute(same).all()
        for row in rows:
            taken = by_event.get(row.cause.get("of"))
            if taken is None or row.cause.get("kind") != "cascade":
                continue
            if row.kind == "deleted":
                taken.deleted[row.entity].append(row.record)
            else:
                taken.cleared.append(row)
    _keep_last(unit, found.values())
    return found


def _keep_last(unit: Unit, taken: Collection[Taken]) -> None:
    """Leave out what came back and was deleted again for another reason."""
    by_entity: dict[str, dict[str, None]] = defaultdict(dict)
    for item in taken:
        for entity_id, ids in item.deleted.items():
            by_entity[entity_id].update(dict.fromkeys(ids))
    last: dict[Target, Any] = {}
    for entity_id, keys in by_entity.items():
        for some in chunks(list(keys)):
            statement = select(event.c.record, event.c.cause).where(
                event.c.entity == entity_id,
                event.c.record.in_(some),
                event.c.kind.in_(["deleted", "restored"]),
            )
            for row in unit.connection.execute(statement.order_by(event.c.seq)):
                last[entity_id, row.record] = row.cause.get("of")
    for item in taken:
        for entity_id, ids in item.deleted.items():
            item.deleted[entity_id] = [key for key in ids if last[entity_id, key] == item.event]


def _check(unit: Unit, batches: Batches, root_of: dict[Target, str]) -> dict[str, AmityError]:
    """Why chosen records cannot come back: rights, and unique values that are taken meanwhile."""
    errors: dict[str, AmityError] = {}
    for entity, drafts in batches:
        allowed = allowed_among(unit, entity, "delete", [draft.id for draft in drafts])
        for draft in drafts:
            if draft.id not in allowed:
                errors[root_of[entity.name, draft.id]] = Forbidden(
                    f"You may not restore all {entity.plural} that this brings back.",
                    hint="Ask an administrator for the right.",
                )
    for entity, drafts in _without(batches, root_of, errors):
        for draft in drafts:
            draft.changed = {name for name, value in draft.values.items() if value is not None}
        if drafts:
            check_unique(unit, entity, drafts)
        for draft in drafts:
            if draft.failed:
                errors[root_of[entity.name, draft.id]] = RowsRefused([draft]).as_error()
    return errors


def _bring_back(unit: Unit, entity: Entity, drafts: list[Draft]) -> list[dict[str, Any]]:
    if not drafts:
        return []
    bump(unit, entity, [draft.id for draft in drafts], deleted_at=None)
    fields = drafts[0].codec.searchable
    put_entries(unit, [entry(entity, fields, draft.id, draft.values) for draft in drafts])
    return [events.event_row(unit, entity, "restored", draft.id, draft.version, {}) for draft in drafts]


def _relink(unit: Unit, taken: Mapping[str, Taken], alive: set[str]) -> list[tuple[str, dict[str, Any]]]:
    """Versions and events, with their roots, of the records whose links read as before again."""
    by_entity: dict[str, dict[str, dict[str, list[Row[Any]]]]] = defaultdict(dict)
    for root, item in taken.items():
        for row in item.cleared:
            by_entity[row.entity].setdefault(row.record, {}).setdefault(root, []).append(row)
    written: list[tuple[str, dict[str, Any]]] = []
    for entity_id, records in by_entity.items():
        entity = unit.model.by_id.get(entity_id)
        if entity is None:
            continue
        reader = Reader(unit.machine, unit.caller, unit.connection, entity)
        stored = reader.stored(list(records), everyone=True)
        steps: dict[int, list[str]] = defaultdict(list)
        for key, values in stored.items():
            changes = {
                root: found
                for root, rows in records[key].items()
                if (found := _back(unit, entity, values, rows, alive))
            }
            if changes:
                steps[len(changes)].append(key)
            for number, (root, found) in enumerate(changes.items(), 1):
                version = values["version"] + number
                written.append((root, events.event_row(unit, entity, "updated", key, version, found)))
        for by, keys in steps.items():
            bump(unit, entity, keys, by=by)
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
            lost = set(old if isinstance(old, list) else [old])
            if targets & lost:
                back = sorted(targets & lost)
                changes[field_id] = [None, back if item.kind.to_many else back[0]]
    return changes
