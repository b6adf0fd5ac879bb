"""Set fields of the record that is being saved (rules)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from amity.entities.model import Model
from amity.texts import gettext as _
from amity.workflows.action import Action, Call, Preview
from amity.workflows.predicting import caller_of, changing
from amity.workflows.subjects import field_titles, subject


class Set(Action):
    """Sets fields inside the save. `workflows.rules` carries it out: it is part of the gate's own write."""

    name = "set"
    title = "Set fields"
    description = "Fill or correct fields of the record while it is being saved."
    icon = "pencil"
    places = frozenset({"rule"})
    schema: ClassVar[Mapping[str, Any]] = {
        "type": "object",
        "required": ["values"],
        "properties": {
            "values": {
                "type": "object",
                "title": "Values",
                "description": "What stands in the fields when the record is saved, whatever was typed.",
                "minProperties": 1,
                "x-amity": {"input": "values", "of": "record"},
            }
        },
    }

    def preview(self, call: Call) -> Preview:
        """Give the fields that would be set otherwise than they are."""
        found = subject(call, caller_of(call))
        write = None if found is None else changing(call, found, call.params["values"])
        if found is None or write is None:
            return Preview(_("Nothing would be set: the fields have these values already."))
        titles = field_titles(found.entity, list(write["values"]))
        return Preview(_("These fields would be set while saving: %(titles)s.", titles=titles), [write])

    def describe(self, params: Mapping[str, Any], model: Model) -> str:
        """Name the fields."""
        return _("Set %(values)s", values=", ".join(params.get("values") or ()) or "…")
