"""A small REST client for tests against real servers."""

from __future__ import annotations

import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass
from typing import Any

from amity import jsontext
from tests.support.servers import LiveServer


@dataclass(frozen=True)
class Answer:
    """What the server said."""

    status: int
    body: Any
    etag: str | None
    headers: dict[str, str]


@dataclass(frozen=True)
class Api:
    """Calls below `/api/v1` with a bearer token."""

    url: str
    token: str
    timeout: float = 60

    def call(
        self, method: str, path: str, body: Any = None, *, headers: dict[str, str] | None = None, **query: Any
    ) -> Answer:
        """Send one request; an HTTP error status is an answer, too."""
        address = f"{self.url.rstrip('/')}/api/v1{path}"
        if query:
            address += "?" + urllib.parse.urlencode(query)
        data = body if isinstance(body, bytes) or body is None else jsontext.dumps_bytes(body)
        request = urllib.request.Request(address, data=data, method=method, headers=headers or {})
        request.add_header("Authorization", f"Bearer {self.token}")
        if data is not None:
            request.add_header("Content-Type", "application/json")
        try:
            with urllib.request.urlopen(request, timeout=self.timeout) as response:
                return self._answer(response.status, response.read(), dict(response.headers))
        except urllib.error.HTTPError as error:
            with error:
                return self._answer(error.code, error.read(), dict(error.headers))

    @staticmethod
    def _answer(status: int, raw: bytes, headers: dict[str, str]) -> Answer:
        headers = {name.lower(): value for name, value in headers.items()}
        body = jsontext.loads(raw) if raw and "json" in headers.get("content-type", "") else raw.decode()
        return Answer(status, body, headers.get("etag"), headers)

    def get(self, path: str, **query: Any) -> Answer:
        """GET."""
        return self.call("GET", path, **query)

    def post(self, path: str, body: Any, **query: Any) -> Answer:
        """POST."""
        return self.call("POST", path, body, **query)

    def put(self, path: str, body: Any, etag: str | None = None, **query: Any) -> Answer:
        """PUT, with If-Match where an ETag is given."""
        return self.call("PUT", path, body, headers={"If-Match": etag} if etag else {}, **query)

    def patch(self, path: str, body: Any, etag: str | None) -> Answer:
        """PATCH."""
        return self.call("PATCH", path, body, headers={"If-Match": etag} if etag else {})

    def delete(self, path: str, etag: str | None, **query: Any) -> Answer:
        """DELETE."""
        return self.call("DELETE", path, headers={"If-Match": etag} if etag else {}, **query)


def connect(server: LiveServer, *, email: str = "root@amity.example", role: str = "admin") -> Api:
    """Give a client in the name of a person, made now where there is none."""
    server.run("user", "add", email, "--role", role)
    made = server.run("token", "create", "--user", email)
    assert made.returncode == 0, made.stderr
    return Api(server.url, made.stdout.strip())
