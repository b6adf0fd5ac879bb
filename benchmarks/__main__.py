"""`python -m benchmarks`: measure read, list and create against the floor, on SQLite and PostgreSQL.

Each pair is measured side by side, floor and Amity in turn, so that a drifting machine does both the same
harm; what counts is the ratio of CPU time a request.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import secrets
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
from psycopg import sql
from sqlalchemy import insert
from sqlalchemy.engine import make_url

from amity.database.engine import Database
from amity.database.ids import new_id
from benchmarks import floor
from benchmarks.model import entity, record
from tests.support.api import Api, connect
from tests.support.servers import LiveServer, environment

CHUNK = 5_000
ROUNDS = 3


@dataclass(frozen=True)
class Figure:
    """One measurement."""

    per_second: float
    cpu_ms: float
    """CPU time of all server processes per request, milliseconds."""
    p50: float
    p95: float
    p99: float


def cpu_seconds(group: int) -> float:
    """User and system time of all processes of a process group, the dead ones left out."""
    total = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[2]) == group:
            total += int(fields[11]) + int(fields[12])
    return total / os.sysconf("SC_CLK_TCK")


def measure(url: str, token: str, group: int, requests: list[dict[str, Any]], options: Any) -> Figure:
    """Run the load generator in a process of its own against one server."""
    job = {"url": url, "token": token, "connections": options.connections, "seconds": options.seconds}
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(job | {"requests": requests}, file)
        file.flush()
        before = cpu_seconds(group)
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.load", file.name], capture_output=True, text=True, check=True
        )
        used = cpu_seconds(group) - before
    result = json.loads(done.stdout)
    if result["failures"]:
        raise SystemExit(f"{url} refused: {result['failures']}")
    latencies = result["latencies"]
    cuts = statistics.quantiles(latencies, n=100)
    return Figure(
        len(latencies) / result["seconds"], used * 1000 / len(latencies), cuts[49], cuts[94], cuts[98]
    )


def start_floor(url: str) -> tuple[subprocess.Popen[bytes], str]:
    """Start the floor on the same server program with the same threads."""
    script = (
        "import sys; from granian import Granian; from granian.constants import Interfaces\n"
        "from functools import partial; from benchmarks.floor import create_app\n"
        "Granian('floor', address='127.0.0.1', port=int(sys.argv[2]), interface=Interfaces.WSGI, "
        "blocking_threads=16, backpressure=256, websockets=False).serve("
        "target_loader=partial(create_app, sys.argv[1]), wrap_loader=False)"
    )
    port = 20_000 + secrets.randbelow(20_000)
    process = subprocess.Popen(
        [sys.executable, "-c", script, url, str(port)],
        env=environment(),
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    address = f"http://127.0.0.1:{port}"
    deadline = time.monotonic() + 30
    while not LiveServer._answers(address):
        if time.monotonic() > deadline:
            raise SystemExit("the floor did not start")
        time.sleep(0.1)
    return process, address


def fill(api: Api, url: str, count: int, group: int) -> tuple[list[str], str]:
    """Load the same records into both; gives ids of Amity's, and the line of the report about it."""
    ids: list[str] = []
    started, used = time.monotonic(), cpu_seconds(group)
    for first in range(0, count, CHUNK):
        rows = [record(number) for number in range(first, min(first + CHUNK, count))]
        answer = api.post("/records/company/bulk", {"records": rows, "mode": "each"})
        if answer.status != 200 or answer.body["failed"]:
            raise SystemExit(f"bulk failed: {answer.body}")
        ids += answer.body["ids"]
    rate, cpu = count / (time.monotonic() - started), (cpu_seconds(group) - used) * 1000 / count
    line = (
        f"bulk ({make_url(url).get_backend_name()}): {rate:,.0f} records/s, client on the same cores, "
        f"{cpu:.2f} ms of the server's CPU a record (a core alone: {1000 / cpu:,.0f} records/s), validated, "
        "with events and search"
    )
    print(line, flush=True)
    database = Database(url)
    floor.prepare(database)
    for first in range(0, count, CHUNK):
        rows = [
            floor.row(record(number)) | {"id": new_id()} for number in range(first, min(first + CHUNK, count))
        ]
        with database.write() as connection:
            connection.execute(insert(floor.company), rows)
    if database.dialect == "postgresql":
        with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as raw:
            raw.execute("ANALYZE")
    database.close()
    return ids, line


def scenarios(ids: list[str], floor_ids: list[str], options: Any) -> dict[str, tuple[list[Any], list[Any]]]:
    """Name -> requests for the floor, requests for Amity."""
    where = quote("stage == 'active'")
    new = [record(10**7 + number) for number in range(2000)]
    return {
        "read one": (
            [{"method": "GET", "path": f"/company/{identity}"} for identity in floor_ids],
            [{"method": "GET", "path": f"/api/v1/records/company/{identity}"} for identity in ids[:500]],
        ),
        "list 50": (
            [{"method": "GET", "path": "/company?stage=active"}],
            [{"method": "GET", "path": f"/api/v1/records/company?where={where}&sort=-score&count=capped"}],
        ),
        "create": (
            [{"method": "POST", "path": "/company", "body": body} for body in new],
            [{"method": "POST", "path": "/api/v1/records/company", "body": body} for body in new],
        ),
    }


def compare(url: str, options: Any, notes: list[str]) -> list[str]:
    """Measure all scenarios on one database; gives the lines of the table and adds notes below it."""
    lines: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        server = LiveServer(Path(folder) / "home", url).start()
        process = None
        try:
            api = connect(server)
            answer = api.put("/entities/company", entity())
            if answer.status != 201:
                raise SystemExit(f"the entity was refused: {answer.body}")
            assert server.process is not None
            ids, line = fill(api, url, options.records, server.process.pid)
            notes.append(line)
            process, address = start_floor(url)
            with Database(url).read() as connection:
                floor_ids = [row.id for row in connection.execute(floor.company.select().limit(500))]
            for name, (of_floor, ours) in scenarios(ids, floor_ids, options).items():
                pairs = []
                for _ in range(ROUNDS):
                    low = measure(address, floor.TOKEN, process.pid, of_floor, options)
                    high = measure(server.url, api.token, server.process.pid, ours, options)
                    pairs.append((low, high))
                ratio = statistics.median(high.cpu_ms / low.cpu_ms for low, high in pairs)
                low, high = sorted(pairs, key=lambda pair: pair[1].per_second)[len(pairs) // 2]
                lines.append(
                    f"| {make_url(url).get_backend_name()} | {name} | {low.per_second:,.0f} | "
                    f"{high.per_second:,.0f} | {low.cpu_ms:.2f} | {high.cpu_ms:.2f} | {ratio:.2f} | "
                    f"{high.p50:.1f} / {high.p95:.1f} / {high.p99:.1f} |"
                )
                print(lines[-1], flush=True)
        finally:
            if process is not None:
                os.killpg(process.pid, signal.SIGKILL)
            server.kill()
    return lines


def main() -> None:
    """Measure and print a Markdown table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks")
    parser.add_argument("--records", type=int, default=200_000)
    parser.add_argument("--seconds", type=float, default=8)
    parser.add_argument("--connections", type=int, default=8)
    parser.add_argument("--postgres", default=os.environ.get("AMITY_TEST_POSTGRES", ""))
    parser.add_argument("--output", type=Path, help="write the table there, too")
    options = parser.parse_args()
    head = [
        f"{options.records:,} records of 20 fields, {options.connections} connections, one web process, "
        f"{os.cpu_count()} cores, Python {platform.python_version()}.",
        "",
        "| database | request | floor /s | Amity /s | floor CPU ms | Amity CPU ms | ratio | p50, 95, 99 ms |",
        "|---|---|---|---|---|---|---|---|",
    ]
    notes: list[str] = [f"Load of the machine at the start: {os.getloadavg()[0]:.1f}."]
    print("\n".join(head), flush=True)
    with tempfile.TemporaryDirectory() as folder:
        lines = compare(f"sqlite:///{folder}/bench.db", options, notes)
    if options.postgres:
        name = f"amity_bench_{secrets.token_hex(4)}"
        with psycopg.connect(options.postgres, autocommit=True) as admin:
            admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
            try:
                url = make_url(options.postgres).set(database=name)
                lines += compare(url.render_as_string(hide_password=False), options, notes)
            finally:
                admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
    if options.output:
        options.output.write_text("\n".join([*head, *lines, "", *notes]) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
