"""The small interface behind which the durable engine stands, and what the engine is given to run.

The rest of Amity knows segments only: `<run id>:<segment number>`. What is handed over is advanced exactly by
one process at a time, and again by another one where that process dies, until it came to its end.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from amity.workflows.documents.compiled import CompiledWorkflow
    from amity.workflows.documents.model import Limits

BATCH: Final = 8
"""Segments that are handed over together: the engine keeps one row for all of them."""

Advance = Callable[[str], None]
"""Does the work of one segment; may be called again for the same one, so it looks at what is done already."""


class DurableEngine(Protocol):
    """Runs segments, in threads of this process."""

    def start(self) -> None:
        """Make its tables where they are missing, and go on with what this process is responsible for."""
        ...

    def hand_over(self, segments: Sequence[str]) -> None:
        """Start segments, at most `BATCH` of them; the same batch again is left alone."""
        ...

    def adopt(self, executors: Collection[str]) -> int:
        """Take over what dead processes left unfinished; give the number of segments."""
        ...

    def executors(self) -> set[str]:
        """The processes that hold unfinished segments."""
        ...

    def unfinished(self, segments: Iterable[str]) -> set[str]:
        """Those of the segments that are handed over and not at their end."""
        ...

    def forget_ended(self, seconds: float) -> int:
        """Remove what is kept about segments that ended so long ago, some at a time; give how many."""
        ...

    def stop(self, seconds: float) -> None:
        """Let running segments finish for so long, and stop."""
        ...


class Catalog(Protocol):
    """The workflows, ready to run on the entities in force."""

    def pinned(self, workflow: str, version: int) -> CompiledWorkflow | None:
        """Give a version of a workflow by its id; None where it is gone or does not fit the entities."""
        ...

    def current(self, workflow: str) -> CompiledWorkflow | None:
        """Give the version in force of a workflow by its id, switched on or not."""
        ...

    def limits(self, workflow: str) -> Limits | None:
        """Give the limits in force of a workflow; None where it is gone."""
        ...

    def clocks(self) -> Sequence[CompiledWorkflow]:
        """Give those that are switched on and started by the clock, in the version in force."""
        ...


def segment_key(run: str, number: int) -> str:
    """The name of a segment in the engine."""
    return f"{run}:{number}"


def split_key(segment: str) -> tuple[str, int]:
    """The run and the number of a segment."""
    run, _, number = segment.rpartition(":")
    return run, int(number)


__all__ = ["BATCH", "Advance", "Catalog", "DurableEngine", "segment_key", "split_key"]
