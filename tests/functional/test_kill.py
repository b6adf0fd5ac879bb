"""Servers and commands are really killed (SIGKILL) in the middle of a write; what is left is whole."""

from __future__ import annotations

import contextlib
import csv
import random
import signal
import subprocess
import sys
import threading
import time
from functools import partial
from http.client import HTTPException
from pathlib import Path
from typing import Any

import pytest

from amity.exchange.importing import CHUNK
from tests.support.api import Api, connect
from tests.support.servers import LiveServer, StartServer, environment

pytestmark = pytest.mark.slow

ITEM: dict[str, Any] = {
    "title": "Item",
    "type": "object",
    "required": ["code"],
    "properties": {
        "code": {"type": "string", "title": "Code", "maxLength": 40},
        "text": {"type": "string", "title": "Text", "maxLength": 200},
        "amount": {"type": "integer", "title": "Amount"},
    },
    "x-amity": {"name": "item", "plural": "Items", "display": "code", "unique": [["code"]]},
}


def rows(count: int) -> list[dict[str, Any]]:
    """Records of the entity above."""
    return [{"code": f"code-{number:05d}", "text": "word " * 20, "amount": number} for number in range(count)]


def count(api: Api, entity: str = "item") -> int:
    """How many records there are, exactly."""
    answer = api.get(f"/records/{entity}", count="exact", limit=1)
    assert answer.status == 200, answer.body
    return int(answer.body["count"]["value"])


def assert_whole(api: Api) -> None:
    """Each record has its one event and is found by search."""
    events: set[str] = set()
    after: dict[str, str] = {}
    while True:
        page = api.get("/events", limit=500, **after).body
        events |= {event["record"] for event in page["events"] if event["kind"] == "created"}
        if not page["next"] or not page["events"]:
            break
        after = {"after": page["next"]}
    records: set[str] = set()
    after = {}
    while True:
        page = api.get("/records/item", limit=500, fields="code", **after).body
        records |= {record["id"] for record in page["records"]}
        if not page["next"]:
            break
        after = {"after": page["next"]}
    assert records == events


def test_bulk_is_all_or_nothing_when_the_server_is_killed(start_server: StartServer) -> None:
    server = start_server()
    api = connect(server)
    assert api.put("/entities/item", ITEM).status == 201
    body = {"records": rows(4000), "mode": "all"}
    started = time.monotonic()
    whole = api.post("/records/item/bulk", body)
    seconds = time.monotonic() - started
    assert whole.status == 200 and whole.body["created"] == 4000, whole.body
    for share in (0.2, 0.5, 0.8, 0.95):
        before = count(api)
        body["records"] = [row | {"code": f"{share}-{row['code']}"} for row in rows(4000)]
        kill_during(server, partial(api.post, "/records/item/bulk", body), seconds * share)
        server.start()
        assert count(api) in (before, before + 4000), "a part of a bulk write was left behind"
    assert_whole(api)


def kill_during(server: LiveServer, call: Any, after: float) -> None:
    """Kill the server `after` seconds into the call."""

    def attempt() -> None:
        with contextlib.suppress(OSError, HTTPException):  # the connection dies with the server
            call()

    thread = threading.Thread(target=attempt)
    thread.start()
    time.sleep(after)
    server.kill()
    thread.join(60)


def write_items(file: Path, total: int) -> None:
    """A CSV file of items."""
    with file.open("w", newline="", encoding="utf-8") as target:
        writer = csv.DictWriter(target, ["code", "text", "amount"])
        writer.writeheader()
        writer.writerows(rows(total))


def start_import(server: LiveServer, file: Path, *options: str) -> subprocess.Popen[bytes]:
    """Start `amity import` beside the server."""
    command = [sys.executable, "-m", "amity", "--home", str(server.home)]
    command += ["--database-url", server.database_url, "import", "item", str(file), *options]
    return subprocess.Popen(command, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


@pytest.mark.parametrize(("total", "options"), [(6 * CHUNK, ["--atomic"]), (CHUNK, [])])
def test_killed_import_is_all_or_nothing(
    start_server: StartServer, tmp_path: Path, total: int, options: list[str]
) -> None:
    """Asked for with --atomic, and always so where the file fits into one chunk."""
    server = start_server()
    api = connect(server)
    assert api.put("/entities/item", ITEM).status == 201
    file = tmp_path / "items.csv"
    write_items(file, total)
    started = time.monotonic()
    assert start_import(server, file, *options).wait() == 0
    seconds = time.monotonic() - started
    early, late = 0.0, seconds * 1.05
    lost = 0
    for number in range(6):  # closes in on the commit, however long a start takes today
        text = file.read_text(encoding="utf-8")
        other = tmp_path / f"items{number}.csv"
        other.write_text(text.replace("code-", f"{number}-code-"), encoding="utf-8")
        before = count(api)
        process = start_import(server, other, *options)
        moment = early + (late - early) * 0.7
        time.sleep(moment)
        during = count(api)  # readers go on
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert {during, count(api)} <= {before, before + total}, "a part of the import was left behind"
        if count(api) == before:
            lost, early = lost + 1, moment
        else:
            late = moment
    assert lost, "no import was killed in its middle"
    assert_whole(api)
    assert api.post("/records/item", {"code": "after"}).status == 201


def test_killed_import_leaves_whole_chunks_and_goes_on(start_server: StartServer, tmp_path: Path) -> None:
    server = start_server()
    api = connect(server)
    assert api.put("/entities/item", ITEM).status == 201
    file = tmp_path / "items.csv"
    total = 12 * CHUNK
    write_items(file, total)
    random_moment = random.Random(7)
    for _ in range(3):
        process = start_import(server, file, "--key", "code")
        before = count(api)
        while process.poll() is None and count(api) == before:
            time.sleep(0.02)
        time.sleep(random_moment.random() * 0.4)
        process.send_signal(signal.SIGKILL)
        process.wait()
        left = count(api)
        assert left % CHUNK == 0, f"{left} records: a part of a chunk was left behind"
    done = server.run("import", "item", str(file), "--key", "code")
    assert done.returncode == 0, done.stderr
    assert count(api) == total
    assert_whole(api)
