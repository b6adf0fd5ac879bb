"""`python -m benchmarks.rules`: what a rule adds to a create, in the gate and over HTTP, on both databases.

The rule looks at two fields of the new record and sets two others. With and without it take turns, so that a
drifting machine does both the same harm; what counts is CPU time a create (goal: at most 15 % more).
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from amity import jsontext
from amity.access.context import Context
from amity.definitions.documents import DefinitionChange
from amity.settings import Settings
from amity.workspace import Workspace
from benchmarks.__main__ import measure
from benchmarks.model import entity, record
from benchmarks.workflows import POSTGRES, empty
from tests.support.api import connect
from tests.support.servers import LiveServer

RULE: dict[str, Any] = {
    "title": "Important companies",
    "entity": "company",
    "trigger": {"on": "saving"},
    "when": "record.score > 0 && record.stage != 'none'",
    "steps": [{"do": "set", "values": {"source": "rule", "visits": {"expression": "record.visits + 1"}}}],
}
ROUNDS = 7


@contextmanager
def workspace(url: str, folder: Path) -> Iterator[Workspace]:
    """A workspace in this process, with the measured entity."""
    found = Workspace.open(Settings(home=folder, database_url=url, secret_key="benchmark-" * 4))
    try:
        change = DefinitionChange("entity", "company", entity())
        found.definitions.apply([change], found.context(), revision=None, confirm=True)
        yield found
    finally:
        found.close()


def creates(found: Workspace, ctx: Context, first: int, count: int) -> float:
    """CPU milliseconds a create in the gate, each in a transaction of its own."""
    bodies = [jsontext.loads(json.dumps(record(first + number))) for number in range(count)]
    begun = time.thread_time()
    for body in bodies:
        found.records.create(ctx, "company", body)
    return (time.thread_time() - begun) * 1000 / count


def in_the_gate(url: str, count: int) -> tuple[float, float]:
    """Milliseconds a create without and with the rule."""
    pairs: list[tuple[float, float]] = []
    with tempfile.TemporaryDirectory() as folder, workspace(url, Path(folder)) as found:
        for number in range(ROUNDS):
            figures = []
            for enabled in (False, True):
                change = DefinitionChange("workflow", "important", RULE | {"enabled": enabled})
                found.definitions.apply([change], found.context(), revision=None, confirm=True)
                found.definitions.refresh()
                creates(found, found.context(), 10**6, 50)  # compiled and warm
                figures.append(creates(found, found.context(), number * count, count))
            pairs.append((figures[0], figures[1]))
    return statistics.median(low for low, _ in pairs), statistics.median(high for _, high in pairs)


def over_http(url: str, options: argparse.Namespace) -> tuple[float, float]:
    """Milliseconds of all server processes a create without and with the rule."""
    pairs: list[tuple[float, float]] = []
    bodies = [record(number) for number in range(2000)]
    requests = [{"method": "POST", "path": "/api/v1/records/company", "body": body} for body in bodies]
    with tempfile.TemporaryDirectory() as folder:
        server = LiveServer(Path(folder) / "home", url).start()
        try:
            api = connect(server)
            assert server.process is not None
            assert api.put("/entities/company", entity()).status in (200, 201)
            for _ in range(ROUNDS):
                figures = []
                for enabled in (False, True):
                    answer = api.put("/workflows/important", RULE | {"enabled": enabled}, "*")
                    assert answer.status in (200, 201), answer.body
                    api.post("/records/company", record(1))
                    found = measure(server.url, api.token, server.process.pid, requests, options)
                    figures.append(found.cpu_ms)
                pairs.append((figures[0], figures[1]))
        finally:
            server.kill()
    return statistics.median(low for low, _ in pairs), statistics.median(high for _, high in pairs)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--creates", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--connections", type=int, default=4)
    parser.add_argument("--server", default=POSTGRES)
    options = parser.parse_args()
    print(f"Load of the machine: {os.getloadavg()[0]:.1f}")
    for kind in ("sqlite", "postgresql"):
        for way in ("gate", "http"):
            with tempfile.TemporaryDirectory() as folder, empty(kind, Path(folder), options.server) as url:
                low, high = in_the_gate(url, options.creates) if way == "gate" else over_http(url, options)
            added = (high / low - 1) * 100
            print(f"{kind:10} {way}: {low:.3f} ms, with the rule {high:.3f} ms: {added:+.1f} %", flush=True)


if __name__ == "__main__":
    main()
