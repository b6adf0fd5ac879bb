"""A link to one record of one entity (many-to-one; one-to-one with `"unique": true`)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final

from amity.entities.kinds.base import ColumnSpec, Kind, ValueProblem
from amity.entities.kinds.text import type_name
from amity.entities.model import Field
from amity.expressions.types import ID, RecordType, Type

_UUID: Final = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", re.ASCII)

ON_DELETE_OPTION: Final[Mapping[str, Any]] = {
    "enum": ["refuse", "clear", "cascade"],
    "description": "What becomes of the record when the one it points to is deleted; default is clear.",
}
INVERSE_OPTION: Final[Mapping[str, Any]] = {
    "type": "string",
    "description": "The name under which the other side sees the records that point to it.",
}
_SAMPLES: Final = ("0190b6a2-7c1e-7000-8000-3f2a9c5d1e77", "0190b6a2-7c1e-7000-8000-3f2a9c5d1e78")


def checked_id(value: Any) -> str:
    """Give a record's id in lower case. Raises `ValueProblem`."""
    if not isinstance(value, str):
        raise ValueProblem("type", f"This must be the id of a record, not {type_name(value)}.")
    if not _UUID.fullmatch(value):
        raise ValueProblem("format", f"This must be the id of a record, such as {_SAMPLES[0]}.")
    return value.lower()


class RelationKind(Kind):
    """A link to one record. The value is its id."""

    name = "relation"
    title = "Link to a record"
    icon = "link"
    group = "Relations"
    is_relation = True
    option_schema: ClassVar[Mapping[str, Any]] = {
        "to": {"type": "string", "description": "The entity that is linked."},
        "on_delete": ON_DELETE_OPTION,
        "inverse": INVERSE_OPTION,
        "unique": {"type": "boolean", "description": "One-to-one: no two records may link the same one."},
    }

    def infer(self, schema: Mapping[str, Any]) -> int:
        options = schema.get("x-amity")
        linked = isinstance(options, Mapping) and isinstance(options.get("to"), str)
        return 50 if linked and schema.get("type", "string") == "string" else 0

    def value_schema(self, field: Field) -> Mapping[str, Any]:
        return {"type": "string", "format": "uuid"}

    def new_schema(self) -> Mapping[str, Any]:
        return {"type": "string", "format": "uuid", "x-amity": {"kind": "relation", "on_delete": "clear"}}

    def problems(self, field: Field) -> Sequence[ValueProblem]:
        if not isinstance(field.options.get("to"), str):
            return (ValueProblem("required", "Say with `to` which entity is linked.", "/x-amity/to"),)
        return ()

    def parse(self, field: Field, value: Any) -> str:
        return checked_id(value)

    def dump(self, field: Field, value: str) -> str:
        return value

    def columns(self, field: Field) -> Sequence[ColumnSpec]:
        return (ColumnSpec("", "uuid", indexed=True),)

    def expression_type(self, field: Field) -> Type:
        return RecordType(field.targets[0]) if field.targets else ID

    def to_text(self, field: Field, value: str) -> str:
        return value

    def from_text(self, field: Field, text: str) -> str:
        return checked_id(text.strip())

    def search_text(self, field: Field, value: Any) -> str:
        return ""

    def samples(self, field: Field) -> Sequence[Any]:
        return _SAMPLES
