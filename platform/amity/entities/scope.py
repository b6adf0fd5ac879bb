"""What an entity's own expressions may name: checks, `visible`, `required_when`, the `where` of views."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from amity.entities.model import Entity, Field, Model
from amity.expressions import DATETIME, ID, INT, Function, ListType, Name, RecordType, Type

SYSTEM_NAMES: Final[Mapping[str, Name]] = {
    "id": Name(ID, (None, "id"), nullable=False),
    "version": Name(INT, (None, "version"), nullable=False),
    "created_at": Name(DATETIME, (None, "created_at"), nullable=False),
    "created_by": Name(ID, (None, "created_by")),
    "updated_at": Name(DATETIME, (None, "updated_at"), nullable=False),
    "updated_by": Name(ID, (None, "updated_by")),
    "owner": Name(ID, (None, "owner")),
}
ME: Final = Name(RecordType("employee"), (None, "me"), nullable=False, bound=True)
"""The account, whose fields are those of its employee record."""


@dataclass(frozen=True)
class EntityScope:
    """All names of a record of `entity`, nothing hidden; paths lead through `model`.

    Record types carry entity ids, origins are (entity id, field id); the origin of an inverse is `<name`.
    """

    model: Model
    entity: Entity
    functions: Mapping[str, Function]

    def lookup(self, name: str) -> Name | None:
        """Find a name on its own."""
        return ME if name == "me" else self._member(self.entity, name)

    def member(self, type_: Type, name: str) -> Name | None:
        """Find a field of a record type."""
        entity = self._entity(type_)
        return None if entity is None else self._member(entity, name)

    def names(self) -> Iterable[str]:
        """Give all names, for hints."""
        return [*_names(self.entity), "me"]

    def member_names(self, type_: Type) -> Iterable[str]:
        """Give all fields of a record type, for hints."""
        entity = self._entity(type_)
        return () if entity is None else _names(entity)

    def _entity(self, type_: Type) -> Entity | None:
        return self.model.by_id.get(type_.entity) if isinstance(type_, RecordType) else None

    def _member(self, entity: Entity, name: str) -> Name | None:
        if name in SYSTEM_NAMES:
            return SYSTEM_NAMES[name]
        field = entity.by_name.get(name)
        if field is not None:
            return _field(entity, field)
        inverse = next((item for item in entity.inverses if item.name == name), None)
        other = self.model.entities.get(inverse.entity) if inverse else None
        return Name(ListType(RecordType(other.id)), (entity.id, f"<{name}")) if other else None


def _field(entity: Entity, field: Field) -> Name:
    return Name(
        field.kind.expression_type(field),
        (entity.id, field.id),
        filterable=field.kind.filterable,
        why_not="" if field.kind.filterable else "cannot be used in a filter",
        folded=any(spec.role == "fold" for spec in field.kind.columns(field)),
    )


def _names(entity: Entity) -> list[str]:
    return [*SYSTEM_NAMES, *entity.by_name, *(item.name for item in entity.inverses)]
