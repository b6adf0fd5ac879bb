"""Create and change single records, with their children."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from amity.access.context import Context
from amity.entities.model import SYSTEM_FIELDS, Entity
from amity.errors import Stale
from amity.records import gate
from amity.records.before import read_before
from amity.records.caller import Caller
from amity.records.checks import check_alone
from amity.records.children import Family, prepare_family
from amity.records.computing import compute, reread
from amity.records.conflicts import stale
from amity.records.draft import Draft, RowsRefused
from amity.records.identity import as_id
from amity.records.intake import Intake
from amity.records.machine import Machine, Prepare
from amity.records.reader import not_found
from amity.records.shapes import Record
from amity.records.unit import Unit

Children = Mapping[str, Sequence[Mapping[str, Any]]]


def create(
    machine: Machine, ctx: Context, name: str, values: Mapping[str, Any], children: Children | None
) -> Record:
    """Make one record, with children."""
    return machine.write(ctx, creation(machine, name, values, children))


def creation(
    machine: Machine, name: str, values: Mapping[str, Any], children: Children | None = None
) -> Prepare[Record]:
    """Give the work of `create`, for who does more in the same transaction."""

    def prepare(caller: Caller) -> Callable[[Unit], Record]:
        entity = caller.entity(name, "create")
        draft = Intake(caller, entity, machine.codec(caller, entity)).create(0, values)
        family = _family(machine, caller, entity, draft, children)

        def work(unit: Unit) -> Record:
            save(unit, entity, draft, family)
            return shown(unit.caller, draft)

        return work

    return prepare


def update(
    machine: Machine,
    ctx: Context,
    name: str,
    identity: str,
    patch: Mapping[str, Any],
    version: int,
    children: Children | None,
) -> Record:
    """Change one record by JSON merge patch, with children."""
    return machine.write(ctx, change(machine, name, identity, patch, version, children))


def change(
    machine: Machine,
    name: str,
    identity: str,
    patch: Mapping[str, Any],
    version: int | None,
    children: Children | None = None,
) -> Prepare[Record]:
    """Give the work of `update`, for who does more in the same transaction.

    Without a version it is the one that is read: for machines that change what they just looked at. Where
    somebody else is quicker the work raises `Stale`, and preparing it again looks again.
    """

    def prepare(caller: Caller) -> Callable[[Unit], Record]:
        entity = caller.entity(name, "update")
        draft = _patched(machine, caller, entity, identity, patch, version)
        family = _family(machine, caller, entity, draft, children)

        def work(unit: Unit) -> Record:
            try:
                save(unit, entity, draft, family)
            except Stale:
                if draft.error is None:
                    raise
                seen = draft.version - 1 if version is None else version
                raise stale(machine, caller, unit.connection, entity, draft.id, patch, seen) from None
            return shown(unit.caller, draft)

        return work

    return prepare


def _family(
    machine: Machine, caller: Caller, entity: Entity, draft: Draft, children: Children | None
) -> Family:
    """Check the record, and its children with it, so that all that is wrong is said at once."""
    compute(machine, caller, entity, [draft])
    check_alone(machine, caller, entity, [draft])
    family = Family()
    if children:
        with machine.database.read() as connection:
            family = prepare_family(machine, caller, connection, draft, children)
    failed = [draft, *family.failed] if draft.failed else family.failed
    if failed:
        raise RowsRefused(failed).as_error()
    return family


def _patched(
    machine: Machine,
    caller: Caller,
    entity: Entity,
    identity: str,
    patch: Mapping[str, Any],
    version: int | None,
) -> Draft:
    """Read the record as it is and lay the patch over it."""
    key = as_id(identity)
    if key is None:
        raise not_found(entity, identity)
    names = patch if isinstance(patch, Mapping) else ()
    with machine.database.read() as connection:
        before = read_before(machine, caller, connection, entity, {key: names}).get(key)
        if before is None:
            raise not_found(entity, identity)
        if version is not None and before.values["version"] != version:
            raise stale(machine, caller, connection, entity, key, patch, version)
    return Intake(caller, entity, machine.codec(caller, entity)).update(0, patch, before)


def save(unit: Unit, entity: Entity, draft: Draft, family: Family) -> None:
    """Take one draft and its children through the gate; a refusal becomes the caller's error."""
    try:
        gate.save(unit, entity, [draft])
        family.save(unit)
        if family.drafts or family.deletions:
            reread(unit, entity, draft)
    except RowsRefused as refused:
        raise refused.as_error() from None


def shown(caller: Caller, draft: Draft) -> Record:
    """What the caller sees of a record that was just written, without reading it again."""
    decision = caller.decide(draft.entity, "read")
    system = draft.system or draft.old or {}
    values = {name: system.get(name) for name in SYSTEM_FIELDS}
    values.update({name: draft.values.get(name) for name in draft.codec.names if decision.can_read(name)})
    if draft.extra and decision.readable is None:
        values.update(draft.extra)
    return Record(draft.entity.name, values, draft.codec.dump)
