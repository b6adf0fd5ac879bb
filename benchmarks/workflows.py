"""`python -m benchmarks.workflows`: durable runs a second, many waits at once, memory over many runs.

Real worker processes on an empty database of each server: one on SQLite, two on PostgreSQL. A run has one
step that makes a record, with validation, event and checkpoint.
"""

from __future__ import annotations

import argparse
import datetime as dt
import secrets
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy import func, insert, select
from sqlalchemy.engine import make_url

from amity.database.schema_workflows import run, run_request, run_step, run_wait
from tests.factories.workflows import Workflows, request
from tests.factories.worlds import World, open_world, prepared
from tests.support.workers import Worker, workers

POSTGRES = "postgresql://postgres@127.0.0.1:5432/postgres"
WAITS = 10_000


@contextmanager
def empty(kind: str, folder: Path, server: str) -> Iterator[str]:
    """Give the URL of an empty database."""
    if kind == "sqlite":
        yield f"sqlite:///{folder / 'bench.db'}"
        return
    name = f"amity_bench_{secrets.token_hex(4)}"
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        try:
            yield make_url(server).set(database=name).render_as_string(hide_password=False)
        finally:
            admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def ended(world: World, workflow: str) -> int:
    """Runs of a workflow that are done."""
    with world.database.read() as connection:
        some = select(func.count()).select_from(run).where(run.c.workflow == workflow, run.c.state == "done")
        return connection.execute(some).scalar() or 0


def run_all(world: World, workflow: str, count: int) -> float:
    """Ask for runs and wait for their ends; give the seconds."""
    before, begun = ended(world, workflow), time.monotonic()
    request(world, workflow, None, count)
    while ended(world, workflow) < before + count:
        time.sleep(0.1)
    return time.monotonic() - begun


def memory(worker: Worker) -> int:
    """Resident memory of a worker in MiB."""
    status = Path(f"/proc/{worker.process.pid}/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) // 1024


def wait_at_once(world: World, workflow: str, count: int) -> None:
    """Put runs into a wait that is over now."""
    now = dt.datetime.now(dt.UTC)
    ids = request(world, workflow, None, count)
    with world.database.write() as connection:
        rows = connection.execute(select(run_request).where(run_request.c.workflow == workflow)).all()
        connection.execute(run_request.delete().where(run_request.c.workflow == workflow))
        more = {"state": "waiting", "segment": 0, "started_at": now, "changed_at": now}
        connection.execute(insert(run), [{**row._mapping, **more} for row in rows])
        step: dict[str, Any] = {"key": "wait", "step": "wait", "action": "wait", "attempts": 1}
        step["state"] = "waiting"
        connection.execute(insert(run_step), [{**step, "run": key, "started_at": now} for key in ids])
        connection.execute(insert(run_wait), [{"run": key, "key": "wait", "due_at": now} for key in ids])


def measure(kind: str, runs: int, many: int, server: str) -> dict[str, Any]:
    """All figures of one server."""
    with tempfile.TemporaryDirectory() as name, empty(kind, Path(name), server) as url:
        prepared()(url)
        world = open_world(url)
        catalog = Workflows(world)
        step = {"do": "create", "entity": "company", "values": {"name": "x"}}
        free = {"concurrent": 100, "per_hour": 1_000_000}
        catalog.add("one_step", step, entity=None, limits=free)
        catalog.add("waits", {"wait": "seconds(1)", "id": "wait"}, entity=None, limits=free)
        catalog.add("new", step, entity=None)
        with workers(1 if kind == "sqlite" else 2, url, Path(name), catalog.documents) as living:
            run_all(world, "one_step", 50)
            found: dict[str, Any] = {"runs_per_second": round(runs / run_all(world, "one_step", runs))}
            begun = time.monotonic()
            wait_at_once(world, "waits", WAITS)
            begins = []
            while ended(world, "waits") < WAITS:
                begins.append(run_all(world, "new", 1))
                time.sleep(0.5)
            found["10000_waits_seconds"] = round(time.monotonic() - begun, 1)
            found["new_run_meanwhile_seconds"] = round(max(begins), 2)
            found["memory_mib"] = [memory(living[0])]
            for _ in range(many // 5000):
                run_all(world, "one_step", 5000)
                found["memory_mib"].append(memory(living[0]))
        world.database.close()
        return found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=2000)
    parser.add_argument("--many", type=int, default=50_000, help="runs over which memory is watched")
    parser.add_argument("--server", default=POSTGRES)
    parser.add_argument("--only", choices=["sqlite", "postgresql"])
    arguments = parser.parse_args()
    for kind in [arguments.only] if arguments.only else ["sqlite", "postgresql"]:
        print(kind, measure(kind, arguments.runs, arguments.many, arguments.server), flush=True)


if __name__ == "__main__":
    main()
