"""The rows of a choice field: title, value and colour of each choice."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, Final

from amity.web.builder import document as documents
from amity.web.builder.document import Json, own_options
from amity.web.builder.rows import Form, numbers, put, set_option, typed

FREE: Final = 2
"""Empty rows for new choices."""
COLORS: Final = (
    ("secondary", "Grey"), ("blue", "Blue"), ("green", "Green"), ("yellow", "Yellow"), ("red", "Red"),
)  # fmt: skip
"""The colours that the pages tell apart; a document may name others."""
KINDS: Final = frozenset({"choice", "choices"})


@dataclass(frozen=True, slots=True)
class ChoiceRow:
    """One row of the choices."""

    number: int
    value: str = ""
    title: str = ""
    color: str = ""
    retired: bool = False


def holder_of(schema: Json) -> Json:
    """Give the schema that lists the choices: that of the items where there may be several."""
    items = schema.get("items")
    return items if isinstance(items, dict) else schema


def read(schema: Json) -> tuple[ChoiceRow, ...]:
    """Make the rows of a field, with empty ones at the end."""
    entries = _entries(holder_of(schema))
    rows = [_row(number, entry) for number, entry in enumerate(entries)]
    return (*rows, *(ChoiceRow(len(rows) + number) for number in range(FREE)))


def write(schema: Json, form: Form, prefix: str = "choice") -> None:
    """Put the rows of the form into the schema; nothing where the form has none."""
    found = numbers(form, prefix)
    if not any(key.startswith(f"{prefix}-") for key in form):
        return
    holder = holder_of(schema)
    old = _entries(holder)
    entries = []
    for number in found:
        entry = _written(deepcopy(old[number]) if number < len(old) else {}, form, f"{prefix}-{number}")
        if entry:
            entries.append(entry)
    if entries == old:
        return
    key = "anyOf" if "anyOf" in holder and "oneOf" not in holder else "oneOf"
    holder.pop("enum", None)
    holder[key] = entries


def _entries(holder: Json) -> list[Json]:
    """Give the choices as `{"const", "title"}`, also where they are an `enum`."""
    listed = holder.get("oneOf") or holder.get("anyOf") or []
    found = [item for item in listed if isinstance(item, dict)] if isinstance(listed, list) else []
    values = holder.get("enum")
    return [*found, *({"const": value} for value in (values if isinstance(values, list) else ()))]


def _row(number: int, entry: Json) -> ChoiceRow:
    own = own_options(entry)
    value = str(entry.get("const", ""))
    return ChoiceRow(
        number,
        value,
        str(entry.get("title") or value),
        str(own.get("color") or ""),
        own.get("active") is False,
    )


def _written(entry: Json, form: Form, row: str) -> Json:
    """One entry as the form has it; empty where it is no choice."""
    if not _touched(entry, form, row):
        return entry
    shown = _row(0, entry)
    title = typed(form, f"{row}-title", shown.title)
    value = typed(form, f"{row}-value", shown.value)
    color = typed(form, f"{row}-color", shown.color)
    if not entry and not title and not value:
        return {}
    # A choice that no record can have yet is called as its title says until somebody names it.
    follows = "id" not in own_options(entry) and shown.value == (documents.slug(shown.title) if entry else "")
    if title:
        entry["title"] = title
        if follows:
            entry["const"] = documents.slug(title)
    if value is not None:
        put(entry, "const", value)
    if "const" in entry:
        entry.setdefault("title", str(entry["const"]))
    if color is not None:
        set_option(entry, "color", color)
    return _in_order(entry) if "const" in entry else {}


def _touched(entry: Json, form: Form, row: str) -> bool:
    shown = _row(0, entry)
    parts = {"title": shown.title, "value": shown.value, "color": shown.color}
    return any(typed(form, f"{row}-{part}", text) is not None for part, text in parts.items())


def _in_order(entry: Json) -> Json:
    return {key: entry[key] for key in ("const", *(key for key in entry if key != "const"))}


def as_choices(rows: Sequence[ChoiceRow]) -> list[dict[str, Any]]:
    """Give the choices anew, for a field of another kind."""
    return [{"const": row.value, "title": row.title} for row in rows if row.value]
