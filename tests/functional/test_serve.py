"""`amity serve` as an operator meets it: starts, ends, restarts, and says in one line why it cannot."""

from __future__ import annotations

import json
import os
import re
import signal
import sqlite3
import threading
import time
import urllib.request
from pathlib import Path

import pytest

from amity.database.engine import Database
from amity.database.processes import alive
from tests.support.servers import LiveServer, StartServer, amity

pytestmark = pytest.mark.slow
SQLITE_ONLY = pytest.mark.parametrize("database_server", ["sqlite"], indirect=True)
POSTGRES_ONLY = pytest.mark.parametrize("database_server", ["postgresql"], indirect=True)


def get(url: str) -> tuple[int, str]:
    """Status and text of a page."""
    with urllib.request.urlopen(url, timeout=30) as answer:
        return answer.status, answer.read().decode()


def roles(url: str) -> list[str]:
    """The processes that are alive on a database."""
    database = Database(url)
    try:
        return sorted(found.role for found in alive(database))
    finally:
        database.close()


def test_it_starts_from_nothing_works_and_ends_with_0(start_server: StartServer) -> None:
    server = start_server(empty=True)
    assert (server.home / "secret-key").is_file()
    assert get(f"{server.url}/healthz")[0] == 200
    state = json.loads(get(f"{server.url}/readyz")[1])
    assert state["status"] == "ready"
    link = re.search(r"Set up\s+(\S+)", server.output)
    assert link, server.output
    assert "password" in get(link[1])[1]
    assert roles(server.database_url) == ["web", "worker"]
    assert server.stop() == 0
    assert roles(server.database_url) == []
    assert "Traceback" not in server.output


def test_a_killed_server_starts_again_on_the_same_home(start_server: StartServer) -> None:
    server = start_server()
    key = (server.home / "secret-key").read_text()
    server.kill()
    server.start()
    assert get(f"{server.url}/readyz")[0] == 200
    assert (server.home / "secret-key").read_text() == key
    assert server.stop() == 0


@SQLITE_ONLY
def test_links_that_commands_print_lead_to_the_running_server(start_server: StartServer) -> None:
    server = start_server()
    done = server.run("user", "add", "new.person@amity.example", "--role", "staff")
    assert done.returncode == 0, done.stderr
    link = done.stdout.strip()
    assert link.startswith(f"{server.url}/auth/link/")
    assert "new.person@amity.example" in get(link)[1]
    server.stop()
    assert not (server.home / "address").exists()


@SQLITE_ONLY
def test_without_a_worker_none_runs_until_one_is_started_beside(start_server: StartServer) -> None:
    server = start_server("--no-worker")
    assert roles(server.database_url) == ["web"]
    worker = threading.Thread(target=server.run, args=("worker",), daemon=True)
    worker.start()
    deadline = time.monotonic() + 30
    while roles(server.database_url) != ["web", "worker"]:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    database = Database(server.database_url)
    (found,) = alive(database, "worker")
    database.close()
    os.kill(found.pid, signal.SIGTERM)
    worker.join(30)
    assert not worker.is_alive()
    assert roles(server.database_url) == ["web"]


@POSTGRES_ONLY
def test_several_web_processes_share_one_port_and_one_worker(start_server: StartServer) -> None:
    server = start_server("--workers", "2")
    deadline = time.monotonic() + 30
    while roles(server.database_url) != ["web", "web", "worker"]:
        assert time.monotonic() < deadline, roles(server.database_url)
        time.sleep(0.1)
    assert {get(f"{server.url}/healthz")[0] for _ in range(20)} == {200}
    assert server.stop() == 0


@POSTGRES_ONLY
def test_a_web_process_that_dies_is_replaced_and_its_worker_taken_over(start_server: StartServer) -> None:
    server = start_server("--workers", "2")
    database = Database(server.database_url)
    deadline = time.monotonic() + 30
    while not alive(database, "worker"):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    (worker,) = alive(database, "worker")
    os.kill(worker.pid, signal.SIGKILL)
    while not {found.pid for found in alive(database, "worker")} - {worker.pid}:
        assert time.monotonic() < deadline, "nobody took over"
        time.sleep(0.2)
    assert get(f"{server.url}/readyz")[0] == 200
    database.close()
    assert server.stop() == 0


@SQLITE_ONLY
def test_a_taken_port_is_one_plain_line(live_server: LiveServer, tmp_path: Path) -> None:
    port = live_server.url.rpartition(":")[2]
    done = amity("serve", "--port", port, home=tmp_path / "home")
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        f"Error: Port {port} on 127.0.0.1 is taken by another program.",
        "  Choose another one with --port, or --port 0 for any free one.",
    ]


def test_a_database_that_is_gone_is_one_plain_line(tmp_path: Path) -> None:
    done = amity(
        "serve", "--port", "0", home=tmp_path / "home", database_url="postgresql://postgres@127.0.0.1:1/amity"
    )
    assert done.returncode == 1
    assert done.stdout == ""
    first, *rest = done.stderr.splitlines()
    assert first.startswith("Error: The database postgresql")
    assert "cannot be opened" in first
    assert len(rest) <= 1


def test_a_file_that_is_no_database_is_one_plain_line(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "amity.db").write_text("this is not a database, but it is long enough to be looked at " * 20)
    done = amity("serve", "--port", "0", home=home)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert done.stderr.startswith("Error: ")


def test_a_home_that_cannot_be_written_is_one_plain_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = amity("serve", "--port", "0", home=tmp_path / "file")
    assert done.returncode == 1
    assert re.fullmatch(r"Error: The home folder .*/file cannot be written: .*\n  .*--home.*\n", done.stderr)


def test_several_web_processes_on_sqlite_are_refused(tmp_path: Path) -> None:
    done = amity("serve", "--port", "0", "--workers", "2", home=tmp_path / "home")
    assert done.returncode == 1
    assert "need PostgreSQL" in done.stderr


@SQLITE_ONLY
def test_a_database_of_a_newer_amity_is_refused(start_server: StartServer) -> None:
    server = start_server()
    server.stop()
    connection = sqlite3.connect(server.database_url.removeprefix("sqlite:///"))
    with connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    done = server.run("serve", "--port", "0")
    assert done.returncode == 1
    assert "newer Amity (revision 9999)" in done.stderr
    assert "Traceback" not in done.stderr
