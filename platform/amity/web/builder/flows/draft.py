"""The draft of the workflow editor: it travels with the form, with the drafts before it (undo)."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any, Final

from flask import request

from amity import jsontext
from amity.errors import AmityError
from amity.web.builder.carried import Carried, carried_document, take_json
from amity.web.builder.flows import document as flows
from amity.web.builder.flows import writing
from amity.web.builder.flows.document import Json

MAX_UNDO: Final = 20
MAX_UNDO_CHARACTERS: Final = 200_000


@dataclass
class Draft(Carried):
    """What the editor works on during one request; `selected` empty: the workflow itself."""

    adding: str = ""
    """Pointer of the place where the palette is open."""
    taken: str = ""
    """Pointer of the step that is being moved elsewhere."""
    undo: list[Json] = field(default_factory=list)
    redo: list[Json] = field(default_factory=list)
    form: Any = None
    """What was typed into the form of the selected card, while it stays."""


def read_draft() -> Draft:
    """Read the draft that the form carries, with all that was typed into the editors. Raises `Invalid`."""
    form = request.form
    document = carried_document(form, lambda: flows.blank("", "", "created"))
    draft = Draft(
        form.get("original", ""), document, form.get("selected", ""), adding=form.get("adding", ""),
        taken=form.get("taken", ""), undo=_documents(form.get("undo", "")),
        redo=_documents(form.get("redo", "")),
    )  # fmt: skip
    before = deepcopy(document)
    if not take_json(draft, form):
        writing.write(draft.document, draft.selected, form)
        draft.form = form
    remember(draft, before)
    return draft


def _documents(text: str) -> list[Json]:
    try:
        found = jsontext.loads(text) if text else []
    except AmityError:
        return []
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []


def remember(draft: Draft, before: Json) -> None:
    """Let the state before this change be come back to."""
    if before == draft.document:
        return
    draft.undo = [*draft.undo, before][-MAX_UNDO:]
    while len(draft.undo) > 1 and len(jsontext.dumps(draft.undo)) > MAX_UNDO_CHARACTERS:
        draft.undo.pop(0)
    draft.redo = []
