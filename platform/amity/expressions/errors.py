"""The one error of expressions: what is wrong, at which column, what was probably meant."""

from __future__ import annotations

from typing import Any

from amity.errors import Invalid, Problem


class ExpressionError(Invalid):
    """An expression cannot be used; `column` counts characters from 1.

    `nearest` is the known name closest to a misspelt one, or None.
    """

    code, title = "expression", "This expression cannot be used"

    def __init__(
        self, message: str, column: int, *, nearest: str | None = None, hint: str | None = None
    ) -> None:
        if nearest is not None:
            hint = f"Did you mean '{nearest}'?"
        self.reason = message
        self.column = column
        self.nearest = nearest
        full = f"Column {column}: {message}" + (f" {hint}" if hint else "")
        details: dict[str, Any] = {"column": column}
        if nearest is not None:
            details["nearest"] = nearest
        super().__init__(full, problems=[Problem("expression", full)], hint=hint, details=details)

    def problem(self, *, pointer: str | None = None, parameter: str | None = None) -> Problem:
        """Give the problem placed in a body (`pointer`) or a query (`parameter`)."""
        return Problem("expression", self.message, pointer=pointer, parameter=parameter)


def shorten(text: str) -> str:
    """Give a name or text for a message, cut where it is very long."""
    return text if len(text) <= 60 else f"{text[:57]}..."
