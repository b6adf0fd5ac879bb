"""Try a workflow before it is switched on: on one record, and over a past period. Nothing is changed.

Both for the workflow in force and for a draft, which the editor sends along as `document`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from zoneinfo import ZoneInfo

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from amity import jsontext
from amity.access.context import Context
from amity.entities.model import Entity
from amity.errors import AmityError, Invalid, NotFound, Problem
from amity.web import forms, small_forms
from amity.web.builder.flows.draft import read_draft
from amity.web.builder.telling import Telling, Told
from amity.web.context import require_admin, workspace
from amity.web.forms import Option
from amity.web.staff.options import find_options, picker_url
from amity.web.texts import gettext as _
from amity.workflows.documents.compiled import CompiledWorkflow
from amity.workflows.documents.forms import checked, form_of_trigger
from amity.workflows.services import Services
from amity.workflows.simulation.asked import AskedTest, BackTests
from amity.workflows.simulation.backtest import back_test, dry_run
from amity.workflows.simulation.trials import QUICK_SECONDS

blueprint: Final = Blueprint("trying", __name__, url_prefix="/builder/workflows/<name>/try")
PERIODS: Final = (7, 30, 90)
"""Days of the periods that are offered."""
MAX_DOCUMENT: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class TryPage:
    """Context of `pages/builder/try.html`."""

    name: str
    title: str
    document: str
    """The draft as JSON; empty where the workflow in force is tried."""
    original: str
    """Name of the workflow that the draft changes; empty for a new one."""
    entity: str
    needs_record: bool
    can_look_back: bool
    options: Sequence[Option]
    picker_url: str
    record: str
    days: str
    since: str
    until: str
    periods: Sequence[tuple[str, str]]
    told: Told | None
    problem: str
    inputs: Sequence[forms.Input]
    """Of the form that the trigger asks."""
    raw_input: str | None
    """The input as JSON, where there is no form for it; None where the workflow takes none."""
    earlier: Sequence[AskedTest]
    """Back-tests that were asked for before."""


@blueprint.get("")
def show(name: str) -> ResponseReturnValue:
    """Ask what it shall be tried with."""
    return _page(name, "")


@blueprint.post("")
def try_out(name: str) -> ResponseReturnValue:
    """Try it: `do` is `dry-run` (with `record`), `back-test` (with a period), or nothing yet."""
    require_admin()
    document = request.form.get("document", "")
    if "selected" in request.form:  # from the editor: with what was typed into its forms just now
        document = jsontext.dumps(read_draft().document)
    if len(document) > MAX_DOCUMENT:
        raise Invalid(_("The document is larger than one megabyte."))
    return _page(name, document)


def _page(name: str, document: str) -> ResponseReturnValue:
    ctx = require_admin()
    form = request.form
    given = _Given()
    compiled: CompiledWorkflow | None = None
    try:
        compiled = _compiled(name, document)
        if form.get("do") == "dry-run":
            given.read(compiled)
            found = dry_run(_services(), ctx, compiled, form.get("record", ""), given.input)
            given.told = Telling(compiled).told(found)
        elif form.get("do") == "back-test":
            since, until = _period(ctx)
            asked = _tested(ctx, name, compiled, since, until)
            return redirect(url_for("tested.show", name=name, id=asked), 303)
    except NotFound as error:
        if compiled is None and not document:
            raise
        given.problem = error.message
    except AmityError as error:
        given.fail(error)
    page = _made(ctx, name, document, compiled, given)
    return render_template("pages/builder/try.html", page=page), 422 if given.problem else 200


def _tested(
    ctx: Context, name: str, compiled: CompiledWorkflow, since: dt.datetime, until: dt.datetime
) -> str:
    """Back-test it at once, where that is quick; else ask for it. Gives the id of the back-test."""
    found = back_test(_services(), ctx, compiled, since, until, seconds=QUICK_SECONDS)
    kept = None if found.early else found
    return BackTests(_services()).ask(ctx, name, compiled, since, until, found=kept)


@dataclass
class _Given:
    """What was filled in for a dry run, and what came of it."""

    input: Any = None
    typed: Mapping[str, Any] = field(default_factory=dict)
    raw: str = ""
    told: Told | None = None
    problem: str = ""
    problems: Sequence[Problem] = ()

    def read(self, compiled: CompiledWorkflow) -> None:
        """Read the input and check it as at a real start. Raises `Invalid`."""
        asked = form_of_trigger(compiled, workspace().kinds)
        if asked is not None:
            self.typed = small_forms.read(asked, request.form)
            self.input = checked(asked, self.typed)
            return
        self.raw = request.form.get("input", "").strip()
        try:
            self.input = jsontext.loads(self.raw) if self.raw else None
        except ValueError:
            raise Invalid(_("The input is not valid JSON.")) from None

    def fail(self, error: AmityError) -> None:
        """Keep what was wrong."""
        self.problem, self.problems = error.message, error.problems

    def inputs(self, compiled: CompiledWorkflow | None) -> Sequence[forms.Input]:
        """Give the inputs of the form, as they were filled in."""
        asked = None if compiled is None else form_of_trigger(compiled, workspace().kinds)
        if asked is None:
            return ()
        trouble = forms.sort_problems(self.problems, [item.name for item in asked.fields])
        return small_forms.inputs(asked, self.typed, trouble)


def _services() -> Services:
    return workspace().workflows.services


def _compiled(name: str, document: str) -> CompiledWorkflow:
    workflows = workspace().workflows
    if document:
        read = jsontext.loads(document)
        if not isinstance(read, dict):
            raise Invalid(_("The document must be a JSON object."))
        return workflows.draft(read, name)
    return workflows.compiled(name)


def _made(
    ctx: Context, name: str, document: str, compiled: CompiledWorkflow | None, given: _Given
) -> TryPage:
    entity: Entity | None = None if compiled is None else compiled.entity
    kind = None if compiled is None else workspace().workflows.registry.triggers[compiled.workflow.trigger.on]
    record = request.form.get("record", "") or request.args.get("record", "")
    options = list(find_options(ctx, entity)) if entity is not None else []
    if entity is not None and record and record not in {item.value for item in options}:
        labels = workspace().records.labels(ctx, entity.name, [record])
        options = [*(Option(key, label) for key, label in labels.items()), *options]
    inputs = given.inputs(compiled)
    takes_input = kind is not None and "input" in kind.sees and kind.name not in ("manual", "form")
    return TryPage(
        name=name,
        title=name if compiled is None else compiled.workflow.title,
        document=document,
        original=request.form.get("original", "") if document else name,
        entity=entity.title if entity is not None else "",
        needs_record=entity is not None,
        can_look_back=kind is None or kind.source != "asked",
        options=options,
        picker_url=picker_url(entity.name) if entity is not None else "",
        record=record,
        days=request.form.get("days", "30"),
        since=request.form.get("since", ""),
        until=request.form.get("until", ""),
        periods=[
            *((str(days), _("The last %(days)s days", days=days)) for days in PERIODS),
            ("", _("From … to …")),
        ],
        told=given.told,
        problem=given.problem,
        inputs=inputs,
        raw_input=given.raw if takes_input and not inputs else None,
        earlier=BackTests(_services()).of(name),
    )


def _period(ctx: Context) -> tuple[dt.datetime, dt.datetime]:
    """Read the period: some days up to now, or whole days from and to."""
    days = request.form.get("days", "")
    if days.isdecimal() and int(days) in PERIODS:
        return ctx.now - dt.timedelta(days=int(days)), ctx.now
    zone = ZoneInfo(ctx.timezone)
    try:
        first = dt.date.fromisoformat(request.form.get("since", ""))
        last = dt.date.fromisoformat(request.form.get("until", "") or ctx.today.isoformat())
        since = dt.datetime.combine(first, dt.time(), zone)
        until = dt.datetime.combine(last + dt.timedelta(days=1), dt.time(), zone)
    except (ValueError, OverflowError):
        raise Invalid(_("Say from which day to which day.")) from None
    return since.astimezone(dt.UTC), until.astimezone(dt.UTC)
