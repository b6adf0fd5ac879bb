"""The trigger `deleted`."""

from __future__ import annotations

from typing import Final

from amity.workflows.triggers.base import TriggerKind

DELETED: Final = TriggerKind(
    name="deleted",
    title="When a record is deleted",
    description="The record goes into the bin; its last values are still known.",
    icon="trash",
    source="change",
    events=frozenset({"deleted"}),
    sees=frozenset({"old"}),
)
