"""The trigger `called`: another workflow calls this one."""

from __future__ import annotations

from typing import Final

from amity.workflows.triggers.base import FORM_SCHEMA, TriggerKind

CALLED: Final = TriggerKind(
    name="called",
    title="When another workflow calls it",
    description="A part that several workflows share.",
    icon="arrow-fork",
    source="asked",
    entity="possible",
    sees=frozenset({"record", "input"}),
    options={
        "form": FORM_SCHEMA,
    },
)
