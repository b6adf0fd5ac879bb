"""The kinds of a workspace, by name, in the order of the designer's palette."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from amity.entities.kinds.base import Kind
from amity.errors import Invalid, SetupError

GROUPS: Final = ("Basic", "Choices", "Time", "Contact", "Relations", "Files", "Nested")
"""Groups of the core in the palette; groups of extensions follow."""


class KindRegistry:
    """All kinds: those of the core and those of extensions. Never changed once made."""

    def __init__(self, kinds: Iterable[Kind]) -> None:
        """Take the kinds that the hook `amity_kinds` gave. Raises `SetupError` where two share a name."""
        found: dict[str, Kind] = {}
        for kind in kinds:
            if kind.name in found:
                first, second = type(found[kind.name]), type(kind)
                raise SetupError(
                    f"Two kinds are called {kind.name!r}: {first.__module__}.{first.__name__} and "
                    f"{second.__module__}.{second.__name__}.",
                    hint="Give one of them another name.",
                )
            found[kind.name] = kind
        groups = [*GROUPS, *(kind.group for kind in found.values() if kind.group not in GROUPS)]
        self._kinds: Mapping[str, Kind] = {
            kind.name: kind for kind in sorted(found.values(), key=lambda kind: groups.index(kind.group))
        }

    def __iter__(self) -> Iterator[Kind]:
        return iter(self._kinds.values())

    def __len__(self) -> int:
        return len(self._kinds)

    def __contains__(self, name: object) -> bool:
        return name in self._kinds

    @property
    def names(self) -> tuple[str, ...]:
        """All names, in the order of the palette."""
        return tuple(self._kinds)

    def get(self, name: str) -> Kind:
        """Give a kind by its name. Raises `Invalid` that names the nearest one."""
        try:
            return self._kinds[name]
        except (KeyError, TypeError):
            raise Invalid.at("/x-amity/kind", "unknown_kind", self.unknown(name)) from None

    def unknown(self, name: object) -> str:
        """Say that there is no kind of this name, which ones there are and which is the nearest."""
        near = difflib.get_close_matches(str(name).lower()[:100], self._kinds, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        return f"There is no kind {str(name)[:60]!r}; there are {', '.join(sorted(self._kinds))}.{hint}"

    def infer(self, schema: Mapping[str, Any]) -> Kind:
        """Give the kind that fits a property schema without `x-amity.kind` best.

        The schema is flat: `$ref`s followed, null taken out. What nothing else fits is nested JSON, or
        plain text where there is no such kind. The first of equals in the order of the palette wins.
        """
        best = max(self._kinds.values(), key=lambda kind: kind.infer(schema))
        if best.infer(schema) > 0:
            return best
        return self._kinds.get("json", best)

    def of(self, schema: Mapping[str, Any]) -> Kind:
        """Give the kind of a property schema: the one it names, else the one inferred."""
        options = schema.get("x-amity")
        name = options.get("kind") if isinstance(options, Mapping) else None
        return self.infer(schema) if name is None else self.get(name)
