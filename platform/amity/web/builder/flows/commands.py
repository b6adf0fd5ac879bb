"""What the buttons of the workflow editor do to the draft."""

from __future__ import annotations

from copy import deepcopy

from amity.web.builder.flows import document as flows
from amity.web.builder.flows.document import Json
from amity.web.builder.flows.draft import Draft, remember
from amity.web.context import workspace
from amity.web.texts import gettext as _


def do(draft: Draft, what: str) -> None:
    """Do what a button asks for: `verb:argument`."""
    verb, _colon, argument = what.partition(":")
    before = deepcopy(draft.document)
    match verb:
        case "select":
            _select(draft, argument)
        case "open":
            draft.adding, draft.goal = argument, "flow-palette"
        case "close":
            draft.adding, draft.taken = "", ""
        case "add":
            _add(draft, argument)
        case "take":
            draft.taken = argument
            draft.announcement = _("Choose a + where the step shall go.")
        case "undo" | "redo":
            _travel(draft, verb)
            return
        case "remove" | "copy" | "up" | "down" | "put" | "place" | "case-add" | "arm-add" | "arm-drop":
            _change(draft, verb, argument)
        case "as-text" | "as-rows":
            pass
    remember(draft, before)


def _select(draft: Draft, pointer: str) -> None:
    draft.selected, draft.adding, draft.form = pointer, "", None
    draft.goal = "flow-form-title"


def _add(draft: Draft, argument: str) -> None:
    what, _at, pointer = argument.partition("@")
    action = workspace().workflows.registry.actions.get(what)
    if action is None and what not in flows.FLOW:
        return
    if flows.insert(draft.document, pointer, flows.new_step(what, action)):
        flows.with_step_ids(draft.document)
        _select(draft, pointer)
        title = _(action.title) if action is not None else _(flows.FLOW[what][0])
        draft.announcement = _("Added: %(title)s", title=title)


def _change(draft: Draft, verb: str, pointer: str) -> None:
    document = draft.document
    match verb:
        case "remove":
            if flows.remove(document, pointer) is not None:
                draft.selected, draft.form, draft.taken, draft.adding = "", None, "", ""
                draft.goal, draft.announcement = "flow-title", _("The step is removed. Undo brings it back.")
        case "copy":
            copied = flows.copy(document, pointer)
            flows.with_step_ids(document)
            if copied:
                _select(draft, copied)
        case "up" | "down":
            draft.selected = flows.move(document, pointer, -1 if verb == "up" else 1)
            draft.form, draft.adding = None, ""
        case "put":
            moved = flows.put_into(document, draft.taken, pointer)
            if moved:
                _select(draft, moved)
            draft.taken = draft.adding = ""
        case "place":
            _place(draft, pointer)
        case "case-add" | "arm-add" | "arm-drop":
            _arms(flows.step_at(document, draft.selected), verb, pointer)


def _place(draft: Draft, argument: str) -> None:
    """Put a card where it was dragged to: `<pointer>@<list>/<number>`."""
    pointer, _at, target = argument.partition("@")
    place = flows.split(target)
    moved = flows.drop(draft.document, pointer, *place) if place is not None else ""
    if moved:
        draft.selected, draft.form, draft.taken, draft.adding = moved, None, "", ""
        draft.announcement = _("The step is moved. Undo brings it back.")


def _arms(step: Json | None, verb: str, argument: str) -> None:
    if step is None:
        return
    if verb == "case-add" and isinstance(step.get("cases"), list):
        step["cases"].append({"is": "", "steps": []})
    elif isinstance(step.get("parallel"), list):
        if verb == "arm-add":
            step["parallel"].append([])
        elif argument.isdecimal() and int(argument) < len(step["parallel"]) and len(step["parallel"]) > 2:
            step["parallel"].pop(int(argument))


def _travel(draft: Draft, verb: str) -> None:
    """Go to the draft before, or back again."""
    origin, target = (draft.undo, draft.redo) if verb == "undo" else (draft.redo, draft.undo)
    if not origin:
        return
    target.append(draft.document)
    draft.document = origin.pop()
    draft.form, draft.adding, draft.taken = None, "", ""
    if draft.selected.startswith("/steps") and flows.step_at(draft.document, draft.selected) is None:
        draft.selected = ""
    draft.announcement = _("Undone.") if verb == "undo" else _("Done again.")
