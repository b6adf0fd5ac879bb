"""Two people changed the same record: a choice per field, yours or theirs, and nothing typed is lost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from werkzeug.datastructures import MultiDict

from amity.access.context import Context
from amity.entities.kinds.base import FormData, ValueProblem
from amity.entities.model import Entity
from amity.errors import Stale
from amity.records.shapes import Record
from amity.web.staff.access import EntityHead, account_names, formatter, head
from amity.web.staff.labels import labels_of_values
from amity.web.staff.showing import Shower, label
from amity.web.texts import gettext as _

TAKE: Final = "amity-take-"
"""Before a field's name: `theirs` leaves the field as the other person saved it."""


@dataclass(frozen=True, slots=True)
class ConflictField:
    """A field that both changed; texts are "" for null."""

    name: str
    title: str
    base: str
    yours: str
    theirs: str


@dataclass(frozen=True, slots=True)
class ConflictPage:
    """Context of `pages/conflict.html` as `page`."""

    entity: EntityHead
    label: str
    url: str
    action: str
    who: str
    when: str
    both: tuple[ConflictField, ...]
    only_yours: tuple[ConflictField, ...]
    only_theirs: tuple[ConflictField, ...]
    version: str
    carried: tuple[tuple[str, str], ...]
    """The inputs of the form as they were sent."""


def settled(values: Mapping[str, Any], form: FormData) -> dict[str, Any]:
    """Leave out of what was sent the fields for which the other person's value was chosen."""
    return {name: value for name, value in values.items() if form.get(TAKE + name) != "theirs"}


def conflict_page(
    ctx: Context,
    entity: Entity,
    record: Record,
    values: Mapping[str, Any],
    form: MultiDict[str, str],
    error: Stale,
) -> ConflictPage:
    """Put the page together; `record` is the record as the other person left it."""
    theirs = record.as_json()
    base = error.details.get("base") or {}
    yours = settled(values, form)
    shower = Shower(ctx, entity, _labels(ctx, entity, (theirs, base, yours)))
    both: list[ConflictField] = []
    mine: list[ConflictField] = []
    other: list[ConflictField] = []
    for field in entity.fields:
        name = field.name
        if name not in theirs:
            continue
        now, before = theirs[name], base.get(name)
        sent = _normal(entity, name, yours[name]) if name in yours else now
        changed_here = name in yours and sent != _normal(entity, name, before)
        changed_there = now != _normal(entity, name, before)
        if (not changed_here and not changed_there) or sent == now:
            continue
        texts = [shower.from_json(name, value) for value in (before, sent, now)]
        line = ConflictField(name, field.title, *texts)
        (both if changed_here and changed_there else mine if changed_here else other).append(line)
    people = account_names({record.get("updated_by")} - {None})
    return ConflictPage(
        entity=head(ctx, entity),
        label=label(entity, record),
        url=f"/e/{entity.name}/{record.id}",
        action=f"/e/{entity.name}/{record.id}/edit",
        who=people.get(record.get("updated_by") or "", _("Somebody")),
        when=formatter().ago(record.values["updated_at"]),
        both=tuple(both),
        only_yours=tuple(mine),
        only_theirs=tuple(other),
        version=str(record.version),
        carried=tuple(
            (name, value)
            for name, value in form.items(multi=True)
            if name not in ("csrf_token", "amity-version") and not name.startswith(TAKE)
        ),
    )


def _normal(entity: Entity, name: str, value: Any) -> Any:
    """Bring a JSON value into the form in which records give it, so that equal values are equal."""
    field = entity.by_name[name]
    if value is None or value == []:
        return None
    try:
        return field.kind.dump(field, field.kind.parse(field, value))
    except ValueProblem:
        return value


def _labels(ctx: Context, entity: Entity, sides: tuple[Mapping[str, Any], ...]) -> Any:
    pairs = []
    for side in sides:
        for field in entity.fields:
            value = side.get(field.name)
            if field.kind.is_relation and value is not None:
                try:
                    pairs.append((field.name, field.kind.parse(field, value)))
                except ValueProblem:
                    continue
    return labels_of_values(ctx, entity, pairs)
