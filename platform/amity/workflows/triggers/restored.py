"""The trigger `restored`."""

from __future__ import annotations

from typing import Final

from amity.workflows.triggers.base import TriggerKind

RESTORED: Final = TriggerKind(
    name="restored",
    title="When a record is restored",
    description="The record comes back from the bin.",
    icon="arrow-back-up",
    source="change",
    events=frozenset({"restored"}),
    sees=frozenset({"record", "new"}),
)
