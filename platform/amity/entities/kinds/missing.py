"""Stands in for a kind whose extension is off or set aside, so that everything else goes on working.

The field keeps its place in the model and its columns keep their values; until the extension is back it is
neither read nor written, and definitions of its entity cannot be changed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from amity.entities.kinds.base import ABSENT, ColumnSpec, FormData, Kind, Locale, ValueProblem
from amity.entities.kinds.registry import KindRegistry
from amity.entities.model import Field
from amity.expressions.types import DYN, Type


class MissingKind(Kind):
    """A kind that nobody gives at the moment."""

    title = "Missing"
    icon = "puzzle"
    sortable = False
    filterable = False

    def __init__(self, name: str) -> None:
        self.name = name  # type: ignore[misc]  # one object per missing name

    def columns(self, field: Field) -> Sequence[ColumnSpec]:
        return ()

    def expression_type(self, field: Field) -> Type:
        return DYN

    def parse(self, field: Field, value: Any) -> Any:
        raise ValueProblem("missing_kind", f"The extension that gives the kind {self.name!r} is not there.")

    def dump(self, field: Field, value: Any) -> Any:
        return None

    def from_form(self, field: Field, form: FormData, name: str) -> Any:
        return ABSENT

    def to_form(self, field: Field, value: Any, locale: Locale | None = None) -> Any:
        return ""


def complete(kinds: KindRegistry, document: Mapping[str, Any]) -> KindRegistry:
    """Give `kinds`, with stand-ins for those that `document` names and that are not there."""
    missing = sorted({name for name in _named(document) if name not in kinds})
    return KindRegistry([*kinds, *(MissingKind(name) for name in missing)]) if missing else kinds


def _named(node: Any) -> Iterator[str]:
    if isinstance(node, Mapping):
        options = node.get("x-amity")
        if isinstance(options, Mapping) and isinstance(options.get("kind"), str):
            yield options["kind"]
        for child in node.values():
            yield from _named(child)
    elif isinstance(node, list | tuple):
        for child in node:
            yield from _named(child)
