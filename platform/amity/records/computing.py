"""Computed fields inside the gate: of drafts, and of stored records after a change of definitions.

A save computes formulas from what the record is about to be, and tells those who sum it up (`rolling`).
Records that nobody saves get new values from `recompute`, which changes neither their version nor their time
of change and writes no events.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, Final

from sqlalchemy import Connection, func, select

from amity.access.context import Context
from amity.entities.model import Entity
from amity.records.caller import Caller
from amity.records.draft import Draft
from amity.records.machine import Machine
from amity.records.rolling import computed, locked, refresh
from amity.records.unit import Unit

BATCH: Final = 500

Report = Callable[[Connection, Mapping[str, Any]], None]
"""Told in each transaction how far the work is: `done`, `total`, `after`."""


def compute(machine: Machine, caller: Caller, entity: Entity, drafts: Iterable[Draft]) -> None:
    """Give the computed fields of what is about to be saved their values; to be repeated after a change."""
    mine = computed(machine, caller.model, entity)
    if not mine.names:
        return
    for draft in drafts:
        if draft.failed or not (draft.is_new or draft.changed):
            continue
        if draft.is_new:
            for rollup in mine.rollups:
                draft.set(rollup.field.name, rollup.empty)
        values = {**draft.values, "id": draft.id}
        mine.fill(values)
        for formula in mine.formulas:
            draft.set(formula.field.name, values[formula.field.name])


def settle(unit: Unit, entity: Entity, drafts: Sequence[Draft]) -> None:
    """Inside the transaction: compute again what depends on figures that may have moved meanwhile."""
    mine = computed(unit.machine, unit.model, entity)
    old = {draft.id: draft for draft in drafts if not draft.is_new and not draft.failed}
    if not old or not mine.needs_rollups:
        return
    stored = locked(unit, entity, list(old), mine.names)
    for key, values in stored.items():
        draft = old[key]
        draft.values.update({name: values[name] for name in mine.rollup_names})
        draft.old = {**(draft.old or {}), **{name: values[name] for name in mine.names}}
    compute(unit.machine, unit.caller, entity, [old[key] for key in stored])


def reread(unit: Unit, entity: Entity, draft: Draft) -> None:
    """Take over the figures of a record whose children were saved with it."""
    names = computed(unit.machine, unit.model, entity).names
    if names:
        values = locked(unit, entity, [draft.id], names)[draft.id]
        draft.values.update({name: values[name] for name in names})


def recompute(machine: Machine, ctx: Context, name: str, state: Mapping[str, Any], report: Report) -> int:
    """Compute the computed fields of all records anew, in short transactions; gives how many changed.

    `state` is what was last reported: a killed recomputation goes on where it was. Deleted records are
    computed, too: they may come back.
    """
    progress = {"done": 0, "changed": 0, "after": "", **state}
    if not progress.get("total"):
        progress["total"] = machine.read(ctx, partial(_total, name=name))
    while True:
        ids, changed = machine.write(ctx, partial(_page, name=name, progress=progress, report=report))
        if len(ids) < BATCH:
            return int(progress["changed"]) + changed
        progress["after"] = ids[-1]
        progress["done"] += len(ids)
        progress["changed"] += changed


def _total(caller: Caller, connection: Connection, name: str) -> int:
    return connection.execute(select(func.count()).select_from(caller.entity(name).table)).scalar_one()


def _page(
    caller: Caller, name: str, progress: Mapping[str, Any], report: Report
) -> Callable[[Unit], tuple[list[str], int]]:
    entity = caller.entity(name)

    def work(unit: Unit) -> tuple[list[str], int]:
        table = entity.table
        statement = select(table.c.id).order_by(table.c.id).limit(BATCH)
        if progress["after"]:
            statement = statement.where(table.c.id > progress["after"])
        ids = list(unit.connection.execute(statement).scalars())
        changed = len(refresh(unit, entity, ids)) if ids else 0
        done, count = progress["done"] + len(ids), progress["changed"] + changed
        after = ids[-1] if ids else progress["after"]
        report(unit.connection, {**progress, "done": done, "after": after, "changed": count})
        return ids, changed

    return work
