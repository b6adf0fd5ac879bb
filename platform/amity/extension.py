"""Public types for authors of extensions: what the hooks for validators, pages, panels and menu give."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from amity.errors import Problem


@dataclass(frozen=True, slots=True)
class RecordValidator:
    """A check of a whole record, run in the gate. `check(entity name, typed values by field name)`."""

    name: str
    check: Callable[[str, Mapping[str, Any]], Sequence[Problem]]
    entities: frozenset[str] | None = None
    """Names of the entities it looks at; None for all."""


@dataclass(frozen=True, slots=True)
class Page:
    """A page below `/x/<extension>/<path>`; `render` gets the query parameters and gives template context."""

    path: str
    title: str
    template: str
    render: Callable[[Mapping[str, str]], Mapping[str, Any]]
    admin_only: bool = False


@dataclass(frozen=True, slots=True)
class Panel:
    """A panel on record pages; `render` gets (entity name, typed values) and gives context, None hides it."""

    name: str
    title: str
    template: str
    render: Callable[[str, Mapping[str, Any]], Mapping[str, Any] | None]
    entities: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class MenuEntry:
    """An entry of the main menu."""

    title: str
    url: str
    icon: str = "puzzle"
    admin_only: bool = False
