"""Delete: into the bin, with what goes along (`on_delete`), one event per record under one cause.

Deleting keeps every value and link in storage. A *cleared* link stays there, too: it reads as null because
its target is deleted, and the record that held it gets an event and a new version; bringing the target
back brings exactly these links back.

Every deletion is a batch of chosen records, a single one a batch of one. What is chosen together goes
together: a record that would refuse stands in nobody's way when it is chosen itself.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, get_args

from sqlalchemy import Connection, select, update

from amity.access.context import Context
from amity.access.policy import Verb
from amity.entities.model import Entity
from amity.errors import AmityError, Forbidden, InUse, Invalid, Problem, Stale
from amity.records import events
from amity.records.batches import chunks
from amity.records.caller import Caller
from amity.records.conditions import policy_condition
from amity.records.draft import invalid
from amity.records.identity import as_id
from amity.records.machine import Machine
from amity.records.reach import Owners, Reach, live_versions, reach
from amity.records.reader import not_found
from amity.records.referrers import Referrer
from amity.records.search import drop_entries
from amity.records.shapes import MAX_BULK, Affected, BulkMode, Chosen, Deletion, Deletions, Hit, Target
from amity.records.targets import read_labels
from amity.records.telling import write_and_tell
from amity.records.unit import Unit

SAMPLES: Final = 10
CHUNK: Final = 500
"""Records that mode `each` deletes in one transaction, so that single saves of others get their turn."""


@dataclass
class Outcome:
    """What became of a batch of chosen records."""

    deletion: Deletion
    """Those that went, with what went along, as the caller may know it."""
    errors: dict[str, AmityError] = field(default_factory=dict)
    """Why the others stay, by id."""


# -- the verbs ----------------------------------------------------------------------------------------
def preview(machine: Machine, ctx: Context, name: str, ids: Sequence[str]) -> Deletion:
    """Say what the deletion of these records would take and what refuses it; changes nothing.

    Those that are not there are left out. Raises `NotFound` where none is.
    """

    def work(caller: Caller, connection: Connection) -> Deletion:
        entity = caller.entity(name)
        keys = list(dict.fromkeys(key for key in map(as_id, ids) if key is not None))
        condition = policy_condition(machine, caller, entity, "read")
        found = reach(caller, connection, entity, keys, condition, lock=False)
        if not found.roots:
            raise not_found(entity, ids[0] if ids else "")
        return _tell(machine, caller, connection, found, found.owners(found.roots))

    return machine.read(ctx, work)


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
    outcome = delete_batch(unit, entity, [(identity, version)])
    for error in outcome.errors.values():
        raise error
    return outcome.deletion


def delete_many(
    machine: Machine, ctx: Context, name: str, rows: Sequence[Chosen], mode: BulkMode
) -> Deletions:
    """Delete many records; mode `each` leaves those that cannot go, with mode `all` then none goes.

    Raises `Invalid` where the call is wrong, or, in mode `all`, where any record cannot go.
    """
    if len(rows) > MAX_BULK:
        raise Invalid.at("", "too_many", f"There are {len(rows)} records; one call takes at most {MAX_BULK}.")
    if mode not in get_args(BulkMode):
        raise Invalid.at("/mode", "choice", f"mode is {str(mode)[:40]!r}; allowed are all and each.")
    entity = machine.caller(ctx).entity(name, "delete")
    index: dict[str, int] = {}
    result = Deletions()
    for number, (identity, _) in enumerate(rows):
        key = as_id(identity)
        if key is None:
            result.errors.append(_problem(not_found(entity, identity), number))
        elif index.setdefault(key, number) != number:
            result.errors.append(
                Problem("duplicate", "An earlier row names the same record.", "", index=number)
            )
    if mode == "all" and result.errors:
        raise _none_goes(result.errors)
    waiting = [(key, rows[number][1]) for key, number in index.items()]
    size = max(len(waiting), 1) if mode == "all" else CHUNK
    while waiting:
        gone = len(result.ids)
        errors: dict[str, AmityError] = {}
        for some in chunks(waiting, size):
            errors |= _one_transaction(machine, ctx, name, some, index if mode == "all" else None, result)
        # What another record of the call stood in the way of goes now that this one is gone.
        again = len(waiting) > size and len(result.ids) > gone
        waiting = [item for item in waiting if again and isinstance(errors.get(item[0]), InUse)]
        retried = {key for key, _ in waiting}
        result.errors += [_problem(error, index[key]) for key, error in errors.items() if key not in retried]
    result.errors.sort(key=lambda problem: problem.index or 0)
    return result


def _one_transaction(
    machine: Machine,
    ctx: Context,
    name: str,
    rows: Sequence[Chosen],
    together: Mapping[str, int] | None,
    result: Deletions,
) -> dict[str, AmityError]:
    """Delete what can go of `rows`; with `together` (id -> row of the call) all or none."""

    def prepare(caller: Caller) -> Callable[[Unit], Outcome]:
        entity = caller.entity(name, "delete")

        def work(unit: Unit) -> Outcome:
            outcome = delete_batch(unit, entity, rows)
            if together is not None and outcome.errors:
                raise _none_goes(_problem(error, together[key]) for key, error in outcome.errors.items())
            return outcome

        return work

    outcome = machine.write(ctx, prepare)
    result.add(outcome.deletion)
    return outcome.errors


def _none_goes(problems: Iterable[Problem]) -> Invalid:
    problems = sorted(problems, key=lambda problem: problem.index or 0)
    return Invalid(invalid(problems).message, problems=problems, hint="Nothing was deleted.")


def _problem(error: AmityError, index: int) -> Problem:
    return Problem(error.code, error.message, pointer="", index=index)


# -- a batch ------------------------------------------------------------------------------------------
def delete_batch(unit: Unit, entity: Entity, rows: Sequence[Chosen]) -> Outcome:
    """Delete those of the chosen records that may and can go, each id once, with what goes along."""
    condition = policy_condition(unit.machine, unit.caller, entity, "read")
    found = reach(unit.caller, unit.connection, entity, [key for key, _ in rows], condition, lock=True)
    errors: dict[str, AmityError] = {}
    good: dict[str, None] = {}
    for key, version in rows:
        now = found.roots.get(key)
        if now is None:
            errors[key] = not_found(entity, key)
        elif version is not None and now != version:
            errors[key] = Stale(f"This {entity.title} was changed meanwhile.", details={"version": now})
        else:
            good[key] = None
    owners = _settle(unit, found, good, errors)
    for key in [key for key in errors if (entity.name, key) in owners]:
        del errors[key]  # it goes along with another chosen one
    deletion = _tell(unit.machine, unit.caller, unit.connection, found, owners)
    _carry_out(unit, found, owners)
    return Outcome(deletion, errors)


def _settle(unit: Unit, found: Reach, good: dict[str, None], errors: dict[str, AmityError]) -> Owners:
    """Take those out of `good` that cannot go, until nothing stands in the way of the rest."""
    denied = _denied(unit, found)
    refused: dict[str, dict[Referrer, list[str]]] = {}
    while True:
        owners = found.owners(good)
        forbidden = {owners[target][1]: target for target in denied if target in owners}
        for key, target in forbidden.items():
            errors[key] = _forbidden(unit, found, target)
        blocked: dict[str, dict[Referrer, list[str]]] = defaultdict(lambda: defaultdict(list))
        for item, source, target in found.outside("refuse", owners):
            blocked[owners[target][1]][item.referrer].append(source[1])
        for key in forbidden.keys() | blocked.keys():
            del good[key]
        refused |= {key: groups for key, groups in blocked.items() if key not in forbidden}
        if not forbidden and not blocked:
            break
    errors |= _in_use(unit, found.entity, refused)
    return owners


def _denied(unit: Unit, found: Reach) -> list[Target]:
    """Which of the reached records the caller may not delete."""
    denied = []
    for name, versions in found.by_entity().items():
        allowed = allowed_among(unit, unit.model.entities[name], "delete", list(versions))
        denied += [(name, key) for key in versions if key not in allowed]
    return denied


def _forbidden(unit: Unit, found: Reach, target: Target) -> Forbidden:
    """What goes along must be the caller's to delete, too."""
    entity = unit.model.entities[target[0]]
    which = "this" if target[0] == found.entity.name and target[1] in found.roots else "all"
    name = entity.title if which == "this" else entity.plural
    return Forbidden(
        f"You may not delete {which} {name} that this deletion takes.",
        hint="Ask an administrator for the right.",
    )


def _in_use(
    unit: Unit, entity: Entity, refused: Mapping[str, Mapping[Referrer, Sequence[str]]]
) -> dict[str, InUse]:
    """The errors for records that others still need; the labels of those are read once for all."""
    targets = {
        (referrer.entity.name, key)
        for groups in refused.values()
        for referrer, keys in groups.items()
        for key in keys
    }
    labels = read_labels(unit.machine, unit.caller, unit.connection, targets)
    errors = {}
    for root, groups in refused.items():
        deletion = Deletion(
            entity.name, (root,), tuple(_affected(unit.caller, *group, labels) for group in groups.items())
        )
        errors[root] = InUse(_why_refused(unit, deletion), details={"deletion": deletion.as_json()})
    return errors


def _why_refused(unit: Unit, deletion: Deletion) -> str:
    parts = []
    for item in deletion.refused:
        entity = unit.model.entities[item.entity]
        names = ", ".join(hit.label for hit in item.samples[:3])
        seen = f"{item.count} {entity.plural} ({names})" if item.count else ""
        hidden = "records that you cannot see" if item.hidden else ""
        parts.append(" and ".join(part for part in (seen, hidden) if part))
    return f"It cannot be deleted while these point to it: {'; '.join(parts)}."


def allowed_among(unit: Unit, entity: Entity, verb: Verb, ids: Sequence[str]) -> set[str]:
    """Those of the records with which the caller may do this."""
    if not unit.caller.decide(entity, verb).allowed:
        return set()
    condition = policy_condition(unit.machine, unit.caller, entity, verb)
    if condition is None:
        return set(ids)
    table = entity.table
    found: set[str] = set()
    for some in chunks(ids):
        statement = select(table.c.id).where(table.c.id.in_(some), condition)
        found.update(unit.connection.execute(statement).scalars())
    return found


# -- telling ------------------------------------------------------------------------------------------
def _tell(machine: Machine, caller: Caller, connection: Connection, found: Reach, owners: Owners) -> Deletion:
    """Tell a deletion to the caller: counts and samples of what he may see."""
    name = found.entity.name
    chosen = tuple(key for key in found.roots if owners.get((name, key)) == (name, key))
    groups: dict[Referrer, dict[str, None]] = defaultdict(dict)
    for item, source, _ in found.outside("refuse", owners):
        groups[item.referrer][source[1]] = None
    seen = {(name, key) for key in chosen}
    for item in found.pointing:
        if item.referrer.effect == "cascade":
            # Each record under the relation that reached it first.
            fresh = {source for source, _ in item.pairs() if source in owners} - seen
            seen |= fresh
            groups[item.referrer].update(
                (key, None) for key in item.found if _of(item.referrer, key) in fresh
            )
    for item, source, _ in found.outside("clear", owners):
        groups[item.referrer][source[1]] = None
    targets = [_of(referrer, key) for referrer, keys in groups.items() for key in keys]
    labels = read_labels(machine, caller, connection, targets)
    affected = [_affected(caller, referrer, list(keys), labels) for referrer, keys in groups.items() if keys]
    return Deletion(name, chosen, tuple(affected))


def _of(referrer: Referrer, key: str) -> Target:
    return (referrer.entity.name, key)


def _affected(
    caller: Caller, referrer: Referrer, keys: Sequence[str], labels: Mapping[Target, str]
) -> Affected:
    name = referrer.entity.name
    readable = [key for key in keys if (name, key) in labels]
    visible = caller.decide(referrer.entity, "read").can_read(referrer.field.name)
    return Affected(
        entity=name,
        field=referrer.field.name if visible else "",
        effect=referrer.effect,  # type: ignore[arg-type]
        count=len(readable),
        hidden=len(readable) < len(keys),
        samples=tuple(Hit(name, key, labels[name, key]) for key in readable[:SAMPLES]),
    )


# -- writing ------------------------------------------------------------------------------------------
def _carry_out(unit: Unit, found: Reach, owners: Owners) -> None:
    """Mark what goes as deleted, note the cleared links, write the events: those of the chosen ones first."""
    chosen: list[dict[str, Any]] = []
    event_of: dict[Target, str] = {}
    along: list[tuple[Target, dict[str, Any]]] = []
    for name, versions in found.by_entity(owners).items():
        entity = unit.model.entities[name]
        bump(unit, entity, list(versions), deleted_at=unit.ctx.now)
        drop_entries(unit, list(versions))
        for key, version in versions.items():
            row = events.event_row(unit, entity, "deleted", key, version + 1, {})
            owner = owners[name, key]
            if owner == (name, key):
                chosen.append(row)
                event_of[owner] = row["id"]
            else:
                along.append((owner, row))
    along.extend(_clear(unit, found, owners))
    for owner, row in along:
        row["cause"] = {
            "kind": "cascade",
            "entity": found.entity.id,
            "record": owner[1],
            "of": event_of[owner],
            "by": unit.cause,
        }
    write_and_tell(unit, chosen + [row for _, row in along])


def _clear(unit: Unit, found: Reach, owners: Owners) -> list[tuple[Target, dict[str, Any]]]:
    """New versions and events for the records whose links now read as null.

    One event for each chosen record that took targets away, so that its way back finds what was its.
    """
    gone: dict[str, dict[str, dict[Target, dict[Referrer, list[str]]]]] = defaultdict(dict)
    for item, source, target in found.outside("clear", owners):
        of_record = gone[source[0]].setdefault(source[1], {})
        of_record.setdefault(owners[target], {}).setdefault(item.referrer, []).append(target[1])
    rows: list[tuple[Target, dict[str, Any]]] = []
    for name, records in gone.items():
        entity = unit.model.entities[name]
        versions = live_versions(unit.connection, entity, list(records), lock=True)
        steps: dict[int, list[str]] = defaultdict(list)
        for key, version in versions.items():
            steps[len(records[key])].append(key)
            for number, (owner, cleared) in enumerate(records[key].items(), 1):
                changes = {
                    referrer.field.id: [sorted(ids) if referrer.field.kind.to_many else ids[0], None]
                    for referrer, ids in cleared.items()
                }
                row = events.event_row(unit, entity, "updated", key, version + number, changes)
                rows.append((owner, row))
        for by, keys in steps.items():
            bump(unit, entity, keys, by=by)
    return rows


def bump(unit: Unit, entity: Entity, ids: Sequence[str], *, by: int = 1, **values: Any) -> None:
    """Give records a new version (and `values`), a thousand in a statement."""
    table = entity.table
    for some in chunks(ids):
        statement = update(table).where(table.c.id.in_(some))
        statement = statement.values(
            version=table.c.version + by, updated_at=unit.ctx.now, updated_by=unit.ctx.actor.account, **values
        )
        unit.connection.execute(statement)
