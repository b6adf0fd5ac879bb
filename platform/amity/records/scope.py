"""What expressions of a caller may name: an unreadable field is an unknown name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from amity.entities.model import SYSTEM_FIELDS, Entity
from amity.entities.scope import EntityScope
from amity.expressions import Function, ListType, Name, RecordType, Type
from amity.records.caller import Caller


@dataclass(frozen=True)
class CallerScope:
    """The names of an entity's scope without those that lead to what the caller may not read."""

    inner: EntityScope
    caller: Caller

    @property
    def functions(self) -> Mapping[str, Function]:
        """All functions by name."""
        return self.inner.functions

    def lookup(self, name: str) -> Name | None:
        """Find a name on its own."""
        return self._shown(self.inner.entity, name, self.inner.lookup(name))

    def member(self, type_: Type, name: str) -> Name | None:
        """Find a field of a record type."""
        entity = self._entity(type_)
        return None if entity is None else self._shown(entity, name, self.inner.member(type_, name))

    def names(self) -> Iterable[str]:
        """Give all names, for hints."""
        return [name for name in self.inner.names() if self.lookup(name) is not None]

    def member_names(self, type_: Type) -> Iterable[str]:
        """Give all fields of a record type, for hints."""
        return [name for name in self.inner.member_names(type_) if self.member(type_, name) is not None]

    def _entity(self, type_: Type) -> Entity | None:
        return self.caller.model.by_id.get(type_.entity) if isinstance(type_, RecordType) else None

    def _shown(self, entity: Entity, name: str, found: Name | None) -> Name | None:
        if found is None or name in SYSTEM_FIELDS or (name == "me" and name not in entity.by_name):
            return found
        if name in entity.by_name:
            visible = self.caller.decide(entity, "read").can_read(name)
        else:
            visible = self._inverse_visible(entity, name)
        return found if visible and self._reachable(found.type) else None

    def _inverse_visible(self, entity: Entity, name: str) -> bool:
        for inverse in entity.inverses:
            other = self.caller.model.entities.get(inverse.entity)
            if inverse.name == name and other is not None:
                return self.caller.decide(other, "read").can_read(inverse.field)
        return False

    def _reachable(self, type_: Type) -> bool:
        target = type_.item if isinstance(type_, ListType) else type_
        if not isinstance(target, RecordType):
            return True
        entity = self._entity(target)
        return entity is not None and self.caller.can_read(entity)
