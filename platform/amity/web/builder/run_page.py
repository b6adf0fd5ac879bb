"""One run, step by step; the page follows the run for as long as it is not at its end."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from amity import jsontext
from amity.errors import NotFound
from amity.web import htmx
from amity.web.builder.flows.document import FLOW
from amity.web.builder.runs import TONES, RunLine, lines, state_text, took
from amity.web.context import require_admin, workspace
from amity.web.inbox import answer_text
from amity.web.staff.access import account_names
from amity.web.texts import gettext as _
from amity.web.texts import ngettext
from amity.workflows.action import Action
from amity.workflows.documents.compiled import CompiledStep, CompiledWorkflow
from amity.workflows.engine import runs
from amity.workflows.engine.catalog import LiveCatalog
from amity.workflows.engine.journal import ENDED, RunRow, StepRow
from amity.workflows.engine.runs import RunDetail
from amity.workflows.people import assignments
from amity.workflows.people.assignments import Assignment

blueprint: Final = Blueprint("run", __name__, url_prefix="/builder")
NOTHING_NEW: Final = 204
NO_MORE: Final = 286
"""htmx's own status: the page stops asking."""
LONGEST: Final = dt.timedelta(hours=1)
"""A page on which nothing happened for so long asks no more: an open page is nobody who works."""


@dataclass(frozen=True, slots=True)
class AnswerLine:
    """What somebody answered to a step's question."""

    who: str
    what: str
    comment: str


@dataclass(frozen=True, slots=True)
class AskedLine:
    """What a step asks people, and what became of it."""

    question: str
    url: str
    reminded: dt.datetime | None
    """The latest reminder."""
    until: dt.datetime | None
    """When it is over without an answer; None where it is over, or waits for ever."""
    answers: Sequence[AnswerLine]
    end: str
    """What came of it where nobody answered."""


@dataclass(frozen=True, slots=True)
class StepLine:
    """One step of a run."""

    key: str
    title: str
    icon: str
    state: str
    state_text: str
    tone: str
    attempts: int
    started: dt.datetime
    took: str
    message: str
    cause: str
    waits: str
    due: dt.datetime | None
    """When a wait is over or is looked at again; None where people are asked (see `asked`)."""
    input: str
    output: str
    turn: str
    """Which turns of loops, such as "2, 1"."""
    asked: AskedLine | None
    did: str
    """What it did, with the values of this run."""


@dataclass(frozen=True, slots=True)
class RunPage:
    """Context of `pages/builder/run.html` and `fragments/builder/run.html`."""

    line: RunLine
    trigger: str
    actor: str
    version: int
    trigger_data: str
    ended: dt.datetime | None
    steps: Sequence[StepLine]
    parent: RunLine | None
    children: Sequence[RunLine]
    can_cancel: bool
    can_retry: bool
    can_skip: bool
    writes: int
    news_url: str
    """What the page asks for what is new; empty where nothing can be."""
    news: bool
    """Whether this is the answer to that question, so that it is said aloud."""


@blueprint.get("/runs/<uuid:run_id>")
def show_run(run_id: uuid.UUID) -> ResponseReturnValue:
    """Show one run. To its own page, which asks again and again, it says what is new or that nothing is."""
    ctx = require_admin()
    detail = runs.get(workspace().database, str(run_id))
    if not htmx.is_fragment():
        return render_template("pages/builder/run.html", page=_page(detail, ctx.now))
    seen, _slash, at = request.args.get("seen", "").partition("/")
    if seen == _mark(detail):
        return "", NO_MORE if _is_old(at, ctx.now) else NOTHING_NEW
    return render_template("fragments/builder/run.html", page=_page(detail, ctx.now, news=True))


def _mark(detail: RunDetail) -> str:
    """A few letters that are others whenever the page would look otherwise."""
    finished = sum(step.is_finished for step in detail.steps)
    tries = sum(step.attempts for step in detail.steps)
    return f"{detail.run.segment}.{detail.run.state}.{len(detail.steps)}.{finished}.{tries}"


def _is_old(at: str, now: dt.datetime) -> bool:
    return not at.isdecimal() or int(at) < (now - LONGEST).timestamp()


def _page(detail: RunDetail, now: dt.datetime, *, news: bool = False) -> RunPage:
    here, row = workspace(), detail.run
    compiled = LiveCatalog(here.workflows.compiler, here.workflows.services).pinned(row.workflow, row.version)
    on = str(row.trigger.get("on", ""))
    kind = here.workflows.registry.triggers.get(on)
    people = {account.id: account.name for account in here.accounts.all()}
    parent = None
    if row.parent is not None:
        try:
            parent = lines([runs.get(here.database, row.parent).run])[0]
        except NotFound:
            parent = None
    failed_at = (row.error or {}).get("step")
    ended = row.state in ENDED
    return RunPage(
        line=lines([row])[0],
        trigger=_(kind.title) if kind is not None else on,
        actor=people.get(row.actor or "", _("Amity")),
        version=row.version,
        trigger_data=_shown(_readable(row)),
        ended=row.ended_at,
        steps=_steps(detail, compiled),
        parent=parent,
        children=lines(detail.children),
        can_cancel=not ended,
        can_retry=row.state == "failed",
        can_skip=row.state == "failed" and failed_at is not None,
        writes=row.writes,
        news_url="" if ended else f"/builder/runs/{row.id}?seen={_mark(detail)}/{int(now.timestamp())}",
        news=news,
    )


def _readable(row: RunRow) -> dict[str, Any]:
    """The trigger's data with fields by their titles."""
    entity = workspace().definitions.model.by_id.get(row.entity or "")
    shown: dict[str, Any] = {}
    for word, value in row.trigger.items():
        if word in ("old", "new") and isinstance(value, Mapping):
            titles = {item.id: item.title for item in (entity.fields if entity else ())}
            shown[word] = {titles.get(key, key): item for key, item in value.items()}
        elif word not in ("on", "event") and value is not None:
            shown[word] = value
    return shown


def _steps(detail: RunDetail, compiled: CompiledWorkflow | None) -> list[StepLine]:
    due = {item.key: item.due_at for item in detail.waits}
    asked = assignments.of_run(workspace().database, detail.run.id)
    names = account_names({answer.account for item in asked.values() for answer in item.answers})
    return [_step(step, compiled, due, asked.get(step.key), names) for step in detail.steps]


def _step(
    step: StepRow,
    compiled: CompiledWorkflow | None,
    due: Mapping[str, dt.datetime | None],
    asked: Assignment | None,
    names: Mapping[str, str],
) -> StepLine:
    registry = workspace().workflows.registry
    known = next((item for item in compiled.walk() if item.key == step.step), None) if compiled else None
    action = registry.actions.get(step.action)
    kind = known.step.kind if known is not None else ""
    flow = FLOW.get(kind)
    title = known.step.title if known is not None else ""
    if not title:
        title = _(action.title) if action is not None else _(flow[0]) if flow else step.step
    error, wait = step.error or {}, step.wait or {}
    waits = str(wait.get("why", "")) if step.state == "waiting" else ""
    if step.state == "waiting" and not waits:
        waits = _("Waits.")
    return StepLine(
        step.key, title, action.icon if action else flow[2] if flow else "bolt", step.state,
        state_text(step.state), TONES.get(step.state, ""), step.attempts, step.started_at,
        took(step.started_at, step.ended_at), str(error.get("message", "")), str(error.get("cause", "")),
        waits, due.get(step.key) if step.state == "waiting" and asked is None else None,
        _shown(step.input) if action else "", _shown(step.output) if action else "", _turn(step.key),
        None if asked is None else _asked(asked, names),
        _did(step, action, known) if asked is None else "",
    )  # fmt: skip


def _did(step: StepRow, action: Action | None, known: CompiledStep | None) -> str:
    """Say what a step did: the words of its card with the values of this run, or the arm that was taken."""
    output = step.output if isinstance(step.output, Mapping) else {}
    if action is not None:
        try:
            return action.describe(step.input or {}, workspace().definitions.model)
        except (AttributeError, KeyError, TypeError, ValueError):  # what is kept of the input may be cut
            return ""
    if "count" in output:
        return ngettext("One turn.", "%(num)s turns.", int(output["count"]))
    if "met" in output:
        return _("It became true.") if output["met"] else _("It did not become true in time.")
    if "branch" not in output or known is None:
        return ""
    if known.step.kind == "if":
        return _("The condition held.") if output["branch"] == "then" else _("The condition did not hold.")
    return _("Branch: %(name)s", name=output["branch"] or _("none"))


def _asked(found: Assignment, names: Mapping[str, str]) -> AskedLine:
    return AskedLine(
        found.title,
        assignments.url(found.id),
        found.reminded_at,
        found.due_at if found.is_open else None,
        [AnswerLine(names[item.account], answer_text(item.answer), item.comment) for item in found.answers],
        _end(found),
    )


def _end(found: Assignment) -> str:
    if found.state == "expired":
        return _("Nobody answered in time.")
    return _("It was taken back.") if found.state == "cancelled" else ""


def _turn(key: str) -> str:
    numbers = [part.partition("]")[0] for part in key.split("[")[1:]]
    return ", ".join(str(int(item) + 1) for item in numbers if item.isdecimal())


def _shown(value: Any) -> str:
    """Write data for reading; empty where there is none."""
    return "" if value in (None, {}, []) else jsontext.dumps_bytes(value, indent=True).decode()
