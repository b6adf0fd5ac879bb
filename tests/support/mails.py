"""A real SMTP server for tests: it keeps what it accepts, and misbehaves when it is told to."""

from __future__ import annotations

import asyncio
import email
import email.policy
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP


@dataclass
class Accepted:
    """One mail that the server said yes to."""

    sender: str
    recipients: list[str]
    message: EmailMessage


@dataclass
class MailServer:
    """The server. `answers`: what RCPT says about an address; `data_answer`: the word on the text."""

    port: int = 0
    accepted: list[Accepted] = field(default_factory=list)
    answers: dict[str, str] = field(default_factory=dict)
    data_answer: str = ""
    hang_up: bool = False
    """Take the text and close the connection without a word."""
    wait: float = 0.0
    """Seconds before the word on the text."""
    _loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.new_event_loop, repr=False)
    _server: Any = None
    _thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """The setting `smtp_url`."""
        return f"smtp://127.0.0.1:{self.port}"

    @property
    def ids(self) -> list[str]:
        """The Message-IDs of what was accepted."""
        return [str(mail.message["Message-ID"]) for mail in self.accepted]

    # -- handler -----------------------------------------------------------------------------------
    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        """Say what `answers` says."""
        if address in self.answers:
            return self.answers[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        """Keep the mail; it counts as accepted before the word reaches the sender."""
        if self.data_answer:
            return self.data_answer
        message = email.message_from_bytes(envelope.original_content, policy=email.policy.default)
        assert isinstance(message, EmailMessage)
        await asyncio.sleep(self.wait / 2)
        self.accepted.append(Accepted(envelope.mail_from, list(envelope.rcpt_tos), message))
        await asyncio.sleep(self.wait / 2)
        if self.hang_up:
            server.transport.abort()
        return "250 taken"

    # -- life ----------------------------------------------------------------------------------------
    def start(self) -> MailServer:
        """Listen on a free port."""
        listener = socket.create_server(("127.0.0.1", self.port))
        self.port = listener.getsockname()[1]
        ready = threading.Event()

        def run() -> None:
            asyncio.set_event_loop(self._loop)
            make = self._loop.create_server(
                lambda: SMTP(self, loop=self._loop, hostname="test"), sock=listener
            )
            self._server = self._loop.run_until_complete(make)
            ready.set()
            self._loop.run_forever()

        self._thread = threading.Thread(target=run, daemon=True)
        self._thread.start()
        assert ready.wait(10)
        return self

    def stop(self) -> None:
        """Close it, with its connections."""

        async def end() -> None:
            self._server.close()
            for task in asyncio.all_tasks() - {asyncio.current_task()}:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)

        asyncio.run_coroutine_threadsafe(end(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        assert self._thread is not None
        self._thread.join(10)
        self._loop.close()


@pytest.fixture
def mail_server() -> Iterator[MailServer]:
    """A server that accepts everything."""
    server = MailServer().start()
    yield server
    server.stop()
