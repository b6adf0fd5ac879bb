"""Send an e-mail."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from sqlalchemy import insert

from amity.database.ids import new_id
from amity.database.schema_workflows import outbox
from amity.entities.model import Model
from amity.errors import Problem
from amity.expressions import ID, ListType, Type
from amity.expressions.types import TEXT
from amity.records.caller import Caller
from amity.records.unit import Unit
from amity.texts import gettext as _
from amity.workflows.action import ActionFailed, Call, Done, Outcome, Preview, RecordAction, Skipped
from amity.workflows.documents.letters import Letter
from amity.workflows.outbound.consent import objection
from amity.workflows.outbound.mail import MAX_ATTACHED, addresses, message_id, one_line, sender_of
from amity.workflows.outbound.timeline import interaction, noting
from amity.workflows.predicting import caller_of
from amity.workflows.subjects import RECORD, Subject, subject


@dataclass(frozen=True, slots=True)
class Draft:
    """A mail that nothing speaks against."""

    person: Subject | None
    to: list[str]
    cc: list[str]
    letter: Letter
    attachments: list[Mapping[str, Any]]


class SendEmail(RecordAction):
    """Puts a mail into the outbox and onto the recipient's timeline; the outbox sends it."""

    name = "send_email"
    title = "Send an e-mail"
    description = "Write to somebody, with a template or a text of your own. Who opted out is passed over."
    group = "Communication"
    icon = "mail"
    schema: ClassVar[Mapping[str, Any]] = {
        "type": "object",
        "required": ["to"],
        "properties": {
            "to": {
                "type": "string",
                "title": "To",
                "description": "One or more addresses with commas between, such as {{ record.email }}.",
                "minLength": 1,
                "maxLength": 4000,
                "x-amity": {"input": "template", "holds": "addresses"},
            },
            "record": {
                **RECORD,
                "title": "Who it is",
                "description": (
                    "Whose consent counts and on whose timeline the mail appears. Leave it empty for the "
                    "record that the workflow is about."
                ),
            },
            "cc": {
                "type": "string",
                "title": "Copy to",
                "description": "Further addresses that get a copy.",
                "maxLength": 4000,
                "x-amity": {"input": "template", "holds": "addresses"},
            },
            "template": {
                "type": "string",
                "title": "Template",
                "description": "A prepared text. Leave it empty to write subject and text here.",
                "x-amity": {"input": "mail_template"},
            },
            "subject": {
                "type": "string",
                "title": "Subject",
                "description": "What stands in the subject line.",
                "maxLength": 500,
                "x-amity": {"input": "template"},
            },
            "body": {
                "type": "string",
                "title": "Text",
                "description": "The text of the mail. Values stand in it as {{ record.name }}.",
                "maxLength": 50000,
                "x-amity": {"input": "template", "multiline": True},
            },
            "html": {
                "type": "string",
                "title": "Text as HTML",
                "description": "The same with formatting, for mail programs that show it.",
                "maxLength": 100000,
                "x-amity": {"input": "html", "multiline": True},
            },
            "attachments": {
                "type": "array",
                "title": "Attachments",
                "description": "Fields that hold files, such as record.attachment. Empty ones are left out.",
                "maxItems": 20,
                "items": {
                    "type": "string",
                    "title": "File",
                    "description": "An expression that gives a file.",
                },
                "x-amity": {"input": "expressions", "type": "file"},
            },
            "consent": {
                "title": "Whom to pass over",
                "description": "Who must be left alone, as the field for the consent says.",
                "oneOf": [
                    {"const": "not_withdrawn", "title": "Those who withdrew their consent or opted out"},
                    {"const": "given", "title": "All who have not given their consent (advertising)"},
                    {"const": "none", "title": "Nobody (contracts, invoices, answers)"},
                ],
                "default": "not_withdrawn",
            },
        },
    }

    def check(self, params: Mapping[str, Any], model: Model) -> Sequence[Problem]:
        """There is a template, or a subject and a text."""
        if "template" in params:
            both = [name for name in ("subject", "body", "html") if name in params]
            message = "The template says it already; take one of them away."
            return [Problem("both", message, pointer=f"/{name}") for name in both]
        missing = [name for name in ("subject", "body") if name not in params]
        message = "A mail needs a template, or a subject and a text."
        return [Problem("required", message, pointer=f"/{name}") for name in missing]

    def result(self, params: Mapping[str, Any], model: Model) -> Mapping[str, Type]:
        """Give the mail in the outbox."""
        return {"mail": ID, "to": ListType(TEXT), "subject": TEXT}

    def prepare(self, call: Call, caller: Caller) -> Callable[[Unit], Outcome]:
        """Check addresses and consent; row and interaction are written inside the transaction."""
        draft = _draft(call, caller)
        if isinstance(draft, str):
            return lambda unit: Skipped(draft)
        values = None
        if draft.person is not None:
            values = interaction(caller.model, call, draft.person, draft.letter.subject, draft.letter.body)
        note = noting(call, values) if values is not None else None

        def work(unit: Unit) -> Outcome:
            row = _row(call, draft)
            unit.connection.execute(insert(outbox).values(row))
            if note is not None:
                note(unit)
            return Done({"mail": row["id"], "to": draft.to, "subject": draft.letter.subject})

        return work

    def preview(self, call: Call) -> Preview:
        """Give the mail, and the interaction that would be noted."""
        caller = caller_of(call)
        try:
            draft = _draft(call, caller)
        except ActionFailed as error:
            return Preview(
                _("The mail could not be sent: %(message)s", message=error.message),
                stops=error.message,
                outcome="failed",
            )
        if isinstance(draft, str):
            return Preview(_("No mail: %(draft)s", draft=draft), outcome="skipped")
        values = None
        if draft.person is not None:
            values = interaction(caller.model, call, draft.person, draft.letter.subject, draft.letter.body)
        writes = [{"verb": "create", "entity": "interaction", "values": dict(values)}] if values else []
        output = {"to": draft.to, "subject": draft.letter.subject}
        return Preview(
            _("A mail to %(to)s: %(subject)s", to=", ".join(draft.to), subject=draft.letter.subject),
            writes,
            output,
        )

    def describe(self, params: Mapping[str, Any], model: Model) -> str:
        """Say to whom and what."""
        what = params.get("subject") or params.get("template") or "…"
        return one_line(_("Mail to %(to)s: %(what)s", to=params.get("to") or "…", what=what))[:280]


def _draft(call: Call, caller: Caller) -> Draft | str:
    """Give the mail, or the reason why none is sent. Raises `ActionFailed`."""
    params = call.params
    own = "record" in params or call.env.get("record") is not None
    person = subject(call, caller) if own else None
    if own and person is None:
        return _("The step points to no record, so nobody knows whether that person may be written to.")
    try:
        to, cc = addresses(params.get("to") or ""), addresses(params.get("cc") or "")
    except ValueError as error:
        raise ActionFailed(f"{error}.", again=False) from error
    who = _name(call, person) if person is not None else _("The recipient")
    if not to:
        return _("%(who)s has no e-mail address.", who=who)
    reason = objection(person, params.get("consent") or "not_withdrawn") if person is not None else ""
    if reason:
        return f"{who} {reason}"
    letter = params.get("template")
    if not isinstance(letter, Letter):
        letter = Letter(params.get("subject") or "", params.get("body") or "", params.get("html"))
    letter = Letter(one_line(letter.subject), letter.body, letter.html)
    return Draft(person, to, [item for item in cc if item not in to], letter, _attachments(call))


def _name(call: Call, person: Subject) -> str:
    from amity.records.targets import label_of

    codec = call.services.records.machine.codec(caller_of(call), person.entity)
    values = {name: person.value.get(name) for name in person.entity.display}
    return label_of(codec, {**values, "id": person.id})


def _attachments(call: Call) -> list[Mapping[str, Any]]:
    files: list[Mapping[str, Any]] = []
    for item in call.params.get("attachments") or ():
        if item is None:
            continue
        if not isinstance(item, Mapping) or "sha256" not in item:
            raise ActionFailed(_("An attachment must be a field that holds a file."), again=False)
        files.append({name: item.get(name) for name in ("name", "size", "type", "sha256")})
    size = sum(int(item["size"] or 0) for item in files)
    if size > MAX_ATTACHED:
        limit = MAX_ATTACHED // 1024 // 1024
        raise ActionFailed(
            _("The attachments are larger than %(limit)s MB together.", limit=limit), again=False
        )
    return files


def _row(call: Call, draft: Draft) -> dict[str, Any]:
    sender = sender_of(call.services.settings)
    return {
        "id": new_id(),
        "key": call.idempotency_key,
        "state": "waiting",
        "run": call.run.id,
        "entity": draft.person.entity.id if draft.person else None,
        "record": draft.person.id if draft.person else None,
        "sender": sender,
        "recipients": {"to": draft.to, "cc": draft.cc},
        "subject": draft.letter.subject,
        "body": draft.letter.body,
        "html": draft.letter.html,
        "attachments": draft.attachments,
        "message_id": message_id(call.idempotency_key, sender),
        "created_at": call.ctx.now,
    }
