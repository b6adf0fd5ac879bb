"""Ask people for an approval."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

from amity.entities.model import Model
from amity.errors import Problem
from amity.expressions import TEXT, Type
from amity.records.caller import Caller
from amity.records.unit import Unit
from amity.texts import gettext as _
from amity.workflows.action import Call, Done, Outcome, Preview, RecordAction
from amity.workflows.outbound.mail import one_line
from amity.workflows.people import requests
from amity.workflows.people.accounts import PEOPLE, described, nobody_named
from amity.workflows.people.assignments import Assignment


class Approval(RecordAction):
    """Waits until people said yes or no, or their time is over."""

    name = "approval"
    title = "Ask for an approval"
    description = "Let one or several people say yes or no; the workflow goes on with their answer."
    group = "People"
    icon = "circle-check"
    outcomes: ClassVar[Mapping[str, Sequence[tuple[str, str]]]] = {
        "outcome": (("approved", "approved"), ("refused", "refused"), ("expired", "nobody answered in time"))
    }
    schema: ClassVar[Mapping[str, Any]] = {
        "type": "object",
        "required": ["question"],
        "properties": {
            **PEOPLE,
            "question": requests.QUESTION,
            "text": requests.TEXT,
            "all": {
                "type": "boolean",
                "title": "All of them must agree",
                "description": "Otherwise the first answer counts. One no is enough in both cases.",
                "default": False,
            },
            "remind_after": requests.REMIND_AFTER,
            "at_most": requests.AT_MOST,
            "otherwise": {
                "title": "If nobody answers in time",
                "description": "What the outcome is then.",
                "oneOf": [
                    {"const": "expired", "title": "The outcome is: expired"},
                    {"const": "approved", "title": "It counts as approved"},
                    {"const": "refused", "title": "It counts as refused"},
                ],
                "default": "expired",
            },
        },
    }

    def check(self, params: Mapping[str, Any], model: Model) -> Sequence[Problem]:
        """Somebody must be asked."""
        if nobody_named(params):
            return [Problem("required", "Say who is to decide.", pointer="")]
        return ()

    def result(self, params: Mapping[str, Any], model: Model) -> Mapping[str, Type]:
        """Give approved, refused or expired, who decided, and the words."""
        return {"outcome": TEXT, "by": TEXT, "comment": TEXT}

    def prepare(self, call: Call, caller: Caller) -> Callable[[Unit], Outcome]:
        """Put the question; it and the wait are written inside the transaction."""
        return requests.asking(call, caller, "approval", needs_all=bool(call.params.get("all")))

    def resume(self, call: Call, caller: Caller) -> Callable[[Unit], Outcome]:
        """Look what was answered, remind, or end it."""
        return requests.resuming(call, caller, self._outcome)

    def _outcome(self, call: Call, found: Assignment) -> Outcome:
        if found.state == "expired":
            outcome = call.params.get("otherwise") or "expired"
            return Done({"outcome": outcome, "by": None, "comment": None})
        last = found.answers[-1] if found.answers else None
        people = [item.account for item in found.answers if item.answer == found.state]
        names = call.services.accounts.names(people)
        by = ", ".join(names.get(account, "Somebody") for account in people) or None
        comment = last.comment or None if last is not None else None
        return Done({"outcome": found.state, "by": by, "comment": comment})

    def preview(self, call: Call) -> Preview:
        """Say who would be asked; the answer is not known."""
        return requests.previewing(call, "approval")

    def describe(self, params: Mapping[str, Any], model: Model) -> str:
        """Say who and what."""
        who = described(params)
        return one_line(
            _("%(who)s must approve: %(question)s", who=who, question=params.get("question") or "…")
        )[:280]
