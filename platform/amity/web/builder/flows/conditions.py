"""The condition builder: rows of field, comparison and value, joined by and or or, for an expression.

What the rows write they can read. A row may compare with another value of the run, hold rows of its own (one
of these, all of these), or say something about linked records (has one for which, has none for which). An
expression that is more than rows can say is shown as its text. A row that is not complete yet is no part of
the expression: it stays in the form until it is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from amity.errors import Invalid
from amity.web.builder.flows.scope import EACH, Subject, members
from amity.web.builder.rows import Form, numbers
from amity.web.staff import filters
from amity.web.staff.filters import OPERATORS, Operator

AND: Final = "&&"
OR: Final = "||"
GROUP: Final = "~group"
"""Path of a row that holds rows."""
SOME: Final = "some"
NONE: Final = "none"
_RELATED: Final = (
    Operator(SOME, "has one for which", "", "rows"),
    Operator(NONE, "has none for which", "", "rows"),
)
_SIGNS: Final[Mapping[str, str]] = {
    "is": "==", "is_not": "!=", "more": ">", "least": ">=", "less": "<", "most": "<=", "on": "==",
    "from": ">=", "before": "<",
}  # fmt: skip
"""Comparisons that can be made with another value of the run, too."""
_OTHER: Final = "~"
"""Behind the name of a comparison: with another value of the run."""
_NAME: Final = r"(?:`[^`]+`|[A-Za-z_][A-Za-z0-9_]*)"
_PATH: Final = rf"{_NAME}(?:\.{_NAME})*"
_COMPARED: Final = re.compile(rf"({_PATH})\s*(==|!=|>=|<=|>|<)\s*({_PATH})")
_EXISTS: Final = re.compile(rf"(!?)\s*({_PATH})\.exists\(\s*([A-Za-z_]\w*)\s*,(.*)\)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Row:
    """One comparison as the form or the expression has it."""

    path: str
    operator: str = ""
    value: str = ""
    problem: str = ""
    join: str = AND
    inner: tuple[Row, ...] = ()

    @property
    def holds_rows(self) -> bool:
        """Whether rows of its own say what it is about."""
        return self.path == GROUP or self.operator in (SOME, NONE)


Rows = tuple[str, list[Row]]
"""How they are joined, and the rows."""


# -- reading an expression -----------------------------------------------------------------------------
def parse(text: str, subjects: Sequence[Subject]) -> Rows | None:
    """Read an expression as rows; None where it is more than rows can say."""
    return _parse(text, {item.path: item for item in subjects}, outer=True)


def _parse(text: str, known: Mapping[str, Subject], *, outer: bool) -> Rows | None:
    categories = {path: item.category for path, item in known.items()}
    for join in (AND, OR):
        parts = filters.split(text, join)
        rows = [row for part in parts if (row := _read(part, known, categories, outer)) is not None]
        if len(rows) == len(parts):
            return (AND if len(rows) < 2 else join), rows
    return None


def _read(part: str, known: Mapping[str, Subject], categories: Mapping[str, str], outer: bool) -> Row | None:
    found = filters.understand(part, categories)
    if found is not None:
        return Row(found[0], found[1].name, found[2])
    bare = filters.bare(part)
    return _compared(bare, known) or (_nested(bare, part, known) if outer else None)


def _compared(bare: str, known: Mapping[str, Subject]) -> Row | None:
    match = _COMPARED.fullmatch(bare)
    left, right = (known.get(match[1]), known.get(match[3])) if match else (None, None)
    if match is None or left is None or right is None or left.category != right.category:
        return None
    for operator in OPERATORS[left.category]:
        if _SIGNS.get(operator.name) == match[2]:
            return Row(left.path, operator.name + _OTHER, right.path)
    return None


def _nested(bare: str, part: str, known: Mapping[str, Subject]) -> Row | None:
    match = _EXISTS.fullmatch(bare)
    if match is None:
        inner = _parse(bare, known, outer=False) if bare != part.strip() else None
        return None if inner is None else Row(GROUP, join=inner[0], inner=tuple(inner[1]))
    subject = known.get(match[2])
    if subject is None:
        return None
    each = {_called(item.path, EACH, match[3]): item for item in members(subject)}
    inner = _parse(match[4], {**known, **each}, outer=False) if each else None
    if inner is None:
        return None
    rows = tuple(
        replace(row, path=_called(row.path, match[3], EACH), value=_value_called(row, match[3]))
        for row in inner[1]
    )
    return Row(subject.path, NONE if match[1] else SOME, join=inner[0], inner=rows)


def _called(path: str, old: str, new: str) -> str:
    return f"{new}{path[len(old) :]}" if path.startswith(f"{old}.") else path


def _value_called(row: Row, old: str) -> str:
    return _called(row.value, old, EACH) if row.operator.endswith(_OTHER) else row.value


# -- writing an expression -----------------------------------------------------------------------------
def build(
    rows: Sequence[Row], join: str, subjects: Sequence[Subject], timezone: str, level: int = 0
) -> tuple[str, list[Row]]:
    """Write rows as an expression; give it, and the rows with what is wrong with those left out.

    `level` is 1 for rows inside a row, which hold no rows themselves.
    """
    known = {item.path: item for item in subjects}
    parts, said = [], []
    for row in rows:
        text, shown = _write(row, known, timezone, level)
        said.append(shown)
        if text:
            parts.append(text)
    return f" {join} ".join(parts), said


def _write(row: Row, known: Mapping[str, Subject], timezone: str, level: int) -> tuple[str, Row]:
    """Write one row, "" where it is not complete; give it as it is to be shown."""
    if row.path == GROUP and level:
        return "", row
    if row.path == GROUP:
        text, inner = build(row.inner, row.join, list(known.values()), timezone, 1)
        several = len(inner) > 1 or f" {row.join} " in text
        return (f"({text})" if text and several else text), replace(row, inner=tuple(inner))
    subject = known.get(row.path)
    operator = None if subject is None else operator_of(subject, row.operator, level)
    if subject is None or operator is None:
        return "", row
    row = replace(row, operator=operator.name, problem="")
    if operator.input == "rows":
        text, inner = build(row.inner, row.join, inside(subject, known), timezone, 1)
        no = "!" if operator.name == NONE else ""
        text = f"{no}{row.path}.exists({EACH}, {text})" if text else ""
        return text, replace(row, inner=tuple(inner))
    if operator.input == "other":
        sign = _SIGNS[operator.name.removesuffix(_OTHER)]
        return (f"{row.path} {sign} {row.value}" if row.value in known else ""), row
    try:
        return filters.write_about(row.path, operator, row.value, timezone), row
    except Invalid as error:
        problem = error.problems[0].message if error.problems and row.value.strip() else ""
        return "", replace(row, problem=problem)


def inside(subject: Subject, known: Mapping[str, Subject]) -> list[Subject]:
    """Give what rows about linked records may name: what each of them has, and what is known around."""
    return [*members(subject), *known.values()]


def offered(subject: Subject, level: int = 0) -> list[Operator]:
    """Give the comparisons of a subject, those with another value of the run last."""
    own = OPERATORS[subject.category]
    first = _RELATED if not level and subject.category in ("related", "records") and members(subject) else ()
    others = [Operator(item.name + _OTHER, item.title, "", "other") for item in own if item.name in _SIGNS]
    return [*first, *own, *others]


def operator_of(subject: Subject, name: str, level: int = 0) -> Operator | None:
    """Give the comparison of a name, else the first that suits."""
    found = offered(subject, level)
    return next((item for item in found if item.name == name), found[0] if found else None)


# -- the form ------------------------------------------------------------------------------------------
def sent(form: Form, name: str) -> Rows | None:
    """Give the rows that a form has; None where it has no rows of this condition."""
    if f"{name}-join" not in form:
        return None
    rows = []
    for number in numbers(form, name):
        path, operator, value = (form.get(f"{name}-{number}-{part}", "") for part in ("field", "op", "value"))
        row = Row(GROUP) if path == GROUP else Row(path, operator, value)
        if row.holds_rows:
            join, inner = sent(form, f"{name}-{number}") or (OR if row.path == GROUP else AND, [])
            row = replace(row, value="", join=join, inner=tuple(inner))
        rows.append(row)
    join = OR if form.get(f"{name}-join") == OR else AND
    return join, [row for row in rows if row.path]


def take(form: Form, name: str, text: str, subjects: Sequence[Subject], timezone: str) -> str:
    """Give the expression after what was typed: the rows', or the text itself.

    Rows that say what the expression says leave it as it is written.
    """
    if name in form:
        return form[name].replace("\r\n", "\n").strip()
    found = sent(form, name)
    if found is None:
        return text
    read = parse(text, subjects)
    if read is not None and _same(found, read):
        return text
    return build(found[1], found[0], subjects, timezone)[0]


def _same(one: Rows, other: Rows) -> bool:
    """Whether two say the same; how a single row is joined says nothing."""

    def plain(rows: Sequence[Row]) -> list[Row]:
        return [
            replace(row, join=row.join if len(row.inner) > 1 else AND, inner=tuple(plain(row.inner)))
            for row in rows
        ]

    return plain(one[1]) == plain(other[1]) and (len(one[1]) < 2 or one[0] == other[0])
