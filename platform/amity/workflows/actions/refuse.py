"""Refuse to save a record (rules)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from amity.entities.model import Model
from amity.texts import gettext as _
from amity.workflows.action import Action, Call, Preview


class Refuse(Action):
    """Stops the save with a message. `workflows.rules` carries it out: nothing is written."""

    name = "refuse"
    title = "Refuse to save"
    description = "Do not let the record be saved like this, and say why."
    icon = "circle-x"
    places = frozenset({"rule"})
    schema: ClassVar[Mapping[str, Any]] = {
        "type": "object",
        "required": ["message"],
        "properties": {
            "message": {
                "type": "string",
                "title": "Message",
                "description": "What the person reads who wanted to save: what is wrong and what to do.",
                "minLength": 1,
                "maxLength": 1000,
                "x-amity": {"input": "template"},
            },
            "field": {
                "type": "string",
                "title": "Beside which field",
                "description": "Leave it empty for a message at the top of the form.",
                "x-amity": {"input": "field", "of": "record"},
            },
        },
    }

    def preview(self, call: Call) -> Preview:
        """Say what the person would read."""
        message = call.params["message"]
        return Preview(
            _("The save would be refused: %(message)s", message=message),
            stops=_("The save is refused: %(message)s", message=message),
            outcome="ended",
        )

    def describe(self, params: Mapping[str, Any], model: Model) -> str:
        """Say the message."""
        return _("Refuse: %(message)s", message=params.get("message") or "…")
