"""Cursors: where a page ended, signed so that nobody can make one up, and bound to its question."""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from hashlib import sha256
from typing import Any, Final

import orjson

from amity.errors import Invalid

SIGNATURE: Final = 12
MAX_LENGTH: Final = 8000


@dataclass(frozen=True, slots=True)
class Cursor:
    """The sort values of the last record shown, its id last."""

    values: tuple[Any, ...]


def digest(*parts: object) -> str:
    """A short hash of what a cursor belongs to (entity, filter, sort)."""
    text = "\x1f".join("\x00" if part is None else str(part) for part in parts)
    return base64.urlsafe_b64encode(sha256(text.encode("utf-8", "surrogatepass")).digest()[:9]).decode()


def write_cursor(secret: bytes, revision: int, question: str, values: Sequence[Any]) -> str:
    """Make the text of a cursor."""
    payload = orjson.dumps([revision, question, [_out(value) for value in values]])
    return base64.urlsafe_b64encode(_sign(secret, payload) + payload).decode().rstrip("=")


def read_cursor(secret: bytes, revision: int, question: str, text: str, length: int) -> Cursor:
    """Read a cursor again. Raises `Invalid` (parameter `after`) where it is not for this question."""
    try:
        if len(text) > MAX_LENGTH:
            raise ValueError("too long")
        raw = base64.b64decode(text.encode("ascii") + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
        payload = raw[SIGNATURE:]
        if not hmac.compare_digest(raw[:SIGNATURE], _sign(secret, payload)):
            raise ValueError("signature")
        made_at, belongs_to, values = orjson.loads(payload)
        known = [_in(value) for value in values]
    except (ValueError, TypeError, binascii.Error):
        raise _refused("cursor", "This is not a cursor that a list gave.") from None
    if made_at != revision:
        raise _refused("cursor", "The definitions changed meanwhile; start from the first page.")
    if belongs_to != question or len(known) != length:
        raise _refused("cursor", "This cursor belongs to another list, filter or sort order.")
    return Cursor(tuple(known))


def _refused(code: str, message: str) -> Invalid:
    return Invalid.parameter("after", code, message, hint="Ask again without `after`.")


def _sign(secret: bytes, payload: bytes) -> bytes:
    return hmac.digest(secret, b"cursor:" + payload, "sha256")[:SIGNATURE]


def _out(value: Any) -> Any:
    match value:
        case None | bool() | int() | str():
            return value
        case Decimal():
            return {"n": str(value)}
        case dt.datetime():
            return {"m": value.isoformat()}
        case dt.date():
            return {"d": value.isoformat()}
        case dt.time():
            return {"t": value.isoformat()}
    raise TypeError(f"{type(value).__name__} cannot be in a cursor")


def _in(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    ((tag, text),) = value.items()
    match tag:
        case "n":
            return Decimal(text)
        case "m":
            return dt.datetime.fromisoformat(text)
        case "d":
            return dt.date.fromisoformat(text)
    return dt.time.fromisoformat(text)
