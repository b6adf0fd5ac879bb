"""One HTTP request to a checked address, within limits of time and size; redirects are not followed."""

from __future__ import annotations

import http.client
import socket
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from amity.texts import gettext as _
from amity.workflows.action import ActionFailed
from amity.workflows.outbound.addresses import Target

CONNECT_SECONDS: Final = 10.0
SECONDS: Final = 30.0
"""For the whole request."""
MAX_ANSWER: Final = 256 * 1024
MAX_BODY: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    content: bytes
    location: str = ""
    whole: bool = True
    """False where the answer was longer than `MAX_ANSWER`: `content` is its beginning."""


class _Connection(http.client.HTTPConnection):
    """Connects to the address that was checked, whatever the name says now."""

    def __init__(self, target: Target) -> None:
        super().__init__(target.host, target.port, timeout=CONNECT_SECONDS)
        self._target = target

    def connect(self) -> None:
        plain = socket.create_connection((self._target.ip, self._target.port), CONNECT_SECONDS)
        if self._target.scheme == "https":
            try:
                self.sock = ssl.create_default_context().wrap_socket(plain, server_hostname=self._target.host)
            except BaseException:
                plain.close()
                raise
        else:
            self.sock = plain


def ask(
    target: Target, method: str, body: bytes, headers: Mapping[str, str], seconds: float = SECONDS
) -> Answer:
    """Send a request and read the answer. Raises `ActionFailed` where none came."""
    deadline = time.monotonic() + seconds
    connection = _Connection(target)
    try:
        connection.connect()
        connection.sock.settimeout(max(0.1, deadline - time.monotonic()))
        default = 443 if target.scheme == "https" else 80
        named = f"[{target.host}]" if ":" in target.host else target.host
        host = named if target.port == default else f"{named}:{target.port}"
        connection.request(method, target.path, body, {**headers, "Host": host, "Connection": "close"})
        response = connection.getresponse()
        content = _read(response, connection.sock, deadline)
        location = response.getheader("Location") or ""
        return Answer(response.status, content[:MAX_ANSWER], location, len(content) <= MAX_ANSWER)
    except (OSError, http.client.HTTPException) as error:
        slow = isinstance(error, TimeoutError)
        why = (
            _("took longer than %(seconds)s seconds", seconds=f"{seconds:.0f}")
            if slow
            else _("cannot be reached: %(reason)s", reason=_told(error))
        )
        raise ActionFailed(f"{target.shown} {why}.") from error
    finally:
        connection.close()


def _read(response: http.client.HTTPResponse, sock: socket.socket | None, deadline: float) -> bytes:
    content = b""
    while len(content) <= MAX_ANSWER:
        left = deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        if sock is not None:
            sock.settimeout(left)
        part = response.read1(64 * 1024)
        if not part:
            break
        content += part
    return content


def _told(error: Exception) -> str:
    return (getattr(error, "strerror", None) or str(error) or type(error).__name__)[:200]
