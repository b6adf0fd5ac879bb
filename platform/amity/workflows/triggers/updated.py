"""The trigger `updated`."""

from __future__ import annotations

from typing import Final

from amity.workflows.triggers.base import TriggerKind

UPDATED: Final = TriggerKind(
    name="updated",
    title="When a record is changed",
    description="A change of an existing record; old and new values can be compared.",
    icon="edit",
    source="change",
    events=frozenset({"updated"}),
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
