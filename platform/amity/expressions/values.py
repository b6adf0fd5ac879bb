"""Equality, order and membership of values whose types are known only at run time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

from amity.expressions.types import DATE, DATETIME, DECIMAL, DURATION, ID, INT, TEXT, TIME, RecordValue, Type

_PYTHON: Final[dict[Type, tuple[type, ...]]] = {
    INT: (int,),
    DURATION: (int,),
    DECIMAL: (int, Decimal),
    TEXT: (str,),
    ID: (str,),
    DATETIME: (dt.datetime,),
    TIME: (dt.time,),
}


def holds(value: Any, type_: Type) -> bool:
    """Tell whether a value other than null, boolean, list and record is of a type."""
    if isinstance(value, bool):
        return False
    if type_ == DATE:
        return isinstance(value, dt.date) and not isinstance(value, dt.datetime)
    return isinstance(value, _PYTHON.get(type_, ()))


def same(left: Any, right: Any) -> bool:
    """Tell whether two values are equal: numbers by size, records by id, lists and maps by content."""
    if left is None or right is None:
        return left is right
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, list | tuple) and isinstance(right, list | tuple):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, dict) and isinstance(right, dict):
        if len(left) != len(right):
            return False
        return all(key in right and same(value, right[key]) for key, value in left.items())
    if isinstance(left, dict | list) or isinstance(right, dict | list):
        return False
    return bool(key_of(left) == key_of(right))


def key_of(value: Any) -> Any:
    """Give what decides equality of a plain value or record: a record's id."""
    if isinstance(value, str | int | Decimal | dt.date | dt.time):
        return value
    return value.id if isinstance(value, RecordValue) else value


def ordered(compare: Callable[[Any, Any], bool], left: Any, right: Any) -> bool:
    """Compare by order; False for values without a common order."""
    if left is None or right is None:
        return False
    kinds: tuple[type | tuple[type, ...], ...] = (bool, (int, Decimal), str, dt.datetime, dt.date, dt.time)
    for kind in kinds:
        if isinstance(left, kind):
            fits = isinstance(right, kind) and isinstance(left, dt.datetime) == isinstance(right, dt.datetime)
            return fits and isinstance(right, bool) == isinstance(left, bool) and compare(left, right)
    return False


def contains(container: Any, value: Any) -> bool:
    """Tell whether a list has an item, or a map a key, equal to the value; null is in nothing."""
    if container is None or value is None:
        return False
    if isinstance(container, dict | list | tuple) or hasattr(container, "__iter__"):
        return not isinstance(container, str) and any(same(item, value) for item in container)
    return False


def at(container: Any, index: Any) -> Any:
    """Give the item of a list or the value of a map, None when there is none."""
    if index is None or not isinstance(container, dict | list | tuple):
        return None
    if isinstance(container, dict):
        if index.__hash__ is None or index not in container:
            return None
        if isinstance(index, bool) or index in (0, 1):
            # Python takes true and 1 for the same key; here they are two.
            return next((value for key, value in container.items() if same(key, index)), None)
        return container[index]
    if isinstance(index, bool) or not isinstance(index, int | Decimal) or index != int(index):
        return None
    position = int(index)
    return container[position] if 0 <= position < len(container) else None
