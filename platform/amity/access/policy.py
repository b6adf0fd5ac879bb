"""The policy interface: every query and every write asks it, nobody passes by.

A policy answers for (person, verb, entity). The records layer compiles the condition into each query, on
each hop of a path, before counting, and takes hidden fields out of everything it reads or accepts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, Protocol

from amity.access.context import Actor
from amity.entities.model import Entity

Verb = Literal["read", "create", "update", "delete", "export", "import", "link", "merge"]
VERBS: Final[tuple[Verb, ...]] = (
    "read", "create", "update", "delete", "export", "import", "link", "merge",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Decision:
    """What a person may do with one entity.

    `condition` is an expression over the entity's fields that a record must meet (None: every record).
    `readable` and `writable` are field names (None: all fields). A hidden field is absent, never null, and
    may not be used in a filter or sort.
    """

    allowed: bool
    condition: str | None = None
    readable: frozenset[str] | None = None
    writable: frozenset[str] | None = None
    reason: str = ""
    """For "explain access": which rule decided."""

    def can_read(self, field: str) -> bool:
        """Whether the field may be shown."""
        return self.readable is None or field in self.readable

    def can_write(self, field: str) -> bool:
        """Whether the field may be changed."""
        return self.writable is None or field in self.writable


DENIED: Final = Decision(False, reason="no role grants it")
GRANTED: Final = Decision(True)


class Policy(Protocol):
    """Answers once per person, verb and entity; the caller keeps the answer for the length of a request."""

    def decide(self, actor: Actor, verb: Verb, entity: Entity) -> Decision:
        """Say whether `actor` may `verb` records of `entity`, which ones and which fields."""
        ...


@dataclass(frozen=True, slots=True)
class RolePolicy:
    """The first cut: *admin* and *staff* work with all records, others with none."""

    working_roles: frozenset[str] = frozenset({"admin", "staff"})

    def decide(self, actor: Actor, verb: Verb, entity: Entity) -> Decision:
        """See `Policy`."""
        if actor.is_system:
            return Decision(True, reason="the system itself")
        for role in actor.roles:
            if role in self.working_roles:
                return Decision(True, reason=f"role {role}: all records")
        return DENIED


@dataclass(frozen=True, slots=True)
class AllOf:
    """Several policies at once: each must allow, conditions and field sets are intersected."""

    policies: Sequence[Policy]

    def decide(self, actor: Actor, verb: Verb, entity: Entity) -> Decision:
        """See `Policy`."""
        decisions = [policy.decide(actor, verb, entity) for policy in self.policies]
        refused = next((decision for decision in decisions if not decision.allowed), None)
        if refused is not None:
            return refused
        conditions = [decision.condition for decision in decisions if decision.condition]
        return Decision(
            True,
            condition=" && ".join(f"({condition})" for condition in conditions) or None,
            readable=_intersection([decision.readable for decision in decisions]),
            writable=_intersection([decision.writable for decision in decisions]),
            reason="; ".join(decision.reason for decision in decisions if decision.reason),
        )


def _intersection(sets: Sequence[frozenset[str] | None]) -> frozenset[str] | None:
    narrowed = [names for names in sets if names is not None]
    return frozenset.intersection(*narrowed) if narrowed else None
