"""Fixtures with an app in this process, people in it, and a browser-like client per person.

The database has two people, an admin and one of the staff; it is made once per session and copied.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from amity.app import create_app
from amity.settings import Settings
from amity.testing.visitor import Visitor
from amity.workspace import Workspace
from tests.support.databases import DatabaseServer

__all__ = ["ADMIN", "KEY", "PASSWORD", "STAFF", "Visitor"]

KEY = "a secret key of tests, long enough for all of them"
PASSWORD = "four quiet lamps bend"
ADMIN = "ada@example.test"
STAFF = "sam@example.test"


def people(url: str) -> None:
    """Fill an empty database: the workspace, Ada (admin) and Sam (staff)."""
    workspace = Workspace.open(Settings(home=Path("unused"), database_url=url, secret_key=KEY))
    try:
        workspace.accounts.create(ADMIN, "Ada Admin", ["admin"], PASSWORD)
        workspace.accounts.create(STAFF, "Sam Staff", ["staff"], PASSWORD)
    finally:
        workspace.close()


@pytest.fixture
def people_url(database_server: DatabaseServer) -> Iterator[str]:
    """A database with Ada and Sam, of this test alone; on both servers."""
    url = database_server.clone("people", people)
    yield url
    database_server.drop(url)


@pytest.fixture
def settings(people_url: str, tmp_path: Path) -> Settings:
    """Settings of that database, with a home of this test alone."""
    return Settings(home=tmp_path / "home", database_url=people_url, secret_key=KEY)


@pytest.fixture
def make_app(settings: Settings) -> Iterator[Callable[..., Flask]]:
    """Make apps: `make_app(base_url=...)`; their workspaces are closed after the test."""
    made: list[Flask] = []

    def make(**changes: Any) -> Flask:
        app = create_app(settings.changed(**changes))
        made.append(app)
        return app

    yield make
    for app in made:
        app.extensions["amity"].close()


@pytest.fixture
def app(make_app: Callable[..., Flask]) -> Flask:
    """The app of that database."""
    return make_app()


@pytest.fixture
def workspace(app: Flask) -> Workspace:
    """The workspace of the app."""
    opened: Workspace = app.extensions["amity"]
    return opened


@pytest.fixture
def nobody(app: Flask) -> Visitor:
    """A visitor who is not signed in."""
    return Visitor(app)


@pytest.fixture
def admin(app: Flask) -> Visitor:
    """Ada, signed in."""
    return Visitor(app).sign_in(ADMIN)


@pytest.fixture
def staff(app: Flask) -> Visitor:
    """Sam, signed in."""
    return Visitor(app).sign_in(STAFF)


@pytest.fixture
def token(workspace: Workspace) -> dict[str, str]:
    """Headers with an API token of Ada."""
    _made, text = workspace.accounts.credentials.create_token(workspace.accounts.by_email(ADMIN).id, "tests")
    return {"Authorization": f"Bearer {text}"}
