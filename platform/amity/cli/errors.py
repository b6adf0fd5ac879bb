"""How the command line shows an error: one line, then each place, then what to do."""

from __future__ import annotations

from amity.errors import AmityError, NeedsConfirmation, Problem

FAILED = 1
UNCONFIRMED = 2


def render(error: AmityError) -> str:
    """Write an error as text: the message, each problem that says more, the hint."""
    lines = [f"Error: {error.message}"]
    for problem in error.problems:
        if problem.message != error.message or _place(problem):
            lines.append(f"  {_place(problem)}{problem.message}")
    if error.hint:
        lines.append(f"  {error.hint}")
    return "\n".join(lines)


def exit_code(error: AmityError) -> int:
    """Give the exit code: 2 where only a yes is missing, else 1."""
    return UNCONFIRMED if isinstance(error, NeedsConfirmation) else FAILED


def _place(problem: Problem) -> str:
    parts = []
    if problem.index is not None:
        parts.append(f"row {problem.index + 1}")
    if problem.parameter:
        parts.append(problem.parameter)
    if problem.pointer:
        parts.append(problem.pointer)
    return ", ".join(parts) + ": " if parts else ""
