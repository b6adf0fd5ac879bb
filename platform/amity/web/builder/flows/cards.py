"""The cards of a workflow, from the draft as it is: trigger, condition, steps with their branches."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from amity.entities.model import Model
from amity.errors import Problem
from amity.web.builder.flows import conditions
from amity.web.builder.flows import document as flows
from amity.web.builder.flows.controls import timetable
from amity.web.builder.flows.document import Json
from amity.web.builder.flows.scope import Subject, about, members
from amity.web.texts import gettext as _
from amity.web.texts import ngettext
from amity.workflows.registry import Registry

_HOLE: Final = re.compile(r"\{\{\s*([\w.`]+)\s*\}\}")


@dataclass(frozen=True, slots=True)
class Arm:
    """A branch of a card."""

    pointer: str
    """Of its list of steps."""
    title: str
    cards: Sequence[Card]


@dataclass(frozen=True, slots=True)
class Card:
    """One card of the flow."""

    pointer: str
    icon: str
    title: str
    text: str
    problems: Sequence[str]
    arms: Sequence[Arm] = ()
    is_open: bool = False
    """Whether nothing behind it is reached (stop, refuse)."""


def beside(problems: Sequence[Problem], pointers: Sequence[str]) -> Mapping[str, Sequence[Problem]]:
    """Sort problems to the innermost card that they are about; the rest goes to ""."""
    found: dict[str, list[Problem]] = {}
    known = set(pointers)
    for problem in problems:
        place = problem.pointer or ""
        while place and place not in known:
            place = place.rpartition("/")[0]
        found.setdefault(place, []).append(problem)
    return found


@dataclass(frozen=True)
class Cards:
    """Makes the cards of one draft."""

    document: Json
    model: Model
    registry: Registry
    problems: Mapping[str, Sequence[Problem]]
    subjects: Sequence[Subject]
    """What conditions are put into words with."""

    def trigger(self) -> Card:
        """Give the first card."""
        trigger = self.document.get("trigger")
        kind = self.registry.triggers.get(str(trigger.get("on")) if isinstance(trigger, dict) else "")
        title = _(kind.title) if kind is not None else _("No trigger yet")
        return Card(
            "/trigger",
            kind.icon if kind else "bolt",
            title,
            trigger_text(self.document, self.model),
            self._said("/trigger"),
        )

    def condition(self) -> Card:
        """Give the card of the condition."""
        when = str(self.document.get("when") or "")
        text = self._words(when) if when else _("Always")
        return Card("/when", "filter", _("Only if"), text, self._said("/when"))

    def steps(self, steps: Any, at: str) -> list[Card]:
        """Give the cards of a list of steps."""
        found = steps if isinstance(steps, list) else []
        return [self._card(step, f"{at}/{number}") for number, step in enumerate(found)]

    def _card(self, step: Any, at: str) -> Card:
        said = self._said(at)
        head = flows.head_of(step)
        if not head:
            return Card(
                at, "alert-triangle", _("Not a step"), "", said or [_("Change it as JSON, or remove it.")]
            )
        if head == "do":
            return self._action(step, at, said)
        title, _description, icon, _new = flows.FLOW[head]
        shown = str(step.get("title") or _(title))
        return Card(at, icon, shown, self._flow_text(head, step), said, self._arms(head, step, at))

    def _action(self, step: Json, at: str, said: Sequence[str]) -> Card:
        action = self.registry.actions.get(str(step["do"]))
        if action is None:
            return Card(at, "alert-triangle", str(step["do"]), _("There is no such action."), said)
        rules = action.schema.get("properties", {})
        said = self._said(at, {word: _(str(rule.get("title", word))) for word, rule in rules.items()})
        text = (
            ""
            if any(problem.code == "type" for problem in self.problems.get(at, ()))
            else self._described(action, step)
        )
        arms = []
        if isinstance(step.get("on_failure"), list):
            arms = [
                Arm(f"{at}/on_failure", _("If it fails"), self.steps(step["on_failure"], f"{at}/on_failure"))
            ]
        title = str(step.get("title") or _(action.title))
        return Card(at, action.icon, title, text, said, arms, action.name in ("stop", "refuse"))

    def _described(self, action: Any, step: Json) -> str:
        params = {name: value for name, value in step.items() if name not in ("do", "id", "title")}
        try:
            text = _HOLE.sub(self._hole, str(action.describe(params, self.model)))
        except (AttributeError, KeyError, TypeError, ValueError):  # a draft may hold anything
            return ""
        for word, rule in action.schema.get("properties", {}).items():
            own, value = rule.get("x-amity", {}), params.get(word)
            if own.get("input") == "filter" and isinstance(value, str) and value:
                entity = self.model.entities.get(str(params.get(own.get("of"))))
                text = text.replace(value, in_words(value, about(entity)))
        return text

    def _hole(self, found: re.Match[str]) -> str:
        """Call a value inside a text by its title."""
        subject = next((item for item in self.subjects if item.path == found[1]), None)
        return f"‹{subject.title}›" if subject is not None else found[0]

    def _flow_text(self, head: str, step: Json) -> str:
        value = str(step.get(head) or "")
        if head in ("if", "wait_for"):
            text = self._words(value) if value else _("No condition yet")
            return (
                text
                if not step.get("at_most")
                else _("%(what)s; at most %(time)s", what=text, time=duration(step["at_most"]))
            )
        if head == "wait":
            return duration(value)
        if head == "parallel":
            return ""
        return self._path(value)

    def _arms(self, head: str, step: Json, at: str) -> list[Arm]:
        places: list[tuple[str, str]] = []
        if head == "if":
            places = [("then", _("Yes")), ("else", _("No"))]
        elif head == "switch":
            cases = step.get("cases")
            for number, case in enumerate(cases if isinstance(cases, list) else ()):
                places.append((f"cases/{number}/steps", self._case(step, case)))
            places.append(("default", _("Otherwise")))
        elif head == "for_each":
            places = [("steps", _("For each “%(name)s”", name=str(step.get("as") or "item")))]
        elif head == "parallel":
            arms = step["parallel"] if isinstance(step["parallel"], list) else []
            places = [
                (f"parallel/{number}", _("Branch %(number)s", number=number + 1))
                for number in range(len(arms))
            ]
        return [
            Arm(f"{at}/{word}", title, self.steps(flows.find(step, f"/{word}"), f"{at}/{word}"))
            for word, title in places
        ]

    def _case(self, step: Json, case: Any) -> str:
        wanted = case.get("is") if isinstance(case, dict) else None
        values = wanted if isinstance(wanted, list) else [wanted]
        subject = next((item for item in self.subjects if item.path == step.get("switch")), None)
        titles = dict(subject.choices) if subject is not None else {}
        return ", ".join(titles.get(str(item), str(item)) for item in values if item is not None) or "…"

    def _said(self, at: str, titles: Mapping[str, str] | None = None) -> list[str]:
        """What is wrong with a card; a parameter is called by its title."""
        said = []
        for problem in self.problems.get(at, ()):
            word = (problem.pointer or "").removeprefix(at).strip("/").partition("/")[0]
            title = (titles or {}).get(word)
            said.append(f"{title}: {problem.message}" if title else problem.message)
        return list(dict.fromkeys(said))

    def _words(self, text: str) -> str:
        return in_words(text, self.subjects)

    def _path(self, text: str) -> str:
        found = next((item for item in self.subjects if item.path == text), None)
        return text if found is None else f"{found.group}: {found.title}"


def in_words(text: str, subjects: Sequence[Subject]) -> str:
    """Put a condition into words; the expression itself where it is more than rows can say."""
    read = conditions.parse(text, subjects)
    return text if read is None else _rows_in_words(read, {item.path: item for item in subjects})


def _rows_in_words(rows: conditions.Rows, known: Mapping[str, Subject]) -> str:
    between = _("and") if rows[0] == conditions.AND else _("or")
    return f" {between} ".join(_row_in_words(row, known) for row in rows[1])


def _row_in_words(row: conditions.Row, known: Mapping[str, Subject]) -> str:
    if row.path == conditions.GROUP:
        return f"({_rows_in_words((row.join, list(row.inner)), known)})"
    subject = known[row.path]
    name = _named(subject)
    operator = conditions.operator_of(subject, row.operator)
    title = _(operator.title) if operator is not None else row.operator
    match operator.input if operator is not None else "":
        case "days":
            return f"{name} {title.replace('…', row.value)}"
        case "record":
            return f"{name} {title} {_('a certain record')}"
        case "other":
            return f"{name} {title}: {_named(known[row.value], whole=True)}"
        case "rows":
            inner = {**known, **{item.path: item for item in members(subject)}}
            return f"{name} {title} {_rows_in_words((row.join, list(row.inner)), inner)}"
    return f"{name} {title} {dict(subject.choices).get(row.value, row.value)}".strip()


def _named(subject: Subject, *, whole: bool = False) -> str:
    if whole or subject.path.startswith("steps."):
        return f"{subject.group}, {subject.title}"
    return subject.title


def duration(text: Any) -> str:
    """Put a duration into words."""
    word, bracket, rest = str(text or "").partition("(")
    amount = rest.rstrip(")")
    if not bracket or not amount.isdecimal():
        return str(text or "…")
    number = int(amount)
    titles = {
        "seconds": ngettext("one second", "%(num)s seconds", number),
        "minutes": ngettext("one minute", "%(num)s minutes", number),
        "hours": ngettext("one hour", "%(num)s hours", number),
        "days": ngettext("one day", "%(num)s days", number),
        "weeks": ngettext("one week", "%(num)s weeks", number),
    }
    return titles.get(word, str(text))


def trigger_text(document: Json, model: Model) -> str:
    """Say what starts a workflow, beyond the title of its trigger."""
    trigger = document.get("trigger")
    options = trigger if isinstance(trigger, dict) else {}
    entity = model.entities.get(str(document.get("entity")))
    parts = [entity.title] if entity is not None else []
    names = options.get("fields")
    if isinstance(names, list) and names:
        titles = [
            entity.by_name[name].title if entity and name in entity.by_name else str(name) for name in names
        ]
        parts.append(_("when changed: %(fields)s", fields=", ".join(titles)))
    if options.get("cron"):
        parts.append(timetable.in_words(str(options["cron"])))
    if options.get("on") == "date":
        field = entity.by_name.get(str(options.get("field"))) if entity is not None else None
        name = field.title if field is not None else "…"
        if options.get("before"):
            parts.append(_("%(time)s before: %(field)s", time=duration(options["before"]), field=name))
        elif options.get("after"):
            parts.append(_("%(time)s after: %(field)s", time=duration(options["after"]), field=name))
        else:
            parts.append(_("on: %(field)s", field=name))
        if options.get("yearly"):
            parts.append(_("every year"))
    for word in ("event", "button", "heading", "secret"):
        if isinstance(options.get(word), str):
            parts.append(options[word])
    if options.get("where") and entity is not None:
        parts.append(in_words(str(options["where"]), about(entity)))
    return " · ".join(parts)
