"""A world of its own for each test of long work."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.factories.worlds import World, open_world, prepared
from tests.support.databases import DatabaseServer


@pytest.fixture
def world(database_server: DatabaseServer) -> Iterator[World]:
    url = database_server.create()
    prepared()(url)
    world = open_world(url)
    yield world
    world.database.close()
    database_server.drop(url)
