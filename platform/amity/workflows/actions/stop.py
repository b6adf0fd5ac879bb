"""End the run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from amity.entities.model import Model
from amity.records.caller import Caller
from amity.records.unit import Unit
from amity.texts import gettext as _
from amity.workflows.action import Call, Outcome, Preview, RecordAction
from amity.workflows.action import Stop as Stopped


class Stop(RecordAction):
    """Ends the whole run here, as done or as failed."""

    name = "stop"
    title = "Stop"
    description = "End the run here. What comes behind is not done."
    group = "Flow"
    icon = "circle-x"
    schema: ClassVar[Mapping[str, Any]] = {
        "type": "object",
        "properties": {
            "reason": {
                "type": "string",
                "title": "Reason",
                "description": "Stands on the page of the run.",
                "maxLength": 500,
                "x-amity": {"input": "template"},
            },
            "failed": {
                "type": "boolean",
                "title": "As a failure",
                "description": "The run counts as failed and its owner is told.",
                "default": False,
            },
        },
    }

    def prepare(self, call: Call, caller: Caller) -> Callable[[Unit], Outcome]:
        """Give the end."""
        outcome = Stopped(call.params.get("reason") or "", bool(call.params.get("failed")))
        return lambda unit: outcome

    def preview(self, call: Call) -> Preview:
        """Say that it ends."""
        reason = call.params.get("reason") or ""
        failed = bool(call.params.get("failed"))
        text = _("The run would fail here.") if failed else _("The run would end here.")
        return Preview(f"{text} {reason}".strip(), stops=reason or text, outcome="ended")

    def describe(self, params: Mapping[str, Any], model: Model) -> str:
        """Say why."""
        what = _("Stop as failed") if params.get("failed") else _("Stop")
        return f"{what}: {params['reason']}" if params.get("reason") else what
