"""A workspace with people, companies and visits, and one action beside the core's."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from amity.settings import Settings
from amity.workspace import Workspace
from tests.factories.flows import KEY, prepare
from tests.support.databases import DatabaseServer

SAMPLES = '''"""Actions for tests."""

import amity
from tests.factories.flows import SampleCreate


@amity.hookimpl
def amity_actions():
    return [SampleCreate()]
'''


@pytest.fixture
def flows(database_server: DatabaseServer, tmp_path: Path) -> Iterator[Workspace]:
    """A workspace of this test alone, on both databases."""
    url = database_server.clone("flows", prepare)
    folder = tmp_path / "home" / "extensions" / "samples"
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text(SAMPLES)
    workspace = Workspace.open(Settings(home=tmp_path / "home", database_url=url, secret_key=KEY))
    yield workspace
    workspace.close()
    database_server.drop(url)
