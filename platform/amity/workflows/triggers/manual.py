"""The trigger `manual`: a button on the record and on a selection in the list."""

from __future__ import annotations

from typing import Final

from amity.workflows.triggers.base import FORM_SCHEMA, TriggerKind

MANUAL: Final = TriggerKind(
    name="manual",
    title="When somebody presses a button",
    description="A button on the record's page and for a selection in the list.",
    icon="click",
    source="asked",
    entity="possible",
    sees=frozenset({"record", "input"}),
    options={
        "button": {"type": "string", "title": "What the button says", "minLength": 1, "maxLength": 60},
        "selection": {
            "type": "boolean",
            "default": True,
            "title": "Also for a selection in the list",
        },
        "form": FORM_SCHEMA,
    },
)
