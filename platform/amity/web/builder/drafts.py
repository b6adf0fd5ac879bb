"""What the plan and the versions need to know about each kind of document: its editor and its addresses."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from flask import render_template, request, url_for

from amity.errors import NotFound, Problem
from amity.web.builder import designer, letters
from amity.web.builder.document import Json
from amity.web.builder.flows.draft import read_draft
from amity.web.builder.flows.editor import name_of
from amity.web.builder.flows.page import make_page
from amity.web.context import workspace
from amity.web.texts import gettext as _


@dataclass(frozen=True, slots=True)
class DocumentPages:
    """The pages of one kind of document."""

    kind: str
    folder: str
    """Word of the addresses: entities, workflows, emails."""
    title: str
    change: str
    """Endpoint that shows a draft again."""
    list: str
    edit: str
    template: str
    read_draft: Callable[[], Any]
    make_page: Callable[..., Any]
    name_of: Callable[[Json], str]
    removed: str
    remove: str
    """Label of the button that removes one."""
    back: str
    """Label of the way back to the editor."""

    @property
    def list_url(self) -> str:
        """Where all of the kind are."""
        return url_for(self.list)

    @property
    def change_url(self) -> str:
        """Where a draft is sent to be worked on."""
        return url_for(self.change)

    def edit_url(self, name: str) -> str:
        """Where one is worked on."""
        return url_for(self.edit, name=name)

    def title_of(self, name: str) -> str:
        """Give the title of one that is in force."""
        if self.kind == "entity":
            found = workspace().definitions.model.entities.get(name)
            return found.plural if found else name
        return str(workspace().definitions.get(self.kind, name).document.get("title", name))

    def is_live(self, name: str) -> bool:
        """Whether there is one of this name in force."""
        try:
            workspace().definitions.get(self.kind, name)
        except NotFound:
            return False
        return True

    def show(self, draft: Any, problems: Sequence[Problem] = ()) -> str:
        """Show the editor of a draft."""
        return render_template(self.template, page=self.make_page(draft, problems))


def _entity_name(document: Json) -> str:
    return str(document.get("x-amity", {}).get("name") or "")


PAGES: Final = {
    "entity": DocumentPages(
        "entity", "entities", "Entities", "designer.change", "entities.entities", "designer.design",
        "pages/builder/designer.html", designer.read_draft, designer.make_page, _entity_name,
        "The entity is removed; its records are kept and can be restored.",
        "Remove the entity", "Back to the designer",
    ),
    "workflow": DocumentPages(
        "workflow", "workflows", "Workflows", "flows.change", "workflow_list.workflows", "flows.edit",
        "pages/builder/flow.html", read_draft, make_page, name_of,
        "The workflow is removed; runs that wait are kept and can be cancelled.",
        "Remove the workflow", "Back to the editor",
    ),
    "email_template": DocumentPages(
        "email_template", "emails", "E-mail templates", "letters.change", "letters.templates", "letters.edit",
        "pages/builder/letter.html", letters.read_draft, letters.make_page, letters.name_of,
        "Your text of the e-mail template is removed; it can be brought back.",
        "Remove the template", "Back to the editor",
    ),
}  # fmt: skip


def pages() -> DocumentPages:
    """Give the pages of the kind that the form names; of entities where it names none."""
    found = PAGES.get(request.form.get("kind", "entity"))
    if found is None:
        raise NotFound(_("There is no such kind of definition."))
    return found
