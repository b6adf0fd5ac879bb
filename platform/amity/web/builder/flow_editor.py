"""The workflow editor: cards from top to bottom, the form of the selected one, JSON beside it.

The draft travels with the form, with the drafts before it (undo): nothing is kept on the server until it is
applied through the plan.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any, Final

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from amity import jsontext
from amity.errors import AmityError, Invalid, Problem
from amity.web.builder import condition_editor, flow_values
from amity.web.builder import flow_document as flows
from amity.web.builder import flow_forms as forms
from amity.web.builder.condition_editor import ConditionEditor
from amity.web.builder.document import slug
from amity.web.builder.flow_cards import Card, Cards, beside
from amity.web.builder.flow_document import Json
from amity.web.builder.flow_forms import Control, Surrounding
from amity.web.builder.flow_scope import Place, place
from amity.web.builder.rows import put
from amity.web.context import locale, require_admin, workspace
from amity.web.htmx import is_fragment
from amity.web.texts import gettext as _
from amity.workflows.documents import metaschema
from amity.workflows.documents.checking import Checking
from amity.workflows.documents.loader import load
from amity.workflows.documents.model import KIND

blueprint: Final = Blueprint("flows", __name__, url_prefix="/builder/workflows")
MAX_DOCUMENT: Final = 1_000_000
MAX_UNDO: Final = 20
MAX_UNDO_CHARACTERS: Final = 200_000
_BRANCHES: Final = frozenset({"then", "else", "cases", "default", "steps", "parallel", "do"})
"""Words of a step that the cards show, not its form."""


@dataclass
class Draft:
    """What the editor works on during one request."""

    original: str
    document: Json
    selected: str = ""
    """Pointer of the selected card; empty: the workflow itself."""
    adding: str = ""
    """Pointer of the place where the palette is open."""
    taken: str = ""
    """Pointer of the step that is being moved elsewhere."""
    undo: list[Json] = field(default_factory=list)
    redo: list[Json] = field(default_factory=list)
    form: Any = None
    """What was typed into the form of the selected card, while it stays."""
    typed_json: str = ""
    json_problem: str = ""
    goal: str = ""
    announcement: str = ""


@dataclass(frozen=True, slots=True)
class PaletteEntry:
    """Something that can be added."""

    what: str
    title: str
    description: str
    icon: str


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


@dataclass(frozen=True, slots=True)
class FlowPage:
    """Context of `pages/builder/flow.html`."""

    original: str
    title: str
    document: str
    pretty: str
    json_problem: str
    json_typed: bool
    undo: str
    redo: str
    can_undo: bool
    can_redo: bool
    selected: str
    adding: str
    taken: str
    taken_title: str
    goal: str
    announcement: str
    trigger: Card
    condition: Card
    cards: Sequence[Card]
    palette: Sequence[tuple[str, Sequence[PaletteEntry]]]
    form: StepForm
    settings: Json
    limits: Json
    people: Sequence[tuple[str, str]]
    entities: Sequence[tuple[str, str]]
    is_rule: bool
    problems: Sequence[Problem]
    elsewhere: Sequence[Problem]
    """Problems that no card shows."""
    as_text: Sequence[str]


@blueprint.get("/new")
def new() -> ResponseReturnValue:
    """Begin a workflow: what it is called, what starts it, which records it is about."""
    require_admin()
    return render_template("pages/builder/flow_new.html", page=_new_page())


@dataclass(frozen=True, slots=True)
class NewFlowPage:
    """Context of `pages/builder/flow_new.html`."""

    entities: Sequence[tuple[str, str]]
    triggers: Sequence[PaletteEntry]
    title: str
    entity: str
    problem: str = ""


def _new_page(problem: str = "") -> NewFlowPage:
    here = workspace()
    return NewFlowPage(
        [(item.name, item.title) for item in here.definitions.model],
        [
            PaletteEntry(kind.name, _(kind.title), _(kind.description), kind.icon)
            for kind in here.workflows.registry.triggers.values()
        ],
        request.values.get("title", ""),
        request.values.get("entity", ""),
        problem,
    )


@blueprint.post("/new")
def begin() -> ResponseReturnValue:
    """Open the editor with the beginning that was chosen."""
    require_admin()
    title, entity = request.form.get("title", "").strip(), request.form.get("entity", "")
    on = request.form.get("trigger", "created")
    if not title:
        page = _new_page(_("Give it a title: what people read in lists, such as “Welcome new customers”."))
        return render_template("pages/builder/flow_new.html", page=page), 422
    return _page(Draft("", flows.blank(title, entity, on), "/trigger"))


@blueprint.get("/<name>")
def edit(name: str) -> ResponseReturnValue:
    """Change a workflow."""
    require_admin()
    stored = workspace().definitions.get(KIND, name)
    document: Json = jsontext.loads(jsontext.dumps_bytes(stored.document))
    return _page(Draft(name, document, request.args.get("at", "")))


@blueprint.get("/edit")
def lost() -> ResponseReturnValue:
    """Whoever reloads a page that a button had sent: the draft was in the form."""
    return redirect(url_for("workflow_list.workflows"), 303)


@blueprint.post("/edit")
def change() -> ResponseReturnValue:
    """Take in what the form says, do the one thing that was pressed, and show the draft again."""
    require_admin()
    draft = read_draft()
    if not draft.json_problem:
        _do(draft, request.form.get("do", ""))
    return _page(draft)


def read_draft() -> Draft:
    """Read the draft that the form carries, with all that was typed into the editors. Raises `Invalid`."""
    form = request.form
    document = _object(form.get("document", ""))
    draft = Draft(
        form.get("original", ""), document, form.get("selected", ""), form.get("adding", ""),
        form.get("taken", ""), _documents(form.get("undo", "")), _documents(form.get("redo", "")),
    )  # fmt: skip
    before = deepcopy(document)
    typed = form.get("json", "").replace("\r\n", "\n")
    if form.get("do") == "use-json":
        _use_json(draft, typed)
    else:
        if typed and typed != _pretty(document) and form.get("do") != "drop-json":
            draft.typed_json = typed
        _write(draft)
        draft.form = form
    _remember(draft, before)
    return draft


def _object(text: str) -> Json:
    if len(text) > MAX_DOCUMENT:
        raise Invalid(_("The document is larger than one megabyte."))
    document = jsontext.loads(text) if text else flows.blank("", "", "created")
    if not isinstance(document, dict):
        raise Invalid(_("The document must be a JSON object."))
    return document


def _documents(text: str) -> list[Json]:
    try:
        found = jsontext.loads(text) if text else []
    except AmityError:
        return []
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []


def _use_json(draft: Draft, text: str) -> None:
    try:
        document = jsontext.loads(text)
        if not isinstance(document, dict):
            raise Invalid(_("A definition is a JSON object."))
    except AmityError as error:
        draft.typed_json, draft.json_problem = text, error.message
        return
    draft.document = document


def _remember(draft: Draft, before: Json) -> None:
    """Let the state before this change be come back to."""
    if before == draft.document:
        return
    draft.undo = [*draft.undo, before][-MAX_UNDO:]
    while len(draft.undo) > 1 and len(jsontext.dumps(draft.undo)) > MAX_UNDO_CHARACTERS:
        draft.undo.pop(0)
    draft.redo = []


# -- what was typed ------------------------------------------------------------------------------------
def _write(draft: Draft) -> None:
    form, document = request.form, draft.document
    if "s-title" in form:
        _write_settings(document)
    if draft.selected == "/trigger":
        _write_trigger(draft)
    elif draft.selected == "/when":
        here = place(document, "/when")
        now = str(document.get("when") or "")
        put(document, "when", condition_editor.take(form, "p-when", now, here.subjects, locale().timezone))
    elif (step := flows.step_at(document, draft.selected)) is not None and flows.head_of(step):
        around = _around_step(draft, step)
        around.form = form
        forms.write(around, _BRANCHES)
        _write_cases(step)


def _write_settings(document: Json) -> None:
    form = request.form
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
        put(limits, word, flow_values.value(form.get(f"s-{word}", "").strip()))
    put(document, "limits", limits)
    if ("s-enabled" in form) != bool(document.get("enabled")):
        document["enabled"] = "s-enabled" in form


def _write_trigger(draft: Draft) -> None:
    form, document = request.form, draft.document
    triggers = workspace().workflows.registry.triggers
    if "t-entity" in form:
        put(document, "entity", form["t-entity"])
    on = str(flows.trigger_of(document).get("on", ""))
    if on in triggers:
        around = _around_trigger(draft)
        around.form = form
        forms.write(around, frozenset())
    wanted = form.get("t-on", on)
    if wanted != on and wanted in triggers:
        flows.set_trigger(document, triggers[wanted])


def _write_cases(step: Json) -> None:
    form = request.form
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
        if text is not None and text != _case_text(now):
            values = (
                [flow_values.value(part.strip()) for part in text.split(",")]
                if "," in text
                else [flow_values.value(text)]
            )
            case["is"] = values if len(values) > 1 else (values[0] if values[0] is not None else "")
        kept.append(case)
    step["cases"] = kept or step["cases"][:1]


def _case_text(value: Any) -> str:
    return (
        ", ".join(flow_values.line(item) for item in value)
        if isinstance(value, list)
        else flow_values.line(value)
    )


def _around_step(draft: Draft, step: Json) -> Surrounding:
    head = flows.head_of(step)
    action = workspace().workflows.registry.actions.get(str(step.get("do")))
    rules = metaschema.step_schema(head, action)["properties"]
    order = {
        word: rules[word] for word in rules if word not in ("id", "title", "retry", "timeout", "on_failure")
    }
    rest = {word: rules[word] for word in ("title", "on_failure", "retry", "timeout", "id") if word in rules}
    here = place(draft.document, draft.selected)
    return Surrounding(require_admin(), here, None, {}, {**order, **rest}, step)


def _around_trigger(draft: Draft) -> Surrounding:
    trigger = draft.document["trigger"]
    kind = workspace().workflows.registry.triggers[str(trigger.get("on"))]
    return Surrounding(require_admin(), place(draft.document, "/trigger"), None, {}, kind.options, trigger)


# -- what was pressed ----------------------------------------------------------------------------------
def _do(draft: Draft, what: str) -> None:
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
        case "remove" | "copy" | "up" | "down" | "put" | "case-add" | "arm-add" | "arm-drop":
            _change(draft, verb, argument)
        case "as-text" | "as-rows":
            pass
    _remember(draft, before)


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
        case "case-add" | "arm-add" | "arm-drop":
            _arms(flows.step_at(document, draft.selected), verb, pointer)


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


# -- the page ------------------------------------------------------------------------------------------
def _page(draft: Draft) -> ResponseReturnValue:
    page = make_page(draft)
    template = "fragments/builder/flow.html" if is_fragment() else "pages/builder/flow.html"
    return render_template(template, page=page), 422 if draft.json_problem else 200


def problems_of(draft: Draft) -> list[Problem]:
    """Say what is wrong with a draft."""
    here = workspace()
    document = draft.document
    try:
        workflow = load(document, here.workflows.registry, name=draft.original or None)
    except Invalid as error:
        return list(error.problems) or [Problem("invalid", error.message, pointer="")]
    checking = Checking(workflow, here.definitions.model, here.functions, here.workflows.registry)
    checking.examined()
    return checking.problems


def make_page(draft: Draft, problems: Sequence[Problem] = ()) -> FlowPage:
    """Make the page of a draft; `problems` are what planning it found."""
    here, document = workspace(), draft.document
    registry, model = here.workflows.registry, here.definitions.model
    found = problems_of(draft)
    everything = [*found, *(problem for problem in problems if problem not in found)]
    pointers = ["/trigger", "/when", *(at for at, _step in flows.walk(document))]
    by_card = beside(everything, pointers)
    subjects = place(document, "/steps/9999").subjects
    cards = Cards(document, model, registry, by_card, subjects)
    taken = flows.step_at(document, draft.taken)
    trigger = registry.triggers.get(str(flows.trigger_of(document).get("on", "")))
    is_rule = trigger is not None and trigger.source == "saving"
    return FlowPage(
        original=draft.original,
        title=str(document.get("title") or "") or _("New workflow"),
        document=jsontext.dumps(document),
        pretty=draft.typed_json or _pretty(document),
        json_problem=draft.json_problem,
        json_typed=bool(draft.typed_json),
        undo=jsontext.dumps(draft.undo),
        redo=jsontext.dumps(draft.redo),
        can_undo=bool(draft.undo),
        can_redo=bool(draft.redo),
        selected=draft.selected,
        adding=draft.adding,
        taken=draft.taken if taken is not None else "",
        taken_title=_step_title(taken) if taken is not None else "",
        goal=draft.goal,
        announcement=draft.announcement,
        trigger=cards.trigger(),
        condition=cards.condition(),
        cards=cards.steps(document.get("steps"), "/steps"),
        palette=palette(is_rule),
        form=_form(draft, by_card.get(draft.selected, ())),
        settings=document,
        limits=document["limits"] if isinstance(document.get("limits"), dict) else {},
        people=[(item.email, item.name) for item in here.accounts.all()],
        entities=[(item.name, item.title) for item in model],
        is_rule=is_rule,
        problems=everything,
        elsewhere=by_card.get("", ()),
        as_text=draft.form.getlist("as-text") if draft.form is not None else (),
    )


def _step_title(step: Json) -> str:
    head = flows.head_of(step)
    action = workspace().workflows.registry.actions.get(str(step.get("do")))
    known = action.title if action is not None else flows.FLOW.get(head, (head,))[0]
    return str(step.get("title") or _(known))


def palette(is_rule: bool) -> list[tuple[str, list[PaletteEntry]]]:
    """Give what can be added, grouped as the actions say, the words of the flow last."""
    where = "rule" if is_rule else "workflow"
    groups: dict[str, list[PaletteEntry]] = {}
    for action in workspace().workflows.registry.actions.values():
        if where in action.places:
            entry = PaletteEntry(action.name, _(action.title), _(action.description), action.icon)
            groups.setdefault(action.group, []).append(entry)
    flow = groups.setdefault("Flow", [])
    words = ("if", "switch") if is_rule else tuple(flows.FLOW)
    flow[:0] = [
        PaletteEntry(word, _(flows.FLOW[word][0]), _(flows.FLOW[word][1]), flows.FLOW[word][2])
        for word in words
    ]
    return [(_(group), entries) for group, entries in groups.items()]


def _form(draft: Draft, problems: Sequence[Problem]) -> StepForm:
    said, above = _by_word(draft.selected, problems)
    if draft.selected == "/trigger":
        return _trigger_form(draft, said, above)
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
    return _step_form(draft, step, said, above)


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


def _trigger_form(draft: Draft, said: Mapping[str, Sequence[str]], above: Sequence[str]) -> StepForm:
    triggers = workspace().workflows.registry.triggers
    on = str(flows.trigger_of(draft.document).get("on", ""))
    kind = triggers.get(on)
    controls: Sequence[Control] = ()
    if kind is not None:
        around = _around_trigger(draft)
        around.form, around.problems = _typed(draft), said
        controls = forms.controls(around, kind.required, frozenset())
    return StepForm(
        "/trigger", "trigger", _("What starts it"), kind.icon if kind else "bolt",
        _(kind.description) if kind else "",
        controls, above,
        triggers=[(item.name, _(item.title)) for item in triggers.values()], trigger=on,
        needs_entity=kind is None or kind.entity != "none",
    )  # fmt: skip


def _step_form(draft: Draft, step: Json, said: Mapping[str, Sequence[str]], above: Sequence[str]) -> StepForm:
    head = flows.head_of(step)
    action = workspace().workflows.registry.actions.get(str(step.get("do")))
    if not head or (head == "do" and action is None):
        return StepForm(
            draft.selected, "step", _step_title(step), "alert-triangle", problems=above, readable=False
        )
    around = _around_step(draft, step)
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
        forms.controls(around, schema.get("required", ()), _BRANCHES), above,
        cases=cases, choices=choices, arms=len(arms) if isinstance(arms, list) else 0,
    )  # fmt: skip


def _cases(step: Json, here: Place) -> tuple[list[CaseRow], list[tuple[str, str]]]:
    found = step.get("cases")
    if not isinstance(found, list):
        return [], []
    subject = next((item for item in here.subjects if item.path == step.get("switch")), None)
    choices = list(subject.choices) if subject is not None else []
    rows = [
        CaseRow(number, _case_text(case.get("is")), _("Case %(number)s", number=number + 1))
        for number, case in enumerate(found)
        if isinstance(case, dict)
    ]
    return rows, choices


def _pretty(document: Json) -> str:
    return jsontext.dumps_bytes(document, indent=True).decode()


def name_of(document: Json) -> str:
    """Give the name under which a new workflow is kept."""
    return str(document.get("name") or slug(str(document.get("title") or "")) or "workflow")[:63]
