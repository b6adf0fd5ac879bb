"""From two versions of an entity to the lines of a plan and the tasks of its apply.

The comparison goes by ids: what kept its id kept its data, whatever it is called now. Lines about one field
come from `amity.entities.plan_fields`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Connection

from amity.definitions.documents import DefinitionChange
from amity.definitions.plan import Change, Severity, Use
from amity.entities import impact, stored
from amity.entities.limits import MAX_FIELDS
from amity.entities.model import Entity, Field
from amity.entities.stored import PURGED, Registry
from amity.entities.tables import MAX_COLUMNS, foreign_table
from amity.entities.tasks import MakeTable, SetTableState, Task
from amity.entities.width import PAGE_BYTES, row_width

MAX_INDEXES: Final = 12


@dataclass
class EntityPlan:
    """What a plan says about one entity so far."""

    before: Entity | None
    """As it is in force, with storage."""
    after: Entity | None
    change: DefinitionChange
    connection: Connection
    registry: Registry
    uses: Callable[[Entity, Field | None], Sequence[Use]]
    """Where an entity or field in force is used."""
    blocks: Callable[[Entity, Field | None], Sequence[Use]]
    """Which of these uses, in documents that stay as they are, would no longer work."""
    earlier: Callable[[str, str, int], Field | None]
    """The field as it was when a revision parked it: (entity id, field id, revision)."""
    fails: Callable[[Entity, Entity, Any], impact.Impact]
    """Which records do not meet a check: (in force, as planned, check)."""
    baseline: Mapping[str, Any] = field(default_factory=dict)
    """The document in force, brought to the names of after."""
    restored: bool = False
    """Whether the entity comes back from the removed ones."""
    changes: list[Change] = field(default_factory=list)
    tasks: list[Task] = field(default_factory=list)

    @property
    def entity(self) -> Entity:
        """The entity that lines speak of: as planned, or as it was."""
        found = self.after if self.after is not None else self.before
        assert found is not None
        return found

    def same_expression(self, field: Field, option: str) -> bool:
        """Tell whether an expression of a field is as before but for names that changed."""
        for schema in self.baseline.get("properties", {}).values():
            own = schema.get("x-amity", {}) if isinstance(schema, Mapping) else {}
            if own.get("id") == field.id:
                return bool(own.get(option) == field.options.get(option))
        return False

    def say(
        self,
        severity: Severity,
        code: str,
        what: str,
        *,
        field: Field | None = None,
        found: impact.Impact = impact.NONE,
        used_by: Sequence[Use] = (),
        **details: Any,
    ) -> None:
        """Add a line."""
        ids = {"entity_id": self.entity.id} | ({"field_id": field.id} if field is not None else {})
        self.changes.append(
            Change(
                severity=severity,
                entity=self.entity.name,
                field=None if field is None else field.name,
                what=what,
                code=code,
                records=found.records,
                samples=found.samples,
                used_by=tuple(used_by),
                details=ids | details,
            )
        )


def plan_entity(plan: EntityPlan) -> None:
    """Fill in the lines and tasks of one entity."""
    from amity.entities import plan_fields  # here: it needs EntityPlan

    before, after = plan.before, plan.after
    if after is None:
        _remove(plan)
        return
    if before is None:
        _add(plan)
    else:
        if plan.restored:
            count = impact.Impact(impact.total(plan.connection, before))
            what = f"The entity {after.name!r} comes back with {count.number}."
            plan.say(Severity.SAFE, "restore_entity", what, found=count)
            plan.tasks.append(SetTableState(after.id, stored.LIVE))
        _metadata(plan, before, after)
    plan_fields.plan_fields(plan)
    if before is not None:
        _unique(plan, before, after)
        _checks(plan, before, after)
        _order(plan, before, after)
    _limits(plan, after)


def _add(plan: EntityPlan) -> None:
    after = plan.entity
    plan.say(
        Severity.SAFE, "add_entity", f"The entity {after.name!r} is new, with {len(after.fields)} fields."
    )
    plan.tasks.append(MakeTable(after))


def _remove(plan: EntityPlan) -> None:
    entity = plan.entity
    count = impact.total(plan.connection, entity)
    uses = plan.uses(entity, None)
    if blocks := plan.blocks(entity, None):
        owners = ", ".join(sorted({use.owner for use in blocks}))
        plan.say(
            Severity.REFUSED,
            "remove_entity",
            f"The entity {entity.name!r} cannot go: {owners} would no longer work; change that first.",
            used_by=blocks,
        )
        return
    plan.say(
        Severity.PARKS,
        "remove_entity",
        f"The entity {entity.name!r} goes; its {count:,} records are parked and can be restored.",
        found=impact.Impact(count),
        used_by=uses,
    )
    plan.tasks.append(SetTableState(entity.id, stored.PARKED))


_LABELS: Final[Sequence[tuple[str, str]]] = (
    ("title", "title"), ("plural", "plural"), ("icon", "icon"), ("description", "description"),
    ("display", "fields that make a record's label"), ("layout", "layout of the form"),
    ("views", "shared views"), ("timeline", "place on timelines"),
    ("additionalProperties", "keeping of unknown properties"),
)  # fmt: skip
_CODES: Final = {"additionalProperties": "additional"}


def _option(document: Mapping[str, Any], key: str) -> Any:
    return document.get("x-amity", {}).get(key)


def _metadata(plan: EntityPlan, before: Entity, after: Entity) -> None:
    if before.name != after.name:
        plan.say(
            Severity.SAFE,
            "rename_entity",
            f"The entity {before.name!r} is renamed to {after.name!r}; no record is touched.",
            used_by=plan.uses(before, None),
            old=before.name,
        )
    old, new = plan.baseline, after.document
    for key, words in _LABELS:
        if old.get(key) != new.get(key) or _option(old, key) != _option(new, key):
            code = f"change_{_CODES.get(key, key)}"
            plan.say(Severity.SAFE, code, f"The {words} of {after.name!r} changes.")
    known = {*(line.code for line in plan.changes)}
    if not known and _rest(before) != _rest(after):
        plan.say(Severity.SAFE, "change_entity", f"Other settings of {after.name!r} change.")


_COMPARED: Final = {
    "title", "description", "properties", "required", "additionalProperties", "x-amity", "$schema", "type",
}  # fmt: skip
_COMPARED_OPTIONS: Final = {
    "plural", "icon", "display", "layout", "views", "timeline", "unique", "checks", "name", "id",
}  # fmt: skip


def _rest(entity: Entity) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """What of a document no other line speaks of."""
    options = entity.document.get("x-amity", {})
    return (
        {key: value for key, value in entity.document.items() if key not in _COMPARED},
        {key: value for key, value in options.items() if key not in _COMPARED_OPTIONS},
    )


def _ids(entity: Entity, names: Sequence[str]) -> tuple[str, ...] | None:
    found = tuple(entity.by_name[name].id for name in names if name in entity.by_name)
    return found if len(found) == len(names) else None


def _unique(plan: EntityPlan, before: Entity, after: Entity) -> None:
    old = {_ids(before, names) for names in before.unique}
    new = {_ids(after, names): names for names in after.unique}
    for ids, names in new.items():
        if ids is None or ids in old:
            continue
        label = " + ".join(names)
        fields = [before.by_id[id_] for id_ in ids if id_ in before.by_id]
        found = impact.duplicates(plan.connection, before, fields) if len(fields) == len(ids) else impact.NONE
        if found:
            plan.say(
                Severity.REFUSED,
                "unique",
                f"{label} cannot become unique: {found.number} share a value; make them differ first.",
                found=found,
                fields=list(names),
            )
        else:
            plan.say(
                Severity.SAFE, "unique", f"{label} becomes unique among live records.", fields=list(names)
            )
    for ids in old - set(new):
        words = " + ".join(before.by_id[id_].name for id_ in ids or ())
        plan.say(Severity.SAFE, "not_unique", f"{words} need no longer be unique.")


def _checks(plan: EntityPlan, before: Entity, after: Entity) -> None:
    known = _option(plan.baseline, "checks") or ()
    old = {check["expression"] for check in known}
    for check in after.checks:
        if check.expression in old:
            continue
        found = plan.fails(before, after, check)
        tail = f"; {found.number} do not meet it and must be mended when next saved" if found else ""
        plan.say(Severity.SAFE, "add_check", f"New check {check.expression!r}{tail}.", found=found)
    for expression in sorted(old - {check.expression for check in after.checks}):
        plan.say(Severity.SAFE, "remove_check", f"The check {expression!r} goes.")
    messages = [(check["message"], check.get("field")) for check in known]
    now = [(check.message, check.field) for check in after.checks]
    if messages != now and old == {check.expression for check in after.checks}:
        plan.say(Severity.SAFE, "change_check", "The messages of checks change.")


def _order(plan: EntityPlan, before: Entity, after: Entity) -> None:
    old = [item.id for item in before.fields if item.id in after.by_id]
    new = [item.id for item in after.fields if item.id in before.by_id]
    if old != new:
        plan.say(Severity.SAFE, "reorder_fields", f"The fields of {after.name!r} change their order.")


def _limits(plan: EntityPlan, after: Entity) -> None:
    if len(after.fields) > MAX_FIELDS:
        plan.say(
            Severity.REFUSED,
            "too_many_fields",
            f"{after.name!r} would have {len(after.fields)} fields; an entity has at most {MAX_FIELDS}.",
        )
    used, needed = _columns(plan, after)
    if used + needed > MAX_COLUMNS:
        plan.say(
            Severity.REFUSED,
            "too_many_columns",
            f"{after.name!r} needs {needed} more columns, but {used} of {MAX_COLUMNS} were ever used; "
            "purge parked fields to make room.",
        )
    width = row_width(after, plan.registry)
    if width > 2 * PAGE_BYTES:
        plan.say(
            Severity.REFUSED,
            "too_wide",
            f"A record of {after.name!r} with all fields filled would take about {width:,} bytes in its row; "
            f"{PAGE_BYTES:,} fit. Move fields to an entity of their own.",
        )
    elif width > PAGE_BYTES and _grows(plan):
        plan.say(
            Severity.SAFE,
            "wide",
            f"A record of {after.name!r} with all fields filled would take about {width:,} bytes in its row; "
            f"{PAGE_BYTES:,} fit. It works as long as no record fills nearly all of them.",
        )


def _grows(plan: EntityPlan) -> bool:
    before = plan.before
    return before is None or row_width(before, plan.registry) < row_width(plan.entity, plan.registry)


def _columns(plan: EntityPlan, after: Entity) -> tuple[int, int]:
    """Count the columns ever used (without those that can be used again) and those that are needed."""
    known = plan.registry.of(after.id)
    used = [column for column in known if column.state != PURGED or column.target is not None]
    spare = [column.type for column in known if column.state == PURGED and column.target is None]
    needed = 0
    for type_, target in _new_columns(plan, after):
        if target is None and type_ in spare:
            spare.remove(type_)
        else:
            needed += 1
    # Emptied columns that do not fit stay in the table for good.
    return len(used) + len(spare), needed


def _new_columns(plan: EntityPlan, after: Entity) -> Iterator[tuple[str, str | None]]:
    from amity.entities.tasks import CarryField, MakeField

    for task in plan.tasks:
        if isinstance(task, MakeField | CarryField):
            made = task.field if isinstance(task, MakeField) else task.new
        elif isinstance(task, MakeTable):
            for item in after.fields:
                for spec in item.kind.columns(item):
                    yield spec.type, foreign_table(item, plan.registry)
            continue
        else:
            continue
        for spec in made.kind.columns(made):
            yield spec.type, foreign_table(made, plan.registry) if spec.role == "" else None
