"""Decision tables: rows of conditions and outputs; the first row whose condition holds decides.

A document writes rows as `[{"when": expression, "then": {name: value}}, ...]`. A last row without `when`
always holds. Conditions and values are checked like every expression of the workflow.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from amity.errors import Problem
from amity.expressions import BOOL, DECIMAL, INT, TEXT, Compiled, Type
from amity.expressions.types import DYN, common
from amity.texts import ngettext
from amity.workflows.documents.values import Value, ValueCompiler

MOST_ROWS: Final = 200
TABLE: Final[Mapping[str, Any]] = {
    "type": "array",
    "title": "Rows",
    "description": "From top to bottom; the first row whose condition holds decides.",
    "minItems": 1,
    "maxItems": MOST_ROWS,
    "x-amity": {"input": "table"},
    "items": {
        "type": "object",
        "required": ["then"],
        "additionalProperties": False,
        "properties": {
            "when": {
                "type": "string",
                "title": "When",
                "description": "A condition, such as record.revenue > 1000. A row without one always holds.",
                "x-amity": {"input": "expression", "type": "boolean"},
            },
            "then": {
                "type": "object",
                "title": "Then",
                "description": "What comes out, by name; the same names in each row.",
                "minProperties": 1,
                "x-amity": {"input": "value"},
            },
        },
    },
}
"""Schema of a parameter of input `table`."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What came out of a table: what an action gets for a parameter of input `table`."""

    row: int | None
    """Number of the row, counted from 1; None where none held."""
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Row:
    """One row, compiled. Without a condition it always holds."""

    when: Compiled | None
    then: Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Table:
    """A compiled table (see `workflows.values.Value`)."""

    rows: tuple[Row, ...]
    type: Type = DYN

    def evaluate(self, env: Mapping[str, Any]) -> Decision:
        """Find the first row that holds and compute its values."""
        for number, row in enumerate(self.rows, 1):
            if row.when is None or row.when.condition(env):
                return Decision(number, {name: value.evaluate(env) for name, value in row.then.items()})
        return Decision(None, {})


def compile_table(found: Any, values: ValueCompiler, pointer: str) -> Table:
    """Compile a parameter of input `table`; what is wrong is noted in `values.problems`."""
    rows = []
    for index, item in enumerate(found if isinstance(found, Sequence) and not isinstance(found, str) else ()):
        at = f"{pointer}/{index}"
        if not isinstance(item, Mapping) or not isinstance(item.get("then"), Mapping):
            values.problems.append(Problem("type", "A row is an object with 'when' and 'then'.", pointer=at))
            continue
        when = values.expression(item["when"], f"{at}/when", BOOL) if "when" in item else None
        then = {name: values.value(value, f"{at}/then/{name}") for name, value in item["then"].items()}
        rows.append(Row(when, then))
    return Table(tuple(rows))


def problems_of(rows: Any, pointer: str, names: Iterable[str] | None = None) -> list[Problem]:
    """Say what is wrong with a table beyond its expressions: unlike outputs, rows that never hold.

    With `names` every row must give exactly these.
    """
    if not isinstance(rows, list):
        return []
    found: list[Problem] = []
    outputs = [
        set(row["then"]) for row in rows if isinstance(row, Mapping) and isinstance(row.get("then"), Mapping)
    ]
    wanted = set(names) if names is not None else (outputs[0] if outputs else set())
    for index, given in enumerate(outputs):
        if given != wanted:
            message = (
                f"Each row gives {', '.join(sorted(wanted))}; this one gives {', '.join(sorted(given))}."
            )
            found.append(Problem("outputs", message, pointer=f"{pointer}/{index}/then"))
    for index, row in enumerate(rows[:-1]):
        if isinstance(row, Mapping) and "when" not in row:
            message = "This row always holds, so the rows below it never do. Move it to the end."
            found.append(Problem("never", message, pointer=f"{pointer}/{index}"))
            break
    return found


def output_types(rows: Any) -> Mapping[str, Type]:
    """Give the types of a table's outputs, as far as its written values tell; nested data otherwise."""
    found: dict[str, list[Type]] = {}
    for row in rows if isinstance(rows, list) else ():
        then = row.get("then") if isinstance(row, Mapping) else None
        for name, value in then.items() if isinstance(then, Mapping) else ():
            found.setdefault(name, []).append(_type_of(value))
    return {name: common(types) or DYN for name, types in found.items()}


def _type_of(value: Any) -> Type:
    if isinstance(value, bool):
        return BOOL
    if isinstance(value, int):
        return INT
    if isinstance(value, Decimal):
        return DECIMAL
    return TEXT if isinstance(value, str) else DYN


def described(rows: Any) -> str:
    """Say for a step's card how large the table is."""
    count = len(rows) if isinstance(rows, list) else 0
    return ngettext("1 row", "%(num)s rows", count)
