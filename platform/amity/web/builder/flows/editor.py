"""The workflow editor: cards from top to bottom, the form of the selected one, JSON beside it.

The draft travels with the form, with the drafts before it (undo): nothing is kept on the server until it is
applied through the plan.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from amity import jsontext
from amity.errors import NotFound
from amity.web.builder import carried
from amity.web.builder.document import slug
from amity.web.builder.flows import commands
from amity.web.builder.flows import document as flows
from amity.web.builder.flows.document import Json
from amity.web.builder.flows.draft import Draft, read_draft
from amity.web.builder.flows.page import PaletteEntry, make_page
from amity.web.context import require_admin, workspace
from amity.web.texts import gettext as _
from amity.workflows.documents.model import KIND

blueprint: Final = Blueprint("flows", __name__, url_prefix="/builder")


@blueprint.get("/new-workflow")
def new() -> ResponseReturnValue:
    """Begin a workflow: what it is called, what starts it, which records it is about."""
    require_admin()
    return render_template("pages/builder/flow_new.html", page=_new_page())


@dataclass(frozen=True, slots=True)
class NewFlowPage:
    """Context of `pages/builder/flow_new.html`."""

    entities: Sequence[tuple[str, str]]
    triggers: Sequence[PaletteEntry]
    title: str
    entity: str
    problem: str = ""


def _new_page(problem: str = "") -> NewFlowPage:
    here = workspace()
    return NewFlowPage(
        [(item.name, item.title) for item in here.definitions.model],
        [
            PaletteEntry(kind.name, _(kind.title), _(kind.description), kind.icon)
            for kind in here.workflows.registry.triggers.values()
        ],
        request.values.get("title", ""),
        request.values.get("entity", ""),
        problem,
    )


@blueprint.post("/new-workflow")
def begin() -> ResponseReturnValue:
    """Open the editor with the beginning that was chosen."""
    require_admin()
    title, entity = request.form.get("title", "").strip(), request.form.get("entity", "")
    on = request.form.get("trigger", "created")
    if not title:
        page = _new_page(_("Give it a title: what people read in lists, such as “Welcome new customers”."))
        return render_template("pages/builder/flow_new.html", page=page), 422
    return _page(Draft("", flows.blank(title, entity, on), "/trigger"))


@blueprint.get("/workflows/<name>")
def edit(name: str) -> ResponseReturnValue:
    """Change a workflow. No word of an address hides one: it may be called `new` or `edit`."""
    require_admin()
    try:
        stored = workspace().definitions.get(KIND, name)
    except NotFound:
        if name == "edit":  # whoever reloads what a button had sent: the draft was in the form
            return redirect(url_for("workflow_list.workflows"), 303)
        raise
    document: Json = jsontext.loads(jsontext.dumps_bytes(stored.document))
    return _page(Draft(name, document, request.args.get("at", "")))


@blueprint.post("/workflows/edit")
def change() -> ResponseReturnValue:
    """Take in what the form says, do the one thing that was pressed, and show the draft again."""
    require_admin()
    draft = read_draft()
    if not draft.json_problem:
        commands.do(draft, request.form.get("do", ""))
    return _page(draft)


def _page(draft: Draft) -> ResponseReturnValue:
    return carried.show(draft, make_page(draft), "flow")


def name_of(document: Json) -> str:
    """Give the name under which a new workflow is kept."""
    return str(document.get("name") or slug(str(document.get("title") or "")) or "workflow")[:63]
