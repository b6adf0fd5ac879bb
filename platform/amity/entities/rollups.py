"""Rollups: fields that sum up the records that point here, such as the total of an order's lines.

Like a formula, a rollup is no kind of its own: a number has one, or whatever the smallest or largest is of.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from typing import Any, Final

from amity.entities.formulas import RESULTS, Fitting, kind_can_be_computed, own_names, unordered
from amity.entities.kinds.base import ValueProblem
from amity.entities.model import Entity, Field, Inverse, Model
from amity.entities.names import did_you_mean, listed, shown
from amity.entities.scope import EntityScope
from amity.errors import Problem
from amity.expressions import BOOL, DECIMAL, INT, Compiled, ExpressionError, Function, compile

_NUMBERS: Final = (INT, DECIMAL)


@dataclass(frozen=True, slots=True)
class RolledUp:
    """One rollup of an entity in force, ready to run."""

    owner: Entity
    field: Field
    """The field that holds the figure."""
    do: str
    source: Entity
    """Whose records are summed up."""
    relation: Field
    """Their relation that points to the owner."""
    of: Field | None
    """What is summed up; None for a count."""
    where: Compiled | None
    reads: frozenset[str]
    """Names of the source's fields on which the figure depends, the relation included."""
    fitting: Fitting

    @property
    def empty(self) -> Any:
        """The figure of no records: a count and a sum are 0, all else is null."""
        return self.fitting.value(0) if self.do in ("count", "sum") else None


def rollup_conflicts(field: Field) -> Iterator[ValueProblem]:
    """Say what about a rollup is wrong whatever the other entities are."""
    rollup = field.rollup
    if rollup is None:
        return
    if field.formula is not None:
        yield ValueProblem("rollup", "A field has a formula or a rollup, not both.", "/x-amity/rollup")
    if (rollup.of is None) != (rollup.do == "count"):
        message = "A count is of records: leave 'of' out."
        if rollup.of is None:
            message = f"Say with 'of' which field the {rollup.do} is of."
        yield ValueProblem("rollup", message, "/x-amity/rollup")


def rollup_problems(entity: Entity, model: Model, functions: Mapping[str, Function]) -> list[Problem]:
    """Check the rollups of an entity against the others."""
    problems: list[Problem] = []
    for field in entity.fields:
        if field.rollup is not None and not any(rollup_conflicts(field)):
            try:
                rolled_up(entity, field, model, functions)
            except _Wrong as wrong:
                at = f"{field.pointer}/x-amity/rollup{wrong.place}"
                problems.append(Problem(wrong.code, wrong.message, at))
            except ExpressionError as error:
                problems.append(error.problem(pointer=f"{field.pointer}/x-amity/rollup/where"))
    return problems


class _Wrong(Exception):
    def __init__(self, place: str, message: str, code: str = "rollup") -> None:
        super().__init__(message)
        self.place, self.message, self.code = place, message, code


def rolled_up(entity: Entity, field: Field, model: Model, functions: Mapping[str, Function]) -> RolledUp:
    """Make a rollup ready. Raises where it is not right; a model in force has none of these."""
    rollup = field.rollup
    assert rollup is not None
    inverse = _inverse(entity, rollup.over)
    source = model.entities[inverse.entity]
    relation = source.by_name[inverse.field]
    if relation.kind.to_many or len(relation.targets) != 1:
        message = f"{shown(relation.name)} of {source.title} may point to several records: no rollup over it."
        raise _Wrong("/over", message)
    of = None if rollup.of is None else _summed(source, rollup.of)
    _check_type(field, rollup.do, of)
    where = None
    if rollup.where is not None:
        where = compile(rollup.where, EntityScope(model, source, functions), expect=BOOL, sql=True)
        _check_reach(source, where)
    names = {relation.name} | ({of.name} if of else set()) | (own_names(source, where) if where else set())
    return RolledUp(
        entity, field, rollup.do, source, relation, of, where, frozenset(names), Fitting.of(field)
    )


def _inverse(entity: Entity, name: str) -> Inverse:
    found = next((item for item in entity.inverses if item.name == name), None)
    if found is None:
        known = [item.name for item in entity.inverses]
        hint = did_you_mean(name, known) or f" There are {listed(known)}." if known else ""
        message = f"No relation that points to {entity.title} has the inverse {shown(name)}.{hint}"
        raise _Wrong("/over", message, "unknown")
    return found


def _summed(source: Entity, name: str) -> Field:
    field = source.by_name.get(name)
    if field is None:
        hint = did_you_mean(name, source.by_name) or f" Its fields are {listed(list(source.by_name))}."
        raise _Wrong("/of", f"{source.title} has no field {shown(name)}.{hint}", "unknown")
    roles = [spec.role for spec in field.kind.columns(field) if spec.role != "fold"]
    if not kind_can_be_computed(field.kind) or field.choices or roles != [""]:
        raise _Wrong("/of", f"{shown(name)}, a field of kind {field.kind.name!r}, has no figure.")
    return field


def _check_type(field: Field, do: str, of: Field | None) -> None:
    own = field.kind.expression_type(field) if kind_can_be_computed(field.kind) else None
    if own not in RESULTS or field.choices or field.parts:
        raise _Wrong("", f"A field of kind {field.kind.name!r} holds no figure.")
    given = INT if of is None else of.kind.expression_type(of)
    if do in ("sum", "average") and given not in _NUMBERS:
        raise _Wrong("/of", f"{shown(of.name if of else '')} is no number: it has no {do}.")
    if do == "average":
        given = DECIMAL
    if given != own and not (given == INT and own == DECIMAL):
        raise _Wrong("", f"The {do} is of type {given}; the field holds {own}.")
    if of is not None and of.options.get("currency") != field.options.get("currency"):
        raise _Wrong("", f"The {do} is in the currency of {shown(of.name)}: give this field the same one.")


def _check_reach(source: Entity, where: Compiled) -> None:
    if where.bound:
        names = " and ".join(shown(name) for name in sorted(where.bound))
        raise _Wrong("/where", f"The figure would change without a save, because it looks at {names}.")
    for place, key in (path[0] for path in where.references):
        field = source.by_id.get(key) if place == source.id else None
        if field is None or field.kind.is_relation:
            name = field.name if field is not None else key.removeprefix("<")
            message = f"A condition of a rollup looks at fields of {source.title}; {shown(name)} is none."
            raise _Wrong("/where", message)


def rollups_of(entity: Entity, model: Model, functions: Mapping[str, Function]) -> tuple[RolledUp, ...]:
    """Give the rollups of an entity in force."""
    return tuple(rolled_up(entity, field, model, functions) for field in entity.fields if field.rollup)


def rollups_by_source(model: Model, functions: Mapping[str, Function]) -> dict[str, tuple[RolledUp, ...]]:
    """Give all rollups of a model by the entity (its id) whose records they sum up."""
    found: dict[str, tuple[RolledUp, ...]] = {}
    for owner in model:
        for rollup in rollups_of(owner, model, functions):
            found[rollup.source.id] = (*found.get(rollup.source.id, ()), rollup)
    return found


def circle(model: Model, functions: Mapping[str, Function]) -> list[tuple[Entity, Field]]:
    """Give computed fields that need each other in a circle, the first one again at the end; none mostly.

    The formulas and rollups must be right in themselves.
    """
    fields: dict[tuple[str, str], tuple[Entity, Field]] = {}
    needs: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for entity in model:
        scope = EntityScope(model, entity, functions)
        for formula in unordered(entity, scope):
            key = (entity.id, formula.field.id)
            fields[key] = (entity, formula.field)
            needs[key] = [(entity.id, entity.by_name[name].id) for name in sorted(formula.reads)]
        for rollup in rollups_of(entity, model, functions):
            key = (entity.id, rollup.field.id)
            fields[key] = (entity, rollup.field)
            needs[key] = [(rollup.source.id, rollup.source.by_name[name].id) for name in sorted(rollup.reads)]
    try:
        TopologicalSorter(needs).prepare()
    except CycleError as error:
        return [fields[key] for key in reversed(error.args[1])]
    return []
