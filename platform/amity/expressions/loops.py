"""Loops over lists (`exists`, `all`, `exists_one`, `count`, `filter`, `map`) as closures."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

from amity.expressions.limits import MAX_RESULT_LIST
from amity.expressions.types import Environment

Closure = Callable[[Any], Any]


class Frame:
    """An environment with the variable of a loop in front of the outer names."""

    __slots__ = ("_key", "_outer", "value")

    def __init__(self, outer: Environment, key: str) -> None:
        self._outer = outer
        self._key = key
        self.value: Any = None

    def get(self, name: str, /) -> Any:
        """Give the variable, else what the outer environment has."""
        return self.value if name == self._key else self._outer.get(name)


def items_of(value: Any) -> Iterable[Any] | None:
    """Give the items of a list or the keys of a map, None for everything else."""
    if value is None or isinstance(value, str | int):
        return None
    if isinstance(value, list | tuple | dict):
        return value
    return value if hasattr(value, "__iter__") else None


def loop(kind: str, target: Closure, key: str, body: Closure) -> Closure:
    """Make the closure of a loop; over null a test is False and everything else null."""
    run = _KINDS[kind]
    empty = False if kind in ("exists", "all", "exists_one") else None

    def closure(env: Environment) -> Any:
        items = items_of(target(env))
        return empty if items is None else run(items, Frame(env, key), body)

    return closure


def _exists(items: Iterable[Any], frame: Frame, body: Closure) -> bool:
    return any(body(frame) for frame.value in items)


def _all(items: Iterable[Any], frame: Frame, body: Closure) -> bool:
    return all(body(frame) for frame.value in items)


def _count(items: Iterable[Any], frame: Frame, body: Closure) -> int:
    found = 0
    for frame.value in items:
        if body(frame):
            found += 1
    return found


def _exists_one(items: Iterable[Any], frame: Frame, body: Closure) -> bool:
    return _count(items, frame, body) == 1


def _filter(items: Iterable[Any], frame: Frame, body: Closure) -> list[Any] | None:
    found = []
    for frame.value in items:
        if body(frame):
            found.append(frame.value)
    return found if len(found) <= MAX_RESULT_LIST else None


def _map(items: Iterable[Any], frame: Frame, body: Closure) -> list[Any] | None:
    found = []
    for frame.value in items:
        found.append(body(frame))
        if len(found) > MAX_RESULT_LIST:
            return None
    return found


_KINDS: Final[dict[str, Callable[[Iterable[Any], Frame, Closure], Any]]] = {
    "exists": _exists,
    "all": _all,
    "count": _count,
    "exists_one": _exists_one,
    "filter": _filter,
    "map": _map,
}
