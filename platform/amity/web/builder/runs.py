"""What workflows did: the list of runs, one run step by step, the inbox of failures."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from amity import jsontext
from amity.database.engine import Database
from amity.errors import NotFound
from amity.web.builder.flows.document import FLOW
from amity.web.context import require_admin, safe_next, workspace
from amity.web.shell import note
from amity.web.texts import gettext as _
from amity.web.texts import ngettext
from amity.workflows.documents.compiled import CompiledWorkflow
from amity.workflows.engine import runs
from amity.workflows.engine.catalog import LiveCatalog
from amity.workflows.engine.journal import RunRow, RunState, StepRow
from amity.workflows.engine.runs import Key, RunDetail, RunQuery

blueprint: Final = Blueprint("runs", __name__, url_prefix="/builder")
STATES: Final[tuple[RunState, ...]] = ("ready", "running", "waiting", "done", "failed", "cancelled")
PAGE: Final = 50
_TONES: Final = {"done": "good", "failed": "bad", "waiting": "accent", "running": "accent", "skipped": ""}


@dataclass(frozen=True, slots=True)
class RunLine:
    """One run in a list."""

    id: str
    workflow: str
    workflow_name: str
    state: str
    state_text: str
    tone: str
    why: str
    record: str
    record_url: str
    started: dt.datetime
    took: str


@dataclass(frozen=True, slots=True)
class RunsPage:
    """Context of `pages/builder/runs.html` and of `pages/builder/failures.html`."""

    lines: Sequence[RunLine]
    workflows: Sequence[tuple[str, str]]
    states: Sequence[tuple[str, str]]
    workflow: str
    state: str
    record: str
    next_url: str
    first_url: str
    total: str


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
    input: str
    output: str
    turn: str
    """Which turns of loops, such as "2nd"."""


@dataclass(frozen=True, slots=True)
class RunPage:
    """Context of `pages/builder/run.html`."""

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


def state_text(state: str) -> str:
    """Put a state into words."""
    return {
        "ready": _("begins soon"), "running": _("running"), "waiting": _("waiting"), "done": _("done"),
        "failed": _("failed"), "cancelled": _("cancelled"), "skipped": _("skipped"),
    }.get(state, state)  # fmt: skip


@blueprint.get("/runs")
def list_runs() -> ResponseReturnValue:
    """List runs, the latest first."""
    require_admin()
    state = request.args.get("state", "")
    states: tuple[RunState, ...] = tuple(item for item in STATES if item == state)
    return render_template("pages/builder/runs.html", page=_list("runs.list_runs", states))


@blueprint.get("/failures")
def failures() -> ResponseReturnValue:
    """Show the runs that failed and that nobody has dealt with."""
    require_admin()
    return render_template("pages/builder/failures.html", page=_list("runs.failures", ("failed",)))


def _list(endpoint: str, states: tuple[RunState, ...]) -> RunsPage:
    args = request.args
    workflow, record = args.get("workflow", ""), args.get("record", "")
    entity, _slash, text = record.partition("/")
    record_id = _identity(text)
    known = {item.name: item for item in workspace().workflows.list()}
    model = workspace().definitions.model
    chosen = known.get(workflow)
    query = RunQuery(
        workflow=chosen.id if chosen is not None else workflow or None,
        states=states,
        entity=model.entities[entity].id if record_id and entity in model.entities else None,
        record=record_id or None,
        limit=PAGE,
        after=_key(args.get("after", "")),
    )
    found = runs.find(workspace().database, query)
    many, exact = runs.count(workspace().database, query) if query.after is None else (0, True)
    kept = {name: args[name] for name in ("workflow", "state", "record") if args.get(name)}
    following = ""
    if found.next is not None:
        at, run_id = found.next
        following = f"{url_for(endpoint)}?{urlencode({**kept, 'after': f'{at.isoformat()}/{run_id}'})}"
    return RunsPage(
        lines=lines(found.runs),
        workflows=sorted(
            ((item.name, str(item.document.get("title") or item.name)) for item in known.values()),
            key=lambda pair: pair[1].casefold(),
        ),
        states=[(item, state_text(item)) for item in STATES],
        workflow=workflow,
        state=args.get("state", ""),
        record=record,
        next_url=following,
        first_url=f"{url_for(endpoint)}?{urlencode(kept)}" if query.after is not None else "",
        total="" if query.after is not None else (str(many) if exact else f"{many}+"),
    )


def _identity(text: str) -> str:
    """Give an id as the database has it; empty where the text is none."""
    try:
        return str(uuid.UUID(text))
    except ValueError:
        return ""


def _key(text: str) -> Key | None:
    moment, _slash, run_id = text.partition("/")
    try:
        at = dt.datetime.fromisoformat(moment)
        return (at if at.tzinfo else at.replace(tzinfo=dt.UTC), str(uuid.UUID(run_id)))
    except ValueError:
        return None


def lines(rows: Sequence[RunRow]) -> list[RunLine]:
    """Put runs into lines; the labels of their records are read once an entity."""
    here = workspace()
    names = {
        item.id: (item.name, str(item.document.get("title") or item.name)) for item in here.workflows.list()
    }
    labels = _labels(rows)
    made = []
    for row in rows:
        name, title = names.get(row.workflow, ("", row.workflow))
        entity = here.definitions.model.by_id.get(row.entity or "")
        label = labels.get((row.entity or "", row.record or ""), "")
        error = str((row.error or {}).get("message", ""))
        made.append(
            RunLine(
                row.id, title, name, row.state, state_text(row.state), _TONES.get(row.state, ""),
                error or row.why or "",
                label or (_("a record that is gone") if row.record else ""),
                f"/e/{entity.name}/{row.record}" if entity is not None and label else "",
                row.started_at, _took(row.started_at, row.ended_at),
            )
        )  # fmt: skip
    return made


def _labels(rows: Sequence[RunRow]) -> Mapping[tuple[str, str], str]:
    here, ctx = workspace(), require_admin()
    wanted: dict[str, list[str]] = {}
    for row in rows:
        if row.entity and row.record:
            wanted.setdefault(row.entity, []).append(row.record)
    found = {}
    for entity_id, ids in wanted.items():
        entity = here.definitions.model.by_id.get(entity_id)
        if entity is not None:
            for key, label in here.records.labels(ctx, entity.name, list(dict.fromkeys(ids))).items():
                found[entity_id, key] = label
    return found


def _took(begin: dt.datetime, end: dt.datetime | None) -> str:
    if end is None:
        return ""
    seconds = max((end - begin).total_seconds(), 0)
    if seconds < 1:
        return _("%(number)s ms", number=round(seconds * 1000))
    if seconds < 120:
        return _("%(number)s s", number=f"{seconds:.1f}")
    if seconds < 7200:
        return _("%(number)s min", number=round(seconds / 60))
    if seconds < 172_800:
        return _("%(number)s h", number=round(seconds / 3600))
    return _("%(number)s days", number=round(seconds / 86_400))


# -- one run -------------------------------------------------------------------------------------------
@blueprint.get("/runs/<uuid:run_id>")
def show_run(run_id: uuid.UUID) -> ResponseReturnValue:
    """Show one run, step by step."""
    require_admin()
    detail = runs.get(workspace().database, str(run_id))
    return render_template("pages/builder/run.html", page=_page(detail))


def _page(detail: RunDetail) -> RunPage:
    here, row = workspace(), detail.run
    compiled = LiveCatalog(here.workflows.compiler, here.workflows.services).pinned(row.workflow, row.version)
    on = str(row.trigger.get("on", ""))
    kind = here.workflows.registry.triggers.get(on)
    people = {account.id: account.name for account in here.accounts.all()}
    due = {item.key: item.due_at for item in detail.waits}
    parent = None
    if row.parent is not None:
        try:
            parent = lines([runs.get(here.database, row.parent).run])[0]
        except NotFound:
            parent = None
    failed_at = (row.error or {}).get("step")
    return RunPage(
        line=lines([row])[0],
        trigger=_(kind.title) if kind is not None else on,
        actor=people.get(row.actor or "", _("Amity")),
        version=row.version,
        trigger_data=_shown(_readable(row)),
        ended=row.ended_at,
        steps=[_step(step, compiled, due) for step in detail.steps],
        parent=parent,
        children=lines(detail.children),
        can_cancel=row.state not in ("done", "failed", "cancelled"),
        can_retry=row.state == "failed",
        can_skip=row.state == "failed" and failed_at is not None,
        writes=row.writes,
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


def _step(
    step: StepRow, compiled: CompiledWorkflow | None, due: Mapping[str, dt.datetime | None]
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
        state_text(step.state), _TONES.get(step.state, ""), step.attempts, step.started_at,
        _took(step.started_at, step.ended_at), str(error.get("message", "")), str(error.get("cause", "")),
        waits, due.get(step.key) if step.state == "waiting" else None,
        _shown(step.input), _shown(step.output), _turn(step.key),
    )  # fmt: skip


def _turn(key: str) -> str:
    numbers = [part.partition("]")[0] for part in key.split("[")[1:]]
    return ", ".join(str(int(item) + 1) for item in numbers if item.isdecimal())


def _shown(value: Any) -> str:
    """Write data for reading; empty where there is none."""
    return "" if value in (None, {}, []) else jsontext.dumps_bytes(value, indent=True).decode()


# -- doing ---------------------------------------------------------------------------------------------
def _cancel(database: Database, run_id: str) -> None:
    runs.cancel(database, run_id, _("Cancelled by %(name)s.", name=_who()))


def _who() -> str:
    known = require_admin().actor.account
    return next((item.name for item in workspace().accounts.all() if item.id == known), _("an admin"))


VERBS: Final[Mapping[str, Callable[[Database, str], None]]] = {
    "retry": runs.retry,
    "skip": runs.skip,
    "cancel": _cancel,
}


@blueprint.post("/runs/do")
def act() -> ResponseReturnValue:
    """Try again, skip or cancel the chosen runs."""
    require_admin()
    form = request.form
    verb = VERBS.get(form.get("verb", ""))
    back = safe_next(form.get("back"), url_for("runs.failures"))
    chosen = [run_id for text in form.getlist("run")[: runs.MOST] if (run_id := _identity(text))]
    if verb is None or not chosen:
        note(_("Select some runs first."), "info")
        return redirect(back, 303)
    done, refused = runs.for_all(workspace().database, chosen, verb)
    workspace().workflows.wake()
    if done:
        words = {
            "retry": ngettext("One run is tried again.", "%(num)s runs are tried again.", done),
            "skip": ngettext(
                "One run goes on behind the failed step.", "%(num)s runs go on behind the failed step.", done
            ),
            "cancel": ngettext("One run is cancelled.", "%(num)s runs are cancelled.", done),
        }  # fmt: skip
        note(words[form["verb"]])
    for reason in dict.fromkeys(refused.values()):
        note(reason, "warning")
    return redirect(back, 303)
