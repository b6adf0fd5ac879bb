"""A whole Amity in processes: a server and, on PostgreSQL, two workers beside it; each may be killed.

`Product.kill_one(dice)` ends one of them as a power cut does and starts it again; `Patient` is a client that
goes on asking while nobody answers.
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import sys
import time
import urllib.parse
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.support.api import Answer, Api
from tests.support.servers import LiveServer, environment

STOP_SECONDS = 40
ANSWER_SECONDS = 90


@dataclass
class LiveWorker:
    """A running `amity worker`."""

    home: Path
    database_url: str
    variables: dict[str, str]
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> LiveWorker:
        """Start it; nobody waits until it works."""
        flags = ["--home", str(self.home), "--database-url", self.database_url]
        with (self.home.parent / "workers.log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "amity", *flags, "worker"],
                cwd=self.home.parent,
                env=environment(**self.variables),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        return self

    def kill(self) -> None:
        """End it at once."""
        assert self.process is not None
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(STOP_SECONDS)


@dataclass
class Product:
    """A server, and the workers beside it."""

    server: LiveServer
    workers: list[LiveWorker] = field(default_factory=list)
    kills: int = 0

    @classmethod
    def start(cls, home: Path, url: str, **variables: str) -> Product:
        """Start it as it is meant to run on a database."""
        if url.startswith("sqlite"):
            return cls(LiveServer(home, url, variables=variables).start())
        server = LiveServer(home, url, ("--no-worker",), variables).start()
        return cls(server, [LiveWorker(home, url, variables).start() for _ in range(2)])

    def kill_one(self, dice: random.Random) -> None:
        """End one of the processes and start it again."""
        victim = dice.choice([self.server, *self.workers])
        victim.kill()
        victim.start()
        self.kills += 1

    def end(self) -> None:
        """End all of them."""
        for item in (self.server, *self.workers):
            if item.process is not None and item.process.poll() is None:
                item.kill()


@dataclass
class Patient:
    """A REST client that asks again while the server is away."""

    api: Api

    def post(self, path: str, body: Any) -> Answer:
        """POST until there is an answer; what a killed server had saved already is refused as not unique."""
        return self._call("POST", path, body, {})

    def save(self, entity: str, values: dict[str, Any], unique: str) -> str:
        """Make a record, whose field `unique` tells it from others; gives its id."""
        answer = self.post(f"/records/{entity}", values)
        if answer.status == 201:
            return str(answer.body["id"])
        assert {error["code"] for error in answer.body["errors"]} == {"unique"}, answer.body
        where = urllib.parse.urlencode({"where": f"{unique} == '{values[unique]}'"})
        (found,) = self._call("GET", f"/records/{entity}?{where}", None, {}).body["records"]
        return str(found["id"])

    def patch(self, path: str, body: Any) -> Answer:
        """Change a record, whatever its version is."""
        while True:
            etag = self._call("GET", path, None, {}).etag
            assert etag is not None
            answer = self._call("PATCH", path, body, {"If-Match": etag})
            if answer.status not in (409, 412):
                return answer

    def _call(self, method: str, path: str, body: Any, headers: dict[str, str]) -> Answer:
        deadline = time.monotonic() + ANSWER_SECONDS
        while True:
            with contextlib.suppress(OSError):
                answer = self.api.call(method, path, body, headers=dict(headers))
                if answer.status < 500:
                    return answer
            assert time.monotonic() < deadline, f"{method} {path} got no answer"
            time.sleep(0.1)
