"""Ask somebody for information."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

from amity.entities.model import Model
from amity.errors import Problem
from amity.expressions import TEXT, Type
from amity.expressions.types import DYN
from amity.records.caller import Caller
from amity.records.unit import Unit
from amity.texts import gettext as _
from amity.workflows.action import Call, Done, Outcome, Preview, RecordAction, Skipped
from amity.workflows.documents.forms import MOST_FIELDS, form_problems
from amity.workflows.outbound.mail import one_line
from amity.workflows.people import requests
from amity.workflows.people.accounts import PEOPLE, described, nobody_named
from amity.workflows.people.assignments import Assignment


class Ask(RecordAction):
    """Waits until somebody filled a form in; later steps use what was written."""

    name = "ask"
    title = "Ask for information"
    description = "Let somebody fill in a small form; later steps use what was written."
    group = "People"
    icon = "forms"
    schema: ClassVar[Mapping[str, Any]] = {
        "type": "object",
        "required": ["question", "fields"],
        "properties": {
            **PEOPLE,
            "question": requests.QUESTION,
            "text": requests.TEXT,
            "fields": {
                "type": "object",
                "title": "What is asked",
                "description": "The fields of the form, described like the fields of an entity.",
                "minProperties": 1,
                "maxProperties": MOST_FIELDS,
                "x-amity": {"input": "form"},
            },
            "required": {
                "type": "array",
                "title": "What must be filled in",
                "description": "Names of the fields that may not stay empty.",
                "items": {"type": "string"},
                "uniqueItems": True,
                "maxItems": MOST_FIELDS,
            },
            "remind_after": requests.REMIND_AFTER,
            "at_most": requests.AT_MOST,
        },
    }

    def check(self, params: Mapping[str, Any], model: Model) -> Sequence[Problem]:
        """Somebody must be asked, and the form must be one."""
        problems = form_problems(params.get("fields"), params.get("required"))
        if nobody_named(params):
            problems.append(Problem("required", "Say who is to be asked.", pointer=""))
        return problems

    def result(self, params: Mapping[str, Any], model: Model) -> Mapping[str, Type]:
        """Give the values of the form, who wrote them, and the words beside it."""
        return {"values": DYN, "by": TEXT, "comment": TEXT}

    def prepare(self, call: Call, caller: Caller) -> Callable[[Unit], Outcome]:
        """Put the question; it and the wait are written inside the transaction."""
        form = {
            "type": "object",
            "properties": call.params["fields"],
            "required": list(call.params.get("required") or ()),
        }
        return requests.asking(call, caller, "input", form=form)

    def resume(self, call: Call, caller: Caller) -> Callable[[Unit], Outcome]:
        """Look what was answered, remind, or end it."""
        return requests.resuming(call, caller, self._outcome)

    def _outcome(self, call: Call, found: Assignment) -> Outcome:
        answer = found.answers[-1] if found.answers else None
        if found.state != "answered" or answer is None:
            return Skipped(_("Nobody answered in time."), {"values": {}, "by": None, "comment": None})
        by = call.services.accounts.names([answer.account]).get(answer.account, "Somebody")
        return Done({"values": dict(answer.values), "by": by, "comment": answer.comment or None})

    def preview(self, call: Call) -> Preview:
        """Say who would be asked; the answer is not known."""
        return requests.previewing(call, "input")

    def describe(self, params: Mapping[str, Any], model: Model) -> str:
        """Say who and what."""
        return one_line(
            _(
                "Ask %(people)s: %(question)s",
                people=described(params),
                question=params.get("question") or "…",
            )
        )[:280]
