"""Worker processes for tests of the workflow engine: started, killed for real, started again."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).parents[2]
CHILD = """
import json, signal, sys, threading
from pathlib import Path
from amity.database.processes import Presence
from amity.workflows.engine.guard import Bounds
from amity.workflows.engine.worker import WorkflowWorker
from tests.factories.workflows import Workflows, make_services
from tests.factories.worlds import open_world

url, home, documents, bounds = sys.argv[1:]
stop = threading.Event()
signal.signal(signal.SIGTERM, lambda *_: stop.set())
world = open_world(url)
catalog = Workflows(world, json.loads(documents))
services = make_services(world, Path(home))
with Presence(world.database, "worker", every=1.0) as presence:
    with WorkflowWorker(services, catalog, presence.id, bounds=Bounds(**json.loads(bounds))):
        print("ready", flush=True)
        stop.wait()
world.database.close()
"""


class Worker:
    """One worker process."""

    def __init__(self, url: str, home: Path, documents: dict[str, Any], **bounds: int) -> None:
        environment = {**os.environ, "PYTHONPATH": f"{REPOSITORY / 'platform'}{os.pathsep}{REPOSITORY}"}
        self.log = (home / "worker.log").open("a")
        self.process = subprocess.Popen(
            [sys.executable, "-c", CHILD, url, str(home), json.dumps(documents), json.dumps(bounds)],
            env=environment,
            cwd=REPOSITORY,
            stdout=subprocess.PIPE,
            stderr=self.log,
            text=True,
        )

    def wait_ready(self) -> None:
        """Wait until it works."""
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == "ready\n"

    def kill(self) -> None:
        """Kill it as a power cut does."""
        self._end(signal.SIGKILL)

    def stop(self) -> int:
        """Let it end; gives its exit code."""
        return self._end(signal.SIGTERM)

    def _end(self, number: int) -> int:
        self.process.send_signal(number)
        code = self.process.wait(60)
        assert self.process.stdout is not None
        self.process.stdout.close()
        self.log.close()
        return code


@contextmanager
def workers(
    count: int, url: str, home: Path, documents: dict[str, Any], **bounds: int
) -> Iterator[list[Worker]]:
    """Run some workers; those in the list at the end are stopped."""
    found = [Worker(url, home, documents, **bounds) for _ in range(count)]
    try:
        for worker in found:
            worker.wait_ready()
        yield found
    finally:
        for worker in found:
            if worker.process.poll() is None:
                worker.stop()


def until(condition: Callable[[], bool], seconds: float, what: str) -> None:
    """Wait for a condition."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"{what} took longer than {seconds} seconds"
        time.sleep(0.1)
