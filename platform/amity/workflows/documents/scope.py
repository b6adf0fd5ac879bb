"""What the expressions of a workflow may name: record, old, new, input, earlier steps and loops."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from amity.entities.model import Entity, Field, Model
from amity.entities.scope import ME, EntityScope
from amity.expressions import Compiled, Function, ListType, Name, RecordType, Type, terms
from amity.expressions.types import DYN, TEXT

STEPS: Final = RecordType("#steps")
"""Type of `steps`; its members are the steps that come before."""


@dataclass(frozen=True)
class WorkflowScope:
    """Names at one place of a workflow; `with_step` and `with_name` give the scope of places behind it."""

    model: Model
    functions: Mapping[str, Function]
    own: Mapping[str, Name] = field(default_factory=dict)
    results: Mapping[str, Mapping[str, Name]] = field(default_factory=dict)

    @classmethod
    def of(
        cls, model: Model, functions: Mapping[str, Function], entity: Entity | None, sees: Iterable[str]
    ) -> WorkflowScope:
        """Make the scope of the first step."""
        names: dict[str, Name] = {"me": ME}
        for name in sees:
            if name == "input":
                names[name] = Name(DYN, (None, name))
            elif entity is not None:
                names[name] = Name(RecordType(entity.id), (None, name))
        return cls(model, functions, names)

    def with_step(self, key: str, result: Mapping[str, Type]) -> WorkflowScope:
        """Add what a step gives; each also says `state` (done, skipped, failed)."""
        members = {name: Name(type_, (None, name)) for name, type_ in {"state": TEXT, **result}.items()}
        return replace(self, results={**self.results, key: members})

    def with_name(self, name: str, type_: Type) -> WorkflowScope:
        """Add the name of a loop."""
        return replace(self, own={**self.own, name: Name(type_, (None, name))})

    # -- what the checker asks -----------------------------------------------------------------------
    def lookup(self, name: str) -> Name | None:
        """Find a name on its own."""
        if name == "steps":
            return Name(STEPS, (None, "steps"), nullable=False)
        return self.own.get(name)

    def member(self, type_: Type, name: str) -> Name | None:
        """Find a field of a record, a step, or a member of a step's result."""
        if type_ == STEPS:
            return Name(RecordType(f"#{name}"), (None, name)) if name in self.results else None
        if isinstance(type_, RecordType):
            if type_.entity.startswith("#"):
                return self.results.get(type_.entity[1:], {}).get(name)
            entity = self.model.by_id.get(type_.entity)
            return (
                None
                if entity is None
                else EntityScope(self.model, entity, self.functions).member(type_, name)
            )
        return None

    def names(self) -> Iterable[str]:
        """Give all names, for hints."""
        return [*self.own, "steps"]

    def member_names(self, type_: Type) -> Iterable[str]:
        """Give all members of a type, for hints."""
        if type_ == STEPS:
            return list(self.results)
        if isinstance(type_, RecordType):
            if type_.entity.startswith("#"):
                return list(self.results.get(type_.entity[1:], {}))
            entity = self.model.by_id.get(type_.entity)
            if entity is not None:
                return EntityScope(self.model, entity, self.functions).member_names(type_)
        return ()

    def field_of(self, compiled: Compiled) -> Field | None:
        """Find the field whose value an expression gives as it is."""
        term = compiled.term
        if not isinstance(term, terms.Member) or term.info.origin is None:
            return None
        entity_id, field_id = term.info.origin
        entity = self.model.by_id.get(entity_id) if entity_id is not None else None
        return None if entity is None else entity.by_id.get(field_id)


def item_type(type_: Type) -> Type | None:
    """Type of one of a list; None where it is no list."""
    if isinstance(type_, ListType):
        return type_.item
    return DYN if type_ == DYN else None
