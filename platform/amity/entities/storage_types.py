"""Names of column types, as `ColumnSpec.type` and the stored columns give them, and what they are in SQL.

| name | typed value | column |
|---|---|---|
| text | str | text, compared by code point |
| key | str | folded text of at most 200 characters, compared by code point, for an index |
| integer | int of 64 bits | bigint |
| decimal:N | Decimal of scale N (0 to 6) | exact: numeric, a scaled integer on SQLite |
| date, datetime, time | date, aware datetime in UTC, time | date, timestamp, time |
| duration | int, microseconds | bigint |
| boolean | bool | boolean |
| uuid | str of 36 characters | uuid, char(36) on SQLite |
| json | dict, list, str, ... | jsonb, text on SQLite |
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from sqlalchemy import BigInteger, Boolean
from sqlalchemy.types import TypeEngine

from amity.database.types import (
    CodePointText,
    IsoDate,
    IsoTime,
    Microseconds,
    ScaledDecimal,
    UtcDateTime,
    Uuid36,
    json_type,
)

_TYPES: Final[Mapping[str, Callable[[], TypeEngine[Any]]]] = {
    "text": CodePointText,
    "key": CodePointText,
    "integer": BigInteger,
    "date": IsoDate,
    "datetime": UtcDateTime,
    "time": IsoTime,
    "duration": Microseconds,
    "boolean": lambda: Boolean(create_constraint=False),
    "uuid": Uuid36,
    "json": json_type,
}
MAX_SCALE: Final = 6


def is_storage_type(name: str) -> bool:
    """Tell whether `storage_type` knows the name."""
    return name in _TYPES or _scale(name) is not None


def storage_type(name: str) -> TypeEngine[Any]:
    """Give the SQLAlchemy type of a name. Raises `ValueError` where there is none."""
    if name in _TYPES:
        return _TYPES[name]()
    scale = _scale(name)
    if scale is None:
        raise ValueError(f"no column type {name!r}; there are {', '.join(_TYPES)} and decimal:0 to decimal:6")
    return ScaledDecimal(scale)


def _scale(name: str) -> int | None:
    base, _, scale = name.partition(":")
    known = base == "decimal" and scale in {str(number) for number in range(MAX_SCALE + 1)}
    return int(scale) if known else None
