"""The inbox: what a person is asked (approvals, forms) and told (notifications), and where they answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from flask import Blueprint, make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue

from amity.access.context import Context
from amity.errors import AmityError, Conflict, Invalid
from amity.web import forms, small_forms
from amity.web.context import current, safe_next, workspace
from amity.web.shell import note
from amity.web.staff.access import account_names, formatter
from amity.web.staff.record import all_facts
from amity.web.staff.showing import Shown
from amity.web.texts import gettext as _
from amity.workflows.documents.forms import checked, form_of
from amity.workflows.people import assignments, notifications
from amity.workflows.people.assignments import Assignment

blueprint: Final = Blueprint("inbox", __name__, url_prefix="/inbox")
_STATES: Final = {
    "open": "You answered",
    "approved": "Approved",
    "refused": "Refused",
    "answered": "Answered",
    "expired": "Time is over",
    "cancelled": "Taken back",
}
_TONES: Final = {"approved": "good", "answered": "good", "refused": "bad", "expired": "warn"}
_ICONS: Final = {
    "approval": "circle-check",
    "input": "forms",
    "reminder": "clock",
    "mention": "message",
    "run_failed": "alert-triangle",
    "workflow_paused": "alert-triangle",
}


@dataclass(frozen=True, slots=True)
class RequestLine:
    """Something that the person is or was asked."""

    title: str
    url: str
    icon: str
    when: str
    due: str
    late: bool
    state: str
    tone: str


@dataclass(frozen=True, slots=True)
class NoticeLine:
    """A notification."""

    seq: int
    text: str
    icon: str
    ago: str
    moment: str
    is_read: bool
    has_link: bool


@dataclass(frozen=True, slots=True)
class InboxPage:
    """Context of `pages/inbox.html` as `page`."""

    open: tuple[RequestLine, ...]
    closed: tuple[RequestLine, ...]
    notices: tuple[NoticeLine, ...]
    unread: int
    next_url: str


@dataclass(frozen=True, slots=True)
class AnswerLine:
    """What somebody answered."""

    who: str
    what: str
    tone: str
    comment: str
    ago: str


@dataclass(frozen=True, slots=True)
class RequestPage:
    """Context of `pages/request.html` as `page`."""

    id: str
    title: str
    text: str
    kind: str
    state: str
    tone: str
    may_answer: bool
    due: str
    needs_all: bool
    waiting: str
    answers: tuple[AnswerLine, ...]
    inputs: tuple[forms.Input, ...]
    comment: str
    problems: Mapping[str, Sequence[str]]
    summary: tuple[tuple[str, str], ...]
    record_label: str
    record_url: str
    facts: tuple[Shown, ...]


@blueprint.get("")
def show_inbox() -> str:
    """Show what waits for the person, and what was said."""
    ctx = current()
    account = ctx.actor.account or ""
    database = workspace().database
    mine = assignments.of_person(database, account)
    before = request.args.get("before", "")
    place = int(before) if before.isascii() and before.isdigit() and len(before) < 18 else None
    rows, following = notifications.newest(database, account, before=place)
    page = InboxPage(
        open=tuple(_request_line(ctx, item) for item in mine.open),
        closed=tuple(_request_line(ctx, item) for item in mine.closed),
        notices=tuple(_notice_line(row) for row in rows),
        unread=notifications.unread(database, account),
        next_url=f"/inbox?before={following}" if following else "",
    )
    return render_template("pages/inbox.html", page=page)


def _request_line(ctx: Context, item: Assignment) -> RequestLine:
    formats = formatter()
    return RequestLine(
        title=item.title,
        url=assignments.url(item.id),
        icon=_ICONS[item.kind],
        when=formats.ago(item.created_at),
        due=formats.date(formats.local(item.due_at).date()) if item.due_at else "",
        late=item.due_at is not None and item.due_at < ctx.now,
        state=_(_STATES[item.state]),
        tone=_TONES.get(item.state, ""),
    )


def _notice_line(row: Any) -> NoticeLine:
    formats = formatter()
    return NoticeLine(
        seq=row.seq,
        text=_("Reminder: %(question)s", question=row.text) if row.kind == "reminder" else row.text,
        icon=_ICONS.get(row.kind, "bell"),
        ago=formats.ago(row.at),
        moment=formats.moment(row.at),
        is_read=row.read_at is not None,
        has_link=bool(row.url),
    )


@blueprint.post("/read")
def read_all() -> ResponseReturnValue:
    """Mark all notifications as read."""
    ctx = current()
    notifications.mark_read(workspace().database, ctx.actor.account or "", ctx.now)
    return redirect("/inbox", 303)


@blueprint.post("/notifications/<int:seq>")
def open_notice(seq: int) -> ResponseReturnValue:
    """Mark a notification as read, and go to what it is about."""
    ctx = current()
    place = min(seq, 2**62)
    url = notifications.mark_read(workspace().database, ctx.actor.account or "", ctx.now, place)
    return redirect(safe_next(url, "/inbox"), 303)


@blueprint.get("/<uuid:identity>")
def show_request(identity: Any) -> str:
    """Show one request with the record's facts beside it."""
    ctx = current()
    found = assignments.visible(workspace().database, ctx, str(identity))
    return render_template("pages/request.html", page=_request_page(ctx, found))


@blueprint.post("/<uuid:identity>")
def answer(identity: Any) -> ResponseReturnValue:
    """Take an answer."""
    ctx = current()
    here = workspace()
    found = assignments.visible(here.database, ctx, str(identity))
    comment = request.form.get("comment", "")
    typed: Mapping[str, Any] = {}
    try:
        if found.kind == "approval":
            if request.form.get("answer") not in ("yes", "no"):
                raise Invalid.at("/answer", "required", _("Choose yes or no."))
            yes = request.form["answer"] == "yes"
            assignments.approve(here.database, ctx, found.id, yes=yes, comment=comment)
        else:
            form = form_of(found.form or {}, here.kinds)
            typed = small_forms.read(form, request.form)
            assignments.give(here.database, ctx, found.id, checked(form, typed), comment)
    except Invalid as error:
        page = _request_page(ctx, found, typed=typed, comment=comment, error=error)
        return make_response(render_template("pages/request.html", page=page), 422)
    except Conflict as error:
        note(error.message, "warning")
        return redirect(assignments.url(found.id), 303)
    here.workflows.wake()
    note(_("Thank you. Your answer is on its way."))
    return redirect("/inbox", 303)


def _request_page(
    ctx: Context,
    found: Assignment,
    *,
    typed: Mapping[str, Any] | None = None,
    comment: str = "",
    error: Invalid | None = None,
) -> RequestPage:
    may_answer = found.is_open and ctx.actor.account in found.waiting
    inputs: tuple[forms.Input, ...] = ()
    trouble = forms.NO_TROUBLE
    if found.kind == "input" and may_answer:
        form = form_of(found.form or {}, workspace().kinds)
        trouble = forms.sort_problems(error.problems if error else (), [item.name for item in form.fields])
        inputs = small_forms.inputs(form, typed or {}, trouble)
    elif error is not None:
        trouble = forms.sort_problems(error.problems, ())
    names = account_names({*found.waiting, *(item.account for item in found.answers)})
    label, url, facts = _about(ctx, found)
    general = tuple((text, "") for text in trouble.general)
    return RequestPage(
        id=found.id,
        title=found.title,
        text=found.text,
        kind=found.kind,
        state="" if found.is_open else _(_STATES[found.state]),
        tone=_TONES.get(found.state, ""),
        may_answer=may_answer,
        due=formatter().moment(found.due_at) if found.due_at else "",
        needs_all=found.needs_all,
        waiting=", ".join(sorted(names[item] for item in found.waiting)),
        answers=tuple(_answer_line(item, names) for item in found.answers),
        inputs=inputs,
        comment=comment,
        problems={"comment": [text for text in trouble.general if "omment" in text]},
        summary=general
        + tuple(
            (f"{item.title}: {text}", f"#input-{item.name}") for item in inputs for text in item.problems
        ),
        record_label=label,
        record_url=url,
        facts=facts,
    )


def answer_text(answer: str) -> str:
    """Put an answer into words."""
    return _(_STATES.get(answer, "Answered"))


def _answer_line(item: assignments.Answer, names: Mapping[str, str]) -> AnswerLine:
    return AnswerLine(
        who=names[item.account],
        what=answer_text(item.answer),
        tone=_TONES.get(item.answer, ""),
        comment=item.comment,
        ago=formatter().ago(item.at),
    )


def _about(ctx: Context, found: Assignment) -> tuple[str, str, tuple[Shown, ...]]:
    """Label, address and facts of the record, as far as the person may see it."""
    entity = workspace().definitions.model.by_id.get(found.entity or "")
    if entity is None or found.record is None:
        return "", "", ()
    try:
        record = workspace().records.get(ctx, entity.name, found.record)
    except AmityError:
        return "", "", ()
    name, facts = all_facts(ctx, entity, record)
    return name, f"/e/{entity.name}/{record.id}", facts
