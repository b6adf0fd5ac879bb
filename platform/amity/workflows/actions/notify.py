"""Notify people."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

from amity.entities.model import Model
from amity.errors import Problem
from amity.expressions import INT, Type
from amity.records.caller import Caller
from amity.records.unit import Unit
from amity.texts import gettext as _
from amity.workflows.action import Call, Done, Outcome, Preview, RecordAction, Skipped
from amity.workflows.outbound.mail import one_line
from amity.workflows.people.accounts import PEOPLE, chosen, described, nobody_named
from amity.workflows.people.notifications import Notice, record_url, tell
from amity.workflows.predicting import caller_of
from amity.workflows.subjects import own_record

NOBODY = "Nobody is there to be told: no owner, or no active account."


class Notify(RecordAction):
    """Puts a notification into the inbox of some people."""

    name = "notify"
    title = "Notify people"
    description = "Tell the owner or other people something; they find it in their inbox."
    group = "Communication"
    icon = "bell"
    schema: ClassVar[Mapping[str, Any]] = {
        "type": "object",
        "required": ["text"],
        "properties": {
            **PEOPLE,
            "text": {
                "type": "string",
                "title": "What they read",
                "description": "One or two sentences, such as: {{ record.name }} has not been visited.",
                "minLength": 1,
                "maxLength": 1000,
                "x-amity": {"input": "template"},
            },
        },
    }

    def check(self, params: Mapping[str, Any], model: Model) -> Sequence[Problem]:
        """Somebody must be meant."""
        if nobody_named(params):
            return [Problem("required", "Say who is to be told.", pointer="")]
        return ()

    def result(self, params: Mapping[str, Any], model: Model) -> Mapping[str, Type]:
        """Give how many were told."""
        return {"count": INT}

    def prepare(self, call: Call, caller: Caller) -> Callable[[Unit], Outcome]:
        """Find the people; they are told inside the transaction."""
        people = [person.id for person in chosen(call, caller.model)]
        if not people:
            return lambda unit: Skipped(_(NOBODY), {"count": 0})
        notice = Notice("notify", one_line(call.params["text"]), own_url(call, caller), call.idempotency_key)

        def work(unit: Unit) -> Outcome:
            tell(unit.connection, people, notice, unit.ctx.now)
            return Done({"count": len(people)})

        return work

    def preview(self, call: Call) -> Preview:
        """Say who would be told what."""
        people = chosen(call, caller_of(call).model)
        if not people:
            return Preview(_(NOBODY), output={"count": 0}, outcome="skipped")
        names = ", ".join(person.name for person in people)
        return Preview(
            _("%(names)s would be told: %(text)s", names=names, text=call.params["text"]),
            output={"count": len(people)},
        )

    def describe(self, params: Mapping[str, Any], model: Model) -> str:
        """Say who and what."""
        return one_line(
            _("Tell %(people)s: %(text)s", people=described(params), text=params.get("text") or "…")
        )[:280]


def own_url(call: Call, caller: Caller) -> str | None:
    """Give the page of the run's record; None where there is none."""
    if call.env.get("record") is None:
        return None
    found = own_record(call, caller)
    return record_url(found.entity.name, found.id) if found is not None else None
