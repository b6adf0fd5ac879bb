"""Identifiers: UUIDv7, so that ids sort by the time at which they were made (RFC 9562)."""

from __future__ import annotations

import os
import re
import threading
import time
from typing import Final

_FORM: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_guard = threading.Lock()
_last = 0


def is_id(text: str) -> bool:
    """Say whether `text` is written like an id; PostgreSQL refuses a query with any other text."""
    return _FORM.fullmatch(text) is not None


def new_id() -> str:
    """Make an id as lower-case text of 36 characters; ids of one process never go backwards."""
    global _last  # a clock, not state of a workspace
    with _guard:
        # 48 bits of milliseconds and 12 bits of the fraction of the millisecond (RFC 9562, method 3).
        ticks = time.time_ns() * 4096 // 1_000_000
        _last = ticks = max(ticks, _last + 1)
    random = int.from_bytes(os.urandom(8)) & 0x3FFF_FFFF_FFFF_FFFF
    value = (ticks >> 12) << 80 | 0x7 << 76 | (ticks & 0xFFF) << 64 | 0b10 << 62 | random
    text = f"{value:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
