"""A unit: everything that one write transaction does, shared by nested writes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection

from amity.access.context import Context
from amity.entities.model import Entity, Model
from amity.records.caller import Caller
from amity.records.listeners import Listener

if TYPE_CHECKING:
    from amity.records.machine import Machine


@dataclass(slots=True)
class Unit:
    """Connection, actor, cause and depth of the writes of one transaction."""

    connection: Connection
    caller: Caller
    machine: Machine
    cause: dict[str, Any]
    depth: int
    listeners: Sequence[Listener] = ()
    events: list[str] = field(default_factory=list)
    """Ids of the events written so far."""
    after: list[Callable[[], None]] = field(default_factory=list)
    """What is called once it is committed: wake who waits for what was written. Must not fail."""

    @property
    def ctx(self) -> Context:
        """Who acts, and when."""
        return self.caller.ctx

    @property
    def model(self) -> Model:
        """The entities in force inside this transaction."""
        return self.caller.model

    def listening(self, entity: Entity) -> Sequence[Listener]:
        """Those who take part in a save of `entity`."""
        return [item for item in self.listeners if item.listens_to(self, entity)] if self.listeners else ()

    def because(self, **cause: Any) -> Unit:
        """Give the same unit for a consequence, one level deeper, with more of the cause told."""
        return replace(self, cause={**self.cause, **cause}, depth=self.depth + 1)
