"""Who asks, and what the policy lets this person see and do: asked once per request, verb and entity."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any

from amity.access.context import Context
from amity.access.policy import Decision, Policy, Verb
from amity.entities.model import Entity, Model
from amity.errors import Forbidden, NotFound
from amity.expressions import nearest

_DOES = {
    "read": "see", "create": "create", "update": "change", "delete": "delete",
    "export": "export", "import": "import", "link": "link", "merge": "merge",
}  # fmt: skip


@dataclass(slots=True)
class Caller:
    """A context within one revision of the model."""

    ctx: Context
    model: Model
    policy: Policy
    bound: Mapping[str, Any] | None = None
    """Values of `now`, `today` and `me`, made when an expression first asks (see `records.me`)."""
    _decisions: dict[tuple[str, Verb], Decision] = field(default_factory=dict)
    _sight: Hashable | None = None

    def decide(self, entity: Entity, verb: Verb) -> Decision:
        """Give the policy's answer, asked once."""
        key = (entity.id, verb)
        known = self._decisions.get(key)
        if known is None:
            known = self._decisions[key] = self.policy.decide(self.ctx.actor, verb, entity)
        return known

    def entity(self, name: str, verb: Verb = "read") -> Entity:
        """Find an entity with which the caller may `verb`.

        Raises `NotFound` where it does not exist or is not readable, `Forbidden` where it only may be read.
        """
        entity = self.model.entities.get(name)
        if entity is None or not (self.decide(entity, verb).allowed or self.can_read(entity)):
            readable = [item.name for item in self.model if self.can_read(item)]
            close = nearest(name, readable)
            hint = f"Did you mean '{close}'?" if close else None
            raise NotFound(f"There is no entity '{name[:64]}'." + (f" {hint}" if hint else ""), hint=hint)
        if not self.decide(entity, verb).allowed:
            raise Forbidden(
                f"You may not {_DOES[verb]} records of {entity.plural}.",
                hint="Ask an administrator for the right.",
            )
        return entity

    @property
    def sight(self) -> Hashable:
        """Equal for callers whose reading follows the same rules: part of the keys of caches."""
        if self._sight is None:
            decisions = ((item.id, self.decide(item, "read")) for item in self.model)
            self._sight = tuple(
                (key, decision.allowed, decision.readable, decision.condition)
                for key, decision in decisions
                if decision.readable is not None or decision.condition or not decision.allowed
            )
        return self._sight

    def can_read(self, entity: Entity) -> bool:
        """Whether any record of the entity may be seen."""
        return self.decide(entity, "read").allowed
