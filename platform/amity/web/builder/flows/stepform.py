"""The form of the selected card."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from amity.errors import Problem
from amity.web.builder.flows import condition_editor, forms
from amity.web.builder.flows import document as flows
from amity.web.builder.flows.condition_editor import ConditionEditor
from amity.web.builder.flows.document import Json
from amity.web.builder.flows.draft import Draft
from amity.web.builder.flows.forms import Control
from amity.web.builder.flows.scope import Place, place
from amity.web.builder.flows.writing import BRANCHES, around_step, around_trigger, case_text
from amity.web.context import locale, require_admin, workspace
from amity.web.texts import gettext as _
from amity.workflows.documents import metaschema


@dataclass(frozen=True, slots=True)
class CaseRow:
    """A case of a switch."""

    number: int
    value: str
    title: str


@dataclass(frozen=True, slots=True)
class StepForm:
    """The form of the selected card."""

    pointer: str
    what: str
    """trigger, when, step or settings."""
    title: str
    icon: str
    description: str = ""
    controls: Sequence[Control] = ()
    problems: Sequence[str] = ()
    condition: ConditionEditor | None = None
    triggers: Sequence[tuple[str, str]] = ()
    trigger: str = ""
    needs_entity: bool = False
    cases: Sequence[CaseRow] = ()
    choices: Sequence[tuple[str, str]] = ()
    arms: int = 0
    readable: bool = True


def step_form(draft: Draft, problems: Sequence[Problem]) -> StepForm:
    """Make the form of what is selected; the settings of the workflow where nothing is."""
    said, above = _by_word(draft.selected, problems)
    if draft.selected == "/trigger":
        return _of_trigger(draft, said, above)
    if draft.selected == "/when":
        here = place(draft.document, "/when")
        editor = _condition(draft, "p-when", str(draft.document.get("when") or ""), here)
        messages = [problem.message for problem in problems]
        return StepForm(
            "/when",
            "when",
            _("Only if"),
            "filter",
            _("The workflow starts only if this is true at that moment."),
            problems=messages,
            condition=editor,
        )
    step = flows.step_at(draft.document, draft.selected)
    if step is None:
        return StepForm("", "settings", _("The workflow"), "settings")
    return _of_step(draft, step, said, above)


def _by_word(pointer: str, problems: Sequence[Problem]) -> tuple[dict[str, list[str]], list[str]]:
    said: dict[str, list[str]] = {}
    above: list[str] = []
    for problem in problems:
        rest = (problem.pointer or "").removeprefix(pointer).strip("/")
        word = rest.partition("/")[0]
        if word:
            said.setdefault(word, []).append(problem.message)
        else:
            above.append(problem.message)
    return said, above


def _condition(draft: Draft, name: str, text: str, here: Place) -> ConditionEditor:
    return condition_editor.make(require_admin(), name, text, here.subjects, locale().timezone, _typed(draft))


def _typed(draft: Draft) -> Any:
    """What was typed just now; a press of `as-text` or `as-rows` counts as part of it."""
    if draft.form is None:
        return None
    verb, _colon, name = draft.form.get("do", "").partition(":")
    if verb in ("as-text", "as-rows"):
        form = draft.form.copy()
        rest = [item for item in form.getlist("as-text") if item != name]
        form.setlist("as-text", [*rest, name] if verb == "as-text" else rest)
        draft.form = form
    return draft.form


def _of_trigger(draft: Draft, said: Mapping[str, Sequence[str]], above: Sequence[str]) -> StepForm:
    triggers = workspace().workflows.registry.triggers
    on = str(flows.trigger_of(draft.document).get("on", ""))
    kind = triggers.get(on)
    controls: Sequence[Control] = ()
    if kind is not None:
        around = around_trigger(draft.document)
        around.form, around.problems = _typed(draft), said
        controls = forms.controls(around, kind.required, frozenset())
    return StepForm(
        "/trigger", "trigger", _("What starts it"), kind.icon if kind else "bolt",
        _(kind.description) if kind else "",
        controls, above,
        triggers=[(item.name, _(item.title)) for item in triggers.values()], trigger=on,
        needs_entity=kind is None or kind.entity != "none",
    )  # fmt: skip


def _of_step(draft: Draft, step: Json, said: Mapping[str, Sequence[str]], above: Sequence[str]) -> StepForm:
    head = flows.head_of(step)
    action = workspace().workflows.registry.actions.get(str(step.get("do")))
    if not head or (head == "do" and action is None):
        return StepForm(
            draft.selected, "step", step_title(step), "alert-triangle", problems=above, readable=False
        )
    around = around_step(draft.document, draft.selected, step)
    around.form, around.problems = _typed(draft), said
    schema = metaschema.step_schema(head, action)
    title, description, icon = (
        (_(action.title), _(action.description), action.icon) if action is not None
        else (_(flows.FLOW[head][0]), _(flows.FLOW[head][1]), flows.FLOW[head][2])
    )  # fmt: skip
    cases, choices = _cases(step, around.place)
    arms = step.get("parallel")
    return StepForm(
        draft.selected, "step", title, icon, description,
        forms.controls(around, schema.get("required", ()), BRANCHES), above,
        cases=cases, choices=choices, arms=len(arms) if isinstance(arms, list) else 0,
    )  # fmt: skip


def _cases(step: Json, here: Place) -> tuple[list[CaseRow], list[tuple[str, str]]]:
    found = step.get("cases")
    if not isinstance(found, list):
        return [], []
    subject = next((item for item in here.subjects if item.path == step.get("switch")), None)
    choices = list(subject.choices) if subject is not None else []
    rows = [
        CaseRow(number, case_text(case.get("is")), _("Case %(number)s", number=number + 1))
        for number, case in enumerate(found)
        if isinstance(case, dict)
    ]
    return rows, choices


def step_title(step: Json) -> str:
    """Give what the card of a step is called."""
    head = flows.head_of(step)
    action = workspace().workflows.registry.actions.get(str(step.get("do")))
    known = action.title if action is not None else flows.FLOW.get(head, (head,))[0]
    return str(step.get("title") or _(known))
