"""What the actions that ask people have in common: put the question, remind, end it, stand-ins."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any, Final

from amity.records.caller import Caller
from amity.records.unit import Unit
from amity.texts import gettext as _
from amity.workflows.action import ActionFailed, Call, Outcome, Preview, Waiting
from amity.workflows.outbound.mail import one_line
from amity.workflows.people import assignments
from amity.workflows.people.accounts import chosen
from amity.workflows.people.assignments import Assignment, Kind, Question
from amity.workflows.predicting import caller_of
from amity.workflows.subjects import own_record

QUESTION: Final[Mapping[str, Any]] = {
    "type": "string",
    "title": "Question",
    "description": "One line, such as: May {{ record.name }} have a discount?",
    "minLength": 1,
    "maxLength": 300,
    "x-amity": {"input": "template"},
}
TEXT: Final[Mapping[str, Any]] = {
    "type": "string",
    "title": "Explanation",
    "description": "What they should know to answer. The facts of the record stand beside it anyway.",
    "maxLength": 10000,
    "x-amity": {"input": "template", "multiline": True},
}
REMIND_AFTER: Final[Mapping[str, Any]] = {
    "type": "string",
    "title": "Remind after",
    "description": "Such as days(2): whoever has not answered is reminded then, again and again.",
    "maxLength": 200,
    "x-amity": {"input": "expression", "type": "duration"},
}
AT_MOST: Final[Mapping[str, Any]] = {
    "type": "string",
    "title": "Wait at most",
    "description": "Such as days(7); then the workflow goes on without an answer.",
    "maxLength": 200,
    "x-amity": {"input": "expression", "type": "duration"},
}
SHORTEST: Final = dt.timedelta(minutes=1)
"""Reminders come no more often."""


def asking(
    call: Call,
    caller: Caller,
    kind: Kind,
    *,
    needs_all: bool = False,
    form: Mapping[str, Any] | None = None,
) -> Callable[[Unit], Outcome]:
    """Prepare a question to the people that the parameters name."""
    found = own_record(call, caller) if call.env.get("record") is not None else None
    people = [person.id for person in _people(call, caller)]
    due = _after(call, "at_most", call.ctx.now)

    def work(unit: Unit) -> Outcome:
        question = Question(
            run=call.run.id,
            key=call.key,
            kind=kind,
            title=one_line(call.params["question"]),
            text=call.params.get("text") or "",
            people=people,
            entity=found.entity.id if found else None,
            record=found.id if found else None,
            form=form,
            needs_all=needs_all,
            due_at=due,
        )
        identity = assignments.ask(unit.connection, question, call.ctx.now)
        return _waiting(call, assignments.read(unit.connection, identity))

    return work


def _people(call: Call, caller: Caller) -> list[Any]:
    """Those who are active; where nobody is, who stands in: the manager, else the admins."""
    active = chosen(call, caller.model)
    if active:
        return active
    every = call.services.accounts.all()
    meant = [person.id for person in chosen(call, caller.model, active=False)]
    others = assignments.stand_ins(call.services, caller.model, meant)
    ids = {account for accounts in others.values() for account in accounts}
    admins = [person for person in every if person.state == "active" and "admin" in person.roles]
    found = [person for person in every if person.id in ids] or admins
    if not found:
        raise ActionFailed(_("Nobody is there who could be asked."))
    return found


def resuming(
    call: Call, caller: Caller, outcome: Callable[[Call, Assignment], Outcome]
) -> Callable[[Unit], Outcome]:
    """Prepare what follows a wait: the answer, a reminder, the end of the time, a stand-in."""
    identity = str(call.state["assignment"])
    with call.services.database.read() as connection:
        waiting = assignments.read(connection, identity).waiting
    others = assignments.stand_ins(call.services, caller.model, waiting)

    def work(unit: Unit) -> Outcome:
        connection, now = unit.connection, call.ctx.now
        found = assignments.read(connection, identity, lock=True)
        if found.is_open and found.due_at is not None and found.due_at <= now:
            assignments.close(connection, identity, "expired", now)
            found = assignments.read(connection, identity)
        if not found.is_open:
            return outcome(call, found)
        if others:
            assignments.replace_gone(connection, found, others, now)
            found = assignments.read(connection, identity)
        reminder = _next_reminder(call, found)
        if reminder is not None and reminder <= now:
            assignments.remind(connection, found, now)
            found = assignments.read(connection, identity)
        return _waiting(call, found)

    return work


def _waiting(call: Call, found: Assignment) -> Waiting:
    names = call.services.accounts.names(found.waiting)
    who = ", ".join(sorted(names.values())) or _("somebody")
    moments = [item for item in (found.due_at, _next_reminder(call, found)) if item is not None]
    approval = found.kind == "approval"
    why = (
        _("Waits for the approval of %(who)s.", who=who)
        if approval
        else _("Waits for the answer of %(who)s.", who=who)
    )
    return Waiting(until=min(moments, default=None), why=why, state={"assignment": found.id})


def _next_reminder(call: Call, found: Assignment) -> dt.datetime | None:
    return _after(call, "remind_after", found.reminded_at or found.created_at, SHORTEST)


def _after(
    call: Call, name: str, begun: dt.datetime, least: dt.timedelta = dt.timedelta()
) -> dt.datetime | None:
    length = call.params.get(name)
    if length is None:
        return None
    return begun + max(dt.timedelta(microseconds=length), least)


def previewing(call: Call, kind: Kind) -> Preview:
    """Say who would be asked."""
    caller = caller_of(call)
    names = ", ".join(person.name for person in _people(call, caller))
    question = one_line(call.params["question"])
    if kind == "approval":
        text = _("%(names)s would be asked to approve: %(question)s", names=names, question=question)
    else:
        text = _("%(names)s would be asked: %(question)s", names=names, question=question)
    return Preview(text, stops=_("It waits for the answer of %(names)s.", names=names))
