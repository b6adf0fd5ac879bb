"""Workflows as the engine needs them: those in force, and the older versions that runs are pinned to."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from typing import Final

from amity.errors import Invalid
from amity.workflows.documents.checking import compile_workflow
from amity.workflows.documents.compiled import CompiledWorkflow
from amity.workflows.documents.loader import load
from amity.workflows.documents.model import Limits
from amity.workflows.documents.pinning import document as document_of
from amity.workflows.live import LiveWorkflows
from amity.workflows.services import Services

MAX_KEPT: Final = 200
"""Older versions that are kept compiled."""

log = logging.getLogger(__name__)


class LiveCatalog:
    """See `engine.Catalog`; follows the definitions in force in this process."""

    def __init__(self, live: LiveWorkflows, services: Services) -> None:
        self._live = live
        self._services = services
        self._kept: dict[tuple[str, int, int], CompiledWorkflow | None] = {}
        self._guard = threading.Lock()

    def pinned(self, workflow: str, version: int) -> CompiledWorkflow | None:
        """Give a version of a workflow by its id; None where it is gone or does not fit the entities."""
        current = self.current(workflow)
        if current is not None and current.workflow.version == version:
            return current
        model = self._services.definitions.model
        key = (workflow, version, model.revision)
        with self._guard:
            if key in self._kept:
                return self._kept[key]
        found = self._compiled(workflow, version)
        with self._guard:
            if len(self._kept) >= MAX_KEPT:
                self._kept.clear()
            self._kept[key] = found
        return found

    def _compiled(self, workflow: str, version: int) -> CompiledWorkflow | None:
        with self._services.database.read() as connection:
            document = document_of(connection, workflow, version)
        if document is None:
            return None
        name = str(document.get("name") or workflow)
        registry = self._live.registry
        try:
            read = load(document, registry, name=name, id=workflow, version=version, trusted=True)
            model = self._services.definitions.model
            return compile_workflow(read, model, self._services.functions, registry)
        except Invalid as error:
            log.warning(
                "a version of a workflow cannot be used any more",
                extra={"workflow": workflow, "version": version, "why": error.message},
            )
            return None

    def current(self, workflow: str) -> CompiledWorkflow | None:
        """Give the version in force of a workflow by its id, switched on or not."""
        return self._live.now().all.get(workflow)

    def limits(self, workflow: str) -> Limits | None:
        """Give the limits in force of a workflow; None where it is gone."""
        found = self.current(workflow)
        return None if found is None else found.workflow.limits

    def clocks(self) -> Sequence[CompiledWorkflow]:
        """Give those that are switched on and started by the clock, in the version in force."""
        return self._live.now().clocks
