"""What simulations found, in words: for the pages of dry runs and back-tests."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from amity import jsontext
from amity.entities.kinds.base import ValueProblem
from amity.entities.model import Field
from amity.records.links import links_of
from amity.web.builder.flows.document import FLOW
from amity.web.context import locale, require_admin, workspace
from amity.web.texts import gettext as _
from amity.web.texts import ngettext
from amity.workflows.documents.compiled import CompiledWorkflow
from amity.workflows.simulation.dryrun import SimulatedStep, Simulation
from amity.workflows.simulation.trials import BackTest, Sample, reason

_TONES: Final = {"would": "good", "skipped": "", "stops": "warn", "not_taken": ""}
_ENDS: Final = {"waiting": "warn", "failed": "bad", "refused": "bad", "too_long": "warn"}


@dataclass(frozen=True, slots=True)
class Line:
    """One step of a simulation, ready to be shown."""

    title: str
    text: str
    state: str
    state_text: str
    tone: str
    level: int
    turn: str
    writes: Sequence[tuple[str, Sequence[tuple[str, str]]]] = ()
    """(what is written, (title of the field, value))."""


@dataclass(frozen=True, slots=True)
class Told:
    """A simulation in words."""

    lines: Sequence[Line]
    end: str
    tone: str
    starts: bool
    why_not: str
    missing: Sequence[str]
    unforeseen: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class SampleLine:
    """One sample of a back-test."""

    label: str
    url: str
    at: dt.datetime
    what: str
    told: Told


@dataclass(frozen=True, slots=True)
class Tested:
    """A back-test in words."""

    found: BackTest
    headline: str
    actions: Sequence[tuple[str, int]]
    writes: Sequence[tuple[str, int]]
    ends: Sequence[tuple[str, int]]
    missing: Sequence[tuple[str, int]]
    stops: Sequence[tuple[str, int, str]]
    """(title of the step, how often, why)."""
    early: str
    samples: Sequence[SampleLine]


class Telling:
    """Puts what was found into words."""

    def __init__(self, compiled: CompiledWorkflow) -> None:
        self.compiled = compiled
        self.model = compiled.model
        self.actions = workspace().workflows.registry.actions

    def told(self, found: Simulation) -> Told:
        """Tell a simulation."""
        ends = {
            "done": _("It would go on to its end."),
            "waiting": _("It stops here: %(why)s", why=found.stopped or ""),
            "ended": _("A step ends it: %(why)s", why=found.stopped or ""),
            "failed": _("It would fail: %(why)s", why=found.stopped or ""),
            "refused": _("The save would be refused: %(why)s", why=found.stopped or ""),
            "too_long": found.stopped or "",
        }
        return Told(
            self._lines(found.steps),
            ends[found.end],
            _ENDS.get(found.end, "good"),
            found.starts,
            found.why_not,
            sorted({self._gap(gap.entity, gap.field, gap.why) for gap in found.missing}),
            list(found.unforeseen),
        )

    def _lines(self, steps: Sequence[SimulatedStep]) -> list[Line]:
        """Tell the steps; why several in a row are not come to is said once."""
        made: list[Line] = []
        why = ""
        for step in steps:
            line = self._line(step)
            same = step.state == "not_taken" and line.text == why
            why = line.text if step.state == "not_taken" else ""
            made.append(replace(line, text="") if same else line)
        return made

    def _line(self, step: SimulatedStep) -> Line:
        states = {
            "would": _("would happen"),
            "skipped": _("skipped"),
            "stops": _("stops here"),
            "not_taken": _("not taken"),
        }
        text = step.text if step.why in ("", step.text) else f"{step.text} {step.why}".strip()
        turns = [str(int(part) + 1) for part in step.key.replace("]", "").split("[")[1:]]
        return Line(
            _title(step.title),
            text,
            step.state,
            states[step.state],
            _TONES[step.state],
            min(step.level, 5),
            ".".join(turns),
            [self._write(write) for write in step.writes],
        )

    def _write(self, write: object) -> tuple[str, list[tuple[str, str]]]:
        assert isinstance(write, dict)
        entity = self.model.entities[write["entity"]]
        known = entity.by_name
        values = [
            (known[name].title, self._value(known[name], value)) if name in known else (name, str(value))
            for name, value in write["values"].items()
        ]
        return self._verb(write["verb"], entity.name), values

    def _value(self, field: Field, value: Any) -> str:
        """Write a JSON value of a field as people read it."""
        if value is None:
            return _("empty")
        try:
            typed = field.kind.parse(field, value)
        except ValueProblem:
            return value if isinstance(value, str) else jsontext.dumps(value)
        if not field.kind.is_relation:
            return field.kind.format(field, typed, locale())
        links = links_of(self.model, field, typed)
        labels = {
            entity: workspace().records.labels(
                require_admin(), entity, [link.id for link in links if link.entity == entity]
            )
            for entity in {link.entity for link in links}
        }
        return ", ".join(labels[link.entity].get(link.id, _("a new record")) for link in links)

    def _verb(self, verb: str, entity: str) -> str:
        found = self.model.entities.get(entity)
        title = found.title if found is not None else entity
        words = {
            "create": _("Creates: %(entity)s", entity=title),
            "update": _("Changes: %(entity)s", entity=title),
            "delete": _("Deletes: %(entity)s", entity=title),
        }
        return words.get(verb, verb)

    def _gap(self, entity: str, field: str | None, why: str) -> str:
        found = self.model.entities.get(entity)
        title = found.title if found is not None else entity
        if found is not None and field is not None and field in found.by_name:
            title = f"{title} · {found.by_name[field].title}"
        return f"{title}: {_(reason(why))}"

    def tested(self, found: BackTest) -> Tested:
        """Tell a back-test."""
        ends = {
            "done": _("went on to the end"),
            "waiting": _("stopped at a wait or a person"),
            "ended": _("ended by a step"),
            "failed": _("failed"),
            "refused": _("refused the save"),
            "too_long": _("too long to be worked out"),
        }
        early = {
            "limit": _("There were more: only the first %(number)s are counted.", number=found.matched),
            "time": _("It took too long and was ended; choose a shorter period for the rest."),
            "cancelled": _("It was cancelled."),
        }
        known = self.actions
        return Tested(
            found=found,
            headline=self._headline(found),
            actions=[
                (_(known[name].title) if name in known else name, number)
                for name, number in found.actions.most_common()
            ],
            writes=[
                (self._verb(verb, entity), number) for (verb, entity), number in found.writes.most_common()
            ],
            ends=[(ends[name], number) for name, number in found.ends.most_common()],
            missing=[
                (self._gap(entity, field, why), number)
                for (entity, field, why), number in found.missing.most_common(20)
            ],
            stops=[(_title(item.step), item.number, item.why) for item in found.stops.values()],
            early=early.get(found.early, ""),
            samples=[self._sample(sample) for sample in found.samples],
        )

    def _headline(self, found: BackTest) -> str:
        if self.compiled.workflow.is_rule:
            return _(
                "It would have looked after %(matched)s of %(looked)s saves.",
                matched=found.matched,
                looked=found.looked_at,
            )
        if not found.matched:
            return _("It would not have started.")
        return ngettext("It would have started once.", "It would have started %(num)s times.", found.matched)

    def _sample(self, sample: Sample) -> SampleLine:
        entity = self.compiled.entity
        kinds = {
            "created": _("was created"),
            "updated": _("was changed"),
            "deleted": _("was deleted"),
            "restored": _("was restored"),
            "schedule": _("at its time"),
            "date": _("around its date"),
        }
        url = f"/e/{entity.name}/{sample.record}" if entity is not None and sample.record else ""
        return SampleLine(
            sample.label or _("No record"),
            url,
            sample.at,
            kinds.get(sample.kind, sample.kind),
            self.told(sample.simulation),
        )


def _title(title: str) -> str:
    """Give a step's title; words of the flow that have none are called as on the cards."""
    return _(FLOW[title][0]) if title in FLOW else _(title)
