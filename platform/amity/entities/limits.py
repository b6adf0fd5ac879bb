"""What an entity document may cost, checked before anything else looks at it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from amity.errors import Problem

MAX_CHARACTERS: Final = 1_000_000
"""Of all names, texts and numbers of a document together: about 1 MB of JSON."""

MAX_NODES: Final = 30_000
"""Values in a document, at all levels."""

MAX_DEPTH: Final = 40
"""Levels of nesting in a document."""

MAX_EXPONENT: Final = 1_000
"""Numbers from 10^1000 on are no numbers that anything here can hold."""

MAX_FIELDS: Final = 300
"""Fields of an entity."""

MAX_CHOICES: Final = 1_000
"""Choices of one field."""

MAX_CHOICE: Final = 500
"""Characters of a choice's value: databases index it."""

MAX_TITLE: Final = 300
"""Characters of a title."""

MAX_EXPANSION: Final = 20_000
"""Schemas that one document may have after its `$ref`s are followed."""

MAX_PROBLEMS: Final = 100
"""Problems that one answer names."""


def document_problems(document: object) -> list[Problem]:
    """Say what keeps `document` from being looked at: its size, its nesting, characters, types.

    Stops at the first thing found, so that the cost is bounded whatever is sent.
    """
    if not isinstance(document, Mapping):
        return [Problem("type", "An entity document is a JSON object (a JSON Schema).", "")]
    budget = MAX_CHARACTERS
    nodes = 0
    level: list[Any] = [document]
    for _ in range(MAX_DEPTH):
        following: list[Any] = []
        for value in level:
            nodes += len(value)
            if nodes > MAX_NODES:
                return [_too_large()]
            if isinstance(value, Mapping):
                budget -= sum(map(_length, value))
            for child in value.values() if isinstance(value, Mapping) else value:
                if isinstance(child, Mapping | list):
                    following.append(child)
                else:
                    budget -= _length(child)
            if budget < 0:
                return [_too_large()]
        if not following:
            return _content_problems(document, "")
        level = following
    return [Problem("too_deep", f"The document is nested too deeply: at most {MAX_DEPTH} levels.", "")]


def holdable(number: object) -> bool:
    """Tell whether a number is finite and can be written digit by digit (1e999999999 cannot)."""
    if isinstance(number, Decimal):
        return number.is_finite() and abs(number.adjusted()) <= MAX_EXPONENT
    return not isinstance(number, float) or math.isfinite(number)


def _too_large() -> Problem:
    allowed = f"at most {MAX_CHARACTERS:,} characters and {MAX_NODES:,} values"
    return Problem("too_large", f"The document is too large: {allowed}.", "")


def _length(value: object) -> int:
    if isinstance(value, str):
        return len(value) + 3
    if isinstance(value, int):
        return value.bit_length() // 3 + 2
    return 8


def readable(text: str) -> bool:
    """Tell whether `text` can be stored: no U+0000 and no half of a surrogate pair."""
    if text.isascii():
        return "\0" not in text
    if "\0" in text:
        return False
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _content_problems(value: Any, at: str) -> list[Problem]:
    """Find the first text that cannot be stored or value that JSON does not have."""
    if isinstance(value, Mapping):
        for key, child in value.items():
            if not isinstance(key, str):
                return [Problem("type", f"{key!r} is not a JSON member name: it must be a text.", at)]
            if not readable(key):
                return [_unreadable(at)]
            found = _content_problems(child, f"{at}/{key.replace('~', '~0').replace('/', '~1')}")
            if found:
                return found
    elif isinstance(value, list):
        for index, child in enumerate(value):
            found = _content_problems(child, f"{at}/{index}")
            if found:
                return found
    elif isinstance(value, str) and not readable(value):
        return [_unreadable(at)]
    elif not holdable(value):
        return [Problem("number", f"A number lies within ±10^{MAX_EXPONENT:,}.", at)]
    return []


def _unreadable(at: str) -> Problem:
    return Problem(
        "characters",
        "The text holds U+0000 or half of a surrogate pair, which no database can keep; take it out.",
        at,
    )
