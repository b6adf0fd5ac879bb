"""The demo organisation: loaded once, large enough, with sign-ins that work, never into somebody's data."""

from __future__ import annotations

import re

import pytest

from amity.access.context import SYSTEM
from amity.access.credentials import Place
from amity.records.shapes import Query
from amity.settings import Settings
from amity.workspace import Workspace
from tests.support.servers import LiveServer, StartServer

pytestmark = pytest.mark.slow


@pytest.fixture
def demo(start_server: StartServer) -> LiveServer:
    """A server that was started with the demo."""
    return start_server("--demo")


def test_it_fills_every_entity_and_lets_six_people_in(demo: LiveServer) -> None:
    workspace = Workspace.open(Settings(home=demo.home, database_url=demo.database_url))
    try:
        context = workspace.context(SYSTEM)
        counts = {}
        for entity in workspace.definitions.model:
            page = workspace.records.find(context, entity.name, Query(limit=1, count="exact"))
            assert page.count is not None
            counts[entity.name] = page.count.value
        assert sum(counts.values()) >= 300, counts
        assert [name for name, count in counts.items() if not count] == []
        password = re.search(r"password (\S+) as", demo.output)
        assert password, demo.output
        people = re.findall(r"(\S+@\S+\.example) ", demo.output)
        assert len(set(people)) == 6
        for email in people:
            account, _ = workspace.accounts.credentials.sign_in(email, password[1], Place("127.0.0.1", None))
            assert account.employee is not None
    finally:
        workspace.close()


def test_a_second_start_adds_nothing_and_prints_the_sign_ins_again(demo: LiveServer) -> None:
    first = re.findall(r"password (\S+) as", demo.output)
    assert demo.stop() == 0
    demo.start()
    assert re.findall(r"password (\S+) as", demo.output) == first * 2
    assert "Set up" not in demo.output, "there is an admin already"


def test_it_is_refused_where_other_records_are(start_server: StartServer) -> None:
    server = start_server()
    workspace = Workspace.open(Settings(home=server.home, database_url=server.database_url))
    try:
        workspace.records.create(workspace.context(SYSTEM), "team", {"name": "Ours"})
    finally:
        workspace.close()
    assert server.stop() == 0
    done = server.run("serve", "--demo", "--port", "0")
    assert done.returncode == 1
    assert "demo records would mix with yours" in done.stderr
    assert "Traceback" not in done.stderr


def test_it_is_removed_in_one_step_and_the_next_start_says_so(demo: LiveServer) -> None:
    assert demo.stop() == 0
    done = demo.run("demo", "remove")
    assert done.returncode == 0, done.stderr
    number = re.search(r"(\d+) records put into the bin", done.stdout)
    assert number and int(number[1]) >= 300
    demo.start()
    assert "The demo was removed" in demo.output
    workspace = Workspace.open(Settings(home=demo.home, database_url=demo.database_url))
    try:
        context = workspace.context(SYSTEM)
        for entity in workspace.definitions.model:
            assert workspace.records.find(context, entity.name, Query(limit=1)).records == []
    finally:
        workspace.close()
