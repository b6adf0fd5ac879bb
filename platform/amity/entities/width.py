"""How wide a row of an entity's table can become: PostgreSQL keeps a row within one page of 8 kB."""

from __future__ import annotations

from typing import Final

from amity.entities.model import Entity, Field
from amity.entities.stored import PARKED, Registry

PAGE_BYTES: Final = 8_000
_SYSTEM: Final = 24 + 16 * 4 + 8 * 3 + 4 + 18
_WIDTHS: Final = {
    "uuid": 16, "integer": 8, "date": 4, "datetime": 8, "time": 8, "duration": 8, "boolean": 1,
}  # fmt: skip
_POINTER: Final = 18
"""Long texts and JSON move out of the row and leave a pointer of this size."""


def row_width(entity: Entity, registry: Registry) -> int:
    """Estimate the bytes of a row in which every field, live or parked, is filled."""
    parked = [column.type for column in registry.of(entity.id) if column.state == PARKED]
    types = [type_ for field in entity.fields for type_ in _types(field)] + parked
    return _SYSTEM + len(types) // 8 + sum(_width(type_) for type_ in types)


def _types(field: Field) -> list[str]:
    return [spec.type for spec in field.kind.columns(field)]


def _width(type_: str) -> int:
    if type_.startswith("decimal"):
        return 14
    return _WIDTHS.get(type_, _POINTER)
