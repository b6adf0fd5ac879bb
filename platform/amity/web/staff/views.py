"""Saving a list as one's own view, and choosing its columns."""

from __future__ import annotations

from typing import Any

from flask import redirect, request
from flask.typing import ResponseReturnValue

from amity.errors import Invalid
from amity.records.saved_views import SavedViews
from amity.web.context import current, workspace
from amity.web.shell import note
from amity.web.staff.access import find_entity
from amity.web.staff.blueprint import blueprint
from amity.web.staff.list import MINE
from amity.web.staff.state import ListState
from amity.web.texts import gettext as _


@blueprint.get("/e/<name>/columns")
def choose_columns(name: str) -> ResponseReturnValue:
    """Turn the column chooser's boxes into the list's address."""
    entity = find_entity(current(), name)
    state = ListState.from_query(f"/e/{entity.name}", request.args)
    return redirect(state.but(columns=tuple(request.args.getlist("column"))).url, 303)


@blueprint.post("/e/<name>/views")
def save_view(name: str) -> ResponseReturnValue:
    """Save the list as it is under a name."""
    ctx = current()
    entity = find_entity(ctx, name)
    state = ListState.from_query(f"/e/{entity.name}", request.form)
    try:
        saved = SavedViews(workspace().database).save(
            ctx,
            entity,
            request.form.get("name", ""),
            where=state.where or "",
            sort=state.sort or "",
            columns=state.columns or _columns_of(entity, state.view),
        )
    except Invalid as error:
        note(error.message, "error")
        return redirect(state.url, 303)
    note(_("“%(name)s” is saved. Only you see it.", name=saved.name))
    return redirect(ListState(state.base, view=MINE + saved.id, q=state.q).url, 303)


def _columns_of(entity: Any, view: str) -> tuple[str, ...]:
    found = next((item for item in entity.views if item.name == view), None)
    first = next((item for item in entity.views if item.kind == "table"), None)
    chosen = found or first
    return tuple(chosen.fields) if chosen else ()


@blueprint.post("/e/<name>/views/<uuid:identity>/delete")
def delete_view(name: str, identity: Any) -> ResponseReturnValue:
    """Delete one of one's own views."""
    ctx = current()
    entity = find_entity(ctx, name)
    SavedViews(workspace().database).delete(ctx, entity, str(identity))
    note(_("The view is deleted. The records are untouched."))
    return redirect(f"/e/{entity.name}", 303)
