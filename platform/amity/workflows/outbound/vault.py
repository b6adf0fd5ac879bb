"""Secrets that steps use by name: they lie in `secrets.toml` in the home, and nowhere else.

A document names a secret, never holds one; its value reaches neither run data nor logs nor errors.
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Final

from amity.workflows.action import ActionFailed

FILE: Final = "secrets.toml"
NAME: Final = "^[a-z][a-z0-9_]{0,63}$"
_NAME: Final = re.compile(NAME)


def secret(home: Path, name: str) -> str:
    """Give a secret. Raises `ActionFailed` with what the operator must do, never with a value."""
    path = home / FILE
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        found = {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ActionFailed(f"{FILE} in the home cannot be read.") from error
    value = found.get(name)
    if not isinstance(value, str) or not value or not _NAME.fullmatch(name):
        message = f"There is no secret '{name[:64]}'. The operator adds it to {FILE} in Amity's home."
        raise ActionFailed(message, again=False)
    return value
