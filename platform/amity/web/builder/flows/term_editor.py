"""A computed value as it is shown (`term` in macros/flow.html): how it is given, and the inputs for that."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from amity.access.context import Context
from amity.expressions import DATE, DATETIME
from amity.web.builder.flows import condition_editor, conditions, terms
from amity.web.builder.flows.condition_editor import ConditionEditor, grouped
from amity.web.builder.flows.scope import Subject
from amity.web.builder.flows.terms import BY_CONDITION, COUNTED, FIXED, OWN, Term, Wanted
from amity.web.builder.rows import Form
from amity.web.texts import gettext as _


@dataclass(frozen=True, slots=True)
class TermEditor:
    """The inputs of one computed value."""

    name: str
    term: Term
    ways: Sequence[tuple[str, str]]
    """Further ways, beside the values of the run."""
    subjects: Sequence[tuple[str, Sequence[Subject]]]
    empty: str
    """What no choice means."""
    input: str
    """What a fixed value is typed into: a category of `Wanted`."""
    choices: Sequence[tuple[str, str]]
    bases: Sequence[tuple[str, Sequence[Subject]]]
    units: Sequence[tuple[str, str]]
    condition: ConditionEditor | None = None
    branches: Sequence[TermEditor] = ()


def make(
    ctx: Context,
    name: str,
    text: str,
    wanted: Wanted,
    offered: Sequence[Subject],
    subjects: Sequence[Subject],
    timezone: str,
    form: Form | None = None,
    empty: str = "",
) -> TermEditor:
    """Make the editor of an expression. `offered` are the values that suit, `subjects` all there are."""
    term = terms.parse(text, wanted, subjects)
    typed = terms.sent(form, name) if form is not None else None
    now = terms.take(form, name, text, wanted, subjects, timezone) if form is not None else text
    if typed is not None and now == text:
        # Also what is not complete yet; an expression begins with what was chosen before.
        term = Term(OWN, text) if typed.way == OWN else typed
    return _editor(ctx, name, term, wanted, offered, subjects, timezone, form, empty)


def _editor(
    ctx: Context,
    name: str,
    term: Term,
    wanted: Wanted,
    offered: Sequence[Subject],
    subjects: Sequence[Subject],
    timezone: str,
    form: Form | None,
    empty: str,
) -> TermEditor:
    condition, branches = None, []
    if term.way == BY_CONDITION:
        text = conditions.build(term.rows[1], term.rows[0], subjects, timezone)[0]
        condition = condition_editor.make(ctx, f"{name}-if", text, subjects, timezone, form)
        inner = replace(wanted, conditional=False)
        branches = [
            _editor(ctx, f"{name}-{word}", item, inner, offered, subjects, timezone, form, _("(nothing)"))
            for word, item in zip(("then", "else"), term.branches, strict=True)
        ]
    dates = [item for item in subjects if item.type in (DATE, DATETIME)]
    known = {item.path for item in offered}
    if term.way and term.way not in known and term.way in {item.path for item in subjects}:
        offered = subjects
    units = [("hours", _("hours")), ("days", _("days")), ("weeks", _("weeks"))]
    return TermEditor(
        name, term, _ways(wanted), grouped(offered), empty or _("(nothing)"), wanted.category, wanted.choices,
        grouped(dates), units, condition, branches,
    )  # fmt: skip


def _ways(wanted: Wanted) -> list[tuple[str, str]]:
    found = []
    if wanted.category:
        found.append((FIXED, _("a fixed value …")))
    if wanted.counted:
        found.append((COUNTED, _("a date, counted from another …")))
    if wanted.conditional:
        found.append((BY_CONDITION, _("one of two, by a condition …")))
    return [*found, (OWN, _("something else, as an expression …"))]
