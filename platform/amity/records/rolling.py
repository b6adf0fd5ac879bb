"""Rollups inside the gate: whoever sums up what was written gets new figures in the same transaction.

Owners are locked first, in order of their ids, and summed up by a later statement: a figure computed before
the lock could miss what another transaction has written meanwhile. Neither their version nor their time of
change moves, and there is no event: the event of what was written says why.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from sqlalchemy import ColumnElement, bindparam, func, select, update

from amity.entities.formulas import Formula, formulas_of
from amity.entities.model import Entity, Model
from amity.entities.rollups import RolledUp, rollups_by_source, rollups_of
from amity.entities.scope import EntityScope
from amity.records.batches import chunks
from amity.records.binding import Joins
from amity.records.conditions import Conditions
from amity.records.draft import Draft
from amity.records.figures import average, figure_columns
from amity.records.links import links_of
from amity.records.listeners import Change
from amity.records.machine import Machine
from amity.records.search import entry, put_entries
from amity.records.unit import Unit

BATCH: Final = 500

Values = dict[str, Any]


@dataclass(frozen=True)
class Computed:
    """The computed fields of an entity in force."""

    formulas: tuple[Formula, ...]
    """Each after those that it looks at."""
    rollups: tuple[RolledUp, ...]

    @cached_property
    def formula_names(self) -> frozenset[str]:
        """Names of the fields with formulas."""
        return frozenset(formula.field.name for formula in self.formulas)

    @cached_property
    def rollup_names(self) -> frozenset[str]:
        """Names of the fields with rollups."""
        return frozenset(rollup.field.name for rollup in self.rollups)

    @cached_property
    def names(self) -> frozenset[str]:
        """Names of all computed fields."""
        return self.formula_names | self.rollup_names

    @cached_property
    def needs_rollups(self) -> bool:
        """Whether a formula depends on a rollup."""
        return any(self.rollup_names & formula.reads for formula in self.formulas)

    def fill(self, values: Values) -> None:
        """Compute the formulas into typed values by name."""
        for formula in self.formulas:
            values[formula.field.name] = formula.value(values)


def computed(machine: Machine, model: Model, entity: Entity) -> Computed:
    """Give the computed fields of an entity, worked out once per revision."""

    def make() -> Computed:
        functions = machine.functions
        scope = EntityScope(model, entity, functions)
        return Computed(formulas_of(entity, scope), rollups_of(entity, model, functions))

    return machine.revision(model).keep(("computed", entity.id), make)


def _over(unit: Unit, entity: Entity) -> tuple[RolledUp, ...]:
    """The rollups that sum up records of an entity."""
    functions = unit.machine.functions
    every = unit.machine.revision(unit.model).keep(
        "rollups", lambda: rollups_by_source(unit.model, functions)
    )
    return every.get(entity.id, ())


class Rollups:
    """A listener of the gate (`records.listeners.Listener`): the first, so that others see true figures."""

    def listens_to(self, unit: Unit, entity: Entity) -> bool:
        """See `Listener`."""
        return bool(_over(unit, entity))

    def saving(self, unit: Unit, entity: Entity, drafts: Sequence[Draft]) -> None:
        """See `Listener`: nothing to do before the write."""

    def written(self, unit: Unit, entity: Entity, changes: Sequence[Change]) -> None:
        """See `Listener`."""
        follow(
            unit, entity, [_stored(change) if change.dead else (change.old, change.new) for change in changes]
        )


def _stored(change: Change) -> tuple[Mapping[str, Any] | None, Mapping[str, Any]]:
    """What storage held and holds: a link to a deleted record stays there until another takes its place."""
    kept = {name: value for name, value in change.dead.items() if change.new.get(name) is None}
    return {**(change.old or {}), **change.dead}, {**change.new, **kept}


def follow(
    unit: Unit, entity: Entity, pairs: Sequence[tuple[Mapping[str, Any] | None, Mapping[str, Any]]]
) -> None:
    """Bring the figures up to date that depend on records of an entity, by their values before and after."""
    owners: dict[str, set[str]] = defaultdict(set)
    wanted: dict[str, list[RolledUp]] = defaultdict(list)
    for rollup in _over(unit, entity):
        ids = _owners(unit, rollup, pairs)
        if ids:
            owners[rollup.owner.id] |= ids
            wanted[rollup.owner.id].append(rollup)
    for key in sorted(owners):
        owner = unit.model.by_id[key]
        for some in chunks(sorted(owners[key]), BATCH):
            refresh(unit, owner, some, wanted[key])


def _owners(
    unit: Unit,
    rollup: RolledUp,
    pairs: Iterable[tuple[Mapping[str, Any] | None, Mapping[str, Any]]],
) -> set[str]:
    """Ids of those whose figure may be another one."""
    found: set[str] = set()
    for old, new in pairs:
        if old is not None and old is not new and _same(old, new, rollup.reads):
            continue
        for values in (old, new):
            if values is not None:
                value = values.get(rollup.relation.name)
                found.update(link.id for link in links_of(unit.model, rollup.relation, value))
    return found


def _same(old: Mapping[str, Any], new: Mapping[str, Any], names: Iterable[str]) -> bool:
    return all(old.get(name) == new.get(name) for name in names)


def refresh(
    unit: Unit, entity: Entity, ids: Sequence[str], wanted: Sequence[RolledUp] | None = None
) -> list[str]:
    """Compute the figures (all, or those `wanted`) and formulas of these records anew; gives who changed."""
    mine = computed(unit.machine, unit.model, entity)
    before = _with_inputs(unit, entity, mine, ids)
    figures = {
        rollup.field.name: _figures(unit, rollup, list(before))
        for rollup in (mine.rollups if wanted is None else wanted)
    }
    changed: list[tuple[Values, Values]] = []
    for key, old in before.items():
        new = {**old, **{name: found[key] for name, found in figures.items()}}
        mine.fill(new)
        if any(new[name] != old.get(name) for name in mine.names):
            changed.append((old, new))
    _store(unit, entity, mine, [new for _, new in changed])
    follow(unit, entity, changed)
    return [new["id"] for _, new in changed]


def _with_inputs(unit: Unit, entity: Entity, mine: Computed, ids: Sequence[str]) -> dict[str, Values]:
    """Lock records in the order of their ids; gives what computing them and telling others needs."""
    codec = unit.machine.codec(unit.caller, entity)
    names = mine.names.union(*(formula.reads for formula in mine.formulas))
    names = names.union(*(rollup.reads for rollup in _over(unit, entity)))
    if any(entity.by_name[name].kind.searchable for name in mine.names):
        names |= {field.name for field in codec.searchable}
    return locked(unit, entity, ids, names)


def locked(unit: Unit, entity: Entity, ids: Sequence[str], names: Iterable[str]) -> dict[str, Values]:
    """Lock records, deleted ones too, in the order of their ids; gives typed values of these fields by id."""
    selection = unit.machine.codec(unit.caller, entity).selection(names, full=False)
    table = entity.table
    found: dict[str, Values] = {}
    for some in chunks(sorted(ids)):
        statement = select(*selection.columns).where(table.c.id.in_(some))
        for row in unit.connection.execute(statement.order_by(table.c.id).with_for_update()).all():
            values = selection.load(row)
            found[values["id"]] = values
    return found


def _figures(unit: Unit, rollup: RolledUp, ids: Sequence[str]) -> dict[str, Any]:
    """Sum up the records that point to each of these; one statement."""
    found = dict.fromkeys(ids, rollup.empty)
    if not ids:
        return found
    source = rollup.source
    compiler = Conditions(unit.machine, unit.caller)
    joins = Joins(source.table)
    binding = compiler.trusted_binding(source, joins)
    points = source.column(rollup.relation)
    columns: list[ColumnElement[Any]] = [func.count()]
    if rollup.of is not None:
        figure = "avg" if rollup.do == "average" else rollup.do
        columns = figure_columns(figure, binding.role(rollup.of), binding.dialect)
    conditions: list[ColumnElement[bool]] = [points.in_(ids), source.table.c.deleted_at.is_(None)]
    if rollup.where is not None:
        conditions.append(rollup.where.where(binding))
    statement = select(points, *columns).select_from(joins.clause()).where(*conditions).group_by(points)
    for row in unit.connection.execute(statement).all():
        found[row[0]] = rollup.fitting.value(_figure(rollup, row[1:]))
    return found


def _figure(rollup: RolledUp, cells: Sequence[Any]) -> Any:
    """The typed figure out of the cells that were selected for it."""
    if rollup.of is None:
        return cells[0]
    if rollup.do == "average":
        return average(*cells)
    if rollup.do == "sum":
        return cells[0] or 0
    return None if cells[0] is None else rollup.of.kind.load(rollup.of, {"": cells[0]})


def _store(unit: Unit, entity: Entity, mine: Computed, changed: Sequence[Values]) -> None:
    if not changed:
        return
    codec = unit.machine.codec(unit.caller, entity)
    rows = []
    for values in changed:
        row: Values = {"b_id": values["id"]}
        for name in mine.names:
            codec.fields[name].store_in(row, values[name])
        rows.append(row)
    columns = [key for key in rows[0] if key != "b_id"]
    table = entity.table
    statement = update(table).where(table.c.id == bindparam("b_id"))
    unit.connection.execute(statement.values({key: bindparam(key) for key in columns}), rows)
    if any(entity.by_name[name].kind.searchable for name in mine.names):
        ids = [values["id"] for values in changed]
        alive = select(table.c.id).where(table.c.id.in_(ids), table.c.deleted_at.is_(None))
        live = set(unit.connection.execute(alive).scalars())
        found = [values for values in changed if values["id"] in live]
        put_entries(unit, [entry(entity, codec.searchable, values["id"], values) for values in found])
