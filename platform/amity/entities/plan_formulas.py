"""The lines of a plan about formulas: new, changed, gone; and whether records must be computed anew."""

from __future__ import annotations

from amity.definitions.plan import Severity
from amity.entities import impact
from amity.entities.model import Entity, Field
from amity.entities.planner import EntityPlan
from amity.entities.tasks import CarryField, Recompute, UnparkField


def plan_formulas(plan: EntityPlan, before: Entity, after: Entity) -> None:
    """Compare the formulas of an entity; the fields themselves have been compared."""
    outdated = False
    for field in after.fields:
        old = before.by_id.get(field.id)
        if field.formula is not None:
            outdated = _computes(plan, before, old, field) or outdated
        elif old is not None and old.formula is not None:
            what = f"{field.name!r} is no longer computed: its values stay, and people may change them."
            plan.say(Severity.SAFE, "drop_formula", what, field=field)
    carried = any(isinstance(task, CarryField | UnparkField) for task in plan.tasks)
    if outdated or (carried and any(field.formula for field in after.fields)):
        plan.tasks.append(Recompute(after.id))


def _computes(plan: EntityPlan, before: Entity, old: Field | None, field: Field) -> bool:
    """Say what a formula does to the records that are there; tells whether they must be computed."""
    if old is not None and old.formula is not None:
        if plan.same_expression(field, "formula"):
            return False
        found = impact.Impact(impact.total(plan.connection, before))
        what = f"The formula of {field.name!r} changes: {found.number} are computed anew in the background."
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
