"""The kinds of triggers, one file each."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from amity.workflows.triggers.base import TriggerKind
from amity.workflows.triggers.called import CALLED
from amity.workflows.triggers.created import CREATED
from amity.workflows.triggers.date import DATE
from amity.workflows.triggers.deleted import DELETED
from amity.workflows.triggers.event import EVENT
from amity.workflows.triggers.form import FORM
from amity.workflows.triggers.manual import MANUAL
from amity.workflows.triggers.restored import RESTORED
from amity.workflows.triggers.saved import SAVED
from amity.workflows.triggers.saving import SAVING
from amity.workflows.triggers.schedule import SCHEDULE
from amity.workflows.triggers.updated import UPDATED
from amity.workflows.triggers.webhook import WEBHOOK

TRIGGERS: Final[Mapping[str, TriggerKind]] = MappingProxyType(
    {
        kind.name: kind
        for kind in (
            CREATED, UPDATED, SAVED, DELETED, RESTORED, SAVING, SCHEDULE, DATE, MANUAL, FORM, WEBHOOK, EVENT,
            CALLED,
        )
    }
)  # fmt: skip
"""All kinds by name, in the order in which the builder offers them."""

__all__ = ["TRIGGERS", "TriggerKind"]
