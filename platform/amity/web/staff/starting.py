"""Workflows that people start by a button: on the record's page and for a selection in the list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import redirect, render_template, request
from flask.typing import ResponseReturnValue

from amity.access.context import Context
from amity.entities.model import Entity
from amity.errors import AmityError, Invalid, NotFound
from amity.web import forms
from amity.web.context import current, locale, safe_next, workspace
from amity.web.shell import note
from amity.web.staff.access import find_entity
from amity.web.staff.blueprint import blueprint
from amity.web.texts import gettext as _
from amity.web.texts import ngettext
from amity.workflows.documents.compiled import CompiledWorkflow
from amity.workflows.documents.forms import checked, form_of_trigger


@dataclass(frozen=True, slots=True)
class StartButton:
    """A workflow that can be started here."""

    workflow: str
    title: str


@dataclass(frozen=True, slots=True)
class StartPage:
    """Context of `pages/start.html`: what a workflow asks before it starts."""

    workflow: str
    title: str
    url: str
    back: str
    records: Sequence[str]
    inputs: Sequence[forms.Input]
    problems: Sequence[str]


def start_buttons(entity: Entity, *, selection: bool = False) -> tuple[StartButton, ...]:
    """Give the workflows with a button for records of an entity; `selection`: those for several at once."""
    found = []
    for item in workspace().workflows.live.all.values():
        trigger = item.workflow.trigger
        mine = item.entity is not None and item.entity.id == entity.id and trigger.on == "manual"
        if mine and item.workflow.enabled and (not selection or trigger.options.get("selection", True)):
            title = str(trigger.options.get("button") or item.workflow.title)
            found.append(StartButton(item.workflow.name, title))
    return tuple(sorted(found, key=lambda button: button.title.casefold()))


@blueprint.post("/e/<name>/start")
def start(name: str) -> ResponseReturnValue:
    """Start a workflow for the chosen records; ask first what it wants to know."""
    ctx = current()
    entity = find_entity(ctx, name)
    form = request.form
    item = workspace().workflows.live.by_name(form.get("workflow", ""))
    if (
        item is None
        or item.workflow.trigger.on != "manual"
        or item.entity is None
        or item.entity.id != entity.id
    ):
        raise NotFound(_("There is no such workflow to start here."))
    records = [text.partition(":")[0] for text in form.getlist("record")]
    back = safe_next(form.get("back"), f"/e/{entity.name}")
    if not records:
        note(_("Select some records first."), "info")
        return redirect(back, 303)
    asked = _asked(item)
    answers: Mapping[str, Any] | None = None
    if asked is not None:
        if "amity-answer" not in form:
            return _page(entity, item, asked, records, back)
        typed = forms.read_values(asked.fields, form, "field-")
        try:
            answers = checked(asked, typed)
        except Invalid as error:
            return _page(entity, item, asked, records, back, typed, error)
    return _start(ctx, item, records, answers, back)


def _start(
    ctx: Context,
    item: CompiledWorkflow,
    records: Sequence[str],
    answers: Mapping[str, Any] | None,
    back: str,
) -> ResponseReturnValue:
    try:
        started = workspace().workflows.start(
            ctx, item.workflow.name, records=records, input=answers, on=("manual",)
        )
    except AmityError as error:
        note(error.message, "error")
        return redirect(back, 303)
    title = item.workflow.title
    note(
        ngettext(
            "“%(title)s” starts for one record.",
            "“%(title)s” starts for %(num)s records.",
            len(started),
            title=title,
        )
    )
    return redirect(back, 303)


def _asked(item: CompiledWorkflow) -> Entity | None:
    return form_of_trigger(item, workspace().kinds)


def _page(
    entity: Entity,
    item: CompiledWorkflow,
    asked: Entity,
    records: Sequence[str],
    back: str,
    typed: Mapping[str, Any] | None = None,
    error: Invalid | None = None,
) -> ResponseReturnValue:
    trouble = forms.sort_problems(error.problems if error else (), [field.name for field in asked.fields])
    around = forms.Surroundings(
        locale=locale(),
        visible=lambda field: True,
        required=lambda field: field.required,
        choices=lambda field, value: forms.Choices(),
    )
    inputs = [
        forms.make_input(
            field,
            (typed or {}).get(field.name, field.default),
            around,
            trouble.fields.get(field.name, ()),
            "field-",
        )
        for field in asked.fields
    ]
    page = StartPage(
        item.workflow.name,
        item.workflow.title,
        f"/e/{entity.name}/start",
        back,
        records,
        inputs,
        trouble.general,
    )
    return render_template("pages/start.html", page=page), 422 if error else 200
