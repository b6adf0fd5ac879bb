"""The workflows in force, compiled once per revision and looked up by the entity that they listen to."""

from __future__ import annotations

import logging
import threading
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from amity.definitions.documents import StoredDefinition
from amity.definitions.service import DefinitionService
from amity.entities.model import Model
from amity.errors import Invalid, Problem
from amity.expressions import Function
from amity.workflows.documents.checking import compile_workflow
from amity.workflows.documents.compiled import CompiledWorkflow
from amity.workflows.documents.letters import KIND as LETTER
from amity.workflows.documents.loader import load
from amity.workflows.documents.model import KIND
from amity.workflows.registry import Registry

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Live:
    """The workflows of one revision. Switched-off ones are in `all` only."""

    revision: int
    all: Mapping[str, CompiledWorkflow]
    """By id."""
    broken: Mapping[str, Sequence[Problem]]
    """What is wrong with those that cannot be used, by id."""
    rules: Mapping[str, Sequence[CompiledWorkflow]] = field(default_factory=dict)
    """By entity id, in the order in which they run."""
    changes: Mapping[str, Sequence[CompiledWorkflow]] = field(default_factory=dict)
    """Those that wait for events of an entity, by its id."""
    clocks: Sequence[CompiledWorkflow] = ()

    def by_name(self, name: str) -> CompiledWorkflow | None:
        """Find a workflow by its present name."""
        return next((item for item in self.all.values() if item.workflow.name == name), None)


class LiveWorkflows:
    """Compiles the workflows of the model in force."""

    def __init__(
        self,
        definitions: DefinitionService[Model],
        functions: Mapping[str, Function],
        registry: Registry,
    ) -> None:
        self._definitions = definitions
        self._functions = functions
        self._registry = registry
        self._kept: Live | None = None
        self._named: tuple[int, Registry] | None = None
        self._making = threading.Lock()

    @property
    def registry(self) -> Registry:
        """What documents may name, with the workspace's own e-mail templates in force in this process."""
        kept, revision = self._named, self._definitions.revision
        if kept is None or kept[0] != revision:  # asked for in every save
            kept = self._named = (revision, self._registry.with_letters(self._definitions.list(LETTER)))
        return kept[1]

    def now(self) -> Live:
        """Give the workflows that go with the definitions in force in this process."""
        return self.of(self._definitions.model)

    def of(self, model: Model) -> Live:
        """Give the workflows that go with a model."""
        kept = self._kept
        if kept is not None and kept.revision == model.revision:
            return kept
        with self._making:
            kept = self._kept
            if kept is None or kept.revision != model.revision:
                kept = self._kept = self._make(model)
            return kept

    def compile(self, known: StoredDefinition, model: Model, *, trusted: bool = True) -> CompiledWorkflow:
        """Compile one document as it is stored. Raises `Invalid`."""
        registry = self.registry
        workflow = load(
            known.document,
            registry,
            name=known.name,
            id=known.id,
            version=known.version,
            trusted=trusted,
        )
        return compile_workflow(workflow, model, self._functions, registry)

    def _make(self, model: Model) -> Live:
        found: dict[str, CompiledWorkflow] = {}
        broken: dict[str, Sequence[Problem]] = {}
        for known in self._definitions.list(KIND):
            try:
                found[known.id] = self.compile(known, model)
            except Invalid as error:
                broken[known.id] = error.problems
                log.warning("a workflow cannot be used", extra={"workflow": known.name, "why": error.message})
        rules: dict[str, list[CompiledWorkflow]] = defaultdict(list)
        changes: dict[str, list[CompiledWorkflow]] = defaultdict(list)
        clocks: list[CompiledWorkflow] = []
        for item in found.values():
            if not item.workflow.enabled:
                continue
            source = self._registry.triggers[item.workflow.trigger.on].source
            if source == "saving" and item.entity is not None:
                rules[item.entity.id].append(item)
            elif source == "change" and item.entity is not None:
                changes[item.entity.id].append(item)
            elif source == "clock":
                clocks.append(item)
        for some in rules.values():
            some.sort(key=lambda item: (item.workflow.trigger.options.get("order", 100), item.workflow.id))
        return Live(model.revision, found, broken, dict(rules), dict(changes), tuple(clocks))
