"""The trigger `updated`."""

from __future__ import annotations

from typing import Final

from amity.workflows.triggers.base import CHANGED_FIELDS, TriggerKind

UPDATED: Final = TriggerKind(
    name="updated",
    title="When a record is changed",
    description="A change of an existing record; old and new values can be compared.",
    icon="edit",
    source="change",
    events=frozenset({"updated"}),
    sees=frozenset({"record", "old", "new"}),
    options={"fields": CHANGED_FIELDS},
)
