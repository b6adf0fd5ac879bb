"""Comment on a record."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from amity.entities.model import Model
from amity.expressions import ID, Type
from amity.records.caller import Caller
from amity.records.unit import Unit
from amity.texts import gettext as _
from amity.workflows.action import Call, Done, Outcome, Preview, RecordAction, Skipped
from amity.workflows.outbound.mail import one_line
from amity.workflows.people import comments
from amity.workflows.predicting import caller_of
from amity.workflows.subjects import NOTHING, RECORD, of_record, subject


class Comment(RecordAction):
    """Writes a comment that stands in the record's timeline under the workflow's title."""

    name = "comment"
    title = "Write a comment"
    description = "Leave a note in the timeline of a record, for everybody who opens it."
    group = "Communication"
    icon = "message"
    schema: ClassVar[Mapping[str, Any]] = {
        "type": "object",
        "required": ["text"],
        "properties": {
            "record": RECORD,
            "text": {
                "type": "string",
                "title": "Text",
                "description": "What the comment says. Values stand in it as {{ record.name }}.",
                "minLength": 1,
                "maxLength": comments.LONGEST,
                "x-amity": {"input": "template", "multiline": True},
            },
        },
    }

    def result(self, params: Mapping[str, Any], model: Model) -> Mapping[str, Type]:
        """Give the comment's id."""
        return {"comment": ID}

    def prepare(self, call: Call, caller: Caller) -> Callable[[Unit], Outcome]:
        """Find the record; the comment is written inside the transaction."""
        found = subject(call, caller)
        if found is None:
            return lambda unit: Skipped(_(NOTHING))
        cause = {**unit_cause(call), "title": call.run.title}

        def work(unit: Unit) -> Outcome:
            text, now = call.params["text"], unit.ctx.now
            account = unit.ctx.actor.account
            made = comments.put(unit.connection, found.entity, found.id, account, text, cause, now)
            return Done({"comment": made})

        return work

    def preview(self, call: Call) -> Preview:
        """Say what would be written."""
        found = subject(call, caller_of(call))
        if found is None:
            return Preview(_("No comment. %(nothing)s", nothing=_(NOTHING)), outcome="skipped")
        return Preview(
            _("A comment on the %(entity)s: %(text)s", entity=found.entity.title, text=call.params["text"])
        )

    def describe(self, params: Mapping[str, Any], model: Model) -> str:
        """Say where and what."""
        return one_line(
            _("Comment on %(record)s: %(text)s", record=of_record(params), text=params.get("text") or "…")
        )[:280]


def unit_cause(call: Call) -> dict[str, Any]:
    """Say which run wrote it."""
    return {"kind": "workflow", "workflow": call.run.workflow_id, "run": call.run.id}
