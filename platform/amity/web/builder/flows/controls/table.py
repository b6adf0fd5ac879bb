"""The control of a decision table: a condition and outputs in each row; the first row that holds decides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from amity.web.builder.flows import condition_editor, conditions, lines
from amity.web.builder.flows.condition_editor import ConditionEditor
from amity.web.builder.flows.controls.base import PREFIX, Kind, Made, Surrounding, json_made, write_json
from amity.web.builder.flows.controls.choosing import people
from amity.web.builder.flows.document import Json
from amity.web.builder.flows.nested import flatten, unflatten
from amity.web.builder.rows import numbers, put
from amity.web.context import locale

ACCOUNT: Final = "account"
"""Column that an action fills with a person."""


@dataclass(frozen=True, slots=True)
class TableRow:
    """A row of a decision table; `cells` by column."""

    number: int
    when: ConditionEditor
    cells: Sequence[str]


@dataclass(frozen=True, slots=True)
class Table:
    """The whole table."""

    columns: Sequence[str]
    rows: Sequence[TableRow]
    people: Sequence[tuple[str, str]] = ()
    """Whom a cell may name, where the only column is an account."""


def _read_table(around: Surrounding, word: str, rule: Mapping[str, Any], value: Any, type_: str) -> Made:
    rows = value if isinstance(value, list) else []
    if not all(_is_table_row(row) for row in rows):
        return {"kind": "json", **json_made(around, word, rule, value, type_)}
    given = [dict(flatten(row["then"])) for row in rows]
    columns = list(dict.fromkeys(name for row in given for name in row))
    for_account = word == "table"  # of an action that wants an account
    if not columns and for_account:
        columns = [ACCOUNT]
    name = f"{PREFIX}-{word}"
    table = [
        TableRow(
            number,
            _when(around, f"{name}-{number}-when", str(row.get("when", ""))),
            [lines.line(given[number].get(column)) for column in columns],
        )
        for number, row in enumerate(rows)
    ]
    last = len(table)
    table.append(TableRow(last, _when(around, f"{name}-{last}-when", ""), [""] * len(columns)))
    return {"own": Table(columns, table, people() if for_account and columns == [ACCOUNT] else ())}


def _when(around: Surrounding, name: str, text: str) -> ConditionEditor:
    subjects, zone = around.place.subjects, locale().timezone
    return condition_editor.make(around.ctx, name, text, subjects, zone, around.form)


def _is_table_row(row: Any) -> bool:
    return (
        isinstance(row, dict)
        and isinstance(row.get("then"), dict)
        and isinstance(row.get("when", ""), str)
        and all(lines.is_line(value) for _name, value in flatten(row["then"]))
    )


def _write_table(around: Surrounding, word: str, rule: Mapping[str, Any]) -> None:
    form = around.form
    assert form is not None
    name = f"{PREFIX}-{word}"
    if f"has-{name}" not in form:
        write_json(around, word, rule)
        return
    columns = form.getlist(f"{name}-column")
    titles = [text.strip() for text in form.getlist(f"{name}-title")] or columns
    renamed = dict(zip(columns, titles, strict=False))
    rows: list[Json] = []
    for number in numbers(form, name):
        when = _sent_when(around, word, number)
        cells = form.getlist(f"{name}-{number}-cell")
        then = {
            renamed[column]: lines.value(cell)
            for column, cell in zip(columns, cells, strict=False)
            if renamed.get(column)
        }
        if when or any(value is not None for value in then.values()):
            rows.append({**({"when": when} if when else {}), "then": then})
    new = form.get(f"{name}-new-column", "").strip()
    if new:
        rows = rows or [{"then": {}}]
        for row in rows:
            row["then"].setdefault(new, None)
    rows = [{**row, "then": unflatten(row["then"].items(), lists=False) or {}} for row in rows]
    held = around.holder.get(word)
    if rows != held and (rows or isinstance(held, list)):
        put(around.holder, word, rows)


def _sent_when(around: Surrounding, word: str, number: int) -> str:
    held = around.holder.get(word)
    now = held[number].get("when", "") if isinstance(held, list) and number < len(held) else ""
    assert around.form is not None
    return conditions.take(
        around.form, f"{PREFIX}-{word}-{number}-when", now, around.place.subjects, locale().timezone
    )


KINDS: Final = {"table": Kind(_read_table, _write_table)}
