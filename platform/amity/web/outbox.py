"""The outbox: e-mails that wait, failed, are in doubt or were sent; an admin decides about them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from amity.errors import Conflict
from amity.web.context import require_admin, workspace
from amity.web.shell import note
from amity.web.staff.access import formatter
from amity.web.texts import gettext as _
from amity.workflows.outbound import outbox

blueprint: Final = Blueprint("outbox", __name__, url_prefix="/builder/outbox")
_TITLES: Final = {
    "waiting": "Waiting",
    "uncertain": "Uncertain",
    "failed": "Failed",
    "sent": "Sent",
    "cancelled": "Cancelled",
}
_EMPTY: Final = {
    "waiting": "No e-mail waits to be sent.",
    "uncertain": "No e-mail is in doubt.",
    "failed": "No e-mail failed.",
    "sent": "No e-mail was sent yet.",
    "cancelled": "No e-mail was cancelled.",
}
_TONES: Final = {"sent": "good", "failed": "bad", "uncertain": "warn", "waiting": "", "sending": "accent"}


@dataclass(frozen=True, slots=True)
class StateTab:
    """A tab of the list."""

    title: str
    url: str
    current: bool


@dataclass(frozen=True, slots=True)
class MailRow:
    """One mail of the list."""

    id: str
    subject: str
    to: str
    state: str
    tone: str
    why: str
    """The mail server's words, or ours."""
    meaning: str
    """What they mean, in plain words; empty where that is not known."""
    created: str
    sent: str
    next: str
    attempts: int
    can_send: bool
    can_cancel: bool


@dataclass(frozen=True, slots=True)
class OutboxPage:
    """Context of `pages/builder/outbox.html` as `page`."""

    tabs: Sequence[StateTab]
    rows: Sequence[MailRow]
    empty: str
    next_url: str
    has_server: bool
    all_to: str


@dataclass(frozen=True, slots=True)
class MailPage:
    """Context of `pages/builder/mail.html` as `page`."""

    mail: MailRow
    sender: str
    cc: str
    body: str
    html: str
    """The formatted version; empty where there is none."""
    attachments: Sequence[str]
    record_url: str


@blueprint.get("")
def show_outbox() -> str:
    """List the mails of one state."""
    require_admin()
    here = workspace()
    state = request.args.get("state", "waiting")
    state = state if state in _TITLES else "waiting"
    after = request.args.get("after") or None
    found = outbox.list_mails(here.database, state, after=after)
    counts = {**found.counts, "waiting": found.counts.get("waiting", 0) + found.counts.get("sending", 0)}
    base = url_for("outbox.show_outbox")
    page = OutboxPage(
        tabs=[
            StateTab(f"{_(title)} ({counts.get(name, 0)})", f"{base}?state={name}", name == state)
            for name, title in _TITLES.items()
        ],
        rows=[_row(item) for item in found.rows],
        empty=_(_EMPTY[state]),
        next_url=f"{base}?state={state}&after={found.next}" if found.next else "",
        has_server=bool(here.settings.smtp_url),
        all_to=here.settings.mail_all_to,
    )
    return render_template("pages/builder/outbox.html", page=page)


@blueprint.get("/<uuid:identity>")
def show_mail(identity: Any) -> str:
    """Show one mail."""
    require_admin()
    row = outbox.get_mail(workspace().database, str(identity))
    entity = workspace().definitions.model.by_id.get(row.entity or "")
    page = MailPage(
        mail=_row(row),
        sender=row.sender,
        cc=", ".join(row.recipients.get("cc", ())),
        body=row.body,
        html=row.html or "",
        attachments=[str(item.get("name")) for item in row.attachments],
        record_url=f"/e/{entity.name}/{row.record}" if entity is not None else "",
    )
    return render_template("pages/builder/mail.html", page=page)


@blueprint.post("/<uuid:identity>/send")
def send(identity: Any) -> ResponseReturnValue:
    """Let a mail go out now."""
    ctx = require_admin()
    try:
        outbox.send_again(workspace().database, ctx, str(identity))
        note(_("The e-mail goes out as soon as the mail server takes it."))
    except Conflict as error:
        note(error.message, "warning")
    return redirect(url_for("outbox.show_mail", identity=identity), 303)


@blueprint.post("/<uuid:identity>/cancel")
def cancel(identity: Any) -> ResponseReturnValue:
    """Do not send a mail."""
    ctx = require_admin()
    try:
        outbox.cancel(workspace().database, ctx, str(identity))
        note(_("The e-mail is cancelled."))
    except Conflict as error:
        note(error.message, "warning")
    return redirect(url_for("outbox.show_mail", identity=identity), 303)


def _row(row: Any) -> MailRow:
    formats = formatter()
    return MailRow(
        id=row.id,
        subject=row.subject or _("(no subject)"),
        to=", ".join(row.recipients.get("to", ())),
        state=_(_TITLES.get(row.state, "Being sent")),
        tone=_TONES.get(row.state, ""),
        why=row.why or "",
        meaning=_(outbox.meaning(row.why)) if row.why and row.state != "uncertain" else "",
        created=formats.moment(row.created_at),
        sent=formats.moment(row.sent_at) if row.sent_at else "",
        next=formats.moment(row.next_at) if row.next_at and row.state == "waiting" else "",
        attempts=row.attempts,
        can_send=row.state in ("waiting", "failed", "uncertain", "cancelled"),
        can_cancel=row.state in ("waiting", "failed", "uncertain"),
    )
