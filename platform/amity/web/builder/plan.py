"""The page before every change of a definition: what it would do, to how many records, and what it asks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue

from amity import jsontext
from amity.definitions.documents import DefinitionChange
from amity.definitions.plan import Change, Plan, Question, Severity
from amity.errors import AmityError, Conflict, Invalid, NeedsConfirmation, Stale
from amity.web.builder.document import Json
from amity.web.builder.drafts import PAGES, DocumentPages, pages
from amity.web.context import require_admin, workspace
from amity.web.shell import note
from amity.web.texts import gettext as _

blueprint: Final = Blueprint("plan", __name__, url_prefix="/builder")
NEW: Final = "-"
"""Answer to "renamed from?": it is a new field; to "which choice instead?": none."""
_ANSWERED: Final = frozenset({"remove_choice", "require_field"})


@dataclass(frozen=True, slots=True)
class Group:
    """Changes of one severity."""

    severity: Severity
    title: str
    changes: Sequence[Change]


@dataclass(frozen=True, slots=True)
class PlanPage:
    """Context of `pages/builder/plan.html`."""

    title: str
    pages: DocumentPages
    original: str
    document: str
    plan: Plan
    groups: Sequence[Group]
    questions: Sequence[Question]
    answers: Mapping[str, str]
    removing: bool
    problem: str
    stale: Sequence[Mapping[str, Any]]
    """What others applied since the plan was made."""
    carried: Sequence[tuple[str, str]]
    """Answers that were given before and hold: choices to map, values to fill."""

    @property
    def asks(self) -> bool:
        """Whether an answer of the admin would make the plan possible."""
        return any(change.code in _ANSWERED for change in self.plan.refused)

    @staticmethod
    def choice_options(change: Change) -> list[tuple[str, str]]:
        """What records with a removed choice may get instead."""
        return [
            *((value, value) for value in change.details.get("choices", ())),
            (NEW, _("nothing (empty it)")),
        ]


@blueprint.post("/plan")
def plan() -> ResponseReturnValue:
    """Show the plan of the draft that the form carries."""
    require_admin()
    kind = pages()
    draft = kind.read_draft()
    if draft.typed_json:
        draft.json_problem = _(
            "This was changed and is not taken over: take it over or put it back, then see the plan."
        )
    if draft.json_problem:
        return kind.show(draft), 422
    try:
        return _page(kind, draft.original, draft.document)
    except Invalid as error:
        return kind.show(draft, error.problems), 422


@blueprint.post("/entities/<name>/remove")
def remove(name: str) -> ResponseReturnValue:
    """Show what removing an entity would do."""
    return _remove("entity", name)


@blueprint.post("/workflows/<name>/remove")
def remove_workflow(name: str) -> ResponseReturnValue:
    """Show what removing a workflow would do."""
    return _remove("workflow", name)


@blueprint.post("/emails/<name>/remove")
def remove_template(name: str) -> ResponseReturnValue:
    """Show what removing an e-mail template would do."""
    return _remove("email_template", name)


def _remove(kind: str, name: str) -> ResponseReturnValue:
    require_admin()
    workspace().definitions.get(kind, name)
    return _page(PAGES[kind], name, None)


@blueprint.post("/workflows/<name>/switch")
def switch(name: str) -> ResponseReturnValue:
    """Show the plan of switching a workflow on or off."""
    require_admin()
    known = workspace().definitions.get("workflow", name)
    enabled = request.form.get("on") == "1"
    return _page(PAGES["workflow"], name, {**known.document, "enabled": enabled})


@blueprint.post("/apply")
def apply() -> ResponseReturnValue:
    """Apply the plan that the person saw; another one is shown where the world moved meanwhile."""
    context = require_admin()
    form = request.form
    kind = pages()
    original = form.get("original", "")
    text = form.get("document", "")
    document: Json | None = jsontext.loads(text) if text else None
    revision = form.get("revision", "")
    try:
        workspace().definitions.apply(
            [_change(kind, original, document)],
            context,
            revision=int(revision) if revision.isdecimal() else None,
            confirm="confirm" in form,
        )
    except Stale as error:
        return _page(kind, original, document, error, since=error.details.get("since", ()))
    except (NeedsConfirmation, Conflict) as error:
        return _page(kind, original, document, error)
    if document is None:
        note(_(kind.removed))
        return redirect(kind.list_url, 303)
    return _applied(kind, original, document)


def _applied(kind: DocumentPages, original: str, document: Json) -> ResponseReturnValue:
    name = kind.name_of(document) or original
    if kind.kind == "workflow" and original and not document.get("name"):
        name = original
    if kind.kind == "entity":
        title = kind.title_of(name)
        note(_("Applied. It is in force for everybody now."), link_url=f"/e/{name}", link_text=title)
    elif kind.kind == "email_template":
        note(_("Applied. The next e-mail is written with it."))
    elif document.get("enabled"):
        note(_("Applied. The workflow is in force and switched on."))
    else:
        note(_("Applied. The workflow is switched off until you switch it on."), "info")
    return redirect(kind.edit_url(name), 303)


def _change(kind: DocumentPages, original: str, document: Json | None) -> DefinitionChange:
    form = request.form
    answers: dict[str, str | None] = {}
    choices: dict[str, dict[str, str | None]] = {}
    fill: dict[str, Any] = {}
    for key, value in form.items():
        verb, _colon, argument = key.partition(":")
        if verb == "renamed" and value:
            answers[argument] = None if value == NEW else value
        elif verb == "choice" and value:
            field, _slash, old = argument.partition("/")
            choices.setdefault(field, {})[old] = None if value == NEW else value
        elif verb == "fill" and value:
            fill[argument] = _value(value)
    name = original
    if not name and document is not None:
        name = kind.name_of(document)
    return DefinitionChange(kind.kind, name, document, renamed_from=answers, choices=choices, fill=fill)


def _value(text: str) -> Any:
    try:
        value = jsontext.loads(text)
    except AmityError:
        return text
    return value if not isinstance(value, str) else text


_TITLES: Final = {
    Severity.REFUSED: "Not possible like this",
    Severity.PARKS: "Data is put aside (it can come back)",
    Severity.CONVERTS: "Data is converted",
    Severity.SAFE: "Harmless",
}


def _page(
    kind: DocumentPages,
    original: str,
    document: Json | None,
    error: Conflict | None = None,
    since: Sequence[Mapping[str, Any]] = (),
) -> ResponseReturnValue:
    found = workspace().definitions.plan([_change(kind, original, document)], require_admin())
    groups = [
        Group(severity, _(title), changes)
        for severity, title in _TITLES.items()
        if (changes := [change for change in found.changes if change.severity is severity])
    ]
    page = PlanPage(
        title=str((document or {}).get("title") or original),
        pages=kind,
        original=original,
        document=jsontext.dumps(document) if document is not None else "",
        plan=found,
        groups=groups,
        questions=found.questions,
        answers={
            key.partition(":")[2]: value for key, value in request.form.items() if key.startswith("renamed:")
        },
        removing=document is None,
        problem=error.message if error else "",
        stale=[item for item in since if item.get("same")] or list(since),
        carried=_carried(found),
    )
    return render_template("pages/builder/plan.html", page=page), error.status if error else 200


def _carried(plan: Plan) -> list[tuple[str, str]]:
    """Answers that the form carries on; those that are asked for again have an input of their own."""
    asked = {
        f"fill:{change.field}"
        if change.code == "require_field"
        else f"choice:{change.field}/{change.details.get('value')}"
        for change in plan.refused
    }
    return [
        (name, value)
        for name, value in request.form.items()
        if name.startswith(("fill:", "choice:")) and name not in asked and value
    ]
