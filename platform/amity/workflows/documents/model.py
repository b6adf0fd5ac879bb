"""A workflow as its document says it: a trigger, a condition and a tree of steps. Immutable, unchecked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

KIND = "workflow"
"""Kind of these documents in `amity.definitions`."""

RunAs = Literal["system", "person"]
"""`system`: nothing is hidden from it. `person`: whoever triggered it, with their rights."""


@dataclass(frozen=True, slots=True)
class Retry:
    """How often a failing step is tried again, and how long it waits: `first * factor ** n` seconds."""

    times: int = 3
    first: float = 10.0
    factor: float = 2.0
    longest: float = 3600.0

    def delay(self, attempt: int) -> float:
        """Seconds to wait after the failed attempt number `attempt`, counted from 1."""
        return min(self.first * self.factor ** (attempt - 1), self.longest)


@dataclass(frozen=True, slots=True)
class Trigger:
    """What starts it: the name of a trigger kind and the options that this kind allows."""

    on: str
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Branch:
    """Some steps of a step: one arm of an if, a case of a switch, the body of a loop."""

    name: str
    """Key of the document that holds them: `then`, `else`, `cases/0/steps`, `steps`, ..."""
    steps: tuple[Step, ...]
    condition: str = ""
    """For arms that are chosen: the expression (if, switch without a subject)."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step. `kind` is `do`, `wait`, `if`, `switch`, `for_each` or `parallel`.

    `key` names it among all steps of the workflow for ever: its `id` in the document, else one made from its
    place when the document is applied.
    """

    kind: str
    key: str
    pointer: str
    """JSON pointer into the document."""
    action: str = ""
    """For `do`: the name of the action."""
    params: Mapping[str, Any] = field(default_factory=dict)
    """What the document says beside the words of this class, not yet checked."""
    branches: tuple[Branch, ...] = ()
    title: str = ""
    retry: Retry | None = None
    timeout: str = ""
    """Expression of a duration; empty: the action's own."""
    on_failure: Literal["stop", "continue"] | Branch = "stop"

    def walk(self) -> Iterator[Step]:
        """This step and all steps inside."""
        yield self
        for branch in self.all_branches():
            for step in branch.steps:
                yield from step.walk()

    def all_branches(self) -> Sequence[Branch]:
        """The branches, the one for failures included."""
        extra = (self.on_failure,) if isinstance(self.on_failure, Branch) else ()
        return (*self.branches, *extra)


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of one workflow may happen at once."""

    concurrent: int = 5
    """Runs that are worked on at the same time."""
    per_hour: int = 10_000
    """Runs that may start within an hour; beyond it the workflow is paused and reported (loop guard)."""


@dataclass(frozen=True, slots=True)
class Workflow:
    """One document."""

    id: str
    name: str
    title: str
    version: int
    trigger: Trigger
    document: Mapping[str, Any]
    entity: str | None = None
    """Name of the entity whose records it is about."""
    description: str = ""
    enabled: bool = False
    when: str = ""
    steps: tuple[Step, ...] = ()
    run_as: RunAs = "system"
    limits: Limits = field(default_factory=Limits)
    on_deleted: Literal["cancel", "continue"] = "cancel"
    """What happens to a waiting run when its record is deleted."""
    tell: str = ""
    """E-mail of the account that is told of failures; empty: whoever applied it last."""

    @property
    def is_rule(self) -> bool:
        """Whether it runs inside the save."""
        return self.trigger.on == "saving"

    def walk(self) -> Iterator[Step]:
        """All steps, in the order of the document."""
        for step in self.steps:
            yield from step.walk()
