"""The builder's page of extensions: what there is, what became of it, switching on and off."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from amity.errors import Conflict
from amity.plugins import Extension, hook_names
from amity.web.context import require_admin, workspace
from amity.web.shell import note
from amity.web.texts import gettext as _

blueprint: Final = Blueprint("extensions", __name__, url_prefix="/builder/extensions")


@dataclass(frozen=True, slots=True)
class ExtensionView:
    """One line of the page."""

    extension: Extension
    gives: Sequence[str]
    """What it adds, in words: "1 kind", "2 pages"."""
    pending: bool
    """Whether it was switched since this process started, so that a restart changes its state."""


@dataclass(frozen=True, slots=True)
class ExtensionsPage:
    """Context of `pages/builder/extensions.html`."""

    extensions: Sequence[ExtensionView]
    problem: str = ""


@blueprint.get("")
def extensions() -> ResponseReturnValue:
    """List all extensions."""
    return _page()


@blueprint.post("/<name>/switch")
def switch(name: str) -> ResponseReturnValue:
    """Switch one on (`on=1`) or off, from the next start on."""
    require_admin()
    on = request.form.get("on") == "1"
    try:
        workspace().switch_extension(name, on)
    except Conflict as error:
        return _page(f"{error.message} {error.hint or ''}".strip()), error.status
    text = _("%(name)s is switched on.", name=name) if on else _("%(name)s is switched off.", name=name)
    note(f"{text} {_('It counts from the next start of Amity.')}")
    return redirect(url_for("extensions.extensions"), 303)


def _page(problem: str = "") -> str:
    here = workspace()
    here.forget_profile()
    wanted = here.profile.settings.get("extensions", {})
    views = []
    for extension in here.plugins.extensions:
        enabled = wanted.get(extension.name, {}).get("enabled", True)
        views.append(ExtensionView(extension, _gives(extension), enabled == (extension.state == "disabled")))
    return render_template("pages/builder/extensions.html", page=ExtensionsPage(views, problem))


def _gives(extension: Extension) -> list[str]:
    given = workspace().plugins.given
    words = []
    for hook in hook_names():
        count = sum(owner == extension.name for owner, _item in getattr(given, hook))
        if count:
            words.append(f"{count} × {hook.removeprefix('amity_')}")
    return words
