"""What neither database can keep: the one check for text and nested JSON."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

_UNSTORABLE: Final = re.compile("[\x00\ud800-\udfff]")
_BIGGEST: Final = 2**63
_DIGITS: Final = 34
_EXPONENT: Final = -34


def text_fault(text: str) -> str | None:
    """Say why a text cannot be stored (U+0000, a lone surrogate), as a sentence; None where it can."""
    if text.isascii() and "\x00" not in text:
        return None
    found = _UNSTORABLE.search(text)
    if found is None:
        return None
    name = "the character U+0000" if found[0] == "\x00" else f"half a character (U+{ord(found[0]):04X})"
    return f"Text cannot hold {name}, at position {found.start() + 1}; leave it out."


def json_fault(value: Any, pointer: str = "") -> tuple[str, str] | None:
    """Say why nested JSON cannot be stored, as (pointer, sentence); None where it can."""
    if value is None or isinstance(value, bool):
        return None
    if isinstance(value, str):
        fault = text_fault(value)
    elif isinstance(value, int | Decimal):
        fault = _number_fault(value)
    elif isinstance(value, Mapping):
        return _first_fault([*value.items()], pointer)
    elif isinstance(value, list | tuple):
        return _first_fault([*enumerate(value)], pointer)
    else:
        fault = f"A {type(value).__name__} is no JSON value."
    return (pointer, fault) if fault else None


def _first_fault(members: list[tuple[Any, Any]], pointer: str) -> tuple[str, str] | None:
    for name, member in members:
        if isinstance(name, str) and (fault := text_fault(name)):
            return pointer, fault
        found = json_fault(member, pointer + "/" + str(name).replace("~", "~0").replace("/", "~1"))
        if found:
            return found
    return None


def _number_fault(value: int | Decimal) -> str | None:
    if isinstance(value, Decimal):
        if not value.is_finite():
            return "A number must be finite."
        _, digits, exponent = value.as_tuple()
        if len(digits) > _DIGITS or int(exponent) < _EXPONENT:
            return f"A number here has at most {_DIGITS} digits."
    if not -_BIGGEST <= value < _BIGGEST:
        return "A number here lies between -2^63 and 2^63 - 1."
    return None
