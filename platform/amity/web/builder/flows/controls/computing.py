"""Controls for what is computed: values of the run, conditions, durations."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from amity.web.builder.flows import condition_editor, conditions, term_editor, terms
from amity.web.builder.flows.controls.base import (
    PREFIX,
    Kind,
    Made,
    Surrounding,
    control_of,
    sent,
    set_expression,
)
from amity.web.builder.flows.scope import Subject, about
from amity.web.builder.flows.terms import OWN, Wanted
from amity.web.context import locale
from amity.web.texts import gettext as _

UNITS: Final = ("minutes", "hours", "days", "weeks")
ALL_UNITS: Final = frozenset({"seconds", *UNITS})
_DURATION: Final = re.compile(r"(seconds|minutes|hours|days|weeks)\(([0-9]{1,7})\)")


def _wanted(type_: str) -> Wanted:
    return Wanted("date", counted=True) if "date" in type_.split(",") else Wanted(conditional=False)


def _read_expression(around: Surrounding, word: str, rule: Mapping[str, Any], value: Any, type_: str) -> Made:
    names = tuple(filter(None, type_.split(",")))
    offered = around.place.of_type(*names)
    if not names:
        offered = [item for item in offered if item.category not in ("other", "records", "related")]
    empty = _("(the record of the workflow)") if type_ == "record" else _("(please choose)")
    text = value if isinstance(value, str) else ""
    editor = term_editor.make(
        around.ctx, f"{PREFIX}-{word}", text, _wanted(type_), offered, around.place.subjects,
        locale().timezone, around.form, empty,
    )  # fmt: skip
    return {"text": text, "own": editor}


def _write_expression(around: Surrounding, word: str, rule: Mapping[str, Any]) -> None:
    assert around.form is not None
    now = around.holder.get(word)
    text = terms.take(
        around.form, f"{PREFIX}-{word}", now if isinstance(now, str) else "",
        _wanted(control_of(word, rule)[1]), around.place.subjects, locale().timezone,
    )  # fmt: skip
    if text or isinstance(now, str):
        set_expression(around.holder, word, text)


def _read_condition(around: Surrounding, word: str, rule: Mapping[str, Any], value: Any, type_: str) -> Made:
    subjects: Sequence[Subject] = around.place.subjects
    if control_of(word, rule)[0] == "filter":
        subjects = about(around.entity(str(rule["x-amity"].get("of", ""))))
    name = f"{PREFIX}-{word}"
    editor = condition_editor.make(
        around.ctx, name, str(value or ""), subjects, locale().timezone, around.form
    )
    return {"kind": "condition", "own": editor}


def _write_condition(around: Surrounding, word: str, rule: Mapping[str, Any]) -> None:
    assert around.form is not None
    subjects: Sequence[Subject] = around.place.subjects
    if control_of(word, rule)[0] == "filter":
        subjects = about(around.entity(str(rule["x-amity"].get("of", ""))))
    now = str(around.holder.get(word) or "")
    text = conditions.take(around.form, f"{PREFIX}-{word}", now, subjects, locale().timezone)
    set_expression(around.holder, word, text)


@dataclass(frozen=True, slots=True)
class Duration:
    """A duration in parts."""

    amount: str
    unit: str
    """`OWN` where it is written as an expression."""


def _read_duration(around: Surrounding, word: str, rule: Mapping[str, Any], value: Any, type_: str) -> Made:
    text = str(value or "")
    found = _DURATION.fullmatch(text.replace(" ", ""))
    unit = found[1] if found else "days" if not text else OWN
    if around.form is not None and around.form.get(f"{PREFIX}-{word}-unit") == OWN:
        unit = OWN
    return {"text": text, "own": Duration(found[2] if found else "", unit), "options": _units(unit)}


def _units(now: str) -> list[tuple[str, str]]:
    titles = {
        "seconds": _("seconds"), "minutes": _("minutes"), "hours": _("hours"), "days": _("days"),
        "weeks": _("weeks"),
    }  # fmt: skip
    units = UNITS if now != "seconds" else ("seconds", *UNITS)
    return [*((unit, titles[unit]) for unit in units), (OWN, _("as an expression …"))]


def _write_duration(around: Surrounding, word: str, rule: Mapping[str, Any]) -> None:
    assert around.form is not None
    unit = around.form.get(f"{PREFIX}-{word}-unit")
    if unit is None:
        return
    if unit == OWN:
        text = sent(around, word)
        if text is not None:
            set_expression(around.holder, word, text.strip())
        return
    amount = around.form.get(f"{PREFIX}-{word}-amount", "").strip()
    number = amount.isascii() and amount.isdigit() and len(amount) < 8
    set_expression(around.holder, word, f"{unit}({int(amount)})" if number and unit in ALL_UNITS else amount)


KINDS: Final = {
    "expression": Kind(_read_expression, _write_expression),
    "condition": Kind(_read_condition, _write_condition),
    "filter": Kind(_read_condition, _write_condition),
    "duration": Kind(_read_duration, _write_duration),
}
