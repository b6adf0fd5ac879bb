"""The trigger `saved`."""

from __future__ import annotations

from typing import Final

from amity.workflows.triggers.base import TriggerKind

SAVED: Final = TriggerKind(
    name="saved",
    title="When a record is created or changed",
    description="Whatever brings the record into a state, such as a stage that is reached.",
    icon="device-floppy",
    source="change",
    events=frozenset({"created", "updated"}),
    sees=frozenset({"record", "old", "new"}),
    options={
        "fields": {
            "type": "array",
            "items": {"type": "string"},
            "uniqueItems": True,
            "maxItems": 100,
            "title": "Fields",
            "description": "Only when one of these has changed; none: any change.",
            "x-amity": {"input": "field"},
        }
    },
)
