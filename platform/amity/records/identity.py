"""Record ids as they come from outside."""

from __future__ import annotations

import re
from typing import Final

_UUID: Final = re.compile(r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}")


def as_id(value: object) -> str | None:
    """Give an id in its one form (lower case), None where `value` cannot be one."""
    return value.lower() if isinstance(value, str) and _UUID.fullmatch(value) else None
