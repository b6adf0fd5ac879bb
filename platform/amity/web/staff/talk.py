"""Comments on a record page: read, write, take away."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from flask import redirect, request
from flask.typing import ResponseReturnValue

from amity.access.context import Context
from amity.entities.model import Entity
from amity.errors import Invalid
from amity.web.context import current, workspace
from amity.web.shell import note
from amity.web.staff.access import account_names, find_entity, formatter
from amity.web.staff.blueprint import blueprint
from amity.web.texts import gettext as _
from amity.workflows.people import comments


@dataclass(frozen=True, slots=True)
class CommentLine:
    """One comment as people read it."""

    who: str
    text: str
    ago: str
    moment: str
    at: dt.datetime
    by_workflow: bool
    delete_url: str
    """Empty where the reader may not take it away."""


def comments_of(ctx: Context, entity: Entity, record: str) -> tuple[CommentLine, ...]:
    """Give the comments on a record, the newest first."""
    rows = comments.of_record(workspace().database, entity, record)
    names = account_names({row.account for row in rows if row.account})
    formats = formatter()
    made = []
    for row in rows:
        title = str(row.cause.get("title") or "") if row.cause.get("kind") == "workflow" else ""
        mine = row.account is not None and row.account == ctx.actor.account
        made.append(
            CommentLine(
                who=title or names.get(row.account or "", "Amity"),
                text=row.text,
                ago=formats.ago(row.at),
                moment=formats.moment(row.at),
                at=row.at,
                by_workflow=bool(title),
                delete_url=f"/e/{entity.name}/{record}/comments/{row.id}/delete"
                if mine or ctx.actor.is_admin
                else "",
            )
        )
    return tuple(made)


@blueprint.post("/e/<name>/<uuid:identity>/comments")
def add_comment(name: str, identity: Any) -> ResponseReturnValue:
    """Write a comment."""
    ctx, here = current(), workspace()
    entity = find_entity(ctx, name)
    text = request.form.get("text", "")
    try:
        comments.add(here.database, here.records, here.accounts.all(), ctx, entity, str(identity), text)
    except Invalid as error:
        note(error.problems[0].message, "error")
    return redirect(f"/e/{entity.name}/{identity}#comments", 303)


@blueprint.post("/e/<name>/<uuid:identity>/comments/<uuid:comment>/delete")
def delete_comment(name: str, identity: Any, comment: Any) -> ResponseReturnValue:
    """Take a comment away."""
    ctx, here = current(), workspace()
    entity = find_entity(ctx, name)
    record = here.records.get(ctx, entity.name, str(identity), fields=entity.display)
    comments.remove(here.database, ctx, entity, record.id, str(comment))
    note(_("The comment is deleted."))
    return redirect(f"/e/{entity.name}/{record.id}#comments", 303)
