"""The editor of the form's sections: boxes with fields in them, dragged or moved with buttons and lists.

A section of the form carries the number of the section in the document that it was made from, so that what
the editor does not show (child tables, say) stays with it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Final

from amity.entities.kinds.registry import KindRegistry
from amity.entities.model import Entity
from amity.web.builder import document as documents
from amity.web.builder.document import Json, own_options
from amity.web.builder.rows import Form, kind_of, numbers, put, typed

DEFAULT_COLUMNS: Final = 2


@dataclass(frozen=True, slots=True)
class Placed:
    """A field in a section, or one that stands in none."""

    name: str
    title: str
    icon: str
    known: bool
    """Whether the entity has a field of that name."""


@dataclass(frozen=True, slots=True)
class SectionBox:
    """One section."""

    number: int
    title: str
    columns: str
    visible: str
    fields: tuple[Placed, ...]
    children: tuple[str, ...]
    """Names of relations whose records are edited as rows in this section."""


@dataclass(frozen=True, slots=True)
class LayoutEditor:
    """All that the editor shows."""

    editable: bool
    """False where the document's layout is no list of sections: then it is edited as JSON."""
    sections: Sequence[SectionBox]
    unplaced: Sequence[Placed]

    @property
    def places(self) -> list[tuple[str, str]]:
        """Where a field can be moved to: number of the section and its title."""
        return [(str(box.number), box.title or f"({box.number + 1})") for box in self.sections]


def read(document: Json, kinds: KindRegistry) -> LayoutEditor:
    """Make the editor."""
    found = _layout(document)
    if found is None:
        return LayoutEditor(False, (), ())
    fields = documents.properties(document)
    placed = {name for section in found for name in section["fields"]}
    boxes = [
        SectionBox(
            number=number,
            title=str(section.get("section") or ""),
            columns=str(section.get("columns", DEFAULT_COLUMNS)),
            visible=str(section.get("visible") or ""),
            fields=tuple(_placed(name, fields, kinds) for name in section["fields"]),
            children=tuple(map(str, section.get("children") or ())),
        )
        for number, section in enumerate(found)
    ]
    return LayoutEditor(True, boxes, [_placed(name, fields, kinds) for name in fields if name not in placed])


def _layout(document: Json) -> list[Json] | None:
    """Give the sections; None where they are not what the editor can show."""
    found = own_options(document).get("layout", [])
    if not isinstance(found, list):
        return None
    for section in found:
        names = section.get("fields") if isinstance(section, dict) else None
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            return None
    return found


def _placed(name: str, fields: Mapping[str, object], kinds: KindRegistry) -> Placed:
    schema = fields.get(name)
    if not isinstance(schema, dict):
        return Placed(name, name, "help", name in fields)
    return Placed(name, str(schema.get("title") or name), kind_of(kinds, schema).icon, True)


# -- what was sent ---------------------------------------------------------------------------------------
def write(document: Json, form: Form) -> None:
    """Put the sections of the form into the document; nothing where the form has none."""
    old = _layout(document)
    if old is None or "layout" not in form:
        return
    order = numbers(form, "section")
    places = {number: form.getlist(f"section-{number}-field") for number in order}
    _move_chosen(places, form)
    sections = [
        _written(deepcopy(old[number]) if number < len(old) else {}, number, places[number], form)
        for number in order
    ]
    if sections != old:
        put(documents.options(document), "layout", sections)


def _move_chosen(places: dict[int, list[str]], form: Form) -> None:
    """Move fields to the end of the section that was chosen for them; "" is none."""
    now = {name: number for number, names in places.items() for name in names}
    for key in [key for key in form if key.startswith("place-")]:
        name, chosen = key.removeprefix("place-"), form[key]
        here = now.get(name)
        if chosen == ("" if here is None else str(here)) or form.getlist(key)[1:]:
            continue
        if here is not None:
            places[here] = [item for item in places[here] if item != name]
        if chosen.isdecimal() and int(chosen) in places:
            places[int(chosen)].append(name)


def _written(section: Json, number: int, names: list[str], form: Form) -> Json:
    row = f"section-{number}"
    title = typed(form, f"{row}-title", str(section.get("section") or ""))
    columns = typed(form, f"{row}-columns", str(section.get("columns", DEFAULT_COLUMNS)))
    visible = typed(form, f"{row}-visible", str(section.get("visible") or ""))
    if title is not None:
        section["section"] = title
    if columns is not None and columns.isdecimal():
        section["columns"] = int(columns)
    if visible is not None:
        put(section, "visible", visible)
    section["fields"] = names
    return section


# -- buttons ---------------------------------------------------------------------------------------------
def begin(document: Json, entity: Entity | None) -> None:
    """Write down the sections that Amity makes by itself, to be changed from there."""
    if entity is not None and entity.layout:
        layout = [
            {"section": section.title, "columns": section.columns, "fields": list(section.fields)}
            for section in entity.layout
        ]
    else:
        layout = [{"section": "Details", "fields": list(documents.properties(document))}]
    documents.options(document)["layout"] = layout


def end(document: Json) -> None:
    """Leave the layout to Amity again."""
    documents.options(document).pop("layout", None)


def add_section(document: Json, title: str) -> int:
    """Add an empty section at the end; gives its number."""
    layout = documents.options(document).setdefault("layout", [])
    layout.append({"section": title, "fields": []})
    return len(layout) - 1


def move_field(document: Json, name: str, step: int) -> None:
    """Move a field up (-1) or down (+1) in its section, and on into the section before or after it."""
    layout = _layout(document) or []
    for number, section in enumerate(layout):
        names = section["fields"]
        if name not in names:
            continue
        place = names.index(name)
        if 0 <= place + step < len(names):
            names.insert(place + step, names.pop(place))
        elif 0 <= number + step < len(layout):
            beyond = layout[number + step]["fields"]
            beyond.insert(len(beyond) if step < 0 else 0, names.pop(place))
        return
