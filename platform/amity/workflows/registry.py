"""The actions, triggers and e-mail templates of one workspace."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from amity.definitions.documents import StoredDefinition
from amity.workflows.action import Action
from amity.workflows.documents.letters import Letters
from amity.workflows.triggers import TRIGGERS, TriggerKind


@dataclass(frozen=True)
class Registry:
    """What a document may name."""

    actions: Mapping[str, Action]
    triggers: Mapping[str, TriggerKind] = field(default_factory=lambda: TRIGGERS)
    letters: Letters = field(default_factory=Letters.read)

    @classmethod
    def of(cls, actions: Iterable[Action], letters: Letters | None = None) -> Registry:
        """Make it of what the hook `amity_actions` gave, and of the files of templates."""
        known = {action.name: action for action in actions}
        return cls(known) if letters is None else cls(known, letters=letters)

    def with_letters(self, found: Iterable[StoredDefinition]) -> Registry:
        """Give it with the workspace's own e-mail templates, as they are in force."""
        own = [(known.name, known.document) for known in found]
        return replace(self, letters=self.letters.over(own))
