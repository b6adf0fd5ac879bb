"""The actions and triggers of one workspace."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from amity.workflows.action import Action
from amity.workflows.triggers import TRIGGERS, TriggerKind


@dataclass(frozen=True)
class Registry:
    """What a document may name."""

    actions: Mapping[str, Action]
    triggers: Mapping[str, TriggerKind] = field(default_factory=lambda: TRIGGERS)

    @classmethod
    def of(cls, actions: Iterable[Action]) -> Registry:
        """Make it of what the hook `amity_actions` gave."""
        return cls({action.name: action for action in actions})
