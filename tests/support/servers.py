"""Real `amity` processes: a server over a home of its own, and commands beside it.

`start_server(...)` starts one for a single test; `live_server` is one per database for the whole session, for
tests that leave no traces which would disturb others (records of their own, entities of their own names).
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from amity.access.accounts import Accounts
from amity.database.engine import Database
from tests.support.databases import DatabaseServer

ROOT = Path(__file__).parents[2]
START_SECONDS = 60
STOP_SECONDS = 40
ADMIN = "ada@amity.example"
STAFF = "sam@amity.example"
PASSWORD = "four words keep me safe"
ADDRESS = re.compile(r"^\s*Open\s+(http\S+?)/?$", re.MULTILINE)


def environment(**variables: str) -> dict[str, str]:
    """The environment of an `amity` process: nothing of the developer's own settings."""
    # Compiled modules are kept, whatever this process does: dozens of servers start from them.
    left_out = ("AMITY_", "PYTHONDONTWRITEBYTECODE")
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(left_out)}
    return {**inherited, "PYTHONPATH": str(ROOT / "platform"), "PYTHONUNBUFFERED": "1", **variables}


def amity(
    *arguments: str, home: Path, database_url: str = "", timeout: float = 120, **variables: str
) -> subprocess.CompletedProcess[str]:
    """Run one command to its end; the caller looks at `returncode`, `stdout` and `stderr`."""
    flags = ["--home", str(home), *(["--database-url", database_url] if database_url else [])]
    return subprocess.run(
        [sys.executable, "-m", "amity", *flags, *arguments],
        cwd=home.parent,
        env=environment(**variables),
        capture_output=True,
        text=True,
        timeout=timeout,
        stdin=subprocess.DEVNULL,
    )


@dataclass
class LiveServer:
    """A running `amity serve`."""

    home: Path
    database_url: str
    arguments: tuple[str, ...] = ()
    variables: dict[str, str] = field(default_factory=dict)
    url: str = ""
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def log(self) -> Path:
        """What the server printed, of all its starts."""
        return self.home.parent / f"{self.home.name}.log"

    @property
    def output(self) -> str:
        """The text of `log`."""
        return self.log.read_text() if self.log.exists() else ""

    def start(self) -> LiveServer:
        """Start it and wait until it answers; the same port again after a stop."""
        port = self.url.rpartition(":")[2] or "0"
        before = len(self.output)
        command = [
            sys.executable,
            "-m",
            "amity",
            "--home",
            str(self.home),
            "--database-url",
            self.database_url,
        ]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*command, "serve", "--port", port, *self.arguments],
                cwd=self.home.parent,
                env=environment(**self.variables),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise RuntimeError(
                    f"the server ended with {self.process.returncode}:\n{self.output[before:]}"
                )
            if (address := ADDRESS.search(self.output[before:])) and self._answers(address[1]):
                self.url = address[1]
                return self
            time.sleep(0.05)
        self.kill()
        raise RuntimeError(f"the server did not answer within {START_SECONDS} s:\n{self.output[before:]}")

    @staticmethod
    def _answers(url: str) -> bool:
        try:
            with urllib.request.urlopen(f"{url}/healthz", timeout=5):
                return True
        except urllib.error.HTTPError:
            return True
        except OSError:
            return False

    def stop(self) -> int:
        """End it as an operator does (SIGTERM) and give the exit code."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
            raise

    def kill(self) -> None:
        """End all its processes at once, as a power cut does (SIGKILL)."""
        assert self.process is not None
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(STOP_SECONDS)

    def add_account(self, email: str, *roles: str) -> str:
        """Make an active account with `PASSWORD` and give its id; nothing happens where it exists."""
        database = Database(self.database_url)
        try:
            accounts = Accounts(database)
            known = {account.email: account.id for account in accounts.all()}
            name = email.partition("@")[0].title()
            return known.get(email) or accounts.create(email, name, roles, PASSWORD).id
        finally:
            database.close()

    def token(self, email: str = ADMIN) -> str:
        """Give a new API token of an account; the two of the suite are made when first asked for."""
        account = self.add_account(email, "admin" if email == ADMIN else "staff")
        database = Database(self.database_url)
        try:
            return Accounts(database).credentials.create_token(account, "tests")[1]
        finally:
            database.close()

    def run(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run another command on the same home and database."""
        return amity(*arguments, home=self.home, database_url=self.database_url, **variables)


StartServer = Callable[..., LiveServer]


def shipped(database_server: DatabaseServer, folder: Path) -> str:
    """Give a new database of a workspace as its first start leaves it: with the shipped definitions."""

    def first_start(url: str) -> None:
        done = amity("extension", "list", home=folder / "first", database_url=url)
        assert done.returncode == 0, done.stderr

    return database_server.clone("shipped", first_start)


@pytest.fixture
def start_server(database_server: DatabaseServer, tmp_path: Path) -> Iterator[StartServer]:
    """Start servers on a database of this test: `start_server("--demo")`, `start_server(home="second")`.

    All of a test share the database, which has the shipped definitions; `empty=True` begins from nothing.
    """
    started: list[LiveServer] = []
    urls: list[str] = []

    def start(*arguments: str, home: str = "home", empty: bool = False) -> LiveServer:
        if not urls:
            urls.append(database_server.create() if empty else shipped(database_server, tmp_path))
        server = LiveServer(tmp_path / home, urls[0], arguments)
        started.append(server)
        return server.start()

    yield start
    for server in started:
        if server.process is not None and server.process.poll() is None:
            server.kill()
    for url in urls:
        database_server.drop(url)


@pytest.fixture(scope="session")
def live_server(
    database_server: DatabaseServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LiveServer]:
    """A server of the whole session on each of the databases, with an admin and a member of the staff."""
    folder = tmp_path_factory.mktemp("live")
    url = shipped(database_server, folder)
    # Tests send to receivers of their own on this machine.
    server = LiveServer(folder / "home", url, variables={"AMITY_PRIVATE_HOSTS": "127.0.0.1"}).start()
    server.add_account(ADMIN, "admin")
    server.add_account(STAFF, "staff")
    yield server
    if server.process is not None and server.process.poll() is None:
        server.stop()
    database_server.drop(url)
