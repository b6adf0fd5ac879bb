"""Comments on a record page: read, write, take away."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import redirect, request
from flask.typing import ResponseReturnValue
from sqlalchemy import Row

from amity.access.context import Context
from amity.entities.model import Entity
from amity.errors import Invalid
from amity.web.context import current, safe_next, workspace
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
    return comment_lines(ctx, comments.of_record(workspace().database, entity, record))


def comment_lines(ctx: Context, rows: Sequence[Row[Any]]) -> tuple[CommentLine, ...]:
    """Put comments into words for the reader of this request."""
    names = account_names({row.account for row in rows if row.account})
    return tuple(_line(ctx, row, names) for row in rows)


def _line(ctx: Context, row: Row[Any], names: Mapping[str, str]) -> CommentLine:
    entity = workspace().definitions.model.by_id[row.entity]
    formats = formatter()
    title = str(row.cause.get("title") or "") if row.cause.get("kind") == "workflow" else ""
    may_delete = ctx.actor.is_admin or (row.account is not None and row.account == ctx.actor.account)
    url = f"/e/{entity.name}/{row.record}"
    return CommentLine(
        who=title or names.get(row.account or "", "Amity"),
        text=row.text,
        ago=formats.ago(row.at),
        moment=formats.moment(row.at),
        at=row.at,
        by_workflow=bool(title),
        delete_url=f"{url}/comments/{row.id}/delete" if may_delete else "",
    )


@blueprint.post("/e/<name>/<uuid:identity>/comments")
def add_comment(name: str, identity: Any) -> ResponseReturnValue:
    """Write a comment."""
    ctx, here = current(), workspace()
    entity = find_entity(ctx, name)
    text = request.form.get("text", "")
    try:
        people, language = here.accounts.all(), here.profile.locale
        comments.add(here.database, here.records, people, ctx, entity, str(identity), text, language)
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
    back = safe_next(request.form.get("back"), f"/e/{entity.name}/{record.id}")
    return redirect(f"{back.partition('#')[0]}#comments", 303)
