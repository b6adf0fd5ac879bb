"""Formulas inside the gate: computed fields of drafts, and of stored records after a change of definitions.

A save computes them from what the record is about to be. Records that nobody saves get new values from
`recompute`, which changes neither their version nor their time of change and writes no events.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, Final

from sqlalchemy import Connection, bindparam, func, select, update

from amity.access.context import Context
from amity.entities.formulas import Formula, formulas_of
from amity.entities.model import Entity
from amity.entities.scope import EntityScope
from amity.records.caller import Caller
from amity.records.codec import Selection
from amity.records.draft import Draft
from amity.records.machine import Machine
from amity.records.search import entry, put_entries
from amity.records.unit import Unit

BATCH: Final = 500

Report = Callable[[Connection, Mapping[str, Any]], None]
"""Told in each transaction how far the work is: `done`, `total`, `after`."""


def formulas(machine: Machine, caller: Caller, entity: Entity) -> tuple[Formula, ...]:
    """Give the formulas of an entity, compiled once per revision, each after those that it looks at."""
    scope = EntityScope(caller.model, entity, machine.functions)
    return machine.revision(caller.model).keep(("formulas", entity.id), lambda: formulas_of(entity, scope))


def compute(machine: Machine, caller: Caller, entity: Entity, drafts: Iterable[Draft]) -> None:
    """Give the computed fields of what is about to be saved their values; to be repeated after a change."""
    found = formulas(machine, caller, entity)
    if not found:
        return
    for draft in drafts:
        if draft.failed or not (draft.is_new or draft.changed):
            continue
        values = {**draft.values, "id": draft.id}
        for formula in found:
            values[formula.field.name] = value = formula.value(values)
            draft.set(formula.field.name, value)


def recompute(machine: Machine, ctx: Context, name: str, state: Mapping[str, Any], report: Report) -> int:
    """Compute the formulas of all records anew, in short transactions; gives how many changed.

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
        found = formulas(unit.machine, caller, entity)
        selection = _selection(unit.machine, caller, entity, found)
        table = entity.table
        statement = select(*selection.columns).order_by(table.c.id).limit(BATCH).with_for_update()
        if progress["after"]:
            statement = statement.where(table.c.id > progress["after"])
        rows = [selection.load(row) for row in unit.connection.execute(statement).all()]
        changed = [values for values in rows if _computed(found, values)]
        _store(unit, entity, found, changed)
        done = progress["done"] + len(rows)
        after = rows[-1]["id"] if rows else progress["after"]
        count = progress["changed"] + len(changed)
        report(unit.connection, {**progress, "done": done, "after": after, "changed": count})
        return [values["id"] for values in rows], len(changed)

    return work


def _selection(machine: Machine, caller: Caller, entity: Entity, found: Sequence[Formula]) -> Selection:
    """What a recomputation reads: inputs, the formulas themselves and, where they are found by words, all
    that is."""
    codec = machine.codec(caller, entity)
    names = {formula.field.name for formula in found}.union(*(formula.reads for formula in found))
    if any(formula.field.kind.searchable for formula in found):
        names.update(field.name for field in codec.searchable)
    return codec.selection(sorted(names), full=False)


def _computed(found: Sequence[Formula], values: dict[str, Any]) -> bool:
    """Compute into `values`; tell whether anything is new."""
    moved = False
    for formula in found:
        value = formula.value(values)
        moved = moved or value != values.get(formula.field.name)
        values[formula.field.name] = value
    return moved


def _store(
    unit: Unit, entity: Entity, found: Sequence[Formula], changed: Sequence[Mapping[str, Any]]
) -> None:
    if not changed:
        return
    codec = unit.machine.codec(unit.caller, entity)
    rows = []
    for values in changed:
        row: dict[str, Any] = {"b_id": values["id"]}
        for formula in found:
            codec.fields[formula.field.name].store_in(row, values[formula.field.name])
        rows.append(row)
    columns = [key for key in rows[0] if key != "b_id"]
    table = entity.table
    statement = update(table).where(table.c.id == bindparam("b_id"))
    unit.connection.execute(statement.values({key: bindparam(key) for key in columns}), rows)
    if any(formula.field.kind.searchable for formula in found):
        ids = [values["id"] for values in changed]
        live = set(
            unit.connection.execute(
                select(table.c.id).where(table.c.id.in_(ids), table.c.deleted_at.is_(None))
            ).scalars()
        )
        put_entries(
            unit,
            [entry(entity, codec.searchable, item["id"], item) for item in changed if item["id"] in live],
        )
