"""Text that no database keeps alike: U+0000 and lone surrogates."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from amity.records.draft import escape


def is_storable(text: str) -> bool:
    """Tell whether a text can be stored unchanged on every database."""
    if text.isascii():
        return "\0" not in text
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return "\0" not in text


def bad_text(value: Any, pointer: str = "") -> Iterator[tuple[str, str]]:
    """Yield (pointer, message) for each text in a JSON value that cannot be stored."""
    if isinstance(value, str):
        if not is_storable(value):
            yield pointer, "The text has a character that cannot be stored (U+0000 or half of a pair)."
    elif isinstance(value, Mapping):
        for name, item in value.items():
            if isinstance(name, str) and not is_storable(name):
                yield pointer, "A name has a character that cannot be stored (U+0000 or half of a pair)."
            elif isinstance(item, str | Mapping | list):
                yield from bad_text(item, f"{pointer}/{escape(str(name))}")
    elif isinstance(value, list):
        for index, item in enumerate(value):
            if isinstance(item, str | Mapping | list):
                yield from bad_text(item, f"{pointer}/{index}")
