"""E-mail templates: list, editor with a preview on a real record. Changes go through the plan page."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from amity.definitions.documents import StoredDefinition
from amity.definitions.plan import Use
from amity.errors import AmityError, Invalid, NotFound, Problem
from amity.web.builder.document import Json, slug
from amity.web.context import require_admin, workspace
from amity.web.forms import Option
from amity.web.shell import note
from amity.web.staff.options import find_options, picker_url
from amity.web.texts import gettext as _
from amity.workflows.documents.letters import KIND, LetterText
from amity.workflows.simulation.letters import FilledLetter, fill

blueprint: Final = Blueprint("letters", __name__, url_prefix="/builder/emails")
MEMBERS: Final = ("title", "description", "entity", "subject", "body", "html")
FRAME_POLICY: Final = (
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data: https:; frame-ancestors 'self'"
)
"""Of the formatted text of a mail: no script, no forms, a world of its own."""


@dataclass(slots=True)
class LetterDraft:
    """What the editor works on during one request."""

    original: str
    """Name of the template in force; empty for a new one."""
    document: Json
    typed_json: str = ""
    json_problem: str = ""


@dataclass(frozen=True, slots=True)
class LetterRow:
    """One template of the list."""

    name: str
    title: str
    description: str
    subject: str
    source: str
    """In words: whose text it is."""
    entity: str
    users: Sequence[tuple[str, str]]
    """(name, title) of the workflows that use it."""


@dataclass(frozen=True, slots=True)
class RemovedLetter:
    """A removed template that can come back."""

    name: str
    title: str
    at: dt.datetime


@dataclass(frozen=True, slots=True)
class LettersPage:
    """Context of `pages/builder/letters.html`."""

    rows: Sequence[LetterRow]
    removed: Sequence[RemovedLetter]


@dataclass(frozen=True, slots=True)
class Sent:
    """Whom a workflow would send it to."""

    title: str
    url: str
    text: str
    """The addresses, or why there is no mail."""
    state: str
    tone: str


@dataclass(frozen=True, slots=True)
class LetterPage:
    """Context of `pages/builder/letter.html`."""

    title: str
    original: str
    values: Mapping[str, str]
    problems: Mapping[str, Sequence[str]]
    summary: Sequence[tuple[str, str]]
    entities: Sequence[tuple[str, str]]
    is_own: bool
    is_shipped: bool
    source: str
    users: Sequence[tuple[str, str]]
    about: str
    """Entity of the record that the preview is made with."""
    options: Sequence[Option]
    picker_url: str
    record: str
    filled: FilledLetter | None
    sent: Sequence[Sent]
    trouble: str
    """Why there is no preview."""


# -- list ----------------------------------------------------------------------------------------------
@blueprint.get("")
def templates() -> ResponseReturnValue:
    """List all templates, with who uses them."""
    require_admin()
    here = workspace()
    used = _users()
    rows = [
        LetterRow(
            letter.name,
            letter.title,
            letter.description,
            letter.subject,
            _source(letter),
            _entity_title(letter.entity),
            used.get(letter.name, ()),
        )
        for letter in here.workflows.registry.letters
    ]
    rows.sort(key=lambda row: row.title.casefold())
    removed = [
        RemovedLetter(item.name, str(item.document.get("title") or item.name), item.updated_at)
        for item in here.definitions.removed(KIND)
    ]
    return render_template("pages/builder/letters.html", page=LettersPage(rows, removed))


@blueprint.post("/<name>/restore")
def restore(name: str) -> ResponseReturnValue:
    """Bring a removed template back."""
    workspace().definitions.restore(KIND, name, require_admin())
    note(_("The e-mail template is back."))
    return redirect(url_for("letters.edit", name=name), 303)


# -- editor --------------------------------------------------------------------------------------------
@blueprint.get("/new")
def new() -> str:
    """Begin a template; `from` copies one."""
    require_admin()
    known = workspace().workflows.registry.letters.get(request.args.get("from", ""))
    document: Json = {} if known is None else {**known.document, "title": ""}
    document.pop("name", None)
    return render_template("pages/builder/letter.html", page=make_page(LetterDraft("", document)))


@blueprint.get("/<name>")
def edit(name: str) -> str:
    """Show one template; `record` (and `about`, its entity) previews it at once."""
    require_admin()
    known = workspace().workflows.registry.letters.get(name)
    if known is None:
        raise NotFound(_("There is no such e-mail template."))
    page = make_page(LetterDraft(name, known.document), given=request.args)
    return render_template("pages/builder/letter.html", page=page)


@blueprint.post("/change")
def change() -> ResponseReturnValue:
    """Show the draft again, with a preview where a record is chosen."""
    require_admin()
    return render_template("pages/builder/letter.html", page=make_page(read_draft(), given=request.form))


@blueprint.post("/frame")
def frame() -> Response:
    """Give formatted text back, cut off from everything: the preview shows it in a frame."""
    require_admin()
    answer = Response(request.form.get("html", ""), content_type="text/html; charset=utf-8")
    answer.headers["Content-Security-Policy"] = FRAME_POLICY
    answer.headers["X-Frame-Options"] = "SAMEORIGIN"
    return answer


def read_draft() -> LetterDraft:
    """Read the form of the editor, or a document that came as JSON (from the list of versions)."""
    from amity import jsontext

    form = request.form
    original = form.get("original", "")
    if "document" in form and "subject" not in form:
        found = jsontext.loads(form["document"])
        if not isinstance(found, dict):
            raise Invalid(_("The document must be a JSON object."))
        return LetterDraft(original, found)
    document: Json = {name: form.get(name, "").replace("\r\n", "\n") for name in MEMBERS}
    for name in ("title", "subject", "entity", "description"):
        document[name] = document[name].strip()
    for name in ("description", "entity", "html"):
        if not document[name].strip():
            del document[name]
    return LetterDraft(original, {"name": original or _free_name(document["title"]), **document})


def _free_name(title: str) -> str:
    known = workspace().workflows.registry.letters.names()
    name, number = slug(title or "template"), 2
    while name in known or name == "new":
        name, number = f"{slug(title)}_{number}", number + 1
    return name


def name_of(document: Json) -> str:
    """Give the name that a document says."""
    return str(document.get("name") or "")


def make_page(
    draft: LetterDraft, problems: Sequence[Problem] = (), given: Mapping[str, str] | None = None
) -> LetterPage:
    """Make the page of a draft; `problems` are what planning it found, `given` says whom to preview."""
    here = workspace()
    letters = here.workflows.registry.letters
    letter = LetterText.of(draft.original or name_of(draft.document) or "draft", draft.document)
    known = letters.get(draft.original)
    found = list(problems) or _problems(draft, letter)
    by_member: dict[str, list[str]] = {}
    for problem in found:
        by_member.setdefault((problem.pointer or "").strip("/"), []).append(problem.message)
    asked = given if given is not None else request.form
    about = letter.entity or asked.get("about", "")
    filled, trouble = _filled(letter, about, asked.get("record", "")) if not found else (None, "")
    return LetterPage(
        title=str(draft.document.get("title") or _("New e-mail template")),
        original=draft.original,
        values={name: str(draft.document.get(name) or "") for name in MEMBERS},
        problems=by_member,
        summary=[
            (text, f"#input-{member}" if member in MEMBERS else "")
            for member, texts in by_member.items()
            for text in texts
        ],
        entities=[(entity.name, entity.title) for entity in here.definitions.model],
        is_own=draft.original in letters.own,
        is_shipped=draft.original in letters.files,
        source=_source(known) if known is not None else "",
        users=_users().get(draft.original, ()),
        about=about,
        **_choosing(about, asked.get("record", "")),
        filled=filled,
        sent=_sent(filled),
        trouble=trouble,
    )


def _problems(draft: LetterDraft, letter: LetterText) -> list[Problem]:
    if not draft.document:
        return []
    here = workspace()
    try:
        here.letters.checked(letter.name, draft.document, here.definitions.model)
    except Invalid as error:
        return list(error.problems)
    return []


# -- preview -------------------------------------------------------------------------------------------
def _choosing(about: str, record: str) -> dict[str, Any]:
    """Give the records to choose from."""
    ctx, here = require_admin(), workspace()
    entity = here.definitions.model.entities.get(about)
    if entity is None:
        return {"options": (), "picker_url": "", "record": ""}
    options = list(find_options(ctx, entity))
    if record and record not in {item.value for item in options}:
        labels = here.records.labels(ctx, entity.name, [record])
        options = [*(Option(key, label) for key, label in labels.items()), *options]
    return {"options": options, "picker_url": picker_url(entity.name), "record": record}


def _filled(letter: LetterText, about: str, record: str) -> tuple[FilledLetter | None, str]:
    ctx, here = require_admin(), workspace()
    entity = here.definitions.model.entities.get(about)
    if entity is None or not record:
        return None, ""
    try:
        return fill(here.workflows, ctx, letter, entity, record), ""
    except Invalid as error:
        return None, " ".join(dict.fromkeys(problem.message for problem in error.problems)) or error.message
    except AmityError as error:
        return None, error.message


def _sent(filled: FilledLetter | None) -> list[Sent]:
    states = {
        "done": (_("would be sent"), "good"),
        "skipped": (_("passed over"), "warn"),
        "failed": (_("would fail"), "bad"),
    }
    return [
        Sent(
            item.title,
            url_for("flows.edit", name=item.workflow),
            ", ".join(item.to) if item.outcome == "done" else item.text,
            *states.get(item.outcome, (item.outcome, "")),
        )
        for item in (filled.recipients if filled is not None else ())
    ]


# -- bits ----------------------------------------------------------------------------------------------
def _source(letter: LetterText) -> str:
    if not letter.source:
        return _("your own")
    if letter.source == "amity":
        return _("comes with Amity")
    return _("comes with the extension %(name)s", name=letter.source)


def _entity_title(name: str) -> str:
    found = workspace().definitions.model.entities.get(name)
    return found.title if found is not None else name


def _users() -> dict[str, list[tuple[str, str]]]:
    """Workflows that use each template, by its name: (name, title)."""
    here = workspace()
    found: dict[str, list[tuple[str, str]]] = {}
    documents: dict[str, StoredDefinition] = {item.name: item for item in here.workflows.list()}
    uses: Mapping[str, Sequence[Use]] = here.letters.all_users(documents.values())
    for name, places in uses.items():
        owners = dict.fromkeys(use.owner for use in places)
        found[name] = [(owner, str(documents[owner].document.get("title") or owner)) for owner in owners]
    return found
