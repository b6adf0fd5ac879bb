"""What Amity logs, on standard error: one line with its data for people, tracebacks for servers only."""

from __future__ import annotations

import logging
import sys
import time
from typing import Final

_USUAL: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class _Lines(logging.Formatter):
    """The message and what was given with `extra=`."""

    def format(self, record: logging.LogRecord) -> str:
        data = {name: value for name, value in vars(record).items() if name not in _USUAL}
        text = record.getMessage() + "".join(f" {name}={value!s}" for name, value in data.items())
        return self.decorate(record, text)

    def decorate(self, record: logging.LogRecord, text: str) -> str:
        """Put before and after the line what its reader needs."""
        return f"{record.levelname.capitalize()}: {text}"


class _ServerLines(_Lines):
    """With time, place and traceback."""

    def decorate(self, record: logging.LogRecord, text: str) -> str:
        moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(record.created))
        text = f"{moment} {record.levelname} {record.name}: {text}"
        if record.exc_info:
            text += "\n" + self.formatException(record.exc_info)
        return text


def log_for_commands() -> None:
    """Show warnings of a command that a person runs, a line each."""
    _install(_Lines(), logging.WARNING)


def log_for_servers(*, dev: bool) -> None:
    """Show what an operator keeps; `dev` shows more."""
    _install(_ServerLines(), logging.DEBUG if dev else logging.INFO)


def _install(formatter: logging.Formatter, level: int) -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)  # other people's libraries
    logging.getLogger("amity").setLevel(level)
