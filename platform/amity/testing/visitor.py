"""A browser without a screen: keeps cookies and sends the form key that pages carry."""

from __future__ import annotations

import re
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from amity.access.credentials import Place
from amity.web.context import SESSION_KEY


class Visitor:
    """Somebody who visits the app; nobody in particular until `sign_in`."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.client: FlaskClient = app.test_client()
        self.csrf = ""

    def sign_in(self, email: str) -> Visitor:
        """Be signed in, without the form (which costs a password hash)."""
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
        self._need_key()
        return self._remember(self.client.post(url, data={"csrf_token": self.csrf, **(data or {})}, **more))

    def api(self, method: str, url: str, body: Any = None, **more: Any) -> TestResponse:
        """Call `/api/v1` + `url` with the session and the form key in its header."""
        self._need_key()
        headers = {"X-CSRFToken": self.csrf, **more.pop("headers", {})}
        return self.client.open(f"/api/v1{url}", method=method, json=body, headers=headers, **more)

    def _need_key(self) -> None:
        if not self.csrf:
            self.get("/auth/settings", follow_redirects=True)

    def _remember(self, response: TestResponse) -> TestResponse:
        if response.mimetype == "text/html":
            found = re.search(r'name="csrf_token" value="([^"]+)"', response.text)
            if found:
                self.csrf = found.group(1)
        return response
