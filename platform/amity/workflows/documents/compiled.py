"""A workflow that was checked against the entities: every expression compiled, every action found."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from amity.entities.model import Entity, Model
from amity.expressions import Compiled
from amity.workflows.action import Action
from amity.workflows.documents.model import Step, Workflow
from amity.workflows.documents.values import Value


@dataclass(frozen=True, slots=True)
class Params:
    """What a step hands to its action, as values that are computed when the step runs."""

    values: Mapping[str, Value] = field(default_factory=dict)

    def evaluate(self, env: Mapping[str, Any]) -> dict[str, Any]:
        """Compute all; a value that cannot be computed is None."""
        return {name: value.evaluate(env) for name, value in self.values.items()}


@dataclass(frozen=True, slots=True)
class CompiledBranch:
    """An arm of a step."""

    name: str
    condition: Compiled | None
    steps: tuple[CompiledStep, ...]


@dataclass(frozen=True, slots=True)
class CompiledStep:
    """A step ready to run.

    `expressions` holds those of the step itself, by the word of the document: `if`, `switch`, `for_each`,
    `wait` (a duration), `wait_until` (a date or date-time), `wait_for` (a condition), `timeout` (a duration).
    """

    step: Step
    action: Action | None = None
    params: Params = field(default_factory=Params)
    expressions: Mapping[str, Compiled] = field(default_factory=dict)
    branches: tuple[CompiledBranch, ...] = ()
    on_failure: CompiledBranch | None = None

    @property
    def key(self) -> str:
        """The step's key."""
        return self.step.key


@dataclass(frozen=True, slots=True)
class CompiledWorkflow:
    """A workflow ready to run on the entities of one revision."""

    workflow: Workflow
    model: Model
    entity: Entity | None
    when: Compiled | None
    steps: tuple[CompiledStep, ...]
    trigger: Mapping[str, Value | Compiled] = field(default_factory=dict)
    """Expressions in the options of the trigger, by the word of the document."""

    def walk(self) -> Iterator[CompiledStep]:
        """All steps, in the order of the document."""
        yield from _walk(self.steps)


def _walk(steps: tuple[CompiledStep, ...]) -> Iterator[CompiledStep]:
    for step in steps:
        yield step
        for branch in (*step.branches, *((step.on_failure,) if step.on_failure else ())):
            yield from _walk(branch.steps)
