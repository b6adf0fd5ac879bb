"""The lines of a plan about single fields: new, gone, back, renamed, converted, required, tightened."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import func, literal_column, select

from amity.definitions.plan import Severity
from amity.entities import conversions, impact, plan_formulas, stored
from amity.entities.conversion_table import Verdict
from amity.entities.kinds.base import ValueProblem
from amity.entities.misfits import checker, misfit
from amity.entities.model import Entity, Field
from amity.entities.planner import EntityPlan
from amity.entities.tables import link_table, same_shape
from amity.entities.tasks import CarryField, MakeField, ParkField, UnparkField
from amity.errors import Invalid


def plan_fields(plan: EntityPlan) -> None:
    """Compare all fields by id."""
    before, after = plan.before, plan.after
    assert after is not None
    known = {} if before is None else before.by_id
    for field in after.fields:
        old = known.get(field.id)
        if old is None:
            _appears(plan, after, field)
        else:
            assert before is not None
            _stays(plan, before, after, old, field)
    for id_, old in known.items():
        if id_ not in after.by_id:
            _goes(plan, old)
    if before is not None:
        plan_formulas.plan_formulas(plan, before, after)


def _appears(plan: EntityPlan, after: Entity, field: Field) -> None:
    before = plan.before
    parked = next(
        (
            item
            for item in plan.registry.parked(after.id, field.id)
            if item.kind == field.kind.name and _fits(item, field)
        ),
        None,
    )
    if parked is not None:
        if field.required and before is not None and (gaps := _gaps(plan, before, parked)):
            _refuse_required(plan, field, gaps)
            return
        plan.say(
            Severity.SAFE,
            "restore_field",
            f"The field {field.name!r} comes back with the values that were parked.",
            field=field,
        )
        plan.tasks.append(UnparkField(after.id, field.id, parked.revision, field.kind.searchable))
        return
    if before is None:
        return  # it comes with the table
    # Counted only where it matters: adding a field costs the same however many records there are.
    total = impact.total(plan.connection, before) if field.required else 0
    fill = _fill(plan, field)
    if not total:
        plan.say(
            Severity.SAFE, "add_field", f"The field {field.name!r} ({field.kind.title}) is new.", field=field
        )
        plan.tasks.append(MakeField(after, field))
    elif fill is None:
        _refuse_required(plan, field, impact.Impact(total))
    else:
        plan.say(
            Severity.CONVERTS,
            "fill_field",
            f"The field {field.name!r} is new and required: {total:,} records get {fill!r}.",
            field=field,
            found=impact.Impact(total),
            fill=fill,
        )
        plan.tasks.append(CarryField(before, after, None, field, fill=fill))


def _gaps(plan: EntityPlan, before: Entity, parked: stored.ParkedSet) -> impact.Impact:
    """Count the live records for which nothing is parked."""
    live = before.table.c.deleted_at.is_(None)
    if parked.link is not None:
        links = link_table(parked.link.name)
        condition = live & before.table.c.id.not_in(select(links.c.source))
    else:
        name = next(column.name for column in parked.columns if column.role == "")
        condition = live & literal_column(name).is_(None)
    count = select(func.count()).select_from(before.table).where(condition)
    return impact.Impact(int(plan.connection.execute(count).scalar_one()))


def _fits(parked: stored.ParkedSet, field: Field) -> bool:
    if field.kind.to_many:
        return parked.link is not None
    wanted = {(spec.role, spec.type) for spec in field.kind.columns(field)}
    return {(column.role, column.type) for column in parked.columns} == wanted


def _fill(plan: EntityPlan, field: Field) -> Any:
    """Give the JSON value for records in which a required field is empty. Raises `Invalid`."""
    given = plan.change.fill.get(field.name)
    if given is None:
        return None if field.kind.is_relation else field.default
    if field.kind.is_relation:
        message = f"{field.name!r} points to records: one cannot be given to all. Fill it record by record."
        raise Invalid.at(field.pointer, "fill", message)
    try:
        value = field.kind.dump(field, field.kind.parse(field, given))
    except ValueProblem as problem:
        message = f"{given!r} cannot fill {field.name!r}: {problem.message}"
        raise Invalid.at(field.pointer, "fill", message) from None
    if reason := checker(field)(value):
        raise Invalid.at(field.pointer, "fill", f"{given!r} cannot fill {field.name!r}: it {reason}.")
    return given


def _refuse_required(plan: EntityPlan, field: Field, found: impact.Impact) -> None:
    plan.say(
        Severity.REFUSED,
        "require_field",
        f"{field.name!r} cannot be required: it is empty in {found.number}. Fill them first, "
        "give the field a default, or say with which value to fill them.",
        field=field,
        found=found,
    )


def _goes(plan: EntityPlan, old: Field) -> None:
    before = plan.before
    assert before is not None
    count = impact.filled(plan.connection, before, old)
    uses = plan.uses(before, old)
    if blocks := plan.blocks(before, old):
        owners = ", ".join(sorted({use.owner for use in blocks}))
        plan.say(
            Severity.REFUSED,
            "remove_field",
            f"The field {old.name!r} cannot go: {owners} would no longer work; change that first.",
            field=old,
            used_by=blocks,
        )
        return
    plan.say(
        Severity.PARKS,
        "remove_field",
        f"The field {old.name!r} goes; its values in {impact.Impact(count).number} are parked and can be "
        "restored.",
        field=old,
        found=impact.Impact(count),
        used_by=uses,
    )
    plan.tasks.append(ParkField(before.id, old.id, old.kind.searchable))


def _stays(plan: EntityPlan, before: Entity, after: Entity, old: Field, new: Field) -> None:
    if old.name != new.name:
        plan.say(
            Severity.SAFE,
            "rename_field",
            f"The field {old.name!r} is renamed to {new.name!r}; no record is touched.",
            field=new,
            used_by=plan.uses(before, old),
            old=old.name,
        )
    mapping = _choices(plan, before, old, new)
    if not same_shape(old, new):
        _convert(plan, before, after, old, new, mapping)
    else:
        fill = _require(plan, before, old, new)
        if mapping or fill is not None:
            plan.tasks.append(CarryField(before, after, old, new, fill=fill, mapping=mapping))
        _tighten(plan, before, old, new)
    _words(plan, old, new)


# -- kinds ---------------------------------------------------------------------------------------------


def _convert(
    plan: EntityPlan,
    before: Entity,
    after: Entity,
    old: Field,
    new: Field,
    mapping: Mapping[str, str | None] | None,
) -> None:
    conversion = conversions.conversion(old, new)
    words = f"{new.name!r} turns from {_kind(old)} to {_kind(new)}"
    if conversion.verdict is Verdict.REFUSED:
        plan.say(Severity.REFUSED, "convert_field", f"{words}: {conversion.reason}", field=new)
        return
    parked, earlier = _originals(plan, before, new)
    failing = impact.scan(
        plan.connection, before, old, lambda value: conversions.problem(conversion, value), live_only=False
    )
    filled = impact.filled(plan.connection, before, old)
    details = {"old": old.kind.name, "new": new.kind.name, "failing": failing.records}
    number = impact.Impact(filled).number
    what = f"{words} in {number}; the old values are parked and can come back."
    if earlier is not None:
        what = f"{words} in {number}; the originals that were parked come back."
    if failing:
        what = (
            f"{words}. In {failing.number} of {filled:,} the value does not fit: "
            "it is parked and the field left empty."
        )
    if new.required and failing and earlier is None:
        what += " As the field is required, these records must be completed when next saved."
    safe = not failing and conversion.verdict is Verdict.SAFE
    plan.say(
        Severity.SAFE if safe else Severity.CONVERTS,
        "convert_field",
        what,
        field=new,
        found=impact.Impact(
            filled, failing.samples or conversions.examples(plan.connection, before, old, conversion)
        ),
        used_by=plan.uses(before, old),
        **details,
    )
    fill = _require(plan, before, old, new)
    plan.tasks.append(
        CarryField(
            before, after, old, new, fill=fill, mapping=mapping,
            originals=parked.revision if parked and earlier else None, earlier=earlier,
        )
    )  # fmt: skip


def _kind(field: Field) -> str:
    targets = ", ".join(field.targets)
    return f"{field.kind.title} ({targets})" if targets else field.kind.title


def _originals(plan: EntityPlan, before: Entity, new: Field) -> tuple[stored.ParkedSet | None, Field | None]:
    """Find parked values of the kind that the field is to have again."""
    for parked in plan.registry.parked(before.id, new.id):
        if parked.kind == new.kind.name and parked.link is None and _fits(parked, new):
            return parked, plan.earlier(before.id, new.id, parked.revision)
    return None, None


# -- choices -------------------------------------------------------------------------------------------


def _choices(plan: EntityPlan, before: Entity, old: Field, new: Field) -> Mapping[str, str | None] | None:
    """Compare choices by id; gives the mapping of removed ones that records use, where there is one."""
    if not old.choices or not new.choices:
        return None
    was = {choice.id: choice for choice in old.choices}
    now = {choice.id: choice for choice in new.choices}
    for id_, choice in now.items():
        known = was.get(id_)
        if known is None:
            plan.say(
                Severity.SAFE, "add_choice", f"{new.name!r} gets the choice {choice.value!r}.", field=new
            )
        elif known.value != choice.value:
            plan.say(
                Severity.SAFE,
                "rename_choice",
                f"The choice {known.value!r} of {new.name!r} is renamed to {choice.value!r}; "
                "no record is touched.",
                field=new,
                old=known.value,
                new=choice.value,
            )
        elif known != choice:
            plan.say(
                Severity.SAFE,
                "change_choice",
                f"The look of the choice {choice.value!r} of {new.name!r} changes.",
                field=new,
            )
    if [id_ for id_ in was if id_ in now] != [id_ for id_ in now if id_ in was]:
        plan.say(
            Severity.SAFE, "reorder_choices", f"The choices of {new.name!r} change their order.", field=new
        )
    removed = [choice.value for id_, choice in was.items() if id_ not in now]
    return _remove_choices(plan, before, old, new, removed) if removed else None


def _remove_choices(
    plan: EntityPlan, before: Entity, old: Field, new: Field, removed: Sequence[str]
) -> Mapping[str, str | None] | None:
    answers = plan.change.choices.get(new.name, {})
    used = impact.choice_use(plan.connection, before, old)
    allowed = {choice.value for choice in new.choices}
    mapping: dict[str, str | None] = {}
    for value in removed:
        count = impact.Impact(used.get(value, 0))
        target = answers.get(value)
        if not count:
            plan.say(
                Severity.SAFE,
                "remove_choice",
                f"The choice {value!r} of {new.name!r} goes; no record uses it.",
                field=new,
            )
        elif value not in answers:
            plan.say(
                Severity.REFUSED,
                "remove_choice",
                f"The choice {value!r} of {new.name!r} is used by {count.number}: "
                "say which choice they get instead.",
                field=new,
                found=count,
                value=value,
                choices=sorted(allowed),
            )
        elif target is not None and target not in allowed:
            plan.say(
                Severity.REFUSED,
                "remove_choice",
                f"{target!r} is no choice of {new.name!r} that {value!r} could become; there are "
                f"{', '.join(sorted(allowed))}.",
                field=new,
                found=count,
                value=value,
                choices=sorted(allowed),
            )
        else:
            becomes = "are emptied" if target is None else f"get {target!r}"
            plan.say(
                Severity.CONVERTS,
                "remove_choice",
                f"The choice {value!r} of {new.name!r} goes; {count.number} {becomes}.",
                field=new,
                found=count,
                value=value,
                becomes=target,
            )
            mapping[value] = target
    return mapping or None


# -- rules ---------------------------------------------------------------------------------------------


def _require(plan: EntityPlan, before: Entity, old: Field, new: Field) -> Any:
    """Say what making a field required meets; gives the value that fills the gaps, if any."""
    if old.required == new.required:
        return None
    if not new.required:
        plan.say(Severity.SAFE, "optional_field", f"{new.name!r} is no longer required.", field=new)
        return None
    found = impact.empty(plan.connection, before, old)
    if not found:
        plan.say(
            Severity.SAFE, "require_field", f"{new.name!r} becomes required; every record has it.", field=new
        )
        return None
    fill = _fill(plan, new)
    if fill is None:
        _refuse_required(plan, new, found)
        return None
    plan.say(
        Severity.CONVERTS,
        "require_field",
        f"{new.name!r} becomes required: {found.number} in which it is empty get {fill!r}.",
        field=new,
        found=found,
        fill=fill,
    )
    return fill


def _tighten(plan: EntityPlan, before: Entity, old: Field, new: Field) -> None:
    """Count the records whose value the new rules no longer allow; they keep it until next saved."""
    check = misfit(old, new)
    if check is None:
        return
    found = impact.scan(plan.connection, before, old, check)
    tail = f"; {found.number} no longer fit and must be mended when next saved" if found else ""
    plan.say(
        Severity.SAFE,
        "change_rules",
        f"The rules for values of {new.name!r} change{tail}.",
        field=new,
        found=found,
    )


_WORDS: Final[Sequence[tuple[str, str, str]]] = (
    ("title", "label_field", "label"),
    ("help", "help_field", "help"),
    ("default", "default_field", "default"),
    ("read_only", "read_only_field", "being read-only"),
    ("on_delete", "on_delete_field", "what happens when the other record is deleted"),
    ("inverse", "inverse_field", "name seen from the other side"),
    ("link_fields", "link_fields", "fields on the link"),
    ("visible", "visible_field", "condition for showing"),
    ("required_when", "required_when_field", "condition for being required"),
)


def _words(plan: EntityPlan, old: Field, new: Field) -> None:
    said = len(plan.changes)
    for attribute, code, words in _WORDS:
        if attribute == "title" and old.name != new.name and not {"title"} & {*old.schema, *new.schema}:
            continue  # it is made from the name
        if attribute in ("visible", "required_when") and plan.same_expression(new, attribute):
            continue
        if getattr(old, attribute) != getattr(new, attribute):
            plan.say(Severity.SAFE, code, f"The {words} of {new.name!r} changes.", field=new)
    ignored = {
        "id",
        "renamed_from",
        "on_delete",
        "inverse",
        "link_fields",
        "visible",
        "required_when",
        "formula",
        "rollup",
        "to",
        "kind",
    }
    rest = {key: value for key, value in old.options.items() if key not in ignored}
    if said == len(plan.changes) and rest != {k: v for k, v in new.options.items() if k not in ignored}:
        plan.say(Severity.SAFE, "change_field", f"Other settings of {new.name!r} change.", field=new)
    elif old.targets != new.targets and same_shape(old, new):
        plan.say(Severity.SAFE, "retarget_field", f"What {new.name!r} may point to changes.", field=new)
