"""The trigger `saved`."""

from __future__ import annotations

from typing import Final

from amity.workflows.triggers.base import CHANGED_FIELDS, TriggerKind

SAVED: Final = TriggerKind(
    name="saved",
    title="When a record is created or changed",
    description="Whatever brings the record into a state, such as a stage that is reached.",
    icon="device-floppy",
    source="change",
    events=frozenset({"created", "updated"}),
    sees=frozenset({"record", "old", "new"}),
    options={"fields": CHANGED_FIELDS},
)
