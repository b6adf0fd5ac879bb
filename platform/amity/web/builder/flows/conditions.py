"""The condition builder: rows of field, comparison and value, joined by and or or, for an expression.

What the rows write they can read. An expression that is more than rows can say is shown as its text. A row
that is not complete yet is no part of the expression: it stays in the form until it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from amity.access.context import Context
from amity.errors import Invalid
from amity.web.builder.flows.scope import Subject
from amity.web.builder.rows import Form, numbers
from amity.web.forms import Option
from amity.web.staff import filters
from amity.web.staff.filters import OPERATORS, Operator
from amity.web.staff.options import filter_options
from amity.web.texts import gettext as _

AND: Final = "&&"
OR: Final = "||"


@dataclass(frozen=True, slots=True)
class ConditionRow:
    """One comparison; without a path the row is free."""

    number: int
    path: str = ""
    operators: Sequence[tuple[str, str]] = ()
    operator: str = ""
    input: str = "none"
    """What the value is typed into (`filters.Operator.input`)."""
    value: str = ""
    options: Sequence[Option] = ()
    picker_url: str = ""
    problem: str = ""


@dataclass(frozen=True, slots=True)
class ConditionEditor:
    """The rows of one condition."""

    name: str
    subjects: Sequence[tuple[str, Sequence[Subject]]]
    """By group."""
    rows: Sequence[ConditionRow]
    join: str
    text: str
    as_text: bool
    sayable: bool
    """Whether rows can say it."""


@dataclass(frozen=True, slots=True)
class Row:
    """One comparison as the form or the expression has it."""

    path: str
    operator: str = ""
    value: str = ""
    problem: str = ""


def parse(text: str, subjects: Sequence[Subject]) -> tuple[str, list[Row]] | None:
    """Read an expression as rows; None where it is more than rows can say."""
    categories = {item.path: item.category for item in subjects}
    for join in (AND, OR):
        parts = filters.split(text, join)
        found = [filters.understand(part, categories) for part in parts]
        rows = [Row(item[0], item[1].name, item[2]) for item in found if item is not None]
        if len(rows) == len(parts):
            return (AND if len(rows) < 2 else join), rows
    return None


def build(
    rows: Sequence[Row], join: str, subjects: Sequence[Subject], timezone: str
) -> tuple[str, list[Row]]:
    """Write rows as an expression; give it, and the rows with what is wrong with those left out."""
    known = {item.path: item for item in subjects}
    parts, said = [], []
    for row in rows:
        subject = known.get(row.path)
        operator = None if subject is None else operator_of(subject, row.operator)
        if subject is None or operator is None:
            said.append(row)
            continue
        try:
            parts.append(filters.write_about(row.path, operator, row.value, timezone))
            said.append(replace(row, operator=operator.name, problem=""))
        except Invalid as error:
            problem = error.problems[0].message if error.problems and row.value.strip() else ""
            said.append(replace(row, operator=operator.name, problem=problem))
    text = f" {join} ".join(parts)
    return text, said


def operator_of(subject: Subject, name: str) -> Operator | None:
    """Give the comparison of a name, else the first that suits."""
    offered = OPERATORS[subject.category]
    return next((item for item in offered if item.name == name), offered[0] if offered else None)


# -- the form ------------------------------------------------------------------------------------------
def sent(form: Form, name: str) -> tuple[str, list[Row]] | None:
    """Give the rows that a form has; None where it has no rows of this condition."""
    if f"{name}-join" not in form:
        return None
    rows = [
        Row(*(form.get(f"{name}-{number}-{part}", "") for part in ("field", "op", "value")))
        for number in numbers(form, name)
    ]
    join = OR if form.get(f"{name}-join") == OR else AND
    return join, [row for row in rows if row.path]


def take(form: Form, name: str, text: str, subjects: Sequence[Subject], timezone: str) -> str:
    """Give the expression after what was typed: the rows', or the text itself."""
    if name in form:
        return form[name].replace("\r\n", "\n").strip()
    found = sent(form, name)
    return text if found is None else build(found[1], found[0], subjects, timezone)[0]


def make(
    ctx: Context,
    name: str,
    text: str,
    subjects: Sequence[Subject],
    timezone: str,
    form: Form | None = None,
) -> ConditionEditor:
    """Make the editor of an expression; `form` is what was typed just now, incomplete rows included."""
    read = parse(text, subjects)
    as_text = read is None or (form is not None and name in form.getlist("as-text"))
    join, rows = read or (AND, [])
    typed = sent(form, name) if form is not None else None
    if typed is not None and not as_text:
        written, said = build(typed[1], typed[0], subjects, timezone)
        if written == text:
            join, rows = typed[0], said
    known = {item.path: item for item in subjects}
    shown = [_row(ctx, number, row, known) for number, row in enumerate(rows)]
    shown.append(ConditionRow(len(shown)))
    return ConditionEditor(name, grouped(subjects), shown, join, text, as_text, read is not None)


def grouped(subjects: Sequence[Subject]) -> list[tuple[str, list[Subject]]]:
    """Give subjects by group, in order."""
    found: dict[str, list[Subject]] = {}
    for item in subjects:
        found.setdefault(item.group, []).append(item)
    return list(found.items())


def _row(ctx: Context, number: int, row: Row, known: Mapping[str, Subject]) -> ConditionRow:
    subject = known.get(row.path)
    operator = None if subject is None else operator_of(subject, row.operator)
    if subject is None or operator is None:
        return ConditionRow(number, row.path)
    options: Sequence[Option] = ()
    picker = ""
    if operator.input == "choice":
        options = [Option(value, title, value == row.value) for value, title in subject.choices]
    elif operator.input == "record":
        options, picker = filter_options(ctx, subject.field, operator, row.value)
    return ConditionRow(
        number, row.path, [(item.name, _(item.title)) for item in OPERATORS[subject.category]],
        operator.name, operator.input, row.value, options, picker, row.problem,
    )  # fmt: skip
