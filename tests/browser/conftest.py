"""The demo organisation for the tests that walk through it."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from tests.support.databases import DatabaseServer
from tests.support.servers import LiveServer

DEMO_ADMIN = "helena@lindenhof.example"
DEMO_STAFF = "aisha@lindenhof.example"


@pytest.fixture(scope="session")
def demo(database_server: DatabaseServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """A server with the demo organisation."""
    url = database_server.create()
    server = LiveServer(tmp_path_factory.mktemp("tour") / "home", url, ("--demo",)).start()
    yield server
    server.stop()
    database_server.drop(url)


def password(server: LiveServer) -> str:
    """The demo's password, as the server printed it."""
    found = re.search(r"password (\S+) as", server.output)
    assert found, server.output
    return found[1]
