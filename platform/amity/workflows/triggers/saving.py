"""The trigger `saving`: a rule, which runs inside the save and can change or refuse it."""

from __future__ import annotations

from typing import Final

from amity.workflows.triggers.base import CHANGED_FIELDS, TriggerKind

SAVING: Final = TriggerKind(
    name="saving",
    title="While a record is being saved (rule)",
    description="Sets fields, refuses what is wrong, changes related records: in one step with the save.",
    icon="shield-check",
    source="saving",
    sees=frozenset({"record", "old", "new"}),
    options={
        "on_create": {"type": "boolean", "default": True, "title": "On new records"},
        "on_update": {"type": "boolean", "default": True, "title": "On changes"},
        "fields": CHANGED_FIELDS,
        "order": {
            "type": "integer",
            "minimum": 0,
            "maximum": 9999,
            "default": 100,
            "title": "Order",
            "description": "Rules of an entity run from the lowest number to the highest.",
        },
    },
)
