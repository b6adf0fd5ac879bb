"""A world with an engine in this process; the durable engine is one per process."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from amity.database.processes import Presence
from amity.database.schema_workflows import run, run_step
from amity.workflows.engine.guard import Bounds
from amity.workflows.engine.journal import RUN_COLUMNS, STEP_COLUMNS, RunRow, StepRow
from amity.workflows.engine.worker import WorkflowWorker
from tests.factories.workflows import Workflows, make_services, request
from tests.factories.worlds import World, open_world, prepared
from tests.support.databases import DatabaseServer
from tests.support.workers import until


@dataclass
class Engine:
    """Workflows of a world, and a worker that runs them."""

    world: World
    home: Path
    bounds: Bounds = field(default_factory=Bounds)
    stack: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)
    worker: WorkflowWorker | None = None

    def __post_init__(self) -> None:
        self.catalog = Workflows(self.world)
        self.services = make_services(self.world, self.home)
        self.add = self.catalog.add

    def start(self) -> None:
        """Let the worker work."""
        presence = self.stack.enter_context(Presence(self.world.database, "worker"))
        made = WorkflowWorker(self.services, self.catalog, presence.id, bounds=self.bounds)
        self.worker = self.stack.enter_context(made)

    def request(self, workflow: str, record: str | None = None, count: int = 1, **more: Any) -> list[str]:
        """Ask for runs and wake the worker."""
        ids = request(self.world, workflow, record, count, **more)
        if wake := self.services.signals.get("requested"):
            wake()
        return ids

    def run(self, run_id: str) -> RunRow | None:
        """The row of a run."""
        with self.world.database.read() as connection:
            found = connection.execute(select(*RUN_COLUMNS).where(run.c.id == run_id)).first()
        return None if found is None else RunRow(**found._mapping)

    def steps(self, run_id: str) -> dict[str, StepRow]:
        """Its steps by key."""
        with self.world.database.read() as connection:
            rows = connection.execute(select(*STEP_COLUMNS).where(run_step.c.run == run_id)).all()
        return {row.key: StepRow(**row._mapping) for row in rows}

    def until(self, run_id: str, state: str, seconds: float = 30.0) -> RunRow:
        """Wait until a run is in a state."""
        found: list[RunRow] = []

        def there() -> bool:
            row = self.run(run_id)
            found[:] = [] if row is None else [row]
            return row is not None and row.state == state

        try:
            until(there, seconds, f"the state {state}")
        except AssertionError:
            raise AssertionError(f"not {state}: {found} {self.steps(run_id)}") from None
        return found[0]

    def go(self, workflow: str, record: str | None = None, state: str = "done", **more: Any) -> str:
        """Ask for one run and wait for its end."""
        run_id = self.request(workflow, record, **more)[0]
        self.until(run_id, state)
        return run_id


@pytest.fixture
def idle(database_server: DatabaseServer, tmp_path: Path) -> Iterator[Engine]:
    """An engine whose worker is not started."""
    url = database_server.clone("workflows", prepared())
    world = open_world(url)
    engine = Engine(world, tmp_path)
    with engine.stack:
        yield engine
    world.database.close()
    database_server.drop(url)


@pytest.fixture
def engine(idle: Engine) -> Engine:
    """An engine whose worker works."""
    idle.start()
    return idle
