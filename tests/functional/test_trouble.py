"""The database is locked, full or gone while people work: said plainly, nothing is half-written."""

from __future__ import annotations

import os
import re
import resource
import sqlite3
import threading
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from email.message import Message
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.support.api import Answer, Api
from tests.support.servers import PASSWORD, STAFF, LiveServer, StartServer

pytestmark = pytest.mark.slow
SQLITE_ONLY = pytest.mark.parametrize("database_server", ["sqlite"], indirect=True)
POSTGRES_ONLY = pytest.mark.parametrize("database_server", ["postgresql"], indirect=True)


class Person:
    """Somebody with a browser that knows neither scripts nor patience."""

    def __init__(self, server: LiveServer) -> None:
        self.server = server
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
        server.add_account(STAFF, "staff")
        self.send("/auth/sign-in", email=STAFF, password=PASSWORD)

    def open(self, path: str, fields: dict[str, str] | None = None) -> tuple[int, str, dict[str, str]]:
        """Status, text and headers of a page."""
        data = urllib.parse.urlencode(fields).encode() if fields is not None else None
        try:
            with self.opener.open(self.server.url + path, data, timeout=90) as answer:
                return answer.status, answer.read().decode(), _lower(answer.headers)
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode(), _lower(error.headers)

    def send(self, path: str, **fields: str) -> tuple[int, str, dict[str, str]]:
        """Send a form with its key."""
        key = re.search(r'name="csrf_token" value="([^"]+)"', self.open(path)[1])
        assert key, path
        return self.open(path, {"csrf_token": key[1], **fields})


def _lower(headers: Message) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def said_plainly(answer: Answer) -> None:
    assert answer.status == 503, answer
    assert answer.body["code"] == "busy"
    assert "Nothing was written" in answer.body["detail"]
    assert int(answer.headers["retry-after"]) > 0


def names(api: Api) -> set[str]:
    found: list[dict[str, Any]] = api.get("/records/team").body["records"]
    return {record["name"] for record in found}


def together(*works: Any) -> None:
    threads = [threading.Thread(target=work) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)


@SQLITE_ONLY
def test_another_process_locks_the_database(start_server: StartServer) -> None:
    server = start_server("--no-worker")
    person, api = Person(server), Api(server.url, server.token())
    key = re.search(r'name="csrf_token" value="([^"]+)"', person.open("/e/team/new")[1])
    assert key
    answers: list[Any] = []
    other = sqlite3.connect(server.database_url.removeprefix("sqlite:///"), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    fields = {"csrf_token": key[1], "name": "Typed for long", "department": "sales"}
    together(
        lambda: answers.append(api.post("/records/team", {"name": "By a program"})),
        lambda: answers.append(person.open("/e/team/new", fields)),
    )
    assert api.get("/records/team").status == 200, "who only reads does not wait"
    other.execute("ROLLBACK")
    other.close()
    (said,) = (answer for answer in answers if isinstance(answer, Answer))
    ((status, page, headers),) = (answer for answer in answers if not isinstance(answer, Answer))
    said_plainly(said)
    assert status == 503 and int(headers["retry-after"]) > 0
    assert 'value="Typed for long"' in page and "Nothing was written" in page
    assert "Traceback" not in server.output
    assert names(api).isdisjoint({"By a program", "Typed for long"})
    assert person.open("/e/team/new", fields)[0] == 200
    assert api.post("/records/team", {"name": "By a program"}).status == 201
    assert names(api) >= {"By a program", "Typed for long"}


def processes(server: LiveServer) -> Sequence[int]:
    """The server's process and those that it started."""
    assert server.process is not None
    group = os.getpgid(server.process.pid)
    found = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]
    return [pid for pid in found if _group(pid) == group]


def _group(pid: int) -> int | None:
    try:
        return os.getpgid(pid)
    except ProcessLookupError:
        return None


@contextmanager
def no_room(server: LiveServer) -> Iterator[None]:
    """Let no file of the server grow beyond what the database's log has now, as on a disk that is full."""
    wal = Path(server.database_url.removeprefix("sqlite:///") + "-wal")
    room = wal.stat().st_size
    pids = processes(server)
    before = {pid: resource.prlimit(pid, resource.RLIMIT_FSIZE) for pid in pids}
    for pid, (_soft, hard) in before.items():
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (room, hard))
    try:
        yield
    finally:
        for pid, limits in before.items():
            resource.prlimit(pid, resource.RLIMIT_FSIZE, limits)


@SQLITE_ONLY
@pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="needs Linux")
def test_the_disk_is_full_and_gets_room_again(start_server: StartServer) -> None:
    server = start_server("--no-worker")
    person, api = Person(server), Api(server.url, server.token())
    assert api.post("/records/team", {"name": "Before"}).status == 201
    key = re.search(r'name="csrf_token" value="([^"]+)"', person.open("/e/team/new")[1])
    assert key
    big = {"records": [{"name": f"Half {number}", "description": "x" * 500} for number in range(500)]}
    with no_room(server):
        refused = [api.post("/records/team/bulk", {**big, "mode": "all"}) for _ in range(3)]
        status, page, _headers = 200, "", {}
        for number in range(200):  # the log of the database is used again from its start: until that is full
            fields = {"csrf_token": key[1], "name": f"Typed {number}", "department": "sales"}
            status, page, _headers = person.open("/e/team/new", fields)
            if status != 200:
                break
        assert api.get("/records/team").status == 200, "reading goes on"
    for answer in refused:
        said_plainly(answer)
    assert status == 503 and f'value="Typed {number}"' in page
    assert "Traceback" not in server.output
    kept = names(api)
    assert "Before" in kept and not any(name.startswith("Half") for name in kept), "all or nothing"
    assert f"Typed {number}" not in kept
    done = api.post("/records/team/bulk", {**big, "mode": "all"})
    assert done.status == 200 and done.body["created"] == 500, "there is room again"
    check = sqlite3.connect(server.database_url.removeprefix("sqlite:///"))
    assert check.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    check.close()
    assert person.open("/e/team/new", fields)[0] == 200


@POSTGRES_ONLY
def test_the_database_goes_away_and_comes_back(start_server: StartServer, postgres_url: str) -> None:
    server = start_server("--no-worker")
    person, api = Person(server), Api(server.url, server.token())
    assert api.post("/records/team", {"name": "Before"}).status == 201
    name = server.database_url.rpartition("/")[2].partition("?")[0]
    with psycopg.connect(postgres_url, autocommit=True) as admin:
        admin.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
        admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
        try:
            for answer in (api.post("/records/team", {"name": "Lost"}), api.get("/records/team")):
                assert answer.status == 503, answer
                assert answer.body["code"] == "busy" and int(answer.headers["retry-after"]) > 0
            status, page, headers = person.open("/e/team")
            assert status == 503 and "not reachable" in page and headers["retry-after"]
            assert person.open("/healthz")[0] == 200, "the process itself is well"
            assert person.open("/readyz")[0] == 503
        finally:
            admin.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')
    assert api.post("/records/team", {"name": "After"}).status == 201
    assert names(api) >= {"Before", "After"} and "Lost" not in names(api)
    assert person.open("/e/team")[0] == 200
    assert "Traceback" not in server.output
