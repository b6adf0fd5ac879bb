"""The builder's page of the workspace itself: its name and what counts for those who set nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from amity.access.people import time_zones
from amity.errors import Invalid
from amity.web.auth import LANGUAGES, by_input
from amity.web.context import require_admin, workspace
from amity.web.shell import note
from amity.web.texts import gettext as _

blueprint: Final = Blueprint("workspace_settings", __name__, url_prefix="/builder/workspace")


@dataclass(frozen=True, slots=True)
class WorkspacePage:
    """Context of `pages/builder/workspace.html`."""

    values: Mapping[str, str]
    timezone_options: Sequence[tuple[str, str]]
    language_options: Sequence[tuple[str, str]] = LANGUAGES
    problems: Mapping[str, list[str]] = field(default_factory=dict)


@blueprint.get("")
def show() -> ResponseReturnValue:
    """Show the settings."""
    return _page()


@blueprint.post("")
def save() -> ResponseReturnValue:
    """Change them, for everybody."""
    require_admin()
    form = request.form
    try:
        workspace().change_profile(
            name=form.get("name", ""),
            timezone=form.get("timezone", ""),
            locale=form.get("language", ""),
            currency=form.get("currency", ""),
        )
    except Invalid as error:
        return _page(error)
    note(_("The workspace's settings are saved."))
    return redirect(url_for("workspace_settings.show"), 303)


def _page(error: Invalid | None = None) -> ResponseReturnValue:
    profile = workspace().profile
    values = {
        "name": profile.name,
        "timezone": profile.timezone,
        "language": profile.locale,
        "currency": profile.currency,
    }
    if error:
        values |= {name: request.form.get(name, "") for name in values}
    page = WorkspacePage(
        values=values,
        timezone_options=[(name, name.replace("_", " ")) for name in sorted(time_zones())],
        problems=by_input(error) if error else {},
    )
    return render_template("pages/builder/workspace.html", page=page), error.status if error else 200
