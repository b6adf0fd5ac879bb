"""Nested data as rows of name and value: `customer.name`, `tags.1`; both ways, without loss.

A number counts the entries of a list. A backslash takes the meaning from the character behind it: `a\\.b` is
one name with a dot, `\\1` a name that is no number, `\\-` the empty name.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from amity.web.builder.flows.lines import is_line

WHOLE: Final = "."
"""Name of the row where the data is a single value."""
_EMPTY: Final = "\\-"


def flatten(data: Any) -> list[tuple[str, Any]]:
    """Give rows for data; none for no data and for an empty object."""
    if data is None or data == {}:
        return []
    return [(".".join(path) or WHOLE, value) for path, value in _leaves(data, ())]


def _leaves(data: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    if isinstance(data, Mapping) and data and not is_line(data):
        for name, value in data.items():
            yield from _leaves(value, (*path, _escaped(str(name))))
    elif isinstance(data, list) and data:
        for number, value in enumerate(data, 1):
            yield from _leaves(value, (*path, str(number)))
    else:
        yield path, data


def _escaped(name: str) -> str:
    if not name:
        return _EMPTY
    text = name.replace("\\", "\\\\").replace(".", "\\.")
    first = name[0].isspace() or name[0] == "-" or name.isdigit()
    last = name[-1].isspace() and len(name) > 1
    text = f"{text[:-1]}\\{text[-1]}" if last else text
    return f"\\{text}" if first and name != "-" else text


@dataclass
class _Node:
    """An object or list that is being put together; keys say whether they count entries."""

    members: dict[tuple[str, bool], Any] = field(default_factory=dict)

    def data(self, *, whole: bool, lists: bool) -> Any:
        values = {
            key: value.data(whole=False, lists=True) if isinstance(value, _Node) else value
            for key, value in self.members.items()
        }
        if values and all(counts for _name, counts in values) and (lists or not whole):
            return [values[key] for key in sorted(values, key=lambda key: int(key[0]))]
        return {name: value for (name, _counts), value in values.items()}


def unflatten(rows: Iterable[tuple[str, Any]], *, lists: bool = True) -> Any:
    """Put rows together; None where there are none. `lists`: whether the whole may be a list.

    No value is lost where names cross: one that would go through a value is a name with dots, the value of
    what has things inside stands there without a name.
    """
    root, found = _Node(), False
    for name, value in rows:
        if name == WHOLE and lists:
            return value
        found = True
        _put(root, name, value)
    return root.data(whole=True, lists=lists) if found else None


def _put(root: _Node, name: str, value: Any) -> None:
    path = _split(name)
    node = root
    for key in path[:-1]:
        inner = node.members.setdefault(key, _Node())
        if not isinstance(inner, _Node):
            root.members[name, False] = value
            return
        node = inner
    held = node.members.get(path[-1])
    if isinstance(held, _Node):
        held.members["", False] = value
    else:
        node.members[path[-1]] = value


def _split(name: str) -> list[tuple[str, bool]]:
    """Take a name apart: (name, whether it counts the entries of a list)."""
    found: list[tuple[str, bool]] = []
    text, literal, at = "", False, 0
    while at <= len(name):
        letter = name[at] if at < len(name) else "."
        if letter == "\\" and at + 1 < len(name):
            literal, at = True, at + 1
            text += "" if name[at] == "-" and not text and name[at + 1 : at + 2] in ("", ".") else name[at]
        elif letter == ".":
            counts = text.isascii() and text.isdigit() and len(text) < 5 and not literal
            found.append((text, counts))
            text, literal = "", False
        else:
            text += letter
        at += 1
    return found
