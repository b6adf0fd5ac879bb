"""The trigger `webhook`: another program calls, with a signature."""

from __future__ import annotations

from typing import Final

from amity.workflows.triggers.base import TriggerKind

WEBHOOK: Final = TriggerKind(
    name="webhook",
    title="When another program calls",
    description="A POST with a signature (Standard Webhooks); its JSON body is the input.",
    icon="webhook",
    source="asked",
    person=False,
    entity="none",
    sees=frozenset({"input"}),
    required=("secret",),
    options={
        "secret": {
            "type": "string",
            "title": "Secret",
            "description": "Name of the secret by which the caller signs (Builder, Secrets).",
            "pattern": "^[a-z][a-z0-9_]{0,62}$",
            "x-amity": {"input": "secret"},
        },
    },
)
