"""Values that people type into one line: texts, numbers, yes and no, and `=` for an expression."""

from __future__ import annotations

from typing import Any

from amity import jsontext
from amity.errors import AmityError


def is_line(value: Any) -> bool:
    """Whether a value of a document can stand in one line and comes back as it was."""
    if isinstance(value, dict):
        return set(value) == {"expression"} and isinstance(value["expression"], str)
    return value is None or isinstance(value, str | int | float | bool)


def is_plain(text: str) -> bool:
    """Whether a text is read as itself, with no sign and no quotes: none such as `12`, `true` or `=x`."""
    return not text.startswith(("=", '"')) and isinstance(_json(text), str)


def line(value: Any) -> str:
    """Write a value as a line."""
    if value is None:
        return ""
    if isinstance(value, dict) and is_line(value):
        return f"={value['expression']}"
    if isinstance(value, str):
        return value if value and is_plain(value) else jsontext.dumps(value)
    return jsontext.dumps(value)


def value(text: str) -> Any:
    """Read a line."""
    text = text.replace("\r\n", "\n")
    if not text:
        return None
    if text.startswith("="):
        return {"expression": text[1:].strip()}
    return _json(text)


def _json(text: str) -> Any:
    """Numbers, true, false, and texts in quotes; everything else is itself."""
    try:
        found = jsontext.loads(text)
    except AmityError:
        return text
    return found if isinstance(found, str | int | float | bool) or hasattr(found, "is_finite") else text
