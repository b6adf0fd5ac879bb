"""The page of the workflow editor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from amity import jsontext
from amity.errors import Invalid, Problem
from amity.web.builder.carried import pretty
from amity.web.builder.choices_editor import COLORS
from amity.web.builder.flows import document as flows
from amity.web.builder.flows.cards import Card, Cards, beside
from amity.web.builder.flows.document import Json
from amity.web.builder.flows.draft import Draft
from amity.web.builder.flows.scope import place
from amity.web.builder.flows.stepform import StepForm, step_form, step_title
from amity.web.context import workspace
from amity.web.texts import gettext as _
from amity.workflows.documents.checking import Checking
from amity.workflows.documents.loader import load


@dataclass(frozen=True, slots=True)
class PaletteEntry:
    """Something that can be added."""

    what: str
    title: str
    description: str
    icon: str


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
    colors: Sequence[tuple[str, str]] = COLORS
    """For the choices of a form."""


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
        pretty=draft.typed_json or pretty(document),
        json_problem=draft.json_problem,
        json_typed=bool(draft.typed_json),
        undo=jsontext.dumps(draft.undo),
        redo=jsontext.dumps(draft.redo),
        can_undo=bool(draft.undo),
        can_redo=bool(draft.redo),
        selected=draft.selected,
        adding=draft.adding,
        taken=draft.taken if taken is not None else "",
        taken_title=step_title(taken) if taken is not None else "",
        goal=draft.goal,
        announcement=draft.announcement,
        trigger=cards.trigger(),
        condition=cards.condition(),
        cards=cards.steps(document.get("steps"), "/steps"),
        palette=palette(is_rule),
        form=step_form(draft, by_card.get(draft.selected, ())),
        settings=document,
        limits=document["limits"] if isinstance(document.get("limits"), dict) else {},
        people=[(item.email, item.name) for item in here.accounts.all()],
        entities=[(item.name, item.title) for item in model],
        is_rule=is_rule,
        problems=everything,
        elsewhere=by_card.get("", ()),
        as_text=draft.form.getlist("as-text") if draft.form is not None else (),
    )


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
