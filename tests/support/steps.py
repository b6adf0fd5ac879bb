"""Fixtures for tests of actions: `bench` is a workspace with the shipped entities, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.factories import steps
from tests.support.databases import DatabaseServer


@pytest.fixture
def bench_url(database_server: DatabaseServer) -> Iterator[str]:
    """A database with the shipped entities and three people, of this test alone."""
    url = database_server.clone("steps", steps.prepare)
    yield url
    database_server.drop(url)


@pytest.fixture
def bench(bench_url: str, tmp_path: Path) -> Iterator[steps.Bench]:
    """A workspace on which steps are run."""
    opened = steps.Bench.open(bench_url, tmp_path / "home")
    yield opened
    opened.close()
