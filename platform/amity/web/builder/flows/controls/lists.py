"""Controls of lists: the order of records, values of the run one below the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from amity.web.builder.flows import term_editor, terms
from amity.web.builder.flows.controls.base import PREFIX, Kind, Made, Surrounding
from amity.web.builder.flows.scope import Subject
from amity.web.builder.flows.terms import Wanted
from amity.web.builder.rows import numbers, put
from amity.web.context import locale

_FILES: Final = frozenset({"file", "files", "image"})
_WANTED: Final = Wanted(conditional=False)


@dataclass(frozen=True, slots=True)
class SortRow:
    """A field of an order."""

    number: int
    field: str = ""
    falling: bool = False


def _order(text: Any) -> list[tuple[str, bool]]:
    parts = [part.strip() for part in text.split(",")] if isinstance(text, str) else []
    return [(part.lstrip("+-").strip(), part.startswith("-")) for part in parts if part]


def _read_sort(around: Surrounding, word: str, rule: Mapping[str, Any], value: Any, type_: str) -> Made:
    entity = around.entity(str(rule.get("x-amity", {}).get("of", "")))
    rows = [SortRow(number, *part) for number, part in enumerate(_order(value))]
    options = [(item.name, item.title) for item in (entity.fields if entity else ()) if item.kind.filterable]
    known = {name for name, _title in options}
    options += [(row.field, row.field) for row in rows if row.field not in known]
    return {"own": [*rows, SortRow(len(rows))], "options": options}


def _write_sort(around: Surrounding, word: str, rule: Mapping[str, Any]) -> None:
    form, name = around.form, f"{PREFIX}-{word}"
    assert form is not None
    if f"has-{name}" not in form:
        return
    found = [
        (field, form.get(f"{name}-{number}-way") == "down")
        for number in numbers(form, name)
        if (field := form.get(f"{name}-{number}-field", ""))
    ]
    if found != _order(around.holder.get(word)):
        put(around.holder, word, ",".join(("-" if falling else "") + field for field, falling in found))


def _read_terms(around: Surrounding, word: str, rule: Mapping[str, Any], value: Any, type_: str) -> Made:
    subjects = around.place.subjects
    offered = _offered(subjects, str(rule.get("x-amity", {}).get("type", "")))
    texts = [*map(str, value if isinstance(value, list) else []), ""]
    rows = [
        term_editor.make(
            around.ctx, f"{PREFIX}-{word}-{number}", text, _WANTED, offered, subjects, locale().timezone,
            around.form,
        )
        for number, text in enumerate(texts)
    ]  # fmt: skip
    return {"own": rows}


def _offered(subjects: Sequence[Subject], type_: str) -> Sequence[Subject]:
    if type_ != "file":
        return subjects
    return [item for item in subjects if item.field is not None and item.field.kind.name in _FILES]


def _write_terms(around: Surrounding, word: str, rule: Mapping[str, Any]) -> None:
    form, name = around.form, f"{PREFIX}-{word}"
    assert form is not None
    if f"has-{name}" not in form:
        return
    held = around.holder.get(word)
    now = [str(item) for item in held] if isinstance(held, list) else []
    found = [
        terms.take(
            form, f"{name}-{number}", now[number] if number < len(now) else "", _WANTED,
            around.place.subjects, locale().timezone,
        )
        for number in numbers(form, name)
    ]  # fmt: skip
    kept = [text for text in found if text]
    if kept != held and (kept or isinstance(held, list)):
        put(around.holder, word, kept)


KINDS: Final = {"sort": Kind(_read_sort, _write_sort), "expressions": Kind(_read_terms, _write_terms)}
