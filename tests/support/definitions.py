"""A prepared workspace for tests of definitions: `desk` is one process, `desk_url` its database."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.factories import definitions
from tests.support.databases import DatabaseServer


@pytest.fixture
def desk_url(database_server: DatabaseServer) -> Iterator[str]:
    """A database with the platform's tables and an empty workspace."""
    url = database_server.clone("definitions", definitions.prepare)
    yield url
    database_server.drop(url)


@pytest.fixture
def desk(desk_url: str) -> Iterator[definitions.Desk]:
    """The definitions of one process."""
    with definitions.desk(desk_url) as opened:
        yield opened
