"""What the editors of documents have in common: the draft travels with the form, JSON stands beside it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from flask import render_template
from flask.typing import ResponseReturnValue

from amity import jsontext
from amity.errors import AmityError, Invalid
from amity.web.builder.document import Json
from amity.web.builder.rows import Form
from amity.web.htmx import is_fragment
from amity.web.texts import gettext as _

MAX_DOCUMENT: Final = 1_000_000


@dataclass
class Carried:
    """A draft during one request."""

    original: str
    """Name of what is changed, empty for a new one."""
    document: Json
    selected: str = ""
    """What its editor is open for."""
    typed_json: str = ""
    json_problem: str = ""
    goal: str = ""
    """Id of the element where the work goes on after the press of a button; empty: where it was."""
    announcement: str = ""
    """What was done, for those who listen to the page."""


def carried_document(form: Form, blank: Callable[[], Json]) -> Json:
    """Give the document that the form carries. Raises `Invalid` where it is none."""
    text = form.get("document", "")
    if len(text) > MAX_DOCUMENT:
        raise Invalid(_("The document is larger than one megabyte."))
    document = jsontext.loads(text) if text else blank()
    if not isinstance(document, dict):
        raise Invalid(_("The document must be a JSON object."))
    return document


def take_json(draft: Carried, form: Form) -> bool:
    """Keep what was typed as JSON; where it is to be taken over, do so and say yes: nothing else counts."""
    typed = form.get("json", "").replace("\r\n", "\n")
    if form.get("do") != "use-json":
        if typed and typed != pretty(draft.document) and form.get("do") != "drop-json":
            draft.typed_json = typed
        return False
    try:
        document = jsontext.loads(typed)
        if not isinstance(document, dict):
            raise Invalid(_("A definition is a JSON object."))
    except AmityError as error:
        draft.typed_json, draft.json_problem = typed, error.message
    else:
        draft.document = document
    return True


def pretty(document: Json) -> str:
    """Write a document for reading and editing."""
    return jsontext.dumps_bytes(document, indent=True).decode()


def show(draft: Carried, page: Any, name: str) -> ResponseReturnValue:
    """Show the editor `name` of a draft: the fragment alone, or its page."""
    template = f"fragments/builder/{name}.html" if is_fragment() else f"pages/builder/{name}.html"
    return render_template(template, page=page), 422 if draft.json_problem else 200
