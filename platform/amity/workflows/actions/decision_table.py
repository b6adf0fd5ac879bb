"""Decide by a table."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

from amity.entities.model import Model
from amity.errors import Problem
from amity.expressions import INT, Type
from amity.records.caller import Caller
from amity.records.unit import Unit
from amity.texts import gettext as _
from amity.workflows.action import Call, Done, Outcome, Preview, RecordAction
from amity.workflows.documents import decisions

ROW = "row"


class DecisionTable(RecordAction):
    """Finds the first row that holds; later steps read its outputs."""

    name = "decision_table"
    title = "Decide by a table"
    description = "Find the first row whose condition holds; later steps use what stands in it."
    group = "Flow"
    icon = "table"
    schema: ClassVar[Mapping[str, Any]] = {
        "type": "object",
        "required": ["rows"],
        "properties": {"rows": decisions.TABLE},
    }

    def check(self, params: Mapping[str, Any], model: Model) -> Sequence[Problem]:
        """All rows give the same; a row that always holds is the last one."""
        problems = decisions.problems_of(params.get("rows"), "/rows")
        if ROW in decisions.output_types(params.get("rows")):
            problems.append(
                Problem("reserved", "'row' is the number of the row; use another name.", pointer="/rows")
            )
        return problems

    def result(self, params: Mapping[str, Any], model: Model) -> Mapping[str, Type]:
        """Give the outputs of the row and its number."""
        return {**decisions.output_types(params.get("rows")), ROW: INT}

    def prepare(self, call: Call, caller: Caller) -> Callable[[Unit], Outcome]:
        """Everything is decided when the parameters are computed."""
        output = _output(call)
        return lambda unit: Done(output)

    def preview(self, call: Call) -> Preview:
        """Say which row holds."""
        output = _output(call)
        if output[ROW] is None:
            return Preview(_("No row holds."), output=output)
        values = ", ".join(f"{name}: {value}" for name, value in output.items() if name != ROW)
        return Preview(
            _("Row %(output)s holds: %(values)s", output=output[ROW], values=values), output=output
        )

    def describe(self, params: Mapping[str, Any], model: Model) -> str:
        """Say how large the table is and what it gives."""
        rows = params.get("rows")
        names = ", ".join(decisions.output_types(rows)) or "…"
        return _("Decide %(names)s (%(rows)s)", names=names, rows=decisions.described(rows))


def _output(call: Call) -> dict[str, Any]:
    decision: decisions.Decision = call.params["rows"]
    return {**decision.values, ROW: decision.row}
