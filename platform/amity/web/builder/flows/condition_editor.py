"""The condition builder as it is shown: rows with their lists of fields, comparisons and values."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from amity.access.context import Context
from amity.web.builder.flows import conditions
from amity.web.builder.flows.conditions import AND, GROUP, OR, Row, Rows
from amity.web.builder.flows.scope import EACH, Subject
from amity.web.builder.rows import Form
from amity.web.forms import Option
from amity.web.staff.options import filter_options
from amity.web.texts import gettext as _


@dataclass(frozen=True, slots=True)
class ConditionRow:
    """One comparison; without a path the row is free."""

    number: int
    path: str = ""
    operators: Sequence[tuple[str, str]] = ()
    others: Sequence[tuple[str, str]] = ()
    """Comparisons with another value of the run."""
    operator: str = ""
    input: str = "none"
    """What the value is typed into (`filters.Operator.input`), `other` or `rows`."""
    value: str = ""
    options: Sequence[Option] = ()
    names: Sequence[tuple[str, Sequence[Subject]]] = ()
    """What it can be compared with, by group."""
    picker_url: str = ""
    problem: str = ""
    inner: ConditionEditor | None = None
    """Rows that it holds."""


@dataclass(frozen=True, slots=True)
class ConditionEditor:
    """The rows of one condition."""

    name: str
    subjects: Sequence[tuple[str, Sequence[Subject]]]
    """By group."""
    rows: Sequence[ConditionRow]
    join: str
    text: str = ""
    as_text: bool = False
    sayable: bool = True
    """Whether rows can say it."""
    level: int = 0
    """1 inside a row."""


def make(
    ctx: Context,
    name: str,
    text: str,
    subjects: Sequence[Subject],
    timezone: str,
    form: Form | None = None,
) -> ConditionEditor:
    """Make the editor of an expression; `form` is what was typed just now, incomplete rows included."""
    read = conditions.parse(text, subjects)
    as_text = read is None or (form is not None and name in form.getlist("as-text"))
    shown = read or (AND, [])
    typed = conditions.sent(form, name) if form is not None else None
    if form is not None and typed is not None and not as_text:
        rows = conditions.build(typed[1], typed[0], subjects, timezone)[1]
        if conditions.take(form, name, text, subjects, timezone) == text:
            shown = typed[0], rows
    made = _rows(ctx, name, shown, subjects, level=0)
    return ConditionEditor(name, grouped(subjects), made, shown[0], text, as_text, read is not None)


def grouped(subjects: Sequence[Subject]) -> list[tuple[str, list[Subject]]]:
    """Give subjects by group, in order; where several are called alike, each says of what it is."""
    called = Counter(item.title for item in subjects)
    found: dict[str, list[Subject]] = {}
    for item in subjects:
        alike = called[item.title] > 1 and not _own(item.path)
        shown = replace(item, title=f"{item.title} ({item.group})") if alike else item
        found.setdefault(item.group, []).append(shown)
    return list(found.items())


def _own(path: str) -> bool:
    """Whether a path names a field of the record that it is all about: `record.name`, `x.name`, `name`."""
    first, _dot, rest = path.rpartition(".")
    return bool(rest) and first in ("", "record", EACH)


def _rows(
    ctx: Context, name: str, found: Rows, subjects: Sequence[Subject], *, level: int
) -> list[ConditionRow]:
    known = {item.path: item for item in subjects}
    rows = [_row(ctx, f"{name}-{number}", number, row, known, level) for number, row in enumerate(found[1])]
    return [*rows, ConditionRow(len(rows))]


def _row(
    ctx: Context, name: str, number: int, row: Row, known: Mapping[str, Subject], level: int
) -> ConditionRow:
    if row.path == GROUP:
        inner = _inner(ctx, name, row, list(known.values()))
        return ConditionRow(number, GROUP, input="rows", inner=inner)
    subject = known.get(row.path)
    operator = None if subject is None else conditions.operator_of(subject, row.operator, level)
    if subject is None or operator is None:
        return ConditionRow(number, row.path)
    options: Sequence[Option] = ()
    picker = ""
    if operator.input == "choice":
        options = [Option(value, title, value == row.value) for value, title in subject.choices]
        if row.value and row.value not in dict(subject.choices):
            options = [*options, Option(row.value, row.value, True)]
    elif operator.input == "record":
        options, picker = filter_options(ctx, subject.field, operator, row.value)
    others = [
        item for item in known.values() if item.category == subject.category and item.path != subject.path
    ]
    found = conditions.offered(subject, level)
    return ConditionRow(
        number,
        row.path,
        [(item.name, _(item.title)) for item in found if item.input != "other"],
        [(item.name, _(item.title)) for item in found if item.input == "other" and others],
        operator.name,
        operator.input,
        row.value,
        options,
        grouped(others) if operator.input == "other" else (),
        picker,
        row.problem,
        _inner(ctx, name, row, conditions.inside(subject, known)) if operator.input == "rows" else None,
    )


def _inner(ctx: Context, name: str, row: Row, subjects: Sequence[Subject]) -> ConditionEditor:
    join = row.join if row.inner or row.path != GROUP else OR
    rows = _rows(ctx, name, (join, list(row.inner)), subjects, level=1)
    return ConditionEditor(name, grouped(subjects), rows, join, level=1)
