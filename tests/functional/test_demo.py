"""The demo organisation: loaded once, large enough, with sign-ins that work, never into somebody's data."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from amity.access.context import SYSTEM
from amity.access.credentials import Place
from amity.records.shapes import Query
from amity.settings import Settings
from amity.workspace import Workspace
from tests.support.servers import LiveServer, StartServer

pytestmark = pytest.mark.slow


def records(workspace: Workspace) -> dict[str, int]:
    """How many records there are, by entity."""
    context, counts = workspace.context(SYSTEM), {}
    for entity in workspace.definitions.model:
        page = workspace.records.find(context, entity.name, Query(limit=1, count="exact"))
        assert page.count is not None
        counts[entity.name] = page.count.value
    return counts


@contextmanager
def opened(server: LiveServer) -> Iterator[Workspace]:
    """The server's workspace, opened beside it."""
    workspace = Workspace.open(Settings(home=server.home, database_url=server.database_url))
    try:
        yield workspace
    finally:
        workspace.close()


def test_the_life_of_a_demo(start_server: StartServer) -> None:
    server = start_server("--demo")
    password = re.findall(r"password (\S+) as", server.output)
    assert len(password) == 1, server.output
    people = set(re.findall(r"(\S+@\S+\.example) ", server.output))
    assert len(people) == 6
    with opened(server) as workspace:
        counts = records(workspace)
        assert sum(counts.values()) >= 300, counts
        assert [name for name, count in counts.items() if not count] == []
        for email in people:
            place = Place("127.0.0.1", None)
            account, _ = workspace.accounts.credentials.sign_in(email, password[0], place)
            assert account.employee is not None

    # A second start adds nothing and prints the sign-ins again.
    assert server.stop() == 0
    server.start()
    assert re.findall(r"password (\S+) as", server.output) == password * 2
    assert "Set up" not in server.output, "there is an admin already"
    with opened(server) as workspace:
        assert records(workspace) == counts

    # It goes in one step, and the next start says so.
    assert server.stop() == 0
    done = server.run("demo", "remove")
    assert done.returncode == 0, done.stderr
    assert f"{sum(counts.values())} records put into the bin" in done.stdout
    server.start()
    assert "The demo was removed" in server.output
    with opened(server) as workspace:
        assert sum(records(workspace).values()) == 0


def test_it_is_refused_where_other_records_are(start_server: StartServer) -> None:
    server = start_server()
    with opened(server) as workspace:
        workspace.records.create(workspace.context(SYSTEM), "team", {"name": "Ours"})
    assert server.stop() == 0
    done = server.run("serve", "--demo", "--port", "0")
    assert done.returncode == 1
    assert "demo records would mix with yours" in done.stderr
    assert "Traceback" not in done.stderr
