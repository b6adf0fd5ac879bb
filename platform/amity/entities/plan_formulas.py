"""The lines of a plan about computed fields: new, changed, gone; whether records are computed anew."""

from __future__ import annotations

from amity.definitions.plan import Severity
from amity.entities import impact
from amity.entities.model import Entity, Field
from amity.entities.planner import EntityPlan
from amity.entities.tasks import CarryField, Recompute, UnparkField


def plan_formulas(plan: EntityPlan, before: Entity, after: Entity) -> None:
    """Compare the formulas and rollups of an entity; the fields themselves have been compared."""
    outdated = False
    for field in after.fields:
        old = before.by_id.get(field.id)
        if _computed(field):
            outdated = _computes(plan, before, old, field) or outdated
        elif old is not None and _computed(old):
            what = f"{field.name!r} is no longer computed: its values stay, and people may change them."
            plan.say(Severity.SAFE, "drop_formula", what, field=field)
    carried = any(isinstance(task, CarryField | UnparkField) for task in plan.tasks)
    if outdated or (carried and any(map(_computed, after.fields))):
        plan.tasks.append(Recompute(after.id))


def _computed(field: Field) -> bool:
    return field.formula is not None or field.rollup is not None


def _computes(plan: EntityPlan, before: Entity, old: Field | None, field: Field) -> bool:
    """Say what a formula does to the records that are there; tells whether they must be computed."""
    if old is not None and _computed(old):
        if plan.same_expression(field, "formula") and plan.same_expression(field, "rollup"):
            return False
        found = impact.Impact(impact.total(plan.connection, before))
        what = f"How {field.name!r} is computed changes: {found.number} are computed anew in the background."
        plan.say(Severity.SAFE, "change_formula", what, field=field, found=found)
        return True
    if old is not None and (filled := impact.filled(plan.connection, before, old)):
        held = impact.Impact(filled)
        what = (
            f"{field.name!r} cannot be computed: its values in {held.number} would be replaced. "
            "Give the formula to a new field."
        )
        plan.say(Severity.REFUSED, "add_formula", what, field=field, found=held)
        return False
    found = impact.Impact(impact.total(plan.connection, before))
    if found:
        what = f"{field.name!r} is computed for {found.number} in the background."
        plan.say(Severity.SAFE, "add_formula", what, field=field, found=found)
    return True
