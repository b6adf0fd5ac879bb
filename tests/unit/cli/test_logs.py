"""What is logged: one line with its data; tracebacks for servers only; others' libraries are quiet."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from amity.cli.logs import log_for_commands, log_for_servers


@pytest.fixture(autouse=True)
def _root_as_before() -> Iterator[None]:
    root, own = logging.getLogger(), logging.getLogger("amity")
    before = root.handlers[:], root.level, own.level
    yield
    root.handlers[:] = before[0]
    root.setLevel(before[1])
    own.setLevel(before[2])


def log_something() -> None:
    """Log on three levels, one with a traceback."""
    logging.getLogger("amity.parts").info("a token was made", extra={"account": 7})
    logging.getLogger("others").info("chatter")
    try:
        raise ValueError("inside")
    except ValueError:
        logging.getLogger("amity.parts").exception("it failed", extra={"extension": "one"})


def test_commands_show_warnings_a_line_each(capsys: pytest.CaptureFixture[str]) -> None:
    log_for_commands()
    log_something()
    assert capsys.readouterr().err == "Error: it failed extension=one\n"


def test_servers_show_time_data_and_tracebacks(capsys: pytest.CaptureFixture[str]) -> None:
    log_for_servers(dev=False)
    log_something()
    first, second, *rest = capsys.readouterr().err.splitlines()
    assert first.endswith("INFO amity.parts: a token was made account=7")
    assert first[:4].isdigit()
    assert second.endswith("ERROR amity.parts: it failed extension=one")
    assert rest[-1] == "ValueError: inside"
