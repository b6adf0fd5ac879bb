"""The trigger `event`: an extension says that something happened."""

from __future__ import annotations

from typing import Final

from amity.workflows.triggers.base import TriggerKind

EVENT: Final = TriggerKind(
    name="event",
    title="When an extension reports something",
    description="An event that an extension raises by its name; what it says about it is the input.",
    icon="broadcast",
    source="asked",
    entity="possible",
    sees=frozenset({"record", "input"}),
    required=("event",),
    options={
        "event": {
            "type": "string",
            "title": "Name of the event",
            "pattern": "^[a-z][a-z0-9_.]{0,99}$",
        },
    },
)
