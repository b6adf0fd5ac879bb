"""A back-test that was asked for: how far it is, its end on demand, and what it found."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from amity import jsontext
from amity.database.processes import alive
from amity.errors import AmityError, NotFound
from amity.web.builder.telling import Telling, Tested
from amity.web.context import require_admin, workspace
from amity.web.shell import note
from amity.web.texts import gettext as _
from amity.web.texts import ngettext
from amity.workflows.simulation.asked import AskedTest, BackTests

blueprint: Final = Blueprint("tested", __name__, url_prefix="/builder/workflows/<name>/try/<uuid:id>")


@dataclass(frozen=True, slots=True)
class TestedPage:
    """Context of `pages/builder/tested.html`."""

    name: str
    title: str
    url: str
    asked: AskedTest
    document: str
    """The draft as JSON; empty where what was tested is in force."""
    original: str
    """Name of the workflow that the draft changes; empty for a new one."""
    percent: int | None
    progress: str
    left: str
    """How long it will still take, in words; empty where that is not known."""
    took: str
    tested: Tested | None
    problem: str
    """Why there is nothing to show, or not all."""
    no_worker: bool


@blueprint.get("")
def show(name: str, id: uuid.UUID) -> ResponseReturnValue:
    """Show it; a page that asks again and again gets only how far it is."""
    require_admin()
    asked = _find(name, id)
    page = _page(name, asked)
    if request.headers.get("HX-Request") != "true":
        return render_template("pages/builder/tested.html", page=page)
    answer = make_response(render_template("fragments/builder/progress.html", page=page))
    if not asked.is_open:
        answer.headers["HX-Refresh"] = "true"
    return answer


@blueprint.post("/cancel")
def cancel(name: str, id: uuid.UUID) -> ResponseReturnValue:
    """End it."""
    ctx = require_admin()
    asked = _find(name, id)
    _tests().cancel(asked.id, ctx.now)
    return redirect(url_for("tested.show", name=name, id=asked.id), 303)


@blueprint.post("/remove")
def remove(name: str, id: uuid.UUID) -> ResponseReturnValue:
    """Remove it with what it found."""
    require_admin()
    asked = _find(name, id)
    _tests().remove(asked.id)
    note(_("The back-test was removed."))
    draft = _draft(asked)
    return redirect("/builder/workflows" if draft else url_for("trying.show", name=name), 303)


def _tests() -> BackTests:
    return BackTests(workspace().workflows.services)


def _find(name: str, id: uuid.UUID) -> AskedTest:
    found = _tests().get(str(id))
    if found.workflow != name:
        raise NotFound(_("There is no such back-test; old ones are cleared away."))
    return found


def _page(name: str, asked: AskedTest) -> TestedPage:
    problem, tested = asked.why or "", None
    title = str(asked.document.get("title") or name)
    found = asked.found
    if found is not None:
        try:
            compiled = workspace().workflows.draft(asked.document, name)
            tested = Telling(compiled).tested(found)
        except (AmityError, KeyError) as error:
            why = error.message if isinstance(error, AmityError) else _("an entity is not there any more.")
            problem = _("What it found does not fit the entities as they are today: %(why)s", why=why)
    waiting = asked.state == "waiting"
    return TestedPage(
        name=name,
        title=title,
        url=url_for("tested.show", name=name, id=asked.id),
        asked=asked,
        document=_draft(asked),
        original=name if _known(name) is not None else "",
        percent=asked.percent,
        progress=_progress(asked.progress, waiting),
        left=""
        if asked.seconds_left is None
        else _("About %(time)s left.", time=_length(asked.seconds_left)),
        took=_length(found.took) if found is not None else "",
        tested=tested,
        problem=problem,
        no_worker=waiting and not alive(workspace().database, "worker"),
    )


def _draft(asked: AskedTest) -> str:
    """Give what was tested, where it is not what is in force."""
    return "" if _known(asked.workflow) == asked.document else jsontext.dumps(asked.document)


def _known(name: str) -> Mapping[str, Any] | None:
    try:
        return workspace().workflows.get(name).document
    except NotFound:
        return None


def _progress(progress: Mapping[str, Any], waiting: bool) -> str:
    if waiting or not progress:
        return _("It waits for its turn.")
    looked, total = progress.get("done") or 0, progress.get("total") or 0
    texts = [
        _("%(done)s of %(total)s looked at.", done=f"{looked:,}", total=f"{total:,}")
        if total
        else _("%(done)s looked at.", done=f"{progress.get('looked_at') or 0:,}")
    ]
    starts = progress.get("matched") or 0
    texts.append(ngettext("One start so far.", "%(num)s starts so far.", starts))
    return " ".join(texts)


def _length(seconds: float) -> str:
    """Write a length of time, as coarse as an estimate is."""
    if seconds < 1:
        return _("less than a second")
    if seconds < 90:
        return ngettext("one second", "%(num)s seconds", round(seconds))
    if seconds < dt.timedelta(hours=2).total_seconds():
        return ngettext("one minute", "%(num)s minutes", round(seconds / 60))
    return ngettext("one hour", "%(num)s hours", round(seconds / 3600))
