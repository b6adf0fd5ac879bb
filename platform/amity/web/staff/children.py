"""Child records edited inside their parent's form, saved with it in one transaction.

A section of the layout names them under `children`: names of relations that point to the entity.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from amity.access.context import Context
from amity.entities.kinds.base import Locale
from amity.entities.model import Entity, Field, Inverse
from amity.records.shapes import Query
from amity.web import forms
from amity.web.context import workspace
from amity.web.forms import ChildRow, ChildTable, Trouble
from amity.web.staff.access import decide
from amity.web.staff.options import relation_choices

ROWS: Final = 100
"""Parents with more children than this are edited on the children's own pages."""


def child_inverses(ctx: Context, entity: Entity) -> Iterator[tuple[Inverse, Entity]]:
    """Give the relations whose records are edited in the form of `entity`, with their entity."""
    marked = [name for section in entity.layout for name in section.children]
    known = {inverse.name: inverse for inverse in entity.inverses}
    for name in marked:
        inverse = known.get(name)
        other = workspace().definitions.model.entities.get(inverse.entity) if inverse else None
        if inverse is not None and other is not None and decide(ctx, "read", other).allowed:
            yield inverse, other


def child_fields(ctx: Context, entity: Entity) -> list[tuple[Inverse, list[Field]]]:
    """Give the fields of each child row: those of the first view that can be filled, without the way back."""
    return [(inverse, _fields(ctx, inverse, other)) for inverse, other in child_inverses(ctx, entity)]


def _fields(ctx: Context, inverse: Inverse, other: Entity) -> list[Field]:
    reads, writes = decide(ctx, "read", other), decide(ctx, "update", other)
    able = [
        field
        for field in other.fields
        if not field.read_only
        and not field.computed
        and field.name != inverse.field
        and reads.can_read(field.name)
        and writes.can_write(field.name)
    ]
    required = [field.name for field in able if field.required]
    view = next((item.fields for item in other.views if item.kind == "table"), ())
    wanted = [*other.display, *required, *view]
    chosen = [field for field in able if field.name in wanted]
    return chosen or able[:6]


def children_of(ctx: Context, entity: Entity, identity: str) -> dict[str, list[dict[str, Any]]]:
    """Give the present children in the shape of sent rows."""
    found = {}
    for inverse, _ in child_inverses(ctx, entity):
        page = workspace().records.related(
            ctx, entity.name, identity, inverse.name, Query(sort="created_at", limit=ROWS)
        )
        found[inverse.name] = [
            {"row": row, "id": record.id, "version": record.version, "values": record.as_json()}
            for row, record in enumerate(page.records)
        ]
    return found


def child_tables(
    ctx: Context,
    entity: Entity,
    children: Mapping[str, Sequence[Mapping[str, Any]]],
    trouble: Trouble,
    locale: Locale,
) -> list[ChildTable]:
    """Make the tables of child rows, each with a blank row to copy and at least one to type into."""
    made = []
    around = forms.Surroundings(
        locale=locale,
        visible=lambda field: True,
        required=lambda field: field.required,
        choices=lambda field, value: relation_choices(ctx, field, value),
    )
    for inverse, fields in child_fields(ctx, entity):
        other = workspace().definitions.model.entities[inverse.entity]
        sent = children.get(inverse.name, ())
        rows = [_row(inverse.name, place, entry, fields, around, trouble) for place, entry in enumerate(sent)]
        following = max((int(entry["row"]) for entry in sent), default=-1) + 1
        defaults = {field.name: field.default for field in fields if field.default is not None}
        blank = {"row": following, "values": defaults}
        rows.append(_row(inverse.name, -1, blank, fields, around, forms.NO_TROUBLE))
        template = _row(inverse.name, -1, {**blank, "row": 999999}, fields, around, forms.NO_TROUBLE)
        made.append(
            ChildTable(
                key=inverse.name,
                title=inverse.title,
                row_title=other.title,
                rows=tuple(rows),
                blank=template,
                problems=(),
                next=following + 1,
            )
        )
    return made


def _row(
    inverse: str,
    place: int,
    entry: Mapping[str, Any],
    fields: Sequence[Field],
    around: forms.Surroundings,
    trouble: Trouble,
) -> ChildRow:
    prefix = f"{forms.CHILD}{inverse}.{entry['row']}."
    values = entry["values"]
    general = trouble.children.get((inverse, place, ""), ())
    inputs = []
    for index, field in enumerate(fields):
        problems = trouble.children.get((inverse, place, field.name), ())
        if index == 0:
            problems = (*(("", text) for _way, text in general), *problems)
        inputs.append(forms.make_input(field, values.get(field.name), around, problems, prefix))
    return ChildRow(
        prefix=prefix,
        id=str(entry.get("id", "")),
        version=str(entry.get("version", "")),
        removed=bool(entry.get("delete")),
        inputs=tuple(inputs),
        preset="" if entry.get("id") else ",".join(f.name for f in fields if f.default is not None),
    )
