"""A world of people, companies and visits for each test, on both servers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.factories.worlds import World, build_model, empty_tables, open_world, prepared
from tests.support.databases import DatabaseServer


@pytest.fixture(scope="session")
def shared_world(database_server: DatabaseServer) -> Iterator[World]:
    """One database for all tests of a server."""
    url = database_server.create()
    prepared()(url)
    world = open_world(url)
    yield world
    world.database.close()
    database_server.drop(url)


@pytest.fixture
def world(shared_world: World) -> Iterator[World]:
    """People, companies and visits; empty at the start of each test."""
    shared_world.definitions.model = build_model()
    shared_world.definitions.newer = None
    yield shared_world
    empty_tables(shared_world)
