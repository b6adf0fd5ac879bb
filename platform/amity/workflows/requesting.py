"""Listens in the gate: what was written asks for runs, in the same transaction, one row a run."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import insert

from amity.database.schema_workflows import run_request
from amity.entities.model import Entity
from amity.records.codec import EntityCodec
from amity.records.facts import Batch
from amity.records.listeners import Change
from amity.records.me import bound_values
from amity.records.shapes import rfc3339
from amity.records.unit import Unit
from amity.workflows.documents.compiled import CompiledWorkflow
from amity.workflows.live import LiveWorkflows

NAMESPACE: Final = uuid.UUID("6f1c3a52-4a0c-5d3e-9b57-b1d1f2a9c0de")
MUTE: Final = "mute_workflows"
"""Key of a cause: whoever imports can ask that no workflow is started by it."""


def run_id(event: str, workflow: str) -> str:
    """Id of the run of a workflow that an event asks for: the same whoever computes it."""
    return str(uuid.uuid5(NAMESPACE, f"{event}:{workflow}"))


class RunRequests:
    """A listener of the gate (`records.listeners.Listener`)."""

    def __init__(self, live: LiveWorkflows, requested: Callable[[], None] = lambda: None) -> None:
        self._live = live
        self._requested = requested
        """Called after a commit that asked for runs."""

    def listens_to(self, unit: Unit, entity: Entity) -> bool:
        """See `Listener`."""
        return entity.id in self._live.of(unit.model).changes

    def saving(self, unit: Unit, entity: Entity, drafts: Sequence[Any]) -> None:
        """See `Listener`: nothing to do before the write."""

    def written(self, unit: Unit, entity: Entity, changes: Sequence[Change]) -> None:
        """See `Listener`."""
        if unit.cause.get(MUTE):
            return
        workflows = self._live.of(unit.model).changes.get(entity.id, ())
        rows = [row for item in workflows for row in self._rows(unit, item, entity, changes)]
        if rows:
            unit.connection.execute(insert(run_request), rows)
            unit.after.append(self._requested)

    def _rows(
        self, unit: Unit, item: CompiledWorkflow, entity: Entity, changes: Sequence[Change]
    ) -> list[dict[str, Any]]:
        kind = self._live.registry.triggers[item.workflow.trigger.on]
        wanted = [
            change
            for change in changes
            if change.kind in kind.events and _touches(change, item.workflow.trigger.options.get("fields"))
        ]
        if item.when is not None and wanted:
            wanted = _meeting(unit, item, entity, wanted)
        codec = unit.machine.revision(unit.model).codec(entity)
        return [_row(unit, item, entity, codec, change) for change in wanted]


def _touches(change: Change, fields: Sequence[str] | None) -> bool:
    if not fields or change.old is None:
        return True
    return any(change.old.get(name) != change.new.get(name) for name in fields)


def _meeting(unit: Unit, item: CompiledWorkflow, entity: Entity, changes: Sequence[Change]) -> list[Change]:
    """Those changes that meet the condition; relations are read for all at once, as they are now."""
    assert item.when is not None
    batches = [Batch(unit.machine, unit.caller, unit.connection, entity) for _ in range(2)]
    bound = bound_values(unit.machine, unit.caller)
    envs = []
    for change in changes:
        new = batches[0].add(change.new)
        old = batches[1].add(change.old) if change.old is not None else None
        envs.append({"record": new, "new": new, "old": old, **bound})
    return [change for change, env in zip(changes, envs, strict=True) if item.when.condition(env)]


def _row(
    unit: Unit, item: CompiledWorkflow, entity: Entity, codec: EntityCodec, change: Change
) -> dict[str, Any]:
    workflow = item.workflow
    trigger = {
        "on": workflow.trigger.on,
        "event": change.event,
        "kind": change.kind,
        "old": None if change.old is None else kept_values(codec, change.old),
        "new": kept_values(codec, change.new),
    }
    return {
        "id": run_id(change.event, workflow.id),
        "workflow": workflow.id,
        "version": workflow.version,
        "entity": entity.id,
        "record": change.record,
        "trigger": trigger,
        "actor": unit.ctx.actor.account,
        "cause_id": unit.ctx.cause_id,
        "depth": unit.depth,
        "requested_at": unit.ctx.now,
    }


SYSTEM: Final = ("version", "created_at", "created_by", "updated_at", "updated_by", "owner")


def kept_values(codec: EntityCodec, values: Mapping[str, Any]) -> dict[str, Any]:
    """A record as a request keeps it: event values by field id, system fields under `@`."""
    kept = {
        field.id: codec.event_value(field, values.get(field.name))
        for field in codec.entity.fields
        if values.get(field.name) is not None
    }
    system = {name: values.get(name) for name in SYSTEM}
    moments = {
        name: rfc3339(moment)
        for name in ("created_at", "updated_at")
        if (moment := values.get(name)) is not None
    }
    return {**kept, "@": system | moments}
