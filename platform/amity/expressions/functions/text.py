"""Functions over texts: search, size, folding, and values as text."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final

import sqlalchemy as sa

from amity.database.folding import KEY_LENGTH, fold_key
from amity.database.types import CodePointText
from amity.expressions import postgres as pg
from amity.expressions.blocks import block
from amity.expressions.functions.build import way
from amity.expressions.scope import Function, Signature
from amity.expressions.sqlite import call
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
from amity.patterns import Pattern, PatternError, TooMuchWork, compile_pattern


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


@lru_cache(maxsize=256)
def _pattern(text: str) -> Pattern | None:
    try:
        return compile_pattern(text)
    except PatternError:
        return None


def matches(value: str, pattern: str) -> bool | None:
    """Tell whether a pattern occurs in a text; None for a wrong pattern and a text too long for it."""
    compiled = _pattern(pattern)
    try:
        return None if compiled is None else compiled.search(value)
    except TooMuchWork:
        return None


def _wrong(pattern: str) -> str | None:
    """Say what is wrong with a pattern."""
    try:
        compile_pattern(pattern)
    except PatternError as error:
        return str(error)
    return None


def _size(value: Any) -> int | None:
    return len(value) if isinstance(value, str | list | tuple | dict) else None


def _is_column(element: Any) -> bool:
    return isinstance(element, sa.Column) and isinstance(element.type, CodePointText)


def _known_text(element: Any) -> str | None:
    """Give the text of a parameter, None for what is computed by the database."""
    value = element.value if isinstance(element, sa.BindParameter) else None
    return value if isinstance(value, str) else None


def _contains_sql(dialect: str, element: Any, part: Any) -> Any:
    if dialect == "sqlite":
        return sa.func.instr(element, part) > sa.literal_column("0")
    known = _known_text(part)
    if known is None:
        return sa.func.strpos(element, part) > sa.literal_column("0")
    # LIKE, because a trigram index helps it.
    pattern = known.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return element.like(sa.literal(f"%{pattern}%", sa.Text()))


def _starts_sql(dialect: str, element: Any, part: Any) -> Any:
    known = _known_text(part)
    if known is not None and _is_column(element):
        if not known:
            return element == element
        after = _successor(known)
        bound = sa.literal(known, CodePointText())
        if after is None:
            return element >= bound
        # A range, because any ordinary index helps it.
        return sa.and_(element >= bound, element < sa.literal(after, CodePointText()))
    if dialect == "sqlite":
        return call("startsWith_text_text", element, part)
    return sa.func.starts_with(element, part)


def _successor(prefix: str) -> str | None:
    """Give the first text after all that begin with the prefix, None when there is none."""
    for position in range(len(prefix) - 1, -1, -1):
        code = ord(prefix[position]) + 1
        if code <= 0x10FFFF:
            return prefix[:position] + chr(0xE000 if 0xD800 <= code <= 0xDFFF else code)
    return None


def _ends_sql(dialect: str, element: Any, part: Any) -> Any:
    if dialect == "sqlite":
        return call("endsWith_text_text", element, part)
    return block("starts_with(reverse({0}), reverse({1}))")(element, part)


_TEXT: Final = "CAST({0} AS TEXT)"
_MOMENT: Final = f"(rtrim(rtrim(to_char({pg.utc('{0}')}, 'YYYY-MM-DD\"T\"HH24:MI:SS.US'), '0'), '.') || 'Z')"
_SECONDS: Final = f"(CAST(trim_scale({pg.numeric('{0}')} * 0.000001) AS TEXT) || 's')"

FUNCTIONS: Final = (
    Function(
        "contains",
        (Signature((TEXT, TEXT), BOOL, sql=_contains_sql),),
        lambda value, part: part in value,
        "Whether the text has the part, letter for letter: name.contains('Ltd').",
    ),
    Function(
        "startsWith",
        (Signature((TEXT, TEXT), BOOL, sql=_starts_sql),),
        str.startswith,
        "Whether the text begins with the part: name.startsWith('A').",
    ),
    Function(
        "endsWith",
        (Signature((TEXT, TEXT), BOOL, sql=_ends_sql),),
        str.endswith,
        "Whether the text ends with the part: email.endsWith('.org').",
    ),
    Function(
        "matches",
        (Signature((TEXT, TEXT), BOOL),),
        matches,
        "Whether a pattern occurs in the text: code.matches('^[A-Z]{2}[0-9]+$').",
        validate=lambda value, pattern: None if pattern is None else _wrong(pattern),
    ),
    Function(
        "size",
        (way("size", (TEXT,), INT, "char_length({0})"), Signature((DYN,), INT)),
        _size,
        "The number of characters, items or entries: size(name).",
    ),
    Function(
        "fold",
        (Signature((TEXT,), TEXT),),
        fold_key,
        "The text without differences of case and accents, cut at "
        f"{KEY_LENGTH} characters: fold(name) == fold('Zoë').",
    ),
    Function(
        "string",
        (
            way("string", (TEXT,), TEXT, _TEXT),
            way("string", (INT,), TEXT, _TEXT),
            way("string", (DECIMAL,), TEXT, f"CAST(trim_scale({pg.numeric('{0}')}) AS TEXT)"),
            way("string", (BOOL,), TEXT, _TEXT),
            way("string", (DATE,), TEXT, "to_char({0}, 'YYYY-MM-DD')"),
            way("string", (DATETIME,), TEXT, _MOMENT),
            way("string", (TIME,), TEXT, _TEXT),
            way("string", (ID,), TEXT, _TEXT),
            way("string", (DURATION,), TEXT, _SECONDS, show_duration),
        ),
        _string,
        "The value as text: string(12.50) is '12.5', string(date('2026-01-31')) is '2026-01-31'.",
        method=False,
    ),
)
