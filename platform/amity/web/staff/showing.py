"""From typed values to what pages show: text, links of relations, and which template writes it.

Labels of linked records come with the page of records (`Page.labels`): nothing here asks the database
per value.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from amity.access.context import Context
from amity.entities.kinds.file import FileKind
from amity.entities.model import Entity, Field, Model
from amity.records.links import links_of
from amity.records.shapes import Record, Target
from amity.web.context import locale, workspace
from amity.web.staff.access import account_names, field_title, find_entity, formatter
from amity.web.texts import gettext as _

NUMERIC: Final = frozenset({"integer", "decimal", "money", "percent"})
WIDE: Final = frozenset({"long_text", "rich_text", "object", "list", "image"})
_PEOPLE: Final = frozenset({"created_by", "updated_by", "owner"})


@dataclass(frozen=True, slots=True)
class Link:
    """A linked record."""

    label: str
    url: str
    note: str = ""
    """The values of the link's own fields, e.g. the role of a participant."""


@dataclass(frozen=True, slots=True)
class Shown:
    """One value on a page. Templates: `fields/display/<kind>.html` and `fields/cell/<kind>.html`."""

    name: str
    title: str
    kind: str
    field: Field | None
    """None for system fields."""
    value: Any
    """Typed; None when empty."""
    text: str
    links: tuple[Link, ...] = ()
    numeric: bool = False
    wide: bool = False
    file_url: str = ""
    """Where the content of a file is."""

    @property
    def empty(self) -> bool:
        """Whether there is nothing to show."""
        return self.value is None or (
            self.field is not None and self.field.kind.is_relation and not self.links
        )


class Shower:
    """Shows the values of records of one entity for the reader of this request."""

    def __init__(self, ctx: Context, entity: Entity, labels: Mapping[Target, str]) -> None:
        self.ctx = ctx
        self.entity = entity
        self.labels = labels
        self.model: Model = workspace().definitions.model

    def show(self, record: Record, name: str) -> Shown | None:
        """Show one field; None where the record does not carry it (it may not be read)."""
        if name not in record.values:
            return None
        shown = self.value(name, record.values[name])
        if shown.field is not None and isinstance(shown.field.kind, FileKind):
            return replace(shown, file_url=f"/e/{self.entity.name}/{record.id}/files/{name}")
        return shown

    def value(self, name: str, value: Any) -> Shown:
        """Show a typed value of the field `name`."""
        field = self.entity.by_name.get(name)
        if field is None:
            return _system(name, field_title(self.entity, name), value)
        links = self._links(field, value) if field.kind.is_relation else ()
        if field.kind.is_relation:
            text = ", ".join(link.label for link in links)
        else:
            text = "" if value is None else field.kind.format(field, value, locale())
        return Shown(
            name=name,
            title=field.title,
            kind=field.kind.name,
            field=field,
            value=value,
            text=text,
            links=links,
            numeric=field.kind.name in NUMERIC,
            wide=field.kind.name in WIDE,
        )

    def from_json(self, name: str, value: Any) -> str:
        """Write a JSON value (of an event, of a conflict) as short text, "" for null."""
        field = self.entity.by_name.get(name)
        if value is None or field is None:
            return "" if value is None else str(value)
        try:
            return self.value(name, field.kind.parse(field, value)).text or _("(not visible)")
        except Exception:
            return value if isinstance(value, str) else repr(value)

    def _links(self, field: Field, value: Any) -> tuple[Link, ...]:
        shown = []
        for link in links_of(self.model, field, value):
            label = self.labels.get(link.target)
            if label is None:  # deleted, or not readable for this person
                continue
            note = ", ".join(
                _link_text(item.schema, (link.data or {}).get(item.name))
                for item in field.link_fields
                if (link.data or {}).get(item.name) is not None
            )
            shown.append(Link(label, f"/e/{link.entity}/{link.id}", note))
        return tuple(shown)


def _link_text(schema: Mapping[str, Any], value: Any) -> str:
    for choice in schema.get("oneOf", ()):
        if choice.get("const") == value:
            return str(choice.get("title", value))
    return str(value)


def _system(name: str, title: str, value: Any) -> Shown:
    if name in _PEOPLE:
        text = account_names({value})[value] if value else ""
    elif isinstance(value, dt.datetime):
        text = formatter().moment(value)
    else:
        text = "" if value is None else str(value)
    return Shown(name, title, "text", None, value, text)


def label(entity: Entity, record: Record) -> str:
    """Give the record's label: its display fields, as everywhere else."""
    parts = []
    for name in entity.display:
        value = record.values.get(name)
        if value is not None:
            field = entity.by_name[name]
            parts.append(field.kind.format(field, value, locale()))
    return " ".join(part for part in parts if part).strip() or f"{entity.title} {record.id[-6:]}"


def entity_title(ctx: Context, name: str) -> str:
    """Give an entity's title; its name where it cannot be read."""
    try:
        return find_entity(ctx, name).title
    except Exception:
        return name
