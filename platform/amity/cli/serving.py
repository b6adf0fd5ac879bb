"""Serving over HTTP: the address, the web processes (granian) and what runs in each of them."""

from __future__ import annotations

import errno
import ipaddress
import multiprocessing.util
import socket
from collections.abc import Callable
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from amity.errors import SetupError
from amity.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask import Flask

THREADS: Final = 16
"""Requests that one web process works on at once; the rest waits in line."""
WAITING: Final = 256
FINISH_SECONDS: Final = 30
"""How long running requests may take after SIGTERM."""


@contextmanager
def reserved(host: str, port: int) -> Iterator[tuple[str, int]]:
    """Take the address for this process and give it as numbers; port 0 becomes a free one.

    The web processes share the port (SO_REUSEPORT), so without this check a second Amity on the same
    port would silently get half of the requests. Raises SetupError where the address cannot be had.
    """
    try:
        family, _, _, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
            number, free = probe.getsockname()[:2]
        keeper = socket.socket(family)
        with keeper:
            keeper.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            keeper.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            keeper.bind((number, free, *address[2:]))
            yield number, free
    except OSError as error:
        raise SetupError(_refusal(host, port, error), hint=_advice(error)) from error


def _refusal(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} on {host} is taken by another program."
    if error.errno == errno.EACCES:
        return f"Port {port} on {host} is reserved for the system."
    return f"Amity cannot listen on {host}, port {port}: {error.strerror or error}."


def _advice(error: OSError) -> str:
    if error.errno in (errno.EADDRINUSE, errno.EACCES):
        return "Choose another one with --port, or --port 0 for any free one."
    return "Choose another address with --host."


def web_address(settings: Settings, host: str, port: int) -> str:
    """Give the address to open in a browser, without a slash at the end."""
    if settings.base_url:
        return settings.base_url.rstrip("/")
    if host in ("0.0.0.0", "::"):  # noqa: S104 (compared, not bound)
        host = "127.0.0.1" if host == "0.0.0.0" else "::1"  # noqa: S104
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def own_address(settings: Settings, host: str, address: str) -> str:
    """Give the base address to hold requests to: what the operator named, or this machine's own.

    Who listens for other machines without naming an address is reached under names that only they know.
    """
    return address if settings.base_url or ipaddress.ip_address(host).is_loopback else ""


def run(settings: Settings, host: str, port: int) -> None:
    """Serve until SIGTERM or Ctrl-C, and let running requests finish.

    Ends with SystemExit(1) where the web processes die again and again.
    """
    from granian import Granian
    from granian.constants import HTTPModes, Interfaces
    from granian.log import LogLevels

    server = Granian(
        "amity",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=settings.workers,
        blocking_threads=THREADS,
        backpressure=WAITING,
        http=HTTPModes.http1,
        websockets=False,
        log_level=LogLevels.info if settings.dev else LogLevels.error,
        log_access=settings.dev,
        respawn_failed_workers=True,
        workers_kill_timeout=FINISH_SECONDS,
    )
    server.serve(target_loader=partial(web_process, settings), wrap_loader=False)


def web_process(settings: Settings) -> Flask:
    """Make the app inside a web process, with its heartbeat and perhaps the background worker."""
    from amity.app import create_app
    from amity.cli.working import EmbeddedWorker
    from amity.database.processes import Presence

    app = create_app(settings)
    workspace = app.extensions["amity"]
    running = ExitStack()
    running.enter_context(Presence(workspace.database, "web"))
    if settings.with_worker:
        running.enter_context(EmbeddedWorker(workspace))
    _at_exit(running.close)
    return app


def _at_exit(end: Callable[[], Any]) -> None:
    # A forked process of multiprocessing ends without atexit; this is its own way.
    multiprocessing.util.Finalize(None, end, exitpriority=100)
