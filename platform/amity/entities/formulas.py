"""Formulas: fields whose values Amity computes out of the record's other fields, whenever it is saved.

A formula is no kind of its own: a field of any plain kind has one, and is stored, shown, sorted and filtered
like every field of that kind.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final

from amity.entities.kinds.base import Kind, ValueProblem
from amity.entities.model import SYSTEM_FIELDS, Entity, Field
from amity.entities.names import shown
from amity.entities.scope import EntityScope
from amity.errors import Problem
from amity.expressions import (
    BOOL,
    DATE,
    DATETIME,
    DECIMAL,
    DURATION,
    INT,
    TEXT,
    TIME,
    Compiled,
    ExpressionError,
    compile,
)

RESULTS: Final = (BOOL, INT, DECIMAL, TEXT, DATE, DATETIME, TIME, DURATION)
"""Types that a formula can give."""

Limits = tuple[int | None, Decimal | None]
"""Longest text, and the step of a decimal."""


@dataclass(frozen=True, slots=True)
class Formula:
    """One formula of an entity, ready to run."""

    field: Field
    compiled: Compiled
    reads: frozenset[str]
    """Names of the fields of the record that it looks at."""
    longest: int | None = None
    """Characters of a text that the field takes."""
    step: Decimal | None = None
    """The smallest difference of two decimals of the field."""

    def value(self, record: Mapping[str, Any]) -> Any:
        """Compute the typed value out of typed values by name; null where the field cannot take it."""
        found = self.compiled.evaluate(record)
        if found is None:
            return None
        if isinstance(found, str) and self.longest is not None and len(found) > self.longest:
            return None
        kind = self.field.kind
        try:
            if self.step is not None:
                found = Decimal(found).quantize(self.step, ROUND_HALF_UP)
            return kind.parse(self.field, kind.dump(self.field, found))
        except (ValueProblem, ArithmeticError):
            return None


def formula_conflicts(field: Field) -> Iterator[ValueProblem]:
    """Say what else stands at a property with a formula and cannot: nobody sets such a field."""
    if field.formula is None:
        return
    if not _takes_formula(field):
        message = f"A field of kind {field.kind.name!r} cannot be computed by a formula."
        yield ValueProblem("formula", message, "/x-amity/formula")
    if field.required or field.required_when:
        yield ValueProblem("formula", "A computed field cannot be required: nobody could fill it.")
    if field.default is not None:
        yield ValueProblem("formula", "A computed field has no default: leave it out.", "/default")
    if field.options.get("unique"):
        message = "A computed field cannot be unique: who saves could not mend it."
        yield ValueProblem("formula", message, "/x-amity/unique")


def kind_can_be_computed(kind: Kind) -> bool:
    """Tell whether fields of a kind may have a formula, as far as the kind alone says."""
    return kind.sortable and not (kind.is_relation or kind.to_many or kind.computed or "choice" in kind.name)


def _takes_formula(field: Field) -> bool:
    plain = kind_can_be_computed(field.kind) and not (field.choices or field.parts)
    return plain and field.kind.expression_type(field) in RESULTS


def formula_problems(entity: Entity, scope: EntityScope) -> list[Problem]:
    """Check all formulas of an entity: names, types, reach, and that none needs itself."""
    problems: list[Problem] = []
    reads: dict[str, frozenset[str]] = {}
    for field in entity.fields:
        if field.formula is None or not _takes_formula(field):
            continue
        at = f"{field.pointer}/x-amity/formula"
        try:
            compiled = compile(field.formula, scope, expect=field.kind.expression_type(field))
        except ExpressionError as error:
            problems.append(error.problem(pointer=at))
            continue
        reason = _out_of_reach(entity, compiled)
        if reason:
            problems.append(Problem("formula", reason, at))
        reads[field.name] = _own_names(entity, compiled)
    if circle := _circle(reads):
        path = " -> ".join(circle)
        message = f"The formulas need each other in a circle: {path}. One of them must do without."
        problems.append(Problem("cycle", message, f"{entity.by_name[circle[0]].pointer}/x-amity/formula"))
    return problems


def _out_of_reach(entity: Entity, compiled: Compiled) -> str | None:
    """Why a formula cannot be computed by a save of its record alone."""
    if compiled.bound:
        names = " and ".join(shown(name) for name in sorted(compiled.bound))
        return f"The value would change without a save, because it looks at {names}."
    for path in compiled.references:
        place, key = path[0]
        field = entity.by_id.get(key) if place == entity.id else None
        if place is None and key in SYSTEM_FIELDS and key != "id":
            return f"{shown(key)} is known only when the record is written; a formula cannot look at it."
        if place is not None and (field is None or field.kind.is_relation):
            name = field.name if field is not None else key.removeprefix("<")
            return f"A formula looks at fields of its own record; {shown(name)} leads to other records."
    return None


def _own_names(entity: Entity, compiled: Compiled) -> frozenset[str]:
    keys = {path[0][1] for path in compiled.references if path[0][0] == entity.id}
    return frozenset(field.name for field in entity.fields if field.id in keys)


def _circle(reads: Mapping[str, frozenset[str]]) -> list[str]:
    """Give the names along a circle, the first one again at the end; empty where there is none."""
    done: set[str] = set()

    def walk(name: str, way: list[str]) -> list[str]:
        if name in way:
            return [*way[way.index(name) :], name]
        if name in done or name not in reads:
            return []
        for other in sorted(reads[name]):
            if found := walk(other, [*way, name]):
                return found
        done.add(name)
        return []

    return next((found for name in reads if (found := walk(name, []))), [])


def formulas_of(entity: Entity, scope: EntityScope) -> tuple[Formula, ...]:
    """Give the formulas of an entity in force, each after those that it looks at."""
    found: dict[str, Formula] = {}
    for field in entity.fields:
        if field.formula is not None:
            compiled = compile(field.formula, scope, expect=field.kind.expression_type(field))
            found[field.name] = Formula(
                field, compiled, _own_names(entity, compiled), _longest(field), _step(field)
            )
    return tuple(found[name] for name in _ordered({name: item.reads for name, item in found.items()}))


def _ordered(reads: Mapping[str, frozenset[str]]) -> Sequence[str]:
    order: dict[str, None] = {}

    def visit(name: str) -> None:
        if name in reads and name not in order:
            for other in sorted(reads[name]):
                visit(other)
            order[name] = None

    for name in reads:
        visit(name)
    return list(order)


def _longest(field: Field) -> int | None:
    bounds = (field.schema.get("maxLength"), field.kind.value_schema(field).get("maxLength"))
    return min((bound for bound in bounds if isinstance(bound, int)), default=None)


def _step(field: Field) -> Decimal | None:
    scale = getattr(field.kind, "scale", None)
    return Decimal(1).scaleb(-scale(field)) if callable(scale) else None
