"""What expressions of a caller may name: an unreadable field is an unknown name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from amity.entities.model import Entity, Field, Model
from amity.expressions import DATETIME, ID, INT, Function, ListType, Name, RecordType, Type
from amity.records.caller import Caller

SYSTEM_NAMES: Final[Mapping[str, Name]] = {
    "id": Name(ID, (None, "id"), nullable=False),
    "version": Name(INT, (None, "version"), nullable=False),
    "created_at": Name(DATETIME, (None, "created_at"), nullable=False),
    "created_by": Name(ID, (None, "created_by")),
    "updated_at": Name(DATETIME, (None, "updated_at"), nullable=False),
    "updated_by": Name(ID, (None, "updated_by")),
    "owner": Name(ID, (None, "owner")),
}
PERSON: Final = RecordType("employee")
"""What `me` is: the account, whose fields are those of its employee record."""
ME: Final = Name(PERSON, (None, "me"), nullable=False, bound=True)


@dataclass(frozen=True)
class CallerScope:
    """Names of one entity's record. Without a caller nothing is hidden: for policies and checks."""

    functions: Mapping[str, Function]
    model: Model
    entity: Entity
    caller: Caller | None = None

    def lookup(self, name: str) -> Name | None:
        """Find a name on its own."""
        if name == "me":
            return ME
        return self._member(self.entity, name)

    def member(self, type_: Type, name: str) -> Name | None:
        """Find a field of a record type."""
        entity = self._entity(type_)
        return None if entity is None else self._member(entity, name)

    def names(self) -> Iterable[str]:
        """Give all names, for hints."""
        return [*self._names(self.entity), "me"]

    def member_names(self, type_: Type) -> Iterable[str]:
        """Give all fields of a record type, for hints."""
        entity = self._entity(type_)
        return () if entity is None else self._names(entity)

    def _entity(self, type_: Type) -> Entity | None:
        if not isinstance(type_, RecordType):
            return None
        return self.model.by_id.get(type_.entity)

    def _visible(self, entity: Entity, name: str) -> bool:
        return self.caller is None or self.caller.decide(entity, "read").can_read(name)

    def _names(self, entity: Entity) -> list[str]:
        fields = [name for name in entity.by_name if self._visible(entity, name)]
        return [*SYSTEM_NAMES, *fields, *(item.name for item in entity.inverses)]

    def _member(self, entity: Entity, name: str) -> Name | None:
        if name in SYSTEM_NAMES:
            return SYSTEM_NAMES[name]
        field = entity.by_name.get(name)
        if field is not None:
            return self._field(entity, field) if self._visible(entity, name) else None
        return self._inverse(entity, name)

    def _field(self, entity: Entity, field: Field) -> Name | None:
        type_ = field.kind.expression_type(field)
        target = type_.item if isinstance(type_, ListType) else type_
        if isinstance(target, RecordType):
            other = self.model.by_id.get(target.entity)
            if other is None or (self.caller is not None and not self.caller.can_read(other)):
                return None
        return Name(
            type_,
            (entity.id, field.id),
            filterable=field.kind.filterable,
            why_not="" if field.kind.filterable else "cannot be used in a filter",
            folded=any(spec.role == "fold" for spec in field.kind.columns(field)),
        )

    def _inverse(self, entity: Entity, name: str) -> Name | None:
        inverse = next((item for item in entity.inverses if item.name == name), None)
        if inverse is None:
            return None
        other = self.model.entities.get(inverse.entity)
        if other is None or not self._visible(other, inverse.field):
            return None
        if self.caller is not None and not self.caller.can_read(other):
            return None
        return Name(ListType(RecordType(other.id)), (entity.id, f"<{name}"))
