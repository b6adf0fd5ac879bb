"""With several records at once: change one field of all, delete all, bring all back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from flask import make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue

from amity.access.context import Context
from amity.access.policy import Verb
from amity.entities.kinds.base import ABSENT
from amity.entities.model import Entity, Field
from amity.errors import Forbidden, Invalid, NotFound
from amity.records.shapes import MAX_BULK, BulkResult, Deletions
from amity.web import forms, htmx
from amity.web.context import current, locale, safe_next, with_cause, workspace
from amity.web.forms import Input
from amity.web.shell import note
from amity.web.staff.access import EntityHead, decide, find_entity, head
from amity.web.staff.blueprint import blueprint
from amity.web.staff.form import form_fields
from amity.web.staff.options import relation_choices
from amity.web.staff.removal import Effect, deletion_effects, undo_fields
from amity.web.texts import gettext as _
from amity.web.texts import ngettext


@dataclass(frozen=True, slots=True)
class Chosen:
    """A selected record: the version is the one that the person saw."""

    id: str
    version: int
    label: str

    @property
    def value(self) -> str:
        """As forms carry it."""
        return f"{self.id}:{self.version}"


@dataclass(frozen=True, slots=True)
class BulkPage:
    """Context of `pages/bulk_edit.html` and `pages/bulk_delete.html` as `page`."""

    entity: EntityHead
    chosen: tuple[Chosen, ...]
    back: str
    fields: tuple[tuple[str, str], ...]
    field: str
    input: Input | None
    problems: tuple[str, ...]
    effects: tuple[Effect, ...] = ()
    """What deleting them does to others, and what stands in the way."""

    @property
    def count(self) -> int:
        """How many are selected."""
        return len(self.chosen)


@blueprint.post("/e/<name>/bulk")
def choose_bulk(name: str) -> ResponseReturnValue:
    """Ask what exactly is to be done with the selected records."""
    ctx = current()
    entity = find_entity(ctx, name)
    action = request.form.get("action", "")
    _allow(ctx, "delete" if action == "delete" else "update", entity)
    chosen = _selected(ctx, entity)
    if not chosen:
        note(_("Select some records first."), "info")
        return redirect(_back(entity), 303)
    page = _page(ctx, entity, chosen)
    if action != "delete":
        return render_template("pages/bulk_edit.html", page=page)
    return render_template(
        "pages/bulk_delete.html", page=replace(page, effects=_effects(ctx, entity, chosen))
    )


def _effects(ctx: Context, entity: Entity, chosen: Sequence[Chosen]) -> tuple[Effect, ...]:
    try:
        found = workspace().records.deletion_of(ctx, entity.name, [item.id for item in chosen])
    except NotFound:
        return ()  # all went a moment ago
    return deletion_effects(found)


@blueprint.post("/e/<name>/bulk/edit")
def bulk_edit(name: str) -> ResponseReturnValue:
    """Set one field of all selected records, in one call of the gate."""
    ctx = with_cause(kind="bulk")
    entity = find_entity(ctx, name)
    _allow(ctx, "update", entity)
    chosen = _selected(ctx, entity)
    field = _field(ctx, entity)
    if field is None or "amity-choose" in request.form or htmx.is_fragment():
        page = _page(ctx, entity, chosen)
        return render_template(
            "fragments/bulk_field.html" if htmx.is_fragment() else "pages/bulk_edit.html", page=page
        )
    value = field.kind.from_form(field, request.form, field.name)
    value = None if value is ABSENT else value
    rows = [{"id": item.id, "version": item.version, field.name: value} for item in chosen]
    try:
        result = workspace().records.bulk(ctx, entity.name, rows, mode="each")
    except Invalid as error:
        return _refused(
            ctx, entity, chosen, [problem.message for problem in error.problems] or [error.message]
        )
    if result.errors and not result.updated:
        messages = list(dict.fromkeys(problem.message for problem in result.errors))
        return _refused(ctx, entity, chosen, messages[:5])
    _tell(result)
    return redirect(_back(entity), 303)


def _refused(
    ctx: Context, entity: Entity, chosen: Sequence[Chosen], messages: Sequence[str]
) -> ResponseReturnValue:
    return make_response(
        render_template("pages/bulk_edit.html", page=_page(ctx, entity, chosen, messages)), 422
    )


def _tell(result: BulkResult) -> None:
    text = ngettext("%(num)s record is changed.", "%(num)s records are changed.", result.updated)
    if result.unchanged:
        text += " " + ngettext(
            "%(num)s had this value already.", "%(num)s had this value already.", result.unchanged
        )
    if not result.errors:
        note(text)
        return
    first = result.errors[0].message
    left = ngettext("%(num)s could not be changed", "%(num)s could not be changed", result.failed)
    note(f"{text} {left}: {first}", "warning")


@blueprint.post("/e/<name>/bulk/delete")
def bulk_delete(name: str) -> ResponseReturnValue:
    """Delete all selected records; those that cannot go stay and are named."""
    ctx = with_cause(kind="bulk")
    entity = find_entity(ctx, name)
    _allow(ctx, "delete", entity)
    chosen = _selected(ctx, entity)
    result = workspace().records.delete_many(ctx, entity.name, [(item.id, item.version) for item in chosen])
    if result.ids:
        _tell_deleted(result, ctx.cause_id, entity)
    if result.errors:
        first = result.errors[0]
        text = ngettext("%(num)s could not be deleted.", "%(num)s could not be deleted.", len(result.errors))
        note(f"{text} {chosen[first.index].label}: {first.message}", "warning")
    return redirect(_back(entity), 303)


def _tell_deleted(result: Deletions, cause: str, entity: Entity) -> None:
    text = ngettext("%(num)s record is deleted.", "%(num)s records are deleted.", len(result.ids))
    if result.along:
        more = ngettext(
            "%(num)s linked record went with it.", "%(num)s linked records went with it.", result.along
        )
        text = f"{text} {more}"
    note(text, undo_url=f"/e/{entity.name}/bulk/restore", undo_fields=undo_fields(cause))


@blueprint.post("/e/<name>/bulk/restore")
def bulk_restore(name: str) -> ResponseReturnValue:
    """Bring back what one mass deletion of this person took."""
    ctx = with_cause(kind="undo")
    entity = find_entity(ctx, name)
    cause = request.form.get("cause", "")
    ids = workspace().records.deleted_by(ctx, entity.name, cause)
    result = workspace().records.restore_many(ctx, entity.name, ids, cause=cause)
    if result.ids:
        note(ngettext("%(num)s record is back.", "%(num)s records are back.", len(result.ids)))
    if result.errors:
        note(result.errors[0].message, "warning")
    return redirect(_back(entity), 303)


# -- what is selected ---------------------------------------------------------------------------------
def _allow(ctx: Context, verb: Verb, entity: Entity) -> None:
    if not decide(ctx, verb, entity).allowed:
        raise Forbidden(_("You may not do this with %(plural)s.", plural=entity.plural))


def _back(entity: Entity) -> str:
    return safe_next(request.form.get("back"), f"/e/{entity.name}")


def _selected(ctx: Context, entity: Entity) -> list[Chosen]:
    pairs = {}
    for text in request.form.getlist("record")[:MAX_BULK]:
        identity, _colon, version = text.partition(":")
        if identity and version.isascii() and version.isdigit():
            pairs[identity] = int(version)
    labels = workspace().records.labels(ctx, entity.name, list(pairs)) if pairs else {}
    return [Chosen(key, version, labels[key]) for key, version in pairs.items() if key in labels]


def _field(ctx: Context, entity: Entity) -> Field | None:
    wanted = request.form.get("field", "")
    return next((item for item in _changeable(ctx, entity) if item.name == wanted), None)


def _changeable(ctx: Context, entity: Entity) -> list[Field]:
    """Fields that make sense for several records: not the unique ones."""
    unique = {names[0] for names in entity.unique if len(names) == 1}
    return [item for item in form_fields(ctx, entity, "update") if item.name not in unique]


def _page(ctx: Context, entity: Entity, chosen: Sequence[Chosen], problems: Sequence[str] = ()) -> BulkPage:
    fields = _changeable(ctx, entity)
    field = _field(ctx, entity) or (fields[0] if fields else None)
    shown: Input | None = None
    if field is not None:
        value: Any = field.kind.from_form(field, request.form, field.name)
        around = forms.Surroundings(
            locale=locale(),
            visible=lambda item: True,
            required=lambda item: item.required,
            choices=lambda item, given: relation_choices(ctx, item, given),
        )
        shown = forms.make_input(
            field, None if value is ABSENT else value, around, [("", text) for text in problems]
        )
    return BulkPage(
        entity=head(ctx, entity),
        chosen=tuple(chosen),
        back=_back(entity),
        fields=tuple((item.name, item.title) for item in fields),
        field=field.name if field else "",
        input=shown,
        problems=tuple(problems),
    )
