"""Conditions of forms and pages ("visible", "required when"), worked out over a record's typed values.

The same expressions that the gate enforces: here they only decide what is shown.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from amity.access.context import Context
from amity.entities.model import Entity, Field
from amity.entities.scope import EntityScope
from amity.errors import AmityError
from amity.expressions import BOOL, Compiled, ExpressionError, compile
from amity.records.links import single_target
from amity.records.me import bound_values
from amity.web.context import workspace


class Rules:
    """The conditions of one entity over one set of values (typed, by field name; missing is null)."""

    def __init__(self, ctx: Context, entity: Entity, values: Mapping[str, Any]) -> None:
        self.entity = entity
        self._environment = _Values(ctx, entity, values)

    def holds(self, text: str | None, otherwise: bool = True) -> bool:
        """Work out a condition; without one, and where it cannot be used (any more), `otherwise`."""
        if not text:
            return otherwise
        compiled = compiled_rule(self.entity, text)
        return otherwise if compiled is None else compiled.condition(self._environment)

    def visible(self, field: Field) -> bool:
        """Whether the form shows the field."""
        return self.holds(field.visible)

    def required(self, field: Field) -> bool:
        """Whether the field must be filled."""
        return field.required or self.holds(field.required_when, otherwise=False)


def compiled_rule(entity: Entity, text: str) -> Compiled | None:
    """Compile a condition once per revision; None where it does not compile."""
    machine = workspace().records.machine
    model = workspace().definitions.model

    def make() -> Compiled | None:
        try:
            return compile(text, EntityScope(model, entity, machine.functions), expect=BOOL)
        except ExpressionError:
            return None

    return machine.revision(model).keep(("form", entity.id, text), make)


def fields_in(entity: Entity, text: str) -> set[str]:
    """Name the entity's own fields that a condition looks at."""
    compiled = compiled_rule(entity, text)
    if compiled is None:
        return set()
    own = {path[0][1] for path in compiled.references if path and path[0][0] == entity.id}
    return {field.name for field in entity.fields if field.id in own}


class _Values:
    """Names and values as an expression sees them; relations are looked up when they are asked for."""

    def __init__(self, ctx: Context, entity: Entity, values: Mapping[str, Any]) -> None:
        self.ctx = ctx
        self.entity = entity
        self.values = values

    @property
    def id(self) -> str | None:
        """The record's id; None for one that is not saved yet."""
        identity: str | None = self.values.get("id")
        return identity

    def get(self, name: str, /) -> Any:
        """Give a bound name or a field's value."""
        if name == "now":
            return self.ctx.now
        if name == "today":
            return self.ctx.today
        if name == "me":
            machine = workspace().records.machine
            return bound_values(machine, machine.caller(self.ctx)).get("me")
        value = self.values.get(name)
        field = self.entity.by_name.get(name)
        if value is None or field is None or not field.kind.is_relation:
            return value
        target = single_target(workspace().definitions.model, field)
        if target is None:
            return None
        if isinstance(value, list):
            ids = [item if isinstance(item, str) else item.get("id") for item in value]
            return [found for identity in ids if (found := self._record(target, identity)) is not None]
        return self._record(target, value)

    def _record(self, target: Entity, identity: Any) -> _Values | None:
        if not isinstance(identity, str):
            return None
        try:
            record = workspace().records.get(self.ctx, target.name, identity)
        except AmityError:
            return None
        return _Values(self.ctx, target, record.values)
