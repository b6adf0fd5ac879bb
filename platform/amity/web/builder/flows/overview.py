"""All workflows with their health: on or off, paused, broken, what runs and what failed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from amity.access.people import email_key
from amity.texts import speaking
from amity.web.builder.flows.cards import trigger_text
from amity.web.context import require_admin, workspace
from amity.web.shell import note
from amity.web.texts import gettext as _
from amity.workflows.documents.compiled import CompiledWorkflow
from amity.workflows.documents.model import KIND
from amity.workflows.documents.people import missing
from amity.workflows.engine import runs
from amity.workflows.engine.runs import Overview
from amity.workflows.registry import Registry
from amity.workflows.service import EVERYTHING, Pause

blueprint: Final = Blueprint("workflow_list", __name__, url_prefix="/builder/workflows")
RECENT: Final = dt.timedelta(days=7)
"""Failures of this time are counted."""


@dataclass(frozen=True, slots=True)
class PauseView:
    """A pause in words."""

    since: dt.datetime
    by: str
    why: str


@dataclass(frozen=True, slots=True)
class FlowRow:
    """One workflow of the list."""

    name: str
    title: str
    description: str
    icon: str
    trigger: str
    """Title of the trigger."""
    details: str
    """What the trigger's options say."""
    is_rule: bool
    enabled: bool
    broken: str
    """Why it cannot be used; empty where it can."""
    missing: Sequence[str]
    """E-mails of accounts that it names and that are not there, or deactivated."""
    pause: PauseView | None
    does: Overview
    looks_back: bool
    """Whether a back-test can say what would have started it."""


@dataclass(frozen=True, slots=True)
class Removed:
    """A removed workflow."""

    name: str
    title: str
    at: dt.datetime


@dataclass(frozen=True, slots=True)
class FlowsPage:
    """Context of `pages/builder/flows.html`."""

    rows: Sequence[FlowRow]
    removed: Sequence[Removed]
    pause: PauseView | None
    """Of all workflows."""


@blueprint.get("")
def workflows() -> ResponseReturnValue:
    """List the workflows."""
    context = require_admin()
    here = workspace()
    pauses = here.workflows.pauses()
    accounts = here.accounts.all()
    people = {account.id: account.name for account in accounts}
    states = {email_key(account.email): account.state for account in accounts}
    known = runs.overview(here.database, context.now - RECENT)
    live, registry, model = here.workflows.live, here.workflows.registry, here.definitions.model
    rows = []
    for item in here.workflows.list():
        document = dict(item.document)
        trigger = registry.triggers.get(str((document.get("trigger") or {}).get("on", "")))
        problems = live.broken.get(item.id)
        rows.append(
            FlowRow(
                item.name,
                str(document.get("title") or item.name),
                str(document.get("description") or ""),
                trigger.icon if trigger else "alert-triangle",
                _(trigger.title) if trigger else _("No trigger"),
                trigger_text(document, model),
                trigger is not None and trigger.source == "saving",
                bool(document.get("enabled")),
                (problems[0].message if problems else _("It does not fit the entities."))
                if problems is not None
                else "",
                _missing(live.all.get(item.id), registry, states),
                _pause(pauses.get(item.id), people),
                known.get(item.id, Overview()),
                trigger is None or trigger.source != "asked",
            )
        )
    rows.sort(key=lambda row: row.title.casefold())
    removed = [
        Removed(item.name, str(item.document.get("title") or item.name), item.updated_at)
        for item in here.definitions.removed(KIND)
    ]
    page = FlowsPage(rows, removed, _pause(pauses.get(EVERYTHING), people))
    return render_template("pages/builder/flows.html", page=page)


def _missing(item: CompiledWorkflow | None, registry: Registry, states: Mapping[str, str]) -> Sequence[str]:
    """The accounts that a workflow needs and that cannot act, each once; of one that is off, none."""
    if item is None or not item.workflow.enabled:
        return ()
    found = missing(item.workflow, registry.actions, states)
    return list(dict.fromkeys(one.email for one in found))


def _pause(found: Pause | None, people: dict[str, str]) -> PauseView | None:
    if found is None:
        return None
    by = people.get(found.by or "", _("somebody")) if found.by else _("Amity")
    return PauseView(found.since, by, found.why)


@blueprint.post("/pause")
def pause() -> ResponseReturnValue:
    """Pause one workflow, or all."""
    context = require_admin()
    name = request.form.get("name") or None
    with speaking(workspace().profile.locale):  # others read it in the list
        why = request.form.get("why", "").strip() or _("Paused by hand.")
    workspace().workflows.pause(context, name, why)
    note(
        _("All workflows are paused. What starts meanwhile is kept.")
        if name is None
        else _("The workflow is paused. What starts meanwhile is kept."),
        "info",
    )
    return redirect(url_for("workflow_list.workflows"), 303)


@blueprint.post("/resume")
def resume() -> ResponseReturnValue:
    """Let one workflow, or all, go on."""
    require_admin()
    name = request.form.get("name") or None
    workspace().workflows.resume(name)
    note(_("The workflows go on.") if name is None else _("The workflow goes on."))
    return redirect(url_for("workflow_list.workflows"), 303)


@blueprint.post("/<name>/restore")
def restore(name: str) -> ResponseReturnValue:
    """Bring a removed workflow back."""
    workspace().definitions.restore(KIND, name, require_admin())
    note(_("The workflow is back."))
    return redirect(url_for("workflow_list.workflows"), 303)
