"""Operations of the workflow editor on a document: pure functions, the document is a plain JSON object.

A step is found by its JSON pointer (`/steps/1/then/0`); the pointer of a list and a number say where a new
step goes, also where the document does not have the list yet.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any, Final

from amity.workflows.action import Action
from amity.workflows.documents.loader import arms, with_ids
from amity.workflows.documents.metaschema import HEADS
from amity.workflows.triggers import TriggerKind

Json = dict[str, Any]

FLOW: Final[Mapping[str, tuple[str, str, str, Mapping[str, Any]]]] = {
    "if": ("If … else", "Do one thing or the other.", "arrows-split-2", {"if": "", "then": [], "else": []}),
    "switch": (
        "Choose by a value", "One branch for each value.", "git-branch",
        {"switch": "", "cases": [{"is": "", "steps": []}], "default": []},
    ),
    "for_each": ("For each", "Repeat steps for each of a list.", "repeat", {"for_each": "", "steps": []}),
    "parallel": ("At the same time", "Branches beside each other.", "arrows-split", {"parallel": [[], []]}),
    "wait": ("Wait for some time", "Go on after hours, days or weeks.", "hourglass", {"wait": "days(1)"}),
    "wait_until": (
        "Wait until a date", "Go on at a date of the record.", "calendar-time", {"wait_until": ""},
    ),
    "wait_for": (
        "Wait until something is true", "Go on when a condition is met.", "hourglass-high", {"wait_for": ""},
    ),
}  # fmt: skip
"""Steps that are no actions, by their word: title, description, icon, what a new one holds."""


def blank(title: str, entity: str, trigger: str) -> Json:
    """A document to begin with."""
    document: Json = {"title": title}
    if entity:
        document["entity"] = entity
    return {**document, "enabled": False, "trigger": {"on": trigger}, "steps": []}


def trigger_of(document: Json) -> Json:
    """Give the trigger of a draft; empty where it is none."""
    found = document.get("trigger")
    return found if isinstance(found, dict) else {}


def head_of(step: Any) -> str:
    """Give the word that says what a step is; empty where none or several do."""
    found = [word for word in HEADS if isinstance(step, Mapping) and word in step]
    return found[0] if len(found) == 1 else ""


def new_step(what: str, action: Action | None) -> Json:
    """Make a step of an action or of a word of `FLOW`."""
    if action is None:
        return deepcopy(dict(FLOW[what][3]))
    return {"do": action.name}


# -- places --------------------------------------------------------------------------------------------
def split(pointer: str) -> tuple[str, int] | None:
    """Take the pointer of a step apart: its list, its number."""
    place, _slash, number = pointer.rpartition("/")
    return (
        (place, int(number)) if place and number.isascii() and number.isdigit() and len(number) < 5 else None
    )


def find(document: Any, pointer: str) -> Any:
    """Give what stands at a pointer; None where nothing does."""
    value = document
    for part in pointer.split("/")[1:]:
        if isinstance(value, list) and part.isascii() and part.isdigit() and int(part) < len(value):
            value = value[int(part)]
        elif isinstance(value, dict) and part in value:
            value = value[part]
        else:
            return None
    return value


def step_at(document: Json, pointer: str) -> Json | None:
    """Give the step at a pointer; None where there is none."""
    found = find(document, pointer) if pointer.startswith("/steps/") else None
    return found if isinstance(found, dict) and split(pointer) is not None else None


def list_at(document: Json, pointer: str) -> list[Any] | None:
    """Give the list of steps at a pointer, made where its step is there and the list is not."""
    if pointer == "/steps":
        found = document.setdefault("steps", [])
        return found if isinstance(found, list) else None
    place, _slash, word = pointer.rpartition("/")
    holder = find(document, place)
    if isinstance(holder, dict) and word in ("then", "else", "default", "steps", "on_failure"):
        if not isinstance(holder.get(word), list):
            holder[word] = []
        inner: list[Any] = holder[word]
        return inner
    found = find(document, pointer)
    return found if isinstance(found, list) else None


def walk(document: Json) -> Iterator[tuple[str, Json]]:
    """All steps with their pointers, in the order of the document."""
    yield from _walk(document.get("steps"), "/steps")


def _walk(steps: Any, at: str) -> Iterator[tuple[str, Json]]:
    for number, step in enumerate(steps if isinstance(steps, list) else ()):
        if isinstance(step, dict):
            yield f"{at}/{number}", step
            for path, inner in arms(step):
                yield from _walk(inner, "/".join((f"{at}/{number}", *map(str, path))))


# -- changes -------------------------------------------------------------------------------------------
def insert(document: Json, pointer: str, step: Json) -> bool:
    """Put a step where the pointer says; those behind move on."""
    place = split(pointer)
    found = list_at(document, place[0]) if place is not None else None
    if place is None or found is None:
        return False
    found.insert(min(place[1], len(found)), step)
    return True


def remove(document: Json, pointer: str) -> Json | None:
    """Take a step out; give it."""
    step, place = step_at(document, pointer), split(pointer)
    if step is None or place is None:
        return None
    found = find(document, place[0])
    found.pop(place[1])
    return step


def copy(document: Json, pointer: str) -> str:
    """Put a copy of a step behind it; give the copy's pointer, empty where there is no such step."""
    step, place = step_at(document, pointer), split(pointer)
    if step is None or place is None:
        return ""
    twin = deepcopy(step)
    for inner in [twin, *(item for _, item in _walk([twin], ""))]:
        inner.pop("id", None)
    target = f"{place[0]}/{place[1] + 1}"
    return target if insert(document, target, twin) else ""


def move(document: Json, pointer: str, by: int) -> str:
    """Move a step up (-1) or down (1); at the edge of a branch it leaves the branch. Give its new pointer."""
    step, place = step_at(document, pointer), split(pointer)
    if step is None or place is None:
        return pointer
    where, number = place
    siblings = find(document, where)
    if 0 <= number + by < len(siblings):
        siblings.insert(number + by, siblings.pop(number))
        return f"{where}/{number + by}"
    outer = _holder(document, where)
    if not outer:
        return pointer
    siblings.pop(number)
    place = split(outer)
    assert place is not None
    target = outer if by < 0 else f"{place[0]}/{place[1] + 1}"
    insert(document, target, step)
    return target


def _holder(document: Json, pointer: str) -> str:
    """Give the pointer of the step that a list of steps belongs to; empty for the first level."""
    parts = pointer.split("/")
    for end in range(len(parts) - 1, 2, -1):
        outer = "/".join(parts[:end])
        if step_at(document, outer) is not None and head_of(find(document, outer)):
            return outer
    return ""


def put_into(document: Json, pointer: str, target: str) -> str:
    """Move a step to another place, not into itself; give its new pointer, empty where that is impossible."""
    step, place = step_at(document, pointer), split(target)
    if (
        step is None
        or place is None
        or f"{target}/".startswith(f"{pointer}/")
        or list_at(document, place[0]) is None
    ):
        return ""
    marker: Json = {"do": "stop", "~": True}
    if not insert(document, target, marker):
        return ""
    for at, found in list(walk(document)):
        if found is step:
            remove(document, at)
            break
    for at, found in walk(document):
        if found is marker:
            marker.clear()
            marker.update(step)
            return at
    return ""


def drop(document: Json, pointer: str, where: str, number: int) -> str:
    """Move a step to be the one of a number in a list of steps, not counting itself; give its new pointer."""
    place = split(pointer)
    if place is not None and place[0] == where and number >= place[1]:
        number += 1
    return put_into(document, pointer, f"{where}/{number}")


def with_step_ids(document: Json) -> Json:
    """Give each step its name, so that later steps can use its result."""
    steps = document.get("steps")
    if isinstance(steps, list):
        document["steps"] = with_ids({"steps": steps}, "x", "x")["steps"]
    return document


def set_trigger(document: Json, kind: TriggerKind) -> None:
    """Let another kind of trigger start it; options that both know stay."""
    before = document.get("trigger")
    kept = {
        name: value
        for name, value in (before.items() if isinstance(before, dict) else ())
        if name in kind.options
    }
    document["trigger"] = {"on": kind.name, **kept}
    if kind.entity == "none":
        document.pop("entity", None)
