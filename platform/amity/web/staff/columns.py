"""Which columns a list shows, and how their headers sort."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from amity.access.context import Context
from amity.entities.model import Entity, Field
from amity.web.staff.access import SYSTEM_TITLES, field_title, readable_fields
from amity.web.staff.showing import NUMERIC
from amity.web.staff.state import ListState

DEFAULT_COLUMNS: Final = 6
SYSTEM_COLUMNS: Final = ("created_at", "created_by", "updated_at", "updated_by", "owner")
_SYSTEM_SORTABLE: Final = frozenset({"created_at", "updated_at"})
_LONG: Final = frozenset({"long_text", "rich_text", "object", "list", "file", "image"})


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a list."""

    name: str
    title: str
    numeric: bool
    sort_url: str
    """Empty where the column cannot sort."""
    sorted: str
    """ascending, descending or none, as `aria-sort` says it."""


@dataclass(frozen=True, slots=True)
class ColumnChoice:
    """An entry of the column chooser."""

    name: str
    title: str
    shown: bool


def default_columns(entity: Entity, fields: Sequence[Field]) -> list[str]:
    """Choose columns where nobody did: what makes the label, then the first short fields."""
    readable = {field.name for field in fields}
    names = [name for name in entity.display if name in readable]
    short = [field.name for field in fields if field.kind.name not in _LONG]
    return list(dict.fromkeys([*names, *short]))[:DEFAULT_COLUMNS]


def chosen_columns(ctx: Context, entity: Entity, state: ListState, of_view: Sequence[str]) -> list[str]:
    """Give the names of the columns: asked for in the URL, else the view's, else a default."""
    fields = readable_fields(ctx, entity)
    known = {field.name for field in fields} | set(SYSTEM_COLUMNS)
    for wanted in (state.columns or (), of_view):
        names = [name for name in wanted if name in known]
        if names:
            return names
    return default_columns(entity, fields) or ["updated_at"]


def columns(entity: Entity, names: Sequence[str], state: ListState, sort: str) -> list[Column]:
    """Make the headers; a click sorts ascending, a second one descending."""
    first = sort.split(",")[0].strip()
    made = []
    for name in names:
        field = entity.by_name.get(name)
        sortable = field.kind.sortable and field.stored if field else name in _SYSTEM_SORTABLE
        order = "ascending" if first == name else "descending" if first == f"-{name}" else "none"
        target = f"-{name}" if order == "ascending" else name
        made.append(
            Column(
                name=name,
                title=field_title(entity, name),
                numeric=field is not None and field.kind.name in NUMERIC,
                sort_url=state.but(sort=target).url if sortable else "",
                sorted=order,
            )
        )
    return made


def choices(ctx: Context, entity: Entity, shown: Sequence[str]) -> list[ColumnChoice]:
    """Give what the column chooser offers: the shown ones first, in their order."""
    names = [*shown, *(field.name for field in readable_fields(ctx, entity)), *SYSTEM_TITLES]
    return [ColumnChoice(name, field_title(entity, name), name in shown) for name in dict.fromkeys(names)]


def related_columns(ctx: Context, other: Entity, pointing: str) -> list[str]:
    """Choose the columns of a related list: those of the first view, without the one that points here."""
    fields = readable_fields(ctx, other)
    known = {field.name for field in fields}
    view = next((item.fields for item in other.views if item.kind == "table"), ())
    names = [name for name in view if name in known] or default_columns(other, fields)
    return [name for name in names if name != pointing]
