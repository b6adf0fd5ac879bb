"""Fixtures for tests of extensions: `pytest_plugins = ["amity.testing.plugin"]`.

Put the extension under test into the home first, by a fixture of your own that overrides `amity_home`:

    @pytest.fixture
    def amity_home(amity_home):
        shutil.copytree("my_extension", amity_home / "extensions" / "my_extension")
        return amity_home
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from amity.app import create_app
from amity.settings import Settings
from amity.testing.factories import make_person
from amity.testing.visitor import Visitor
from amity.workspace import Workspace


@pytest.fixture
def amity_home(tmp_path: Path) -> Path:
    """A home of this test alone, with an empty `extensions` folder."""
    home = tmp_path / "amity-home"
    (home / "extensions").mkdir(parents=True)
    return home


@pytest.fixture
def amity_settings(amity_home: Path) -> Settings:
    """Settings with SQLite in that home."""
    return Settings(home=amity_home)


@pytest.fixture
def amity_app(amity_settings: Settings) -> Iterator[Flask]:
    """The app; fails where an extension was set aside, with its reason."""
    app = create_app(amity_settings)
    workspace: Workspace = app.extensions["amity"]
    try:
        wrong = [item for item in workspace.plugins.extensions if item.state == "failed"]
        assert not wrong, "\n".join(f"{item.name}: {item.reason}" for item in wrong)
        yield app
    finally:
        workspace.close()


@pytest.fixture
def amity_workspace(amity_app: Flask) -> Workspace:
    """The workspace of the app."""
    workspace: Workspace = amity_app.extensions["amity"]
    return workspace


@pytest.fixture
def amity_admin(amity_app: Flask, amity_workspace: Workspace) -> Visitor:
    """An admin, signed in."""
    return Visitor(amity_app).sign_in(make_person(amity_workspace).email)
