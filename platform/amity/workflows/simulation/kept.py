"""What a back-test found, as it is kept: JSON of a bounded size, and back."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping
from typing import Any, Final, cast

from amity import jsontext
from amity.records.gaps import Gap, Why
from amity.workflows.simulation.dryrun import SimulatedStep, Simulation
from amity.workflows.simulation.trials import BackTest, Sample, Stopping

MOST: Final = 1_000_000
"""Characters of a result; samples beyond it are left out, the last ones first."""

Json = Mapping[str, Any]


def keep(found: BackTest) -> dict[str, Any]:
    """Give what is kept: as of the API, with as many of the samples as there is room for."""
    made = found.as_json()
    samples = made["samples"]
    sizes = [len(jsontext.dumps(sample)) for sample in samples]
    room = MOST - len(jsontext.dumps({**made, "samples": []}))
    while samples and sum(sizes) > room:
        samples.pop()
        sizes.pop()
    return made


def summary(found: BackTest) -> dict[str, Any]:
    """Give the figures that lists show."""
    return {"looked_at": found.looked_at, "matched": found.matched, "seconds": round(found.took, 1)}


def read(kept: Json) -> BackTest:
    """Read what `keep` gave."""
    found = BackTest(_moment(kept["since"]), _moment(kept["until"]))
    for name in ("looked_at", "matched", "muted", "unknown"):
        setattr(found, name, int(kept[name]))
    found.samples = [_sample(sample) for sample in kept["samples"]]
    found.actions = Counter(kept["actions"])
    found.writes = Counter({(row["verb"], row["entity"]): row["count"] for row in kept["writes"]})
    found.ends = Counter(kept["ends"])
    found.stops = {row["step"]: Stopping(row["title"], row["why"], row["count"]) for row in kept["stops"]}
    found.missing = Counter(
        {(row["entity"], row["field"], row["why"]): row["count"] for row in kept["missing"]}
    )
    for name in ("first", "last", "reached"):
        setattr(found, name, None if kept[name] is None else _moment(kept[name]))
    found.early = kept["stopped_early"] or ""
    found.notes = list(kept["notes"])
    found.took = float(kept["took"])
    return found


def _sample(kept: Json) -> Sample:
    steps = [
        SimulatedStep(
            step["key"],
            step["kind"],
            step["action"] or "",
            step["title"],
            step["level"],
            step["state"],
            step["text"],
            step["why"],
            tuple(step["writes"]),
        )
        for step in kept["steps"]
    ]
    simulation = Simulation(
        steps=steps,
        stopped=kept["stopped"],
        end=kept["end"],
        missing=[
            Gap(gap["entity"], gap["record"], gap["field"], cast(Why, gap["why"])) for gap in kept["missing"]
        ],
        starts=kept["starts"],
        why_not=kept["why_not"],
        writes=list(kept["writes"]),
        unforeseen=list(kept["unforeseen"]),
    )
    at = _moment(kept["at"])
    return Sample(kept["event"] or "", "", at, kept["record"], kept["label"], kept["kind"], simulation)


def _moment(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text)
