"""What an entity gets that its document does not say: display field, layout, views, plural."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from amity.entities.model import Field, Section, View
from amity.expressions.types import TEXT

_NAMES: Final = ("name", "title", "subject", "label", "displayname", "fullname", "companyname", "company")
_PAIRS: Final = (("firstname", "lastname"), ("givenname", "familyname"), ("forename", "surname"))
_LONG: Final = frozenset(
    {"long_text", "rich_text", "object", "list", "json", "relations", "address", "addresses", "emails",
     "phones", "image"}
)  # fmt: skip
_VIEW_FIELDS: Final = 6


def plural(title: str) -> str:
    """Make the plural of an English title; documents in other languages say their own."""
    lower = title.lower()
    if lower.endswith(("s", "x", "z", "ch", "sh")):
        return title + "es"
    if lower.endswith("y") and lower[-2:-1] not in tuple("aeiou") and len(lower) > 1:
        return title[:-1] + "ies"
    return title + "s"


def display(fields: Sequence[Field]) -> tuple[str, ...]:
    """Choose the fields that make a record's label."""
    texts = {_plain(field.name): field.name for field in fields if _is_short_text(field)}
    for name in _NAMES:
        if name in texts:
            return (texts[name],)
    for first, last in _PAIRS:
        if first in texts and last in texts:
            return (texts[first], texts[last])
    candidates = [field for field in fields if _is_short_text(field) and not field.choices]
    required = [field for field in candidates if field.required]
    for field in (*required, *candidates):
        return (field.name,)
    return tuple(field.name for field in fields if not is_long(field) and field.kind.sortable)[:1]


def _plain(name: str) -> str:
    return name.replace("_", "").lower()


def _is_short_text(field: Field) -> bool:
    return not is_long(field) and not field.kind.to_many and field.kind.expression_type(field) == TEXT


def is_long(field: Field) -> bool:
    """Whether the field takes the full width of a form."""
    return field.kind.name in _LONG or field.kind.to_many


def completed_layout(layout: Sequence[Section], fields: Sequence[Field]) -> tuple[Section, ...]:
    """Give the layout, or a sensible one where there is none: short fields first, long ones below.

    A layout may leave fields out. One without which no record could be made is added at its end.
    """
    if not layout:
        short = [field.name for field in fields if not is_long(field)]
        long = [field.name for field in fields if is_long(field)]
        sections = []
        if short:
            sections.append(Section("Details", tuple(short), 2))
        if long:
            sections.append(Section("More" if short else "Details", tuple(long), 1))
        return tuple(sections)
    shown = {name for section in layout for name in section.fields}
    missing = [
        field.name
        for field in fields
        if field.required and field.default is None and not field.read_only and field.name not in shown
    ]
    return (*layout, Section("More", tuple(missing), 2)) if missing else tuple(layout)


def completed_views(views: Sequence[View], fields: Sequence[Field], title: str) -> tuple[View, ...]:
    """Give the views, or one table of all where there is none; a view without fields gets the first ones."""
    names = view_fields(fields)
    if not views:
        return (View("all", title, "table", names, "-updated_at"),)
    return tuple(
        view
        if view.fields
        else View(view.name, view.title, view.kind, names, view.sort, view.where, view.options)
        for view in views
    )


def view_fields(fields: Iterable[Field]) -> tuple[str, ...]:
    """Choose the fields of a table: the first short ones."""
    everything = list(fields)
    short = [field.name for field in everything if not is_long(field)]
    return tuple((short or [field.name for field in everything])[:_VIEW_FIELDS])
