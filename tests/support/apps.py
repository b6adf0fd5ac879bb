"""Fixtures with an app in this process, people in it, and a browser-like client per person.

The database has two people, an admin and one of the staff; it is made once per session and copied.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from amity.access.credentials import Place
from amity.app import create_app
from amity.settings import Settings
from amity.web.context import SESSION_KEY
from amity.workspace import Workspace
from tests.support.databases import DatabaseServer

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


class Visitor:
    """A browser: keeps cookies, and sends the form key that pages carry."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.client: FlaskClient = app.test_client()
        self.csrf = ""

    def sign_in(self, email: str) -> Visitor:
        """Be signed in, without the form (it costs a password hash)."""
        accounts = self.app.extensions["amity"].accounts
        key = accounts.credentials.start_session(accounts.by_email(email).id, Place("127.0.0.1", "tests"))
        with self.client.session_transaction() as session:
            session.clear()
            session[SESSION_KEY] = key
        self.csrf = ""
        return self

    def get(self, url: str, **more: Any) -> TestResponse:
        """Open a page and remember its form key."""
        return self._remember(self.client.get(url, **more))

    def post(self, url: str, data: dict[str, Any] | None = None, **more: Any) -> TestResponse:
        """Send a form, with its key."""
        if not self.csrf:
            self.get("/auth/settings", follow_redirects=True)
        return self._remember(self.client.post(url, data={"csrf_token": self.csrf, **(data or {})}, **more))

    def api(self, method: str, url: str, body: Any = None, **more: Any) -> TestResponse:
        """Call the API with the session and the form key in its header."""
        if not self.csrf:
            self.get("/auth/settings", follow_redirects=True)
        headers = {"X-CSRFToken": self.csrf, **more.pop("headers", {})}
        return self.client.open(f"/api/v1{url}", method=method, json=body, headers=headers, **more)

    def _remember(self, response: TestResponse) -> TestResponse:
        if response.mimetype == "text/html":
            found = re.search(r'name="csrf_token" value="([^"]+)"', response.text)
            if found:
                self.csrf = found.group(1)
        return response


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
