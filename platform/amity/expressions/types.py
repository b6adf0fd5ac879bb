"""The types of expressions, and what a value of each looks like while Amity runs.

| type | in Python |
|---|---|
| BOOL, INT, TEXT | `bool`, `int` (64 bit), `str` |
| DECIMAL | `decimal.Decimal` (or an `int`), below 10^15, at most six decimals |
| DATE, TIME | `datetime.date`, `datetime.time` without a zone |
| DATETIME | `datetime.datetime`, aware, UTC |
| DURATION | `int`, microseconds |
| ID | `str`, 36 characters |
| DYN | nested JSON: `None`, `bool`, `int`, `Decimal`, `str`, `list`, `dict` |
| `RecordType` | anything that is a `RecordValue` |
| `ListType` | any sequence (a to-many relation is a list of records) |

Every type has null (`None`) among its values.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable


@dataclass(frozen=True, slots=True)
class Type:
    """A type of values; compare with `==`."""

    name: str
    """What messages call it."""

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True, init=False)
class RecordType(Type):
    """A record of an entity, reached through a to-one relation."""

    entity: str

    def __init__(self, entity: str) -> None:
        object.__setattr__(self, "name", f"record of {entity}")
        object.__setattr__(self, "entity", entity)


@dataclass(frozen=True, slots=True, init=False)
class ListType(Type):
    """A list of values of one type."""

    item: Type

    def __init__(self, item: Type) -> None:
        object.__setattr__(self, "name", f"list of {item.name}")
        object.__setattr__(self, "item", item)


NULL = Type("null")
BOOL = Type("boolean")
INT = Type("integer")
DECIMAL = Type("decimal")
TEXT = Type("text")
DATE = Type("date")
DATETIME = Type("date-time")
TIME = Type("time")
DURATION = Type("duration")
ID = Type("id")
DYN = Type("nested data")
ANY = Type("anything")
"""In signatures of functions only: all ANY of one signature are brought to one common type."""

NUMBERS = frozenset({INT, DECIMAL})
ORDERED = frozenset({BOOL, INT, DECIMAL, TEXT, DATE, DATETIME, TIME, DURATION, DYN})


@runtime_checkable
class RecordValue(Protocol):
    """A record as expressions see it: fields by name, relations as records or sequences of them.

    A target that is deleted or may not be read is None; a to-many relation leaves such targets out.
    """

    @property
    def id(self) -> str | None:
        """The record's id (for `me`: the account's)."""

    def get(self, name: str, /) -> Any:
        """Give the value of a field or system field, None when it is empty."""


class Environment(Protocol):
    """What an expression is evaluated in: values by name (a plain dict does)."""

    def get(self, name: str, /) -> Any:
        """Give the value of a name, None when there is none."""


def common(types: Iterable[Type]) -> Type | None:
    """Give the type that holds values of all these types, None when there is none.

    Null fits everywhere, integers become decimals beside decimals, anything beside nested data is
    nested data.
    """
    found = NULL
    for type_ in types:
        joined = _join(found, type_)
        if joined is None:
            return None
        found = joined
    return found


def _join(left: Type, right: Type) -> Type | None:
    if left == right or right == NULL:
        return left
    if left == NULL:
        return right
    if left in NUMBERS and right in NUMBERS:
        return DECIMAL
    if isinstance(left, ListType) and isinstance(right, ListType):
        item = _join(left.item, right.item)
        return None if item is None else ListType(item)
    if DYN in (left, right):
        return DYN
    return None


def assignable(given: Type, wanted: Type) -> bool:
    """Tell whether a value of type `given` may stand where `wanted` is expected."""
    if given in (wanted, NULL, DYN) or wanted in (ANY, DYN):
        return True
    if wanted == DECIMAL:
        return given == INT
    if wanted == ID:
        return isinstance(given, RecordType)
    if isinstance(wanted, ListType) and isinstance(given, ListType):
        return assignable(given.item, wanted.item)
    return False


def comparable(left: Type, right: Type) -> bool:
    """Tell whether `==` between the two types can ever be true."""
    if left == right or NULL in (left, right) or DYN in (left, right):
        return True
    if left in NUMBERS and right in NUMBERS:
        return True
    if ID in (left, right):
        return isinstance(left, RecordType) or isinstance(right, RecordType)
    if isinstance(left, ListType) and isinstance(right, ListType):
        return comparable(left.item, right.item)
    return False


def a(type_: Type) -> str:
    """Give the name of a type with its article."""
    name = str(type_)
    if type_ in (NULL, TEXT, DYN):
        return name
    return f"an {name}" if name[0] in "aeiou" else f"a {name}"
