"""Formulas: fields whose values Amity computes out of the record's other fields, whenever it is saved.

A formula is no kind of its own: a field of any plain kind has one, and is stored, shown, sorted and filtered
like every field of that kind.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from graphlib import TopologicalSorter
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


@dataclass(frozen=True, slots=True)
class Formula:
    """One formula of an entity, ready to run."""

    field: Field
    compiled: Compiled
    reads: frozenset[str]
    """Names of the fields of the record that it looks at."""
    fitting: Fitting

    def value(self, record: Mapping[str, Any]) -> Any:
        """Compute the typed value out of typed values by name; null where the field cannot take it."""
        return self.fitting.value(self.compiled.evaluate(record))


@dataclass(frozen=True, slots=True)
class Fitting:
    """How a computed value is made to fit its field."""

    field: Field
    longest: int | None
    """Characters of a text that the field takes."""
    step: Decimal | None
    """The smallest difference of two decimals of the field."""

    @classmethod
    def of(cls, field: Field) -> Fitting:
        """What a field takes."""
        return cls(field, _longest(field), _step(field))

    def value(self, found: Any) -> Any:
        """Round a decimal; give null for what the field cannot take."""
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


def computed_conflicts(field: Field) -> Iterator[ValueProblem]:
    """Say what else stands at a computed property and cannot: nobody sets such a field."""
    if field.formula is None and field.rollup is None:
        return
    if field.formula is not None and not _takes_formula(field):
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
    """Check all formulas of an entity: names, types and reach."""
    problems: list[Problem] = []
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


def own_names(entity: Entity, compiled: Compiled) -> frozenset[str]:
    """Give the names of the record's own fields that an expression over it looks at."""
    keys = {path[0][1] for path in compiled.references if path[0][0] == entity.id}
    return frozenset(field.name for field in entity.fields if field.id in keys)


def formulas_of(entity: Entity, scope: EntityScope) -> tuple[Formula, ...]:
    """Give the formulas of an entity in force, each after those that it looks at."""
    found = {formula.field.name: formula for formula in unordered(entity, scope)}
    order = TopologicalSorter({name: sorted(item.reads & found.keys()) for name, item in found.items()})
    return tuple(found[name] for name in order.static_order())


def unordered(entity: Entity, scope: EntityScope) -> Iterator[Formula]:
    """Give the formulas of an entity as they stand in its document."""
    for field in entity.fields:
        if field.formula is not None:
            compiled = compile(field.formula, scope, expect=field.kind.expression_type(field))
            yield Formula(field, compiled, own_names(entity, compiled), Fitting.of(field))


def _longest(field: Field) -> int | None:
    bounds = (field.schema.get("maxLength"), field.kind.value_schema(field).get("maxLength"))
    return min((bound for bound in bounds if isinstance(bound, int)), default=None)


def _step(field: Field) -> Decimal | None:
    scale = getattr(field.kind, "scale", None)
    return Decimal(1).scaleb(-scale(field)) if callable(scale) else None
