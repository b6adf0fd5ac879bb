"""Where an entity document names fields and holds expressions, beside its properties: one list of places."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from amity.entities.names import pointer

Path = tuple[str | int, ...]

VIEW_OPTIONS: Final = ("group", "start", "end", "color", "x", "y", "image", "title")
"""Options of views that name a field."""


@dataclass(frozen=True, slots=True)
class Slot:
    """One place of a document."""

    path: Path
    kind: str
    """layout, view, timeline, check, unique, display, expression, rule."""
    text: str
    """The name, the expression, or for `sort` the whole sort."""
    form: str
    """`name`, `expression`, `sort` or `key` (a member's own name)."""
    via: str = ""
    """Name of the inverse to whose records the text belongs; empty for the entity's own."""

    @property
    def pointer(self) -> str:
        """JSON pointer of the place."""
        return pointer(*self.path)


def slots(document: Mapping[str, Any]) -> Iterator[Slot]:
    """Give all places of an entity document."""
    options = document.get("x-amity", {})
    yield from _display(options)
    for index, names in enumerate(options.get("unique", ())):
        for place, name in enumerate(names):
            yield Slot(("x-amity", "unique", index, place), "unique", name, "name")
    for index, check in enumerate(options.get("checks", ())):
        at: Path = ("x-amity", "checks", index)
        yield Slot((*at, "expression"), "check", check["expression"], "expression")
        if "field" in check:
            yield Slot((*at, "field"), "check", check["field"], "name")
    for index, section in enumerate(options.get("layout", ())):
        at = ("x-amity", "layout", index)
        if section.get("visible"):
            yield Slot((*at, "visible"), "layout", section["visible"], "expression")
        for place, name in enumerate(section.get("fields", ())):
            yield Slot((*at, "fields", place), "layout", name, "name")
    for index, view in enumerate(options.get("views", ())):
        yield from view_slots(view, ("x-amity", "views", index))
    yield from _timeline(options.get("timeline", {}))
    yield from _properties(document)
    yield from _rules(document, ())


def _display(options: Mapping[str, Any]) -> Iterator[Slot]:
    display = options.get("display")
    if isinstance(display, str):
        yield Slot(("x-amity", "display"), "display", display, "name")
    elif display:
        for place, name in enumerate(display):
            yield Slot(("x-amity", "display", place), "display", name, "name")


def _timeline(options: Mapping[str, Any]) -> Iterator[Slot]:
    at: Path = ("x-amity", "timeline")
    if isinstance(options.get("at"), str):
        yield Slot((*at, "at"), "timeline", options["at"], "name")
    for key in ("at", "with", "fields"):
        names = options.get(key)
        for place, name in enumerate(names if isinstance(names, list) else ()):
            yield Slot((*at, key, place), "timeline", name, "name")
    if options.get("open"):
        yield Slot((*at, "open"), "timeline", options["open"], "expression")


def view_slots(view: Mapping[str, Any], at: Path, kind: str = "view") -> Iterator[Slot]:
    """Give the places of one view, shared or a person's own."""
    for place, name in enumerate(view.get("fields") or ()):
        yield Slot((*at, "fields", place), kind, name, "name")
    if view.get("sort"):
        yield Slot((*at, "sort"), kind, view["sort"], "sort")
    if view.get("where"):
        yield Slot((*at, "where"), kind, view["where"], "expression")
    options = view.get("options") or {}
    for option in VIEW_OPTIONS:
        if isinstance(options.get(option), str):
            yield Slot((*at, "options", option), kind, options[option], "name")


def _properties(document: Mapping[str, Any]) -> Iterator[Slot]:
    for name, schema in document.get("properties", {}).items():
        options = schema.get("x-amity", {}) if isinstance(schema, Mapping) else {}
        for key in ("visible", "required_when", "formula"):
            if isinstance(options.get(key), str):
                path = ("properties", name, "x-amity", key)
                yield Slot(path, "expression", options[key], "expression")
        if isinstance(options.get("rollup"), Mapping):
            yield from _rollup(options["rollup"], ("properties", name, "x-amity", "rollup"))


def _rollup(rollup: Mapping[str, Any], at: Path) -> Iterator[Slot]:
    """The list, which is an expression over the record, and what is said about its records."""
    over = rollup.get("over")
    if isinstance(over, str):
        yield Slot((*at, "over"), "expression", over, "expression")
        for key in ("of", "where"):
            if isinstance(rollup.get(key), str):
                yield Slot((*at, key), "expression", rollup[key], "expression", over)


def _rules(schema: Mapping[str, Any], at: Path) -> Iterator[Slot]:
    """Names in the conditions of the schema itself: `required`, `if`, `allOf`, `dependentRequired`, ..."""
    for place, name in enumerate(schema.get("required", ())):
        yield Slot((*at, "required", place), "rule", name, "name")
    for name, others in schema.get("dependentRequired", {}).items():
        for place, other in enumerate(others):
            yield Slot((*at, "dependentRequired", name, place), "rule", other, "name")
        yield Slot((*at, "dependentRequired", name), "rule", name, "key")
    for name, below in schema.get("dependentSchemas", {}).items():
        yield from _below(below, (*at, "dependentSchemas", name))
        yield Slot((*at, "dependentSchemas", name), "rule", name, "key")
    for key in ("if", "then", "else", "not"):
        if key in schema:
            yield from _below(schema[key], (*at, key))
    for key in ("allOf", "anyOf", "oneOf"):
        for index, below in enumerate(schema.get(key, ())):
            yield from _below(below, (*at, key, index))


def _below(schema: Any, at: Path) -> Iterator[Slot]:
    if not isinstance(schema, Mapping):
        return
    yield from _rules(schema, at)
    for name in schema.get("properties", {}):
        yield Slot((*at, "properties", name), "rule", name, "key")


def rewritten(
    document: Mapping[str, Any], places: Iterator[Slot], new: Callable[[Slot], str]
) -> dict[str, Any] | None:
    """Give a copy of a document in which each place holds what `new` says; None where nothing changes."""
    found = [(slot, text) for slot in places if (text := new(slot)) != slot.text]
    if not found:
        return None
    result = copy.deepcopy(dict(document))
    for slot, text in found:
        holder: Any = result
        for step in slot.path[:-1]:
            holder = holder[step]
        if slot.form == "key":
            _rename_key(holder, slot.path[-1], text)
        else:
            holder[slot.path[-1]] = text
    return result


def _rename_key(holder: dict[Any, Any], old: Any, new: str) -> None:
    """Rename a member in its place: the order of members is kept."""
    items = [(new if key == old else key, value) for key, value in holder.items()]
    holder.clear()
    holder.update(items)


def sort_names(sort: str) -> list[str]:
    """Give the names in a sort such as `-revenue,name`."""
    return [part.strip().removeprefix("-") for part in sort.split(",") if part.strip()]


def renamed_sort(sort: str, names: Mapping[str, str]) -> str:
    """Give a sort with other names."""
    parts = []
    for part in sort.split(","):
        name = part.strip()
        sign = "-" if name.startswith("-") else ""
        bare = name.removeprefix("-")
        parts.append(f"{sign}{names[bare]}" if bare in names else part)
    return ",".join(parts)
