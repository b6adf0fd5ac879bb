"""Functions over texts: search, size, folding, and values as text."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any, Final

from amity.database.folding import fold
from amity.expressions.scope import Function, Signature
from amity.expressions.types import (
    BOOL,
    DATE,
    DATETIME,
    DECIMAL,
    DURATION,
    DYN,
    ID,
    INT,
    TEXT,
    TIME,
)


def show_decimal(value: Decimal | int) -> str:
    """Give the shortest plain writing of a number: 12.5, -0.0045, 100."""
    shown = f"{Decimal(value):f}"
    if "." in shown:
        shown = shown.rstrip("0").rstrip(".")
    return "0" if shown == "-0" else shown


def show_boolean(value: bool) -> str:
    """Give true or false."""
    return "true" if value else "false"


def show_time(value: dt.time | dt.datetime) -> str:
    """Give RFC 3339 with as few decimals of the second as are needed."""
    if isinstance(value, dt.datetime):
        naive = value.astimezone(dt.UTC).replace(tzinfo=None)
        return _short(naive.isoformat(timespec="microseconds")) + "Z"
    return _short(value.isoformat(timespec="microseconds"))


def _short(value: str) -> str:
    return value.rstrip("0").rstrip(".")


def show_duration(value: int) -> str:
    """Give seconds as CEL writes them: 90s, 1.5s."""
    return show_decimal(Decimal(value).scaleb(-6)) + "s"


def _string(value: Any) -> str:
    if isinstance(value, bool):
        return show_boolean(value)
    if isinstance(value, int | Decimal):
        return show_decimal(value)
    if isinstance(value, dt.datetime | dt.time):
        return show_time(value)
    return value.isoformat() if isinstance(value, dt.date) else str(value)


def _size(value: Any) -> int | None:
    return len(value) if isinstance(value, str | list | tuple | dict) else None


_TWO_TEXTS: Final = (Signature((TEXT, TEXT), BOOL),)

FUNCTIONS: Final = (
    Function(
        "contains",
        _TWO_TEXTS,
        lambda value, part: part in value,
        "Whether the text has the part, letter for letter: name.contains('Ltd').",
    ),
    Function(
        "startsWith",
        _TWO_TEXTS,
        lambda value, part: value.startswith(part),
        "Whether the text begins with the part: name.startsWith('A').",
    ),
    Function(
        "endsWith",
        _TWO_TEXTS,
        lambda value, part: value.endswith(part),
        "Whether the text ends with the part: email.endsWith('.org').",
    ),
    Function(
        "size",
        (Signature((TEXT,), INT), Signature((DYN,), INT)),
        _size,
        "The number of characters, items or entries: size(name).",
    ),
    Function(
        "fold",
        (Signature((TEXT,), TEXT),),
        fold,
        "The text without differences of case and accents: fold(name) == fold('Zoë').",
    ),
    Function(
        "string",
        (
            Signature((TEXT,), TEXT),
            Signature((INT,), TEXT),
            Signature((DECIMAL,), TEXT),
            Signature((BOOL,), TEXT),
            Signature((DATE,), TEXT),
            Signature((DATETIME,), TEXT),
            Signature((TIME,), TEXT),
            Signature((ID,), TEXT),
            Signature((DURATION,), TEXT, python=show_duration),
        ),
        _string,
        "The value as text: string(12.50) is '12.5', string(date('2026-01-31')) is '2026-01-31'.",
        method=False,
    ),
)
