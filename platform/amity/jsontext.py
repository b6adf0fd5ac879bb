"""JSON in and out without a float ever in between.

Numbers with a fraction or an exponent are read as `decimal.Decimal` and written digit by digit.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

import orjson

from amity.errors import Malformed

MAX_DEPTH: Final = 64
"""Nesting that any document may have; deeper ones are refused before they cost a stack."""


def _default(value: Any) -> Any:
    if isinstance(value, Decimal):
        if not value.is_finite():
            raise TypeError("a number must be finite")
        return orjson.Fragment(format(value, "f"))
    if isinstance(value, str):  # e.g. quoted_name of SQLAlchemy, a str subclass
        return str(value)
    if isinstance(value, dict):
        return dict(value)
    if isinstance(value, dt.datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no form in JSON")


def dumps_bytes(value: Any, *, indent: bool = False, sort_keys: bool = False) -> bytes:
    """Write `value` as UTF-8 JSON; decimals keep every digit."""
    options = orjson.OPT_NON_STR_KEYS
    if indent:
        options |= orjson.OPT_INDENT_2
    if sort_keys:
        options |= orjson.OPT_SORT_KEYS
    try:
        return orjson.dumps(value, default=_default, option=options)
    except TypeError as error:
        if "64-bit" not in str(error):
            raise
        return orjson.dumps(_spelt_out(value), default=_default, option=options)


def _spelt_out(value: Any) -> Any:
    """The same with integers beyond 64 bits written digit by digit: orjson knows none."""
    if isinstance(value, Mapping):
        return {name: _spelt_out(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_spelt_out(item) for item in value]
    if isinstance(value, int) and not -(2**63) <= value < 2**64:
        return orjson.Fragment(str(value))
    return value


def dumps(value: Any) -> str:
    """Write `value` as compact JSON text."""
    return dumps_bytes(value).decode()


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not a JSON number")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the member {twice!r} appears twice")
    return members


def loads(text: str | bytes) -> Any:
    """Read JSON strictly: RFC 8259, no NaN, no repeated member names, fractions as `Decimal`.

    Raises `Malformed` with line and column.
    """
    try:
        if isinstance(text, bytes):
            text = text.decode("utf-8")
        value = json.loads(
            text, parse_float=Decimal, parse_constant=_refuse_constant, object_pairs_hook=_unique
        )
    except json.JSONDecodeError as error:
        raise Malformed(
            f"This is not JSON: {error.msg} at line {error.lineno}, column {error.colno}."
        ) from error
    except UnicodeDecodeError as error:
        raise Malformed(f"The text is not UTF-8 (byte {error.start}).") from error
    except RecursionError as error:
        raise Malformed(f"The JSON is nested too deeply; at most {MAX_DEPTH} levels.") from error
    except ValueError as error:
        raise Malformed(f"This JSON cannot be accepted: {error}.") from error
    if _too_deep(value):
        raise Malformed(f"The JSON is nested too deeply; at most {MAX_DEPTH} levels.")
    return value


def trusted_loads(text: str | bytes) -> Any:
    """Read JSON that Amity wrote itself; fractions as `Decimal`."""
    raw = text.encode() if isinstance(text, str) else text
    if b"." in raw or b"e" in raw or b"E" in raw:
        return json.loads(raw, parse_float=Decimal)
    return orjson.loads(raw)


def _too_deep(value: Any) -> bool:
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [
            child
            for node in level
            if isinstance(node, dict | list)
            for child in (node.values() if isinstance(node, dict) else node)
            if isinstance(child, dict | list)
        ]
        if not level:
            return False
    return True
