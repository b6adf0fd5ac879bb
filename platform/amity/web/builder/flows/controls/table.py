"""The control of a decision table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from amity.web.builder.flows import lines
from amity.web.builder.flows.controls.base import PREFIX, Kind, Made, Surrounding, json_made, write_json
from amity.web.builder.flows.document import Json
from amity.web.builder.rows import numbers, put


@dataclass(frozen=True, slots=True)
class TableRow:
    """A row of a decision table; `cells` by column."""

    number: int
    when: str
    cells: Sequence[str]


@dataclass(frozen=True, slots=True)
class Table:
    """The whole table."""

    columns: Sequence[str]
    rows: Sequence[TableRow]


def _read_table(around: Surrounding, word: str, rule: Mapping[str, Any], value: Any, type_: str) -> Made:
    rows = value if isinstance(value, list) else []
    if not all(_is_table_row(row) for row in rows):
        return {"kind": "json", **json_made(around, word, rule, value, type_)}
    columns = list(dict.fromkeys(name for row in rows for name in row.get("then", {})))
    if not columns and word == "table":  # of an action that wants an account
        columns = ["account"]
    table = [
        TableRow(
            number,
            str(row.get("when", "")),
            [lines.line(row["then"].get(name)) for name in columns],
        )
        for number, row in enumerate(rows)
    ]
    table.append(TableRow(len(table), "", [""] * len(columns)))
    return {"own": Table(columns, table)}


def _is_table_row(row: Any) -> bool:
    return (
        isinstance(row, dict)
        and isinstance(row.get("then"), dict)
        and all(map(lines.is_line, row["then"].values()))
    )


def _write_table(around: Surrounding, word: str, rule: Mapping[str, Any]) -> None:
    form = around.form
    assert form is not None
    name = f"{PREFIX}-{word}"
    if f"has-{name}" not in form:
        write_json(around, word, rule)
        return
    columns = form.getlist(f"{name}-column")
    titles = [text.strip() for text in form.getlist(f"{name}-title")]
    renamed = dict(zip(columns, titles, strict=False))
    rows: list[Json] = []
    for number in numbers(form, name):
        when = form.get(f"{name}-{number}-when", "").strip()
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
    if rows or isinstance(around.holder.get(word), list):
        put(around.holder, word, rows)


KINDS: Final = {"table": Kind(_read_table, _write_table)}
