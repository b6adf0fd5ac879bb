"""Long text: several lines, found by the search, not sorted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from amity.entities.kinds.base import Locale
from amity.entities.kinds.text import SHORT, TextKind, shortened
from amity.entities.model import Field


class LongTextKind(TextKind):
    """A text of several lines. Stored unchanged."""

    name = "long_text"
    title = "Long text"
    icon = "align-left"
    sortable = False
    keyed: ClassVar[bool] = False

    def infer(self, schema: Mapping[str, Any]) -> int:
        if schema.get("type") != "string":
            return 0
        if schema.get("contentMediaType") in ("text/plain", "text/markdown"):
            return 25
        longest = schema.get("maxLength")
        return 15 if isinstance(longest, int) and longest > SHORT else 0

    def new_schema(self) -> Mapping[str, Any]:
        return {"type": "string", "x-amity": {"kind": self.name}}

    def format(self, field: Field, value: str, locale: Locale) -> str:
        return shortened(value) or "…"

    def samples(self, field: Field) -> Sequence[Any]:
        return ("One line.", "Two\nlines, and a blank one:\n\n  indented\t", "Grüße\r\nfrom Windows")
