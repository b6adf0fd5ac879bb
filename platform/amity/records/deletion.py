"""Delete: into the bin, with what goes along (`on_delete`), one event per record under one cause.

Deleting keeps every value and link in storage. A *cleared* link stays there, too: it reads as null because
its target is deleted, and the record that held it gets an event and a new version; bringing the target
back brings exactly these links back.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, bindparam, select, update

from amity.access.context import Context
from amity.access.policy import Verb
from amity.entities.model import Entity
from amity.errors import Forbidden, InUse, Stale
from amity.records import events
from amity.records.batches import chunks
from amity.records.caller import Caller
from amity.records.conditions import policy_condition
from amity.records.identity import as_id
from amity.records.machine import Machine
from amity.records.reader import not_found
from amity.records.referrers import Referrer, pointing, referrers
from amity.records.search import drop_entries
from amity.records.shapes import Affected, Deletion, Hit, Target
from amity.records.targets import read_labels
from amity.records.telling import write_and_tell
from amity.records.unit import Unit

SAMPLES = 10


@dataclass
class Reach:
    """All that one deletion touches."""

    root: Target
    deleted: dict[str, dict[str, int]] = field(default_factory=lambda: defaultdict(dict))
    """Entity name -> record id -> version, in the order in which they were found."""
    hits: list[tuple[Referrer, dict[str, list[str]]]] = field(default_factory=list)
    """Referrers and the records that point into `deleted`: record id -> targets."""

    def outside(self, effect: str) -> list[tuple[Referrer, dict[str, list[str]]]]:
        """Those hits with an effect whose records are not deleted themselves."""
        return [
            (referrer, {key: targets for key, targets in found.items() if key not in self.deleted[name]})
            for referrer, found in self.hits
            if referrer.effect == effect
            for name in [referrer.entity.name]
        ]

    def cascaded(self) -> list[tuple[Referrer, dict[str, list[str]]]]:
        """Hits that are deleted, each record under the relation that reached it first."""
        seen = {self.root}
        result = []
        for referrer, found in self.hits:
            if referrer.effect == "cascade":
                name = referrer.entity.name
                fresh = {key: targets for key, targets in found.items() if (name, key) not in seen}
                seen.update((name, key) for key in fresh)
                result.append((referrer, fresh))
        return result


def reach(
    machine: Machine, caller: Caller, connection: Connection, entity: Entity, identity: str, *, lock: bool
) -> Reach | None:
    """Follow the relations from one record; None where it is not there for the caller.

    With `lock` every record that goes is locked before its referrers are read: who links to it at the same
    time either comes before (and is seen) or finds it deleted.
    """
    result = Reach((entity.name, identity))
    condition = policy_condition(machine, caller, entity, "read")
    table = entity.table
    statement = select(table.c.id, table.c.version).where(
        table.c.id == identity, table.c.deleted_at.is_(None)
    )
    if condition is not None:
        statement = statement.where(condition)
    row = connection.execute(statement.with_for_update(of=table) if lock else statement).first()
    if row is None:
        return None
    result.deleted[entity.name][identity] = row.version
    level = {entity.name: [identity]}
    while level:
        level = _next_level(caller, connection, result, level, lock)
    return result


def _next_level(
    caller: Caller, connection: Connection, result: Reach, level: dict[str, list[str]], lock: bool
) -> dict[str, list[str]]:
    following: dict[str, list[str]] = defaultdict(list)
    for name, ids in level.items():
        for referrer in referrers(caller.model, caller.model.entities[name]):
            found = pointing(connection, referrer, ids)
            if not found:
                continue
            result.hits.append((referrer, found))
            if referrer.effect == "cascade":
                other = referrer.entity
                known = result.deleted[other.name]
                fresh = [key for key in found if key not in known]
                versions = _versions(connection, other, fresh, lock)
                known.update(versions)
                following[other.name].extend(versions)
    return {name: ids for name, ids in following.items() if ids}


def _versions(connection: Connection, entity: Entity, ids: Sequence[str], lock: bool) -> dict[str, int]:
    table = entity.table
    found: dict[str, int] = {}
    for some in chunks(sorted(ids)):
        statement = select(table.c.id, table.c.version).where(
            table.c.id.in_(some), table.c.deleted_at.is_(None)
        )
        if lock:
            statement = statement.order_by(table.c.id).with_for_update(of=table)
        found.update({row.id: row.version for row in connection.execute(statement)})
    return found


def preview(machine: Machine, ctx: Context, name: str, identity: str) -> Deletion:
    """Say what a deletion would take and what refuses it; changes nothing."""

    def work(caller: Caller, connection: Connection) -> Deletion:
        entity = caller.entity(name)
        key = as_id(identity)
        found = reach(machine, caller, connection, entity, key, lock=False) if key else None
        if found is None:
            raise not_found(entity, identity)
        return told(machine, caller, connection, found)

    return machine.read(ctx, work)


def told(machine: Machine, caller: Caller, connection: Connection, found: Reach) -> Deletion:
    """Tell the reach of a deletion to the caller: counts and samples of what he may see."""
    groups = [*found.outside("refuse"), *found.cascaded(), *found.outside("clear")]
    affected = []
    for referrer, records in groups:
        if not records:
            continue
        name = referrer.entity.name
        labels = read_labels(machine, caller, connection, [(name, key) for key in records])
        visible = caller.decide(referrer.entity, "read").can_read(referrer.field.name)
        affected.append(
            Affected(
                entity=name,
                field=referrer.field.name if visible else "",
                effect=referrer.effect,  # type: ignore[arg-type]
                count=len(labels),
                hidden=len(labels) < len(records),
                samples=tuple(Hit(name, key, label) for (_, key), label in list(labels.items())[:SAMPLES]),
            )
        )
    return Deletion(*found.root, affected=tuple(affected))


def delete(machine: Machine, ctx: Context, name: str, identity: str, *, version: int) -> Deletion:
    """Delete one record with what goes along."""

    def prepare(caller: Caller) -> Callable[[Unit], Deletion]:
        entity = caller.entity(name, "delete")
        key = as_id(identity)
        if key is None:
            raise not_found(entity, identity)
        return lambda unit: delete_in(unit, entity, key, version)

    return machine.write(ctx, prepare)


def delete_in(unit: Unit, entity: Entity, identity: str, version: int | None) -> Deletion:
    """Delete one record inside a unit. Raises `NotFound`, `Forbidden`, `Stale`, `InUse`."""
    found = reach(unit.machine, unit.caller, unit.connection, entity, identity, lock=True)
    if found is None:
        raise not_found(entity, identity)
    now = found.deleted[entity.name][identity]
    if version is not None and now != version:
        raise Stale(f"This {entity.title} was changed meanwhile.", details={"version": now})
    _check_rights(unit, found)
    result = told(unit.machine, unit.caller, unit.connection, found)
    if result.refused:
        raise InUse(_why_refused(unit, result), details={"deletion": result.as_json()})
    _carry_out(unit, found)
    return result


def _why_refused(unit: Unit, result: Deletion) -> str:
    parts = []
    for item in result.refused:
        entity = unit.model.entities[item.entity]
        names = ", ".join(hit.label for hit in item.samples[:3])
        seen = f"{item.count} {entity.plural} ({names})" if item.count else ""
        hidden = "records that you cannot see" if item.hidden else ""
        parts.append(" and ".join(part for part in (seen, hidden) if part))
    return f"It cannot be deleted while these point to it: {'; '.join(parts)}."


def _check_rights(unit: Unit, found: Reach) -> None:
    """What goes along must be the caller's to delete, too."""
    for name, records in found.deleted.items():
        entity = unit.model.entities[name]
        if records and not may_all(unit, entity, "delete", list(records)):
            which = "this" if name == found.root[0] and len(records) == 1 else "all"
            raise Forbidden(
                f"You may not delete {which} {entity.plural} that this deletion takes.",
                hint="Ask an administrator for the right.",
            )


def may_all(unit: Unit, entity: Entity, verb: Verb, ids: Sequence[str]) -> bool:
    """Tell whether the caller may do this with every one of the records."""
    if not unit.caller.decide(entity, verb).allowed:
        return False
    condition = policy_condition(unit.machine, unit.caller, entity, verb)
    if condition is None:
        return True
    table = entity.table
    count = 0
    for some in chunks(ids):
        rows = unit.connection.execute(select(table.c.id).where(table.c.id.in_(some), condition))
        count += len(rows.all())
    return count == len(ids)


def _carry_out(unit: Unit, found: Reach) -> None:
    """Mark what goes as deleted, note the cleared links, write the events."""
    root_event: list[dict[str, Any]] = []
    rows: list[dict[str, Any]] = []
    for name, records in found.deleted.items():
        entity = unit.model.entities[name]
        if not records:
            continue
        bump(unit, entity, records, deleted_at=unit.ctx.now)
        drop_entries(unit, list(records))
        for key, version in records.items():
            row = events.event_row(unit, entity, "deleted", key, version + 1, {})
            (root_event if (name, key) == found.root else rows).append(row)
    rows.extend(_clear(unit, found))
    cause = {"kind": "cascade", "record": found.root[1], "of": root_event[0]["id"], "by": unit.cause}
    entity = unit.model.entities[found.root[0]]
    cause["entity"] = entity.id
    write_and_tell(unit, root_event + [{**row, "cause": cause} for row in rows])


def _clear(unit: Unit, found: Reach) -> list[dict[str, Any]]:
    """New versions and events for the records whose links now read as null."""
    changes: dict[str, dict[str, dict[str, list[Any]]]] = defaultdict(lambda: defaultdict(dict))
    for referrer, records in found.outside("clear"):
        for key, targets in records.items():
            old = sorted(targets) if referrer.field.kind.to_many else targets[0]
            changes[referrer.entity.name][key][referrer.field.id] = [old, None]
    rows: list[dict[str, Any]] = []
    for name, cleared in changes.items():
        entity = unit.model.entities[name]
        versions = _versions(unit.connection, entity, list(cleared), lock=True)
        bump(unit, entity, versions)
        rows.extend(
            events.event_row(unit, entity, "updated", key, version + 1, cleared[key])
            for key, version in versions.items()
        )
    return rows


def bump(unit: Unit, entity: Entity, versions: dict[str, int], **values: Any) -> None:
    """Give records a new version (and `values`), in one statement."""
    if not versions:
        return
    table = entity.table
    statement = (
        update(table)
        .where(table.c.id == bindparam("b_id"))
        .values(
            version=table.c.version + 1, updated_at=unit.ctx.now, updated_by=unit.ctx.actor.account, **values
        )
    )
    unit.connection.execute(statement, [{"b_id": key} for key in versions])
