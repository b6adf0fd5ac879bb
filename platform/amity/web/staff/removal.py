"""Deleting says before what else goes and offers Undo after; the bin gives everything back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from flask import redirect, render_template, request
from flask.typing import ResponseReturnValue

from amity.access.context import Context
from amity.entities.model import Entity
from amity.errors import Forbidden, InUse
from amity.records.shapes import Affected, Deletion, Query
from amity.web import htmx
from amity.web.context import current, safe_next, workspace
from amity.web.shell import note
from amity.web.staff.access import EntityHead, decide, field_title, find_entity, formatter, head
from amity.web.staff.blueprint import blueprint
from amity.web.staff.showing import label
from amity.web.texts import gettext as _
from amity.web.texts import ngettext

PAGE: Final = 50


@dataclass(frozen=True, slots=True)
class Effect:
    """What a deletion does to the records of one relation."""

    effect: str
    """refuse, clear or cascade."""
    text: str
    samples: tuple[tuple[str, str], ...]
    """(label, address) of some of them."""


@dataclass(frozen=True, slots=True)
class DeletePage:
    """Context of `pages/delete.html` and `fragments/delete.html` as `page`."""

    entity: EntityHead
    label: str
    url: str
    action: str
    version: int
    effects: tuple[Effect, ...]
    refused: bool
    count: int


@dataclass(frozen=True, slots=True)
class BinRow:
    """A deleted record."""

    id: str
    label: str
    deleted: str


@dataclass(frozen=True, slots=True)
class BinPage:
    """Context of `pages/bin.html` as `page`."""

    entity: EntityHead
    rows: tuple[BinRow, ...]
    next_url: str
    restorable: bool


@blueprint.route("/e/<name>/<uuid:identity>/delete", methods=["GET", "POST"])
def delete_record(name: str, identity: Any) -> ResponseReturnValue:
    """Say what a deletion would do, then do it."""
    ctx = current()
    entity = find_entity(ctx, name)
    if not decide(ctx, "delete", entity).allowed:
        raise Forbidden(_("You may not delete %(plural)s.", plural=entity.plural))
    record = workspace().records.get(ctx, entity.name, str(identity))
    text = label(entity, record)
    if request.method == "POST":
        version = request.form.get("version", "")
        number = int(version) if version.isascii() and version.isdigit() else record.version
        try:
            gone = workspace().records.delete(ctx, entity.name, record.id, version=number)
        except InUse as error:
            note(error.message, "error")
            return redirect(f"/e/{entity.name}/{record.id}", 303)
        words = _("%(label)s is deleted.", label=text)
        if gone.count > 1:
            more = ngettext(
                "%(num)s linked record went with it.", "%(num)s linked records went with it.", gone.count - 1
            )
            words = f"{words} {more}"
        note(words, undo_url=f"/e/{entity.name}/{record.id}/restore")
        return redirect(f"/e/{entity.name}", 303)
    deletion = workspace().records.deletion(ctx, entity.name, record.id)
    page = DeletePage(
        entity=head(ctx, entity),
        label=text,
        url=f"/e/{entity.name}/{record.id}",
        action=f"/e/{entity.name}/{record.id}/delete",
        version=record.version,
        effects=deletion_effects(deletion),
        refused=bool(deletion.refused),
        count=deletion.count,
    )
    return render_template("fragments/delete.html" if htmx.is_fragment() else "pages/delete.html", page=page)


def deletion_effects(deletion: Deletion) -> tuple[Effect, ...]:
    """Say what a deletion does to others."""
    return tuple(_effect(item, several=len(deletion.ids) > 1) for item in deletion.affected)


def _effect(item: Affected, *, several: bool) -> Effect:
    other = workspace().definitions.model.entities.get(item.entity)
    plural = other.plural if other else item.entity
    what = f"{formatter().number(item.count)} {plural if item.count != 1 or not other else other.title}"
    if item.hidden:
        what = (
            _("%(what)s and others that you cannot see", what=what)
            if item.count
            else _("Records that you cannot see")
        )
    title = field_title(other, item.field) if other else item.field
    many = 2 if item.hidden else item.count
    text = {
        "refuse": _needed(what, title, many, several),
        "clear": ngettext(
            "%(what)s stays; its “%(field)s” becomes empty.",
            "%(what)s stay; their “%(field)s” becomes empty.",
            many,
            what=what,
            field=title,
        ),
        "cascade": ngettext("%(what)s is deleted, too.", "%(what)s are deleted, too.", many, what=what),
    }[item.effect]
    samples = tuple((hit.label, f"/e/{hit.entity}/{hit.id}") for hit in item.samples[:5])
    return Effect(item.effect, text, samples)


def _needed(what: str, title: str, many: int, several: bool) -> str:
    if several:
        return ngettext(
            "%(what)s still needs one of them as “%(field)s”.",
            "%(what)s still need some of them as “%(field)s”.",
            many,
            what=what,
            field=title,
        )
    return ngettext(
        "%(what)s still needs this as “%(field)s”.",
        "%(what)s still need this as “%(field)s”.",
        many,
        what=what,
        field=title,
    )


@blueprint.post("/e/<name>/<uuid:identity>/restore")
def restore_record(name: str, identity: Any) -> ResponseReturnValue:
    """Bring a record back, with what went with it."""
    ctx = current()
    entity = find_entity(ctx, name)
    record = workspace().records.restore(ctx, entity.name, str(identity))
    note(_("%(label)s is back.", label=label(entity, record)))
    return redirect(safe_next(request.form.get("back"), f"/e/{entity.name}/{record.id}"), 303)


@blueprint.get("/e/<name>/bin")
def show_bin(name: str) -> str:
    """List the deleted records of an entity, newest first."""
    ctx = current()
    entity = find_entity(ctx, name)
    query = Query(fields=entity.display, limit=PAGE, after=request.args.get("after") or None)
    return render_template("pages/bin.html", page=_bin(ctx, entity, query))


def _bin(ctx: Context, entity: Entity, query: Query) -> BinPage:
    found = workspace().records.bin(ctx, entity.name, query)
    formats = formatter()
    rows = [
        BinRow(item.id, label(entity, item), formats.ago(item.deleted_at) if item.deleted_at else "")
        for item in found.records
    ]
    return BinPage(
        entity=head(ctx, entity),
        rows=tuple(rows),
        next_url=f"/e/{entity.name}/bin?after={found.next}" if found.next else "",
        restorable=decide(ctx, "delete", entity).allowed,
    )


def undo_fields(cause: str) -> Mapping[str, str]:
    """Give what the Undo button of a mass deletion sends: the id of its request, however many went."""
    return {"cause": cause}
