"""A world of people, companies and visits for each test, on both servers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.factories.worlds import World, open_world, prepared
from tests.support.databases import DatabaseServer


@pytest.fixture
def world(database_server: DatabaseServer) -> Iterator[World]:
    """People, companies and visits; empty."""
    url = database_server.clone("records", prepared())
    world = open_world(url)
    yield world
    world.database.close()
    database_server.drop(url)
