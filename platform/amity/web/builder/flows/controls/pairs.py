"""The control of free data: rows of name and value; dots in a name put things inside each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from amity.web.builder.flows import lines
from amity.web.builder.flows.condition_editor import grouped
from amity.web.builder.flows.controls.base import PREFIX, Kind, Made, Surrounding
from amity.web.builder.flows.nested import flatten, unflatten
from amity.web.builder.flows.scope import Subject
from amity.web.builder.flows.terms import OWN
from amity.web.builder.rows import Form, numbers, put
from amity.web.texts import gettext as _

TEXT: Final = "text"
_EMPTY: Final[Mapping[str, Any]] = {"list": [], "object": {}}


@dataclass(frozen=True, slots=True)
class Pair:
    """A row of name and value. `way`: a path, `OWN`, `TEXT`, a key of `_EMPTY`, or "" for what is typed."""

    number: int
    name: str = ""
    value: str = ""
    way: str = ""


def _read_pairs(around: Surrounding, word: str, rule: Mapping[str, Any], value: Any, type_: str) -> Made:
    subjects = _subjects(around, rule)
    known = {item.path for item in subjects}
    pairs = [
        _typed(Pair(number, name, *_shown(item, known)), around.form, f"{PREFIX}-{word}")
        for number, (name, item) in enumerate(flatten(value))
    ]
    ways = [(TEXT, _("exactly this text"))]
    if subjects:
        ways.append((OWN, _("an expression")))
    empty = {"list": _("an empty list"), "object": _("nothing inside")}
    ways += [(way, empty[way]) for way in empty if way in {pair.way for pair in pairs}]
    return {
        "kind": "pairs", "own": [*pairs, Pair(len(pairs))], "options": ways, "subjects": grouped(subjects)
    }  # fmt: skip


def _subjects(around: Surrounding, rule: Mapping[str, Any]) -> Sequence[Subject]:
    """Values of the run may stand only where the action computes them."""
    if rule.get("x-amity", {}).get("input") != "value":
        return ()
    return [item for item in around.place.subjects if item.category not in ("records", "related")]


def _shown(item: Any, known: frozenset[str] | set[str]) -> tuple[str, str]:
    for way, empty in _EMPTY.items():
        if item == empty and isinstance(item, type(empty)):
            return "", way
    if isinstance(item, str) and not (item and lines.is_plain(item)):
        return item, TEXT
    if isinstance(item, dict):
        text = str(item["expression"])
        return ("", text) if text in known else (text, OWN)
    return lines.line(item), ""


def _typed(pair: Pair, form: Form | None, name: str) -> Pair:
    """Give the input for an expression as soon as one is wanted."""
    wanted = form.get(f"{name}-{pair.number}-way") if form is not None else None
    if wanted == OWN and pair.way != OWN:
        return Pair(pair.number, pair.name, pair.way, OWN)
    return pair


def _write_pairs(around: Surrounding, word: str, rule: Mapping[str, Any]) -> None:
    form, name = around.form, f"{PREFIX}-{word}"
    assert form is not None
    if f"has-{name}" not in form:
        return
    now = around.holder.get(word)
    held = flatten(now)
    rows = []
    for number in numbers(form, name):
        key = _stripped(form.get(f"{name}-{number}-name", ""))
        if not key:
            continue
        value = _value(form, f"{name}-{number}")
        before = held[number] if number < len(held) else None
        rows.append((key, before[1] if before and _says(before[1], value) else value))
    if rows == held:
        return
    found = unflatten(rows, lists=rule.get("type") != "object")
    if found is None and isinstance(now, dict) and rule.get("type") == "object":
        put(around.holder, word, {})
    else:
        put(around.holder, word, found)


def _says(before: Any, value: Any) -> bool:
    return type(before) is type(value) and before == value


def _stripped(name: str) -> str:
    return name if "\\" in name else name.strip()


def _value(form: Form, row: str) -> Any:
    way, text = form.get(f"{row}-way", ""), form.get(f"{row}-value", "").replace("\r\n", "\n")
    if way in _EMPTY:
        return list(_EMPTY[way]) if way == "list" else {}
    if way == TEXT:
        return text
    if way == OWN:
        return {"expression": text.strip().removeprefix("=")}
    return {"expression": way} if way else lines.value(text)


KINDS: Final = {"pairs": Kind(_read_pairs, _write_pairs)}
