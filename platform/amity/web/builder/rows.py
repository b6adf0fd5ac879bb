"""What the designer's editors have in common: rows of inputs, and that only what was changed is written.

A row's inputs are called `<prefix>-<number>-<part>`, such as `choice-3-title`. The number says which entry of
the document it was made from; a new row has a number of its own. The order of the rows is that of the form.
"""

from __future__ import annotations

from typing import Any, Final

from werkzeug.datastructures import MultiDict

from amity.entities.kinds.base import Kind
from amity.entities.kinds.missing import MissingKind
from amity.entities.kinds.registry import KindRegistry
from amity.errors import Invalid
from amity.web.builder.document import Json, own_options

Form = MultiDict[str, str]
MAX_ROWS: Final = 1000
"""Rows that are read, so that no form makes Amity count for ever."""


def numbers(form: Form, prefix: str) -> list[int]:
    """Give the numbers of the rows in order, after the press of a row's own button.

    `row-up:<prefix>:<number>`, `row-down:...` and `row-remove:...` are such buttons; a checkbox
    `<prefix>-<number>-remove` takes a row out, too.
    """
    start = f"{prefix}-"
    texts = (key[len(start) :].partition("-")[0] for key in form if key.startswith(start))
    found = list(
        dict.fromkeys(int(text) for text in texts if text.isascii() and text.isdigit() and len(text) < 7)
    )
    verb, _colon, rest = form.get("do", "").partition(":")
    pressed, _colon, text = rest.partition(":")
    if pressed == prefix and text.isascii() and text.isdigit() and int(text) in found:
        place = found.index(int(text))
        match verb:
            case "row-up":
                found.insert(max(place - 1, 0), found.pop(place))
            case "row-down":
                found.insert(place + 1, found.pop(place))
            case "row-remove":
                found.pop(place)
    return [number for number in found[:MAX_ROWS] if not form.get(f"{prefix}-{number}-remove")]


def typed(form: Form, name: str, shown: str) -> str | None:
    """Give what was typed into an input, without blanks around; None where it says what it showed.

    What nobody touched is not written, so that a document comes back as it was, to the last key.
    """
    sent = form.get(name)
    if sent is None:
        return None
    text = sent.replace("\r\n", "\n")
    return None if text == shown.replace("\r\n", "\n") else text.strip()


def ticked(form: Form, name: str, shown: bool) -> bool | None:
    """Give the state of a checkbox; None where it is as it was shown."""
    return None if (name in form) == shown else not shown


def kind_of(kinds: KindRegistry, schema: Json) -> Kind:
    """Give the kind of a property; a stand-in where it names one that is not there, to be mended."""
    try:
        return kinds.of(schema)
    except Invalid:
        return MissingKind(str(own_options(schema).get("kind"))[:60])


def put(holder: Json, name: str, value: Any) -> None:
    """Set a key, or take it out where the value is empty: None, "", [] or {} (not 0, not false)."""
    if value is None or (isinstance(value, str | list | dict) and not value):
        holder.pop(name, None)
    else:
        holder[name] = value


def set_option(schema: Json, name: str, value: Any) -> None:
    """Set or take out a key of `x-amity`, which comes and goes with its keys."""
    own = dict(own_options(schema))
    put(own, name, value)
    put(schema, "x-amity", own)
