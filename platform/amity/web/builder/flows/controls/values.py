"""The control of values for fields: each by its own input, or computed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from amity.entities.model import Field
from amity.web import forms as entity_forms
from amity.web.builder.flows import term_editor, terms
from amity.web.builder.flows.condition_editor import grouped
from amity.web.builder.flows.controls.base import PREFIX, Kind, Made, Surrounding
from amity.web.builder.flows.document import Json
from amity.web.builder.flows.scope import Subject
from amity.web.builder.flows.term_editor import TermEditor
from amity.web.builder.flows.terms import Wanted
from amity.web.context import locale
from amity.web.staff.options import relation_choices

_TEXTS: Final = frozenset({"text", "long_text", "email", "phone", "url"})


@dataclass(frozen=True, slots=True)
class FieldValue:
    """A field with the value that a step gives it: by its own input, or by an expression."""

    name: str
    title: str
    by: str
    """value or expression."""
    input: entity_forms.Input | None
    term: TermEditor | None
    inserted: Sequence[tuple[str, Sequence[Subject]]] = ()
    """What can be put into a text, by group."""


def _read_values(around: Surrounding, word: str, rule: Mapping[str, Any], value: Any, type_: str) -> Made:
    entity = around.entity(str(rule["x-amity"].get("of", "entity")))
    given = value if isinstance(value, dict) else {}
    fields = {item.name: item for item in (entity.fields if entity else ())}
    surroundings = entity_forms.Surroundings(
        locale=locale(),
        visible=lambda item: True,
        required=lambda item: False,
        choices=lambda item, now: relation_choices(around.ctx, item, now),
    )
    rows = []
    for name, item in given.items():
        known = fields.get(name)
        computed = isinstance(item, dict) and set(item) == {"expression"}
        by = "expression" if computed or known is None else "value"
        if around.form is not None:
            by = around.form.get(f"{PREFIX}-{word}-by-{name}", by)
        shown = item if not computed else None
        rows.append(
            FieldValue(
                name,
                known.title if known else name,
                by,
                None
                if known is None or by == "expression"
                else entity_forms.make_input(known, shown, surroundings, prefix=f"{PREFIX}-{word}-v-"),
                _term(around, f"{PREFIX}-{word}-x-{name}", known, item) if by == "expression" else None,
                _inserted(around, known) if by == "value" else (),
            )
        )
    free = [
        (item.name, item.title)
        for item in fields.values()
        if item.name not in given and not item.read_only and not item.kind.computed
    ]
    return {"own": rows, "options": free}


def _inserted(around: Surrounding, field: Field | None) -> Sequence[tuple[str, Sequence[Subject]]]:
    if field is None or field.kind.name not in _TEXTS:
        return ()
    return grouped([item for item in around.place.subjects if item.category not in ("records", "related")])


def _term(around: Surrounding, name: str, field: Field | None, item: Any) -> TermEditor:
    subjects = around.place.subjects
    text = _expression(item)
    return term_editor.make(
        around.ctx, name, text, terms.wanted_by(field) if field else Wanted(),
        terms.suiting(field, subjects, text) if field else subjects, subjects, locale().timezone, around.form,
    )  # fmt: skip


def _expression(item: Any) -> str:
    return str(item["expression"]) if isinstance(item, dict) and set(item) == {"expression"} else ""


def _write_values(around: Surrounding, word: str, rule: Mapping[str, Any]) -> None:
    form = around.form
    assert form is not None
    name = f"{PREFIX}-{word}"
    if f"has-{name}" not in form:
        return
    entity = around.entity(str(rule["x-amity"].get("of", "entity")))
    fields = {item.name: item for item in (entity.fields if entity else ())}
    given = around.holder.get(word)
    found: Json = {}
    dropped = (
        form.get("do", "").removeprefix(f"drop:{word}:")
        if form.get("do", "").startswith(f"drop:{word}:")
        else ""
    )
    for key, now in given.items() if isinstance(given, dict) else ():
        if key == dropped:
            continue
        found[key] = _value_of(around, name, key, now, fields)
    added = form.get(f"{name}-add", "")
    if added in fields and added not in found:
        found[added] = None
    if found or isinstance(given, dict):
        around.holder[word] = found


def _value_of(around: Surrounding, name: str, key: str, now: Any, fields: Mapping[str, Field]) -> Any:
    form = around.form
    assert form is not None
    by = form.get(f"{name}-by-{key}")
    computed = isinstance(now, dict) and set(now) == {"expression"}
    if by == "expression":
        field = fields.get(key)
        wanted = terms.wanted_by(field) if field else Wanted()
        text = terms.take(
            form, f"{name}-x-{key}", _expression(now), wanted, around.place.subjects, locale().timezone
        )
        return now if not computed and not text and key not in fields else {"expression": text}
    if by is None or key not in fields:
        return now
    if computed:
        return None
    sent = entity_forms.read_values([fields[key]], form, prefix=f"{name}-v-")
    value = sent.get(key, now)
    added = form.get(f"{name}-insert-{key}")  # of those without JavaScript
    return f"{value or ''} {{{{ {added} }}}}".strip() if added and isinstance(value or "", str) else value


KINDS: Final = {"values": Kind(_read_values, _write_values)}
