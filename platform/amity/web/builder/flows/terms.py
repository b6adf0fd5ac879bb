"""Computed values without writing expressions: a value of the run, a fixed one, a date counted from another,
one of two by a condition.

What is chosen is written as an expression and read again; what is more than that is shown as it is written.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from amity.entities.model import Field
from amity.expressions import DATE, DATETIME, DECIMAL, INT, ExpressionError, RecordType
from amity.expressions.lexer import tokens
from amity.expressions.types import DYN
from amity.web.builder.flows import conditions
from amity.web.builder.flows.conditions import Rows
from amity.web.builder.flows.scope import Subject
from amity.web.builder.rows import Form
from amity.web.staff.filters import bare, category, quoted

OWN: Final = "~"
"""Something else, written as an expression."""
FIXED: Final = "="
COUNTED: Final = "+"
BY_CONDITION: Final = "?"
UNITS: Final = ("hours", "days", "weeks")
CLOCK: Final = ("today()", "now()")
_COUNTED: Final = re.compile(r"(.+?)\s*(?:([+-])\s*(hours|days|weeks)\(\s*([0-9]{1,6})\s*\))?", re.DOTALL)
_NUMBER: Final = re.compile(r"-?[0-9]+(\.[0-9]+)?")
_QUOTED: Final = re.compile(r"'((?:[^'\\]|\\.)*)'|\"((?:[^\"\\]|\\.)*)\"", re.DOTALL)
_DATE: Final = re.compile(r"date\('([0-9]{4}-[0-9]{2}-[0-9]{2})'\)")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a place takes."""

    category: str = ""
    """`filters.category`; of what kind fixed values are. Empty: none are offered."""
    choices: tuple[tuple[str, str], ...] = ()
    counted: bool = False
    """Whether a date may be counted from another."""
    conditional: bool = True


@dataclass(frozen=True, slots=True)
class Term:
    """A computed value in parts; `way` is a path, one of the signs above, or "" for none."""

    way: str = ""
    text: str = ""
    """The fixed value, or the expression."""
    amount: str = ""
    unit: str = "days"
    before: bool = False
    base: str = CLOCK[0]
    rows: Rows = (conditions.AND, [])
    branches: tuple[Term, ...] = ()
    """Where the condition holds, and where it does not."""


def wanted_by(field: Field) -> Wanted:
    """Say what a field takes."""
    group = category(field)
    known = group if group in ("text", "number", "boolean", "choice", "date") else ""
    return Wanted(known, tuple(field.choice_titles.items()), group in ("date", "moment"))


def suiting(field: Field, subjects: Sequence[Subject], now: str = "") -> list[Subject]:
    """Give the values that a field can take; all where the present one is none of them."""
    type_ = field.kind.expression_type(field)
    if field.kind.is_relation:
        found = [item for item in subjects if isinstance(item.type, RecordType)]
        if isinstance(type_, RecordType):
            found = [item for item in found if item.type == type_]
    elif type_ in (INT, DECIMAL):
        found = [item for item in subjects if item.type in (INT, DECIMAL) or _asked(item, "number")]
    elif category(field) in ("date", "moment", "boolean"):
        found = [item for item in subjects if item.type == type_ or _asked(item, category(field), "other")]
    else:
        found = [item for item in subjects if item.category not in ("related", "records")]
    known = {item.path for item in found}
    return found if not now or now in known else found or list(subjects)


def _asked(item: Subject, *categories: str) -> bool:
    """Whether it is an answer of a form, whose type shows when it is there."""
    return item.type == DYN and item.path.startswith("input.") and item.category in categories


# -- reading -------------------------------------------------------------------------------------------
def parse(text: str, wanted: Wanted, subjects: Sequence[Subject]) -> Term:
    """Read an expression."""
    text = text.strip()
    known = {item.path: item for item in subjects}
    if not text or text in known:
        return Term(text)
    for found in (_fixed(text, wanted), _counted(text, wanted, known), _conditional(text, wanted, subjects)):
        if found is not None:
            return found
    return Term(OWN, text)


def _fixed(text: str, wanted: Wanted) -> Term | None:
    match wanted.category:
        case "text" | "choice":
            found = _QUOTED.fullmatch(text)
            if found is not None:
                inner = found[1] if found[1] is not None else found[2]
                return Term(FIXED, re.sub(r"\\(.)", lambda m: {"n": "\n", "r": "\r"}.get(m[1], m[1]), inner))
        case "number":
            return Term(FIXED, text) if _NUMBER.fullmatch(text) else None
        case "boolean":
            return Term(FIXED, text) if text in ("true", "false") else None
        case "date":
            day = _DATE.fullmatch(text)
            return Term(FIXED, day[1]) if day else None
    return None


def _counted(text: str, wanted: Wanted, known: Mapping[str, Subject]) -> Term | None:
    found = _COUNTED.fullmatch(text) if wanted.counted else None
    if found is None:
        return None
    base = found[1].strip()
    subject = known.get(base)
    if base not in CLOCK and (subject is None or subject.type not in (DATE, DATETIME)):
        return None
    return Term(COUNTED, "", found[4] or "", found[3] or "days", found[2] == "-", base)


def _conditional(text: str, wanted: Wanted, subjects: Sequence[Subject]) -> Term | None:
    parts = _ternary(text) if wanted.conditional else None
    if parts is None:
        return None
    rows = conditions.parse(parts[0], subjects)
    inner = replace(wanted, conditional=False)
    branches = tuple(parse(bare(part), inner, subjects) for part in parts[1:])
    if rows is None or any(term.way == OWN for term in branches):
        return None
    return Term(BY_CONDITION, rows=rows, branches=branches)


def _ternary(text: str) -> tuple[str, str, str] | None:
    """Take `condition ? one : other` apart; None where it is none."""
    try:
        found = tokens(text)
    except ExpressionError:
        return None
    depth, marks = 0, []
    for token in found:
        if token.kind != "operator":
            continue
        depth += {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}.get(token.value, 0)
        if depth == 0 and token.value in ("?", ":"):
            marks.append(token)
    if [mark.value for mark in marks] != ["?", ":"]:
        return None
    one, other = marks
    return text[: one.at].strip(), text[one.end : other.at].strip(), text[other.end :].strip()


# -- writing -------------------------------------------------------------------------------------------
def sent(form: Form, name: str, level: int = 0) -> Term | None:
    """Give what a form has; None where it has no such value."""
    way = form.get(f"{name}-path")
    if way is None:
        return Term(OWN, form[name].replace("\r\n", "\n").strip()) if name in form else None
    if way == OWN:
        return Term(OWN, form.get(name, "").replace("\r\n", "\n").strip())
    if way == FIXED:
        return Term(FIXED, form.get(f"{name}-fixed", "").replace("\r\n", "\n"))
    if way == COUNTED:
        return Term(
            COUNTED, "", form.get(f"{name}-amount", "").strip(), form.get(f"{name}-unit", "days"),
            form.get(f"{name}-side") == "before", form.get(f"{name}-base", CLOCK[0]),
        )  # fmt: skip
    if way == BY_CONDITION and not level:
        rows = conditions.sent(form, f"{name}-if") or (conditions.AND, [])
        branches = tuple(sent(form, f"{name}-{word}", 1) or Term() for word in ("then", "else"))
        return Term(BY_CONDITION, rows=rows, branches=branches)
    return Term(way)


def take(form: Form, name: str, text: str, wanted: Wanted, subjects: Sequence[Subject], timezone: str) -> str:
    """Give the expression after what was typed; as it is written where nothing was changed."""
    found = sent(form, name)
    if found is None or found == parse(text, wanted, subjects):
        return text
    if found.way == OWN and not found.text and name not in form:
        return text  # the input for it is not there yet
    return build(found, wanted, subjects, timezone)


def build(term: Term, wanted: Wanted, subjects: Sequence[Subject], timezone: str) -> str:
    """Write a value as an expression; "" where it is not complete."""
    if term.way == OWN:
        return term.text
    if term.way == FIXED:
        return _literal(term.text, wanted)
    if term.way == COUNTED:
        amount = int(term.amount) if term.amount.isascii() and term.amount.isdigit() else 0
        known = {item.path for item in subjects}
        base = term.base if term.base in known or term.base in CLOCK else CLOCK[0]
        unit = term.unit if term.unit in UNITS else "days"
        return f"{base} {'-' if term.before else '+'} {unit}({min(amount, 999_999)})" if amount else base
    if term.way == BY_CONDITION:
        condition = conditions.build(term.rows[1], term.rows[0], subjects, timezone)[0]
        one, other = (build(item, wanted, subjects, timezone) or "null" for item in term.branches)
        return f"{condition} ? {one} : {other}" if condition else ""
    return term.way


def _literal(text: str, wanted: Wanted) -> str:
    match wanted.category:
        case "number":
            found = text.strip().replace(" ", "")
            found = found.replace(",", ".") if "." not in found else found
            return found if _NUMBER.fullmatch(found) else ""
        case "boolean":
            return text if text in ("true", "false") else ""
        case "date":
            return f"date({quoted(text)})" if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text) else ""
    return quoted(text) if text else ""
