"""Short text: one line, sorted and searched by a shadow key without case and accents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final

from amity.database.folding import fold_key
from amity.database.storable import text_fault
from amity.entities.kinds.base import ColumnSpec, FormData, Kind, Locale, ValueProblem
from amity.entities.model import Field
from amity.expressions.types import TEXT, Type

SHORT: Final = 500
"""A plain schema that allows more characters than this is understood as long text."""


def checked_text(value: Any) -> str:
    """Give `value` back if it is text that can be stored. Raises `ValueProblem`."""
    if not isinstance(value, str):
        raise ValueProblem("type", f"This must be a text, not {type_name(value)}.")
    fault = text_fault(value)
    if fault:
        raise ValueProblem("characters", fault)
    return value


def shortened(text: str, limit: int = 160) -> str:
    """Give a text in one line, cut at `limit` characters, for lists and labels."""
    line = " ".join(text[: limit * 8].split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def type_name(value: Any) -> str:
    """What JSON calls the type of a value, with its article, for messages."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, str):
        return "a text"
    if isinstance(value, Mapping):
        return "an object"
    return "a list" if isinstance(value, list | tuple) else "a number"


class TextKind(Kind):
    """A text of one line. Stored unchanged."""

    name = "text"
    title = "Text"
    icon = "letter-case"
    searchable = True
    keyed: ClassVar[bool] = True
    """Whether it has the shadow key."""

    def infer(self, schema: Mapping[str, Any]) -> int:
        return 10 if schema.get("type") == "string" else 0

    def value_schema(self, field: Field) -> Mapping[str, Any]:
        return {"type": "string"}

    def new_schema(self) -> Mapping[str, Any]:
        return {"type": "string", "maxLength": 200}

    def parse(self, field: Field, value: Any) -> str:
        return checked_text(value)

    def dump(self, field: Field, value: str) -> str:
        return value

    def columns(self, field: Field) -> Sequence[ColumnSpec]:
        value = ColumnSpec("", "text")
        return (value, ColumnSpec("fold", "key", indexed=True)) if self.keyed else (value,)

    def store(self, field: Field, value: str) -> Mapping[str, Any]:
        return {"": value, "fold": fold_key(value)} if self.keyed else {"": value}

    def expression_type(self, field: Field) -> Type:
        return TEXT

    def to_text(self, field: Field, value: str) -> str:
        return value

    def from_text(self, field: Field, text: str) -> str:
        return text

    def format(self, field: Field, value: str, locale: Locale) -> str:
        plain = len(value) <= SHORT and value.isprintable()
        return value if plain else shortened(value, SHORT) or value[:SHORT]

    def from_form(self, field: Field, form: FormData, name: str) -> Any:
        """Read the text. Browsers send every end of line as CR LF: kept only where `name.newline` is crlf."""
        value = super().from_form(field, form, name)
        if isinstance(value, str) and form.get(f"{name}.newline") != "crlf":
            return value.replace("\r\n", "\n")
        return value

    def samples(self, field: Field) -> Sequence[Any]:
        return ("Ada", "Ångström", "zoë")
