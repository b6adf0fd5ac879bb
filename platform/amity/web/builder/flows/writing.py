"""What was typed into the form of the selected card -> the document."""

from __future__ import annotations

from typing import Any

from amity.web.builder.flows import conditions, forms, lines
from amity.web.builder.flows import document as flows
from amity.web.builder.flows.controls.base import Surrounding
from amity.web.builder.flows.document import Json
from amity.web.builder.flows.scope import place
from amity.web.builder.rows import Form, put
from amity.web.context import locale, require_admin, workspace
from amity.workflows.documents import metaschema

BRANCHES = frozenset({"then", "else", "cases", "default", "steps", "parallel", "do"})
"""Words of a step that the cards show, not its form."""


def write(document: Json, selected: str, form: Form) -> None:
    """Put what the form has into the document; `selected` is the card whose form it is."""
    if "s-title" in form:
        _write_settings(document, form)
    if selected == "/trigger":
        _write_trigger(document, form)
    elif selected == "/when":
        here = place(document, "/when")
        now = str(document.get("when") or "")
        put(document, "when", conditions.take(form, "p-when", now, here.subjects, locale().timezone))
    elif (step := flows.step_at(document, selected)) is not None and flows.head_of(step):
        around = around_step(document, selected, step)
        around.form = form
        forms.write(around, BRANCHES)
        _write_cases(step, form)


def _write_settings(document: Json, form: Form) -> None:
    document["title"] = form["s-title"].strip()
    put(document, "description", form.get("s-description", "").replace("\r\n", "\n").strip())
    if form.get("s-run_as", "system") != document.get("run_as", "system"):
        document["run_as"] = form["s-run_as"]
    if form.get("s-on_deleted", "cancel") != document.get("on_deleted", "cancel"):
        document["on_deleted"] = form["s-on_deleted"]
    put(document, "tell", form.get("s-tell", ""))
    held = document.get("limits")
    limits = dict(held) if isinstance(held, dict) else {}
    for word in ("concurrent", "per_hour"):
        put(limits, word, lines.value(form.get(f"s-{word}", "").strip()))
    put(document, "limits", limits)
    if ("s-enabled" in form) != bool(document.get("enabled")):
        document["enabled"] = "s-enabled" in form


def _write_trigger(document: Json, form: Form) -> None:
    triggers = workspace().workflows.registry.triggers
    if "t-entity" in form:
        put(document, "entity", form["t-entity"])
    on = str(flows.trigger_of(document).get("on", ""))
    if on in triggers:
        around = around_trigger(document)
        around.form = form
        forms.write(around, frozenset())
    wanted = form.get("t-on", on)
    if wanted != on and wanted in triggers:
        flows.set_trigger(document, triggers[wanted])


def _write_cases(step: Json, form: Form) -> None:
    if "has-cases" not in form or not isinstance(step.get("cases"), list):
        return
    kept = []
    for number, case in enumerate(step["cases"]):
        if form.get("do") == f"case-drop:{number}":
            continue
        if not isinstance(case, dict):
            kept.append(case)
            continue
        text = form.get(f"case-{number}")
        now = case.get("is")
        if text is not None and text != case_text(now):
            values = (
                [lines.value(part.strip()) for part in text.split(",")]
                if "," in text
                else [lines.value(text)]
            )
            case["is"] = values if len(values) > 1 else (values[0] if values[0] is not None else "")
        kept.append(case)
    step["cases"] = kept or step["cases"][:1]


def case_text(value: Any) -> str:
    """Write what a case is for: values with commas between."""
    return ", ".join(lines.line(item) for item in value) if isinstance(value, list) else lines.line(value)


def around_step(document: Json, pointer: str, step: Json) -> Surrounding:
    """Give what the form of a step is made and written with: its words in the order of the form."""
    head = flows.head_of(step)
    action = workspace().workflows.registry.actions.get(str(step.get("do")))
    rules = metaschema.step_schema(head, action)["properties"]
    order = {
        word: rules[word] for word in rules if word not in ("id", "title", "retry", "timeout", "on_failure")
    }
    rest = {word: rules[word] for word in ("title", "on_failure", "retry", "timeout", "id") if word in rules}
    here = place(document, pointer)
    return Surrounding(require_admin(), here, None, {}, {**order, **rest}, step)


def around_trigger(document: Json) -> Surrounding:
    """Give what the form of the trigger is made and written with."""
    trigger = document["trigger"]
    kind = workspace().workflows.registry.triggers[str(trigger.get("on"))]
    return Surrounding(require_admin(), place(document, "/trigger"), None, {}, kind.options, trigger)
