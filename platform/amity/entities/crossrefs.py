"""Names of fields in layout, views, checks, unique and display: each must be a field of the entity."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from amity.entities.kinds.missing import MissingKind
from amity.entities.model import SYSTEM_FIELDS, Field, Timeline
from amity.entities.names import did_you_mean, listed, pointer, shown
from amity.errors import Problem

_TIMELINE: Final = "/x-amity/timeline"
_FIELD_OPTIONS: Final = ("group", "start", "end", "color", "x", "y", "image", "title")
"""Options of views that name a field."""


class References:
    """Checks the names that one document uses; what is wrong is added to `problems`."""

    def __init__(self, fields: Sequence[Field], problems: list[Problem]) -> None:
        self.fields = {field.name: field for field in fields}
        self.problems = problems

    def display(self, options: Mapping[str, Any]) -> tuple[str, ...]:
        """Give the names of the display fields."""
        found = options.get("display")
        if found is None:
            return ()
        names = [found] if isinstance(found, str) else list(found)
        for index, name in enumerate(names):
            at = pointer("x-amity", "display") + ("" if isinstance(found, str) else f"/{index}")
            if self._known(name, at) and self.fields[name].kind.to_many:
                self._add("kind", f"{name!r} holds several records and cannot be part of the label.", at)
        return tuple(names)

    def unique(self, options: Mapping[str, Any]) -> tuple[tuple[str, ...], ...]:
        """Give the lists of unique names, those of single properties included."""
        found = [tuple(names) for names in options.get("unique", ())]
        for index, names in enumerate(found):
            for place, name in enumerate(names):
                at = pointer("x-amity", "unique", index, place)
                if self._known(name, at):
                    self._can_be_unique(self.fields[name], at)
        for field in self.fields.values():
            if field.options.get("unique") is True:
                self._can_be_unique(field, field.pointer + "/x-amity/unique")
                if (field.name,) not in found:
                    found.append((field.name,))
        return tuple(dict.fromkeys(found))

    def layout(self, options: Mapping[str, Any]) -> None:
        """Check the sections: known fields, each at most once."""
        seen: dict[str, str] = {}
        for index, section in enumerate(options.get("layout", ())):
            for place, name in enumerate(section["fields"]):
                at = pointer("x-amity", "layout", index, "fields", place)
                if not self._known(name, at):
                    continue
                if name in seen:
                    self._add("duplicate", f"{name!r} stands in the layout already, at {seen[name]}.", at)
                seen.setdefault(name, at)

    def views(self, options: Mapping[str, Any]) -> None:
        """Check the views: names once each, fields, sort, options."""
        seen: set[str] = set()
        for index, view in enumerate(options.get("views", ())):
            at = pointer("x-amity", "views", index)
            if view["name"] in seen:
                self._add("duplicate", f"There are two views called {view['name']!r}.", at + "/name")
            seen.add(view["name"])
            for place, name in enumerate(view.get("fields", ())):
                self._known(name, at + pointer("fields", place), system=True)
            self._sort(view.get("sort", ""), at + "/sort")
            for option in _FIELD_OPTIONS:
                value = view.get("options", {}).get(option)
                if isinstance(value, str):
                    self._known(value, at + pointer("options", option), system=True)

    def timeline(self, options: Mapping[str, Any]) -> Timeline | None:
        """Give how the records are entries of timelines; check that relations of one party are one-to-one."""
        for field in self.fields.values():
            if field.timeline == "same" and (field.kind.to_many or field.options.get("unique") is not True):
                message = "Only a one-to-one relation says that two records are the same: add unique."
                self._add("timeline", message, f"{field.pointer}/x-amity/timeline")
        found = options.get("timeline")
        if found is None:
            return None
        moments = self._entries(found, "at", "a date or a moment")
        relations = self._entries(found, "with", "a relation")
        fields = self._entries(found, "fields")
        if not relations:
            relations = tuple(field.name for field in self.fields.values() if field.kind.is_relation)
        if not relations:
            self._add("timeline", "Entries of timelines need a relation to whom they are about.", _TIMELINE)
        return Timeline(moments, relations, found.get("open"), fields)

    def _entries(self, options: Mapping[str, Any], key: str, wanted: str = "") -> tuple[str, ...]:
        """Check the names of fields that `timeline` has under `key`; `wanted` says what they must be."""
        found = options.get(key, ())
        names = [found] if isinstance(found, str) else list(found)
        for index, name in enumerate(names):
            at = _TIMELINE + (pointer(key) if isinstance(found, str) else pointer(key, index))
            if not self._known(name, at) or isinstance(self.fields[name].kind, MissingKind):
                continue
            kind = self.fields[name].kind
            right = kind.is_relation if key == "with" else kind.name in ("date", "datetime")
            if wanted and not right:
                self._add("timeline", f"{name!r}, a field of kind {kind.name}, is not {wanted}.", at)
        return tuple(names)

    def checks(self, options: Mapping[str, Any]) -> None:
        """Check beside which field the messages of checks stand."""
        for index, check in enumerate(options.get("checks", ())):
            if "field" in check:
                self._known(check["field"], pointer("x-amity", "checks", index, "field"))

    def _sort(self, sort: str, at: str) -> None:
        for part in filter(None, (part.strip() for part in sort.split(","))):
            name = part.removeprefix("-")
            if not self._known(name, at, system=True):
                continue
            field = self.fields.get(name)
            if field is not None and not field.kind.sortable:
                self._add("sort", f"Records cannot be sorted by {name!r} ({field.kind.name}).", at)

    def _can_be_unique(self, field: Field, at: str) -> None:
        if isinstance(field.kind, MissingKind):
            return  # it could be, while its extension was there
        if field.kind.to_many or not (field.kind.sortable or field.kind.is_relation):
            self._add("unique", f"{field.name!r}, a field of kind {field.kind.name}, cannot be unique.", at)

    def _known(self, name: str, at: str, *, system: bool = False) -> bool:
        if name in self.fields or (system and name in SYSTEM_FIELDS):
            return True
        hint = did_you_mean(name, self.fields) or f" The fields are {listed(self.fields)}."
        self._add("unknown", f"There is no field {shown(name)}.{hint}", at)
        return False

    def _add(self, code: str, message: str, at: str) -> None:
        self.problems.append(Problem(code, message, at))
