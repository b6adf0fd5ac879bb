"""Seams of the gate: what else happens inside a save (rules, formulas, run requests) listens here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from amity.entities.model import Entity

if TYPE_CHECKING:
    from amity.records.draft import Draft
    from amity.records.unit import Unit


@dataclass(frozen=True, slots=True)
class Change:
    """One record that was written in this unit, with its event."""

    event: str
    """Id of the event."""
    kind: str
    record: str
    old: dict[str, Any] | None
    """Typed values by field name before the write; None for a new record."""
    new: dict[str, Any]
    dead: Mapping[str, Any] = field(default_factory=dict)
    """Links to deleted records that were stored where `old` says null, by name."""


class Listener(Protocol):
    """What joins in a save. Made per revision; an entity that nobody listens to costs nothing."""

    def listens_to(self, unit: Unit, entity: Entity) -> bool:
        """Tell whether records of `entity` concern it; asked at every save, so it only looks up."""
        ...

    def saving(self, unit: Unit, entity: Entity, drafts: Sequence[Draft]) -> None:
        """Before the write: may set values (`Draft.set`) or refuse (`Draft.refuse`)."""
        ...

    def written(self, unit: Unit, entity: Entity, changes: Sequence[Change]) -> None:
        """After the write and its events, in the same transaction."""
        ...
