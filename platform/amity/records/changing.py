"""Create and change single records."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from amity.access.context import Context
from amity.entities.model import SYSTEM_FIELDS, Entity
from amity.errors import Stale
from amity.records import gate
from amity.records.before import read_before
from amity.records.caller import Caller
from amity.records.conflicts import stale
from amity.records.draft import Draft, RowsRefused
from amity.records.identity import as_id
from amity.records.intake import Intake
from amity.records.machine import Machine
from amity.records.reader import not_found
from amity.records.shapes import Record
from amity.records.unit import Unit


def create(machine: Machine, ctx: Context, name: str, values: Mapping[str, Any]) -> Record:
    """Make one record."""

    def prepare(caller: Caller) -> Callable[[Unit], Record]:
        entity = caller.entity(name, "create")
        draft = Intake(caller, entity, machine.codec(caller, entity)).create(0, values)
        _refuse(draft)

        def work(unit: Unit) -> Record:
            save(unit, entity, draft)
            return shown(unit.caller, draft)

        return work

    return machine.write(ctx, prepare)


def update(
    machine: Machine, ctx: Context, name: str, identity: str, patch: Mapping[str, Any], *, version: int
) -> Record:
    """Change one record by JSON merge patch."""

    def prepare(caller: Caller) -> Callable[[Unit], Record]:
        entity = caller.entity(name, "update")
        draft = _patched(machine, caller, entity, identity, patch, version)
        _refuse(draft)

        def work(unit: Unit) -> Record:
            try:
                save(unit, entity, draft)
            except Stale:
                raise stale(machine, caller, unit.connection, entity, draft.id, patch, version) from None
            return shown(unit.caller, draft)

        return work

    return machine.write(ctx, prepare)


def _patched(
    machine: Machine, caller: Caller, entity: Entity, identity: str, patch: Mapping[str, Any], version: int
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
        if before.values["version"] != version:
            raise stale(machine, caller, connection, entity, key, patch, version)
    return Intake(caller, entity, machine.codec(caller, entity)).update(0, patch, before)


def save(unit: Unit, entity: Entity, draft: Draft) -> None:
    """Take one draft through the gate; its refusal becomes the caller's error."""
    try:
        gate.save(unit, entity, [draft])
    except RowsRefused as refused:
        raise refused.as_error() from None


def _refuse(draft: Draft) -> None:
    if draft.failed:
        raise RowsRefused([draft]).as_error()


def shown(caller: Caller, draft: Draft) -> Record:
    """What the caller sees of a record that was just written, without reading it again."""
    decision = caller.decide(draft.entity, "read")
    system = draft.system or draft.old or {}
    values = {name: system.get(name) for name in SYSTEM_FIELDS}
    values.update({name: draft.values.get(name) for name in draft.codec.names if decision.can_read(name)})
    if draft.extra and decision.readable is None:
        values.update(draft.extra)
    return Record(draft.entity.name, values, draft.codec.dump)
