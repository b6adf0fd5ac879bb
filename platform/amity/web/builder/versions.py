"""Versions of a definition: who changed what and when, compare two, go back through the plan page."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from amity import jsontext
from amity.definitions.documents import VersionInfo
from amity.errors import NotFound
from amity.web.builder.document import Json
from amity.web.builder.drafts import PAGES, DocumentPages
from amity.web.builder.flows.document import walk
from amity.web.context import require_admin, workspace
from amity.web.texts import gettext as _

blueprint: Final = Blueprint(
    "versions", __name__, url_prefix="/builder/<any(entities, workflows, emails):folder>/<name>/versions"
)
KINDS: Final = {pages.folder: pages for pages in PAGES.values()}


@dataclass(frozen=True, slots=True)
class VersionRow:
    """One version of the list."""

    info: VersionInfo
    by: str
    what: Sequence[str]
    document: str
    """The document as compact JSON, to be planned again."""


@dataclass(frozen=True, slots=True)
class VersionsPage:
    """Context of `pages/builder/versions.html`."""

    pages: DocumentPages
    name: str
    title: str
    rows: Sequence[VersionRow]
    is_live: bool


@dataclass(frozen=True, slots=True)
class ComparePage:
    """Context of `pages/builder/compare.html`."""

    pages: DocumentPages
    name: str
    title: str
    old: VersionInfo
    new: VersionInfo
    words: Sequence[str]
    lines: Sequence[tuple[str, str]]
    """(`add`, `remove`, `same` or `place`, text) of the two documents as JSON."""


@blueprint.get("")
def versions(folder: str, name: str) -> ResponseReturnValue:
    """List the versions, the newest first."""
    require_admin()
    kind = KINDS[folder]
    definitions = workspace().definitions
    people = {account.id: account.name for account in workspace().accounts.all()}
    found = definitions.versions(kind.kind, name)
    rows = [
        VersionRow(
            info,
            people.get(info.by or "", "Amity"),
            [str(change.get("what", "")) for change in info.plan.get("changes", ())][:8],
            jsontext.dumps(info.document),
        )
        for info in found
    ]
    title = str(found[0].document.get("title") or name)
    page = VersionsPage(kind, name, title, rows, kind.is_live(name))
    return render_template("pages/builder/versions.html", page=page)


@blueprint.get("/compare")
def compare(folder: str, name: str) -> ResponseReturnValue:
    """Show what is different between two versions."""
    require_admin()
    kind = KINDS[folder]
    found = {info.version: info for info in workspace().definitions.versions(kind.kind, name)}
    old, new = _wanted(found, "old"), _wanted(found, "new")
    say = _SAY[kind.kind]
    page = ComparePage(
        pages=kind,
        name=name,
        title=str(new.document.get("title") or name),
        old=old,
        new=new,
        words=say(dict(old.document), dict(new.document)),
        lines=_lines(old.document, new.document),
    )
    return render_template("pages/builder/compare.html", page=page)


def _wanted(found: dict[int, VersionInfo], parameter: str) -> VersionInfo:
    text = request.args.get(parameter, "")
    info = found.get(int(text)) if text.isdecimal() else None
    if info is None:
        raise NotFound(_("There is no such version."), hint=_("Choose two from the list of versions."))
    return info


def differences(old: Json, new: Json) -> list[str]:
    """Say in words what is different, field by field (by id, so that a renamed field is one)."""
    before, after = _by_id(old), _by_id(new)
    words = [
        _("The field “%(title)s” is gone.", title=_title(before[key])) for key in before if key not in after
    ]
    for key, (name, schema) in after.items():
        if key not in before:
            words.append(_("The field “%(title)s” is new.", title=_title(after[key])))
            continue
        old_name, old_schema = before[key]
        if old_name != name:
            words.append(_("The field “%(old)s” is called “%(new)s” now.", old=old_name, new=name))
        changed = sorted(
            member for member in {*old_schema, *schema} if old_schema.get(member) != schema.get(member)
        )
        if changed:
            words.append(
                _(
                    "The field “%(title)s” differs in: %(what)s.",
                    title=_title(after[key]),
                    what=", ".join(changed),
                )
            )
    rest = sorted(
        member for member in {*old, *new} if member != "properties" and old.get(member) != new.get(member)
    )
    if rest:
        words.append(_("The entity itself differs in: %(what)s.", what=", ".join(rest)))
    return words


def flow_differences(old: Json, new: Json) -> list[str]:
    """Say in words what is different between two workflows, step by step (by the step's name)."""
    before, after = ({str(step.get("id", at)): step for at, step in walk(item)} for item in (old, new))
    words = [
        _("The step “%(name)s” is gone.", name=_step(before[key], key)) for key in before if key not in after
    ]
    for key, step in after.items():
        was = before.get(key)
        if was is None:
            words.append(_("The step “%(name)s” is new.", name=_step(step, key)))
        elif changed := sorted(
            word
            for word in {*was, *step}
            if was.get(word) != step.get(word)
            and word not in ("then", "else", "steps", "default", "parallel")
        ):
            what = ", ".join(changed)
            words.append(_("The step “%(name)s” differs in: %(what)s.", name=_step(step, key), what=what))
    if list(before) != list(after) and set(before) == set(after):
        words.append(_("The steps stand in another order."))
    if old.get("enabled") != new.get("enabled"):
        words.append(_("It is switched on.") if new.get("enabled") else _("It is switched off."))
    rest = sorted(
        word for word in {*old, *new} if word not in ("steps", "enabled") and old.get(word) != new.get(word)
    )
    if rest:
        words.append(_("The workflow itself differs in: %(what)s.", what=", ".join(rest)))
    return words


def letter_differences(old: Json, new: Json) -> list[str]:
    """Say in words which texts of an e-mail template are different."""
    titles = {"subject": _("the subject"), "body": _("the text"), "html": _("the formatted text")}
    titles |= {"title": _("the title"), "entity": _("what it is written for")}
    return [
        _("Different: %(what)s.", what=titles.get(member, member))
        for member in ("title", "description", "entity", "subject", "body", "html")
        if old.get(member) != new.get(member)
    ]


_SAY: Final = {
    "entity": differences,
    "workflow": flow_differences,
    "email_template": letter_differences,
}


def _step(step: Json, key: str) -> str:
    return str(step.get("title") or key)


def _by_id(document: Json) -> dict[str, tuple[str, Json]]:
    found: dict[str, tuple[str, Json]] = {}
    for name, schema in dict(document.get("properties", {})).items():
        own = schema.get("x-amity", {}) if isinstance(schema, dict) else {}
        found[str(own.get("id", name))] = (name, schema if isinstance(schema, dict) else {})
    return found


def _title(entry: tuple[str, Json]) -> str:
    return str(entry[1].get("title") or entry[0])


def _lines(old: Any, new: Any) -> list[tuple[str, str]]:
    before, after = (jsontext.dumps_bytes(item, indent=True).decode().splitlines() for item in (old, new))
    kinds = {"+": "add", "-": "remove", "@": "place"}
    lines = list(difflib.unified_diff(before, after, n=2, lineterm=""))[2:]
    return [(kinds.get(line[:1], "same"), line if line.startswith("@") else line[1:]) for line in lines]
