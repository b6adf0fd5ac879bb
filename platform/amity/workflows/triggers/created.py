"""The trigger `created`."""

from __future__ import annotations

from typing import Final

from amity.workflows.triggers.base import TriggerKind

CREATED: Final = TriggerKind(
    name="created",
    title="When a record is created",
    description="A new record, wherever it comes from: form, import, REST or another workflow.",
    icon="plus",
    source="change",
    events=frozenset({"created"}),
    sees=frozenset({"record", "new"}),
)
