"""The control of free data: rows of name and value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from amity.web.builder.flows import lines
from amity.web.builder.flows.controls.base import PREFIX, Kind, Made, Surrounding, json_made, write_json
from amity.web.builder.rows import numbers, put


@dataclass(frozen=True, slots=True)
class Pair:
    """A row of name and value."""

    number: int
    name: str = ""
    value: str = ""


def _read_pairs(around: Surrounding, word: str, rule: Mapping[str, Any], value: Any, type_: str) -> Made:
    members = {} if value is None else value
    if not isinstance(members, dict) or not all(map(lines.is_line, members.values())):
        return {"kind": "json", **json_made(around, word, rule, value, type_)}
    pairs = [Pair(number, name, lines.line(item)) for number, (name, item) in enumerate(members.items())]
    return {"own": [*pairs, Pair(len(pairs))]}


def _write_pairs(around: Surrounding, word: str, rule: Mapping[str, Any]) -> None:
    assert around.form is not None
    name = f"{PREFIX}-{word}"
    if f"has-{name}" not in around.form:
        write_json(around, word, rule)
        return
    found = {}
    for number in numbers(around.form, name):
        key = around.form.get(f"{name}-{number}-name", "").strip()
        if key:
            found[key] = lines.value(around.form.get(f"{name}-{number}-value", ""))
    put(around.holder, word, found)


KINDS: Final = {"pairs": Kind(_read_pairs, _write_pairs)}
