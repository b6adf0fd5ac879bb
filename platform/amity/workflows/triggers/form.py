"""The trigger `form`: a public page that anybody may fill in."""

from __future__ import annotations

from typing import Final

from amity.workflows.triggers.base import FORM_SCHEMA, TriggerKind

FORM: Final = TriggerKind(
    name="form",
    title="When a public form is sent",
    description="A page without sign-in, such as a contact form; the answers are the input.",
    icon="forms",
    source="asked",
    person=False,
    entity="none",
    sees=frozenset({"input"}),
    required=("form",),
    options={
        "heading": {"type": "string", "title": "Heading", "maxLength": 200},
        "intro": {"type": "string", "title": "Text above the form", "maxLength": 2000},
        "thanks": {"type": "string", "title": "Text after it was sent", "maxLength": 2000},
        "form": FORM_SCHEMA,
    },
)
