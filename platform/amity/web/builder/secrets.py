"""Secrets of workflows: names and where they are used; values go in and never come out again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from amity.errors import Conflict, Invalid, NotFound
from amity.web.context import require_admin, workspace
from amity.web.shell import note
from amity.web.texts import gettext as _
from amity.workflows.documents.loader import load
from amity.workflows.documents.references import secrets_of

blueprint: Final = Blueprint("secrets", __name__, url_prefix="/builder/secrets")


@dataclass(frozen=True, slots=True)
class SecretRow:
    """One secret, known or wanted."""

    name: str
    is_set: bool
    users: Sequence[tuple[str, str]]
    """(name, title) of the workflows that use it."""


@dataclass(frozen=True, slots=True)
class SecretsPage:
    """Context of `pages/builder/secrets.html`."""

    rows: Sequence[SecretRow]
    readable: bool
    name: str = ""
    """What was typed, where it was refused; a value is never sent back."""
    problems: Mapping[str, Sequence[str]] = field(default_factory=dict)


@blueprint.get("")
def show() -> ResponseReturnValue:
    """List the names, and those that workflows want and nobody entered; `name` fills in the form."""
    require_admin()
    return _page(request.args.get("name", "")[:64])


@blueprint.post("")
def put() -> ResponseReturnValue:
    """Set or replace one."""
    ctx = require_admin()
    name = request.form.get("name", "").strip()
    try:
        workspace().secrets.put(ctx, name, request.form.get("value", ""))
    except Invalid as error:
        problems: dict[str, list[str]] = {}
        for problem in error.problems:
            problems.setdefault((problem.pointer or "").strip("/"), []).append(_(problem.message))
        return _page(name, problems)
    except Conflict as error:
        note(f"{error.message} {error.hint or ''}".strip(), "error")
        return redirect(url_for("secrets.show"), 303)
    note(_("The secret “%(name)s” is kept. Its value is not shown again.", name=name))
    return redirect(url_for("secrets.show"), 303)


@blueprint.post("/<name>/remove")
def remove(name: str) -> ResponseReturnValue:
    """Remove one; of one that is used only after a yes."""
    ctx = require_admin()
    used = _users().get(name, [])
    if used and "confirm" not in request.form:
        return render_template("pages/builder/secret_remove.html", page=SecretRow(name, True, used))
    try:
        workspace().secrets.remove(ctx, name)
        note(_("The secret “%(name)s” is removed.", name=name))
    except (Conflict, NotFound) as error:
        note(f"{error.message} {error.hint or ''}".strip(), "error")
    return redirect(url_for("secrets.show"), 303)


def _page(name: str = "", problems: Mapping[str, Sequence[str]] | None = None) -> ResponseReturnValue:
    vault = workspace().secrets
    used, names = _users(), vault.names()
    rows = [SecretRow(item, item in names, used.get(item, ())) for item in sorted({*names, *used})]
    page = SecretsPage(rows, vault.readable, name, problems or {})
    return render_template("pages/builder/secrets.html", page=page), 422 if problems else 200


def _users() -> dict[str, list[tuple[str, str]]]:
    """Workflows that use each secret, by its name: (name, title)."""
    workflows = workspace().workflows
    found: dict[str, list[tuple[str, str]]] = {}
    for known in workflows.list():
        try:
            item = load(known.document, workflows.registry, name=known.name, id=known.id, trusted=True)
        except Invalid:  # an action of an extension that is gone
            continue
        for name in secrets_of(item, workflows.registry):
            found.setdefault(name, []).append((known.name, item.title))
    return found
