"""What a back-test found: counted as it goes, with a few samples; its size does not grow with the period."""

from __future__ import annotations

import datetime as dt
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from amity.records.gaps import REASONS, Gap
from amity.workflows.simulation.dryrun import Simulation

SAMPLES: Final = 20
LIMIT: Final = 5_000
"""Runs that are worked out."""
SECONDS: Final = 20.0
QUICK_SECONDS: Final = 2.0
"""So long a request tries to answer itself, before a back-test goes on beside the requests."""
MAX_NOTES: Final = 20
MAX_KINDS: Final = 200
"""Different gaps that are told apart."""

Early = Literal["", "limit", "time", "cancelled"]


class Enough(Exception):
    """The back-test ends here: `why` is what `BackTest.early` says."""

    def __init__(self, why: Early) -> None:
        super().__init__(why)
        self.why: Early = why


@dataclass(frozen=True, slots=True)
class Sample:
    """One run that there would have been."""

    event: str
    """Id of the event that would have started it; empty where the clock would have."""
    run: str
    """Id that the run has, if there was one."""
    at: dt.datetime
    record: str | None
    label: str
    kind: str
    """created, updated, ...; `schedule` or `date`."""
    simulation: Simulation

    def as_json(self) -> dict[str, Any]:
        """Give the form of the API."""
        return {
            "event": self.event or None,
            "at": self.at.isoformat(),
            "record": self.record,
            "label": self.label,
            "kind": self.kind,
            **self.simulation.as_json(),
        }


@dataclass(slots=True)
class Stopping:
    """A step at which runs would have stopped."""

    step: str
    why: str
    """Of the first of them."""
    number: int = 0


@dataclass(slots=True)
class BackTest:
    """What a workflow would have done in a period, with the values of each moment."""

    since: dt.datetime
    until: dt.datetime
    looked_at: int = 0
    """Changes, or pairs of a moment and a record."""
    matched: int = 0
    """Runs that there would have been; for a rule, saves that it would have looked after."""
    muted: int = 0
    """Changes that asked for no workflow to be started (imports)."""
    unknown: int = 0
    """Changes of records that were removed for good: nobody knows."""
    samples: list[Sample] = field(default_factory=list)
    actions: Counter[str] = field(default_factory=Counter)
    """How often each action would have done something, by name."""
    writes: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Record writes by (verb, entity)."""
    ends: Counter[str] = field(default_factory=Counter)
    """How the runs would have ended (`Simulation.end`)."""
    stops: dict[str, Stopping] = field(default_factory=dict)
    """Where they would have stopped, by the key of the step."""
    missing: Counter[tuple[str, str | None, str]] = field(default_factory=Counter)
    """Values that the history does not tell: (entity, field, why), in how many changes."""
    first: dt.datetime | None = None
    last: dt.datetime | None = None
    reached: dt.datetime | None = None
    """Up to where it came; None where nothing was looked at."""
    early: Early = ""
    """Why it ended before the end of the period."""
    notes: list[str] = field(default_factory=list)
    """What cannot be told at all."""
    took: float = 0.0
    """Seconds."""

    def note(self, text: str) -> None:
        """Say once what cannot be told."""
        if text not in self.notes and len(self.notes) < MAX_NOTES:
            self.notes.append(text)

    def as_json(self) -> dict[str, Any]:
        """Give the form of the API."""
        return {
            "since": self.since.isoformat(),
            "until": self.until.isoformat(),
            "looked_at": self.looked_at,
            "matched": self.matched,
            "muted": self.muted,
            "unknown": self.unknown,
            "actions": dict(self.actions.most_common()),
            "writes": [
                {"verb": verb, "entity": entity, "count": number}
                for (verb, entity), number in self.writes.most_common()
            ],
            "ends": dict(self.ends.most_common()),
            "stops": [
                {"step": key, "title": item.step, "why": item.why, "count": item.number}
                for key, item in self.stops.items()
            ],
            "missing": [
                {"entity": entity, "field": name, "why": why, "count": number}
                for (entity, name, why), number in self.missing.most_common()
            ],
            "first": self.first.isoformat() if self.first else None,
            "last": self.last.isoformat() if self.last else None,
            "reached": self.reached.isoformat() if self.reached else None,
            "stopped_early": self.early or None,
            "notes": self.notes,
            "took": round(self.took, 3),
            "samples": [sample.as_json() for sample in self.samples],
        }


@dataclass
class Trial:
    """A back-test while it goes on: counts, and says when it is enough."""

    found: BackTest
    limit: int = LIMIT
    samples: int = SAMPLES
    seconds: float = SECONDS
    cancelled: Callable[[], bool] = lambda: False
    total: int = 0
    """How much there is to look at, as far as that is known before; 0 where it is not."""
    done: int = 0
    """How much of `total` was looked at."""
    counts_looks: bool = True
    """Whether `done` counts what is looked at; else whoever goes over it counts."""
    _begun: float = field(default_factory=time.monotonic)

    @property
    def progress(self) -> dict[str, Any]:
        """How far it is (see `asked.AskedTest`)."""
        found = self.found
        return {
            "looked_at": found.looked_at,
            "matched": found.matched,
            "done": self.done,
            "total": self.total,
            "reached": found.reached.isoformat() if found.reached else None,
            "seconds": round(self.seconds_so_far, 1),
        }

    @property
    def seconds_so_far(self) -> float:
        """How long it has worked."""
        return time.monotonic() - self._begun

    def check(self) -> None:
        """Raise `Enough` where time is over or somebody cancelled; cheap."""
        if self.seconds_so_far > self.seconds:
            raise Enough("time")
        if self.cancelled():
            raise Enough("cancelled")

    def look(self, at: dt.datetime) -> None:
        """Count something that is looked at."""
        self.check()
        self.found.looked_at += 1
        self.done += self.counts_looks
        self.found.reached = at if self.found.reached is None else max(at, self.found.reached)

    def gaps(self, gaps: Iterable[Gap]) -> None:
        """Count what could not be told about one change."""
        kinds: set[tuple[str, str | None, str]] = {(gap.entity, gap.field, gap.why) for gap in gaps}
        for kind in kinds:
            if kind in self.found.missing or len(self.found.missing) < MAX_KINDS:
                self.found.missing[kind] += 1

    def room(self) -> None:
        """Raise `Enough` where no further run is to be worked out."""
        if self.found.matched >= self.limit:
            raise Enough("limit")

    def take(self, sample: Callable[[], Sample], at: dt.datetime, simulation: Simulation) -> None:
        """Count a run that there would have been."""
        found = self.found
        found.matched += 1
        found.first = at if found.first is None else min(found.first, at)
        found.last = at if found.last is None else max(found.last, at)
        found.actions.update(simulation.done)
        found.writes.update((str(write["verb"]), str(write["entity"])) for write in simulation.writes)
        found.ends[simulation.end] += 1
        for step in simulation.steps:
            if step.state == "stops":
                key = step.key.partition("[")[0]
                found.stops.setdefault(key, Stopping(step.title, step.why)).number += 1
        if len(found.samples) < self.samples:
            found.samples.append(sample())


def reason(why: str) -> str:
    """Give the sentence for why the history does not tell something."""
    known: Mapping[str, str] = {str(name): text for name, text in REASONS.items()}
    return known.get(why, why)
