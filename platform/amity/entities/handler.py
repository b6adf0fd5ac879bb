"""The handler of entity documents: what `amity.definitions` asks of entities."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from amity.database.engine import Database
from amity.definitions import jobs, store
from amity.definitions.documents import (
    DefinitionChange,
    Occasion,
    ParkedField,
    State,
    StoredDefinition,
    Write,
)
from amity.definitions.handlers import DocumentHandler, Draft, ModelHandler, Progress
from amity.definitions.jobs import Job
from amity.definitions.plan import Use
from amity.definitions.service import DefinitionService
from amity.entities import apply, indexes, parking, purging, rollups, where_used
from amity.entities.building import KIND, ModelBuilder
from amity.entities.drafting import Drafter
from amity.entities.kinds.registry import KindRegistry
from amity.entities.model import Model
from amity.entities.tasks import Task
from amity.errors import NotFound
from amity.expressions import Function


def open_definitions(
    database: Database,
    kinds: KindRegistry,
    functions: Mapping[str, Function],
    others: Sequence[DocumentHandler] = (),
) -> DefinitionService[Model]:
    """Give the definitions of a workspace; `others` are handlers of further kinds of documents.

    The workspace's row must be there (`amity.definitions.store.initialise`).
    """
    return DefinitionService(database, EntityHandler(kinds, functions), others)


def sketcher(kinds: KindRegistry) -> Callable[[State], Model]:
    """Give what makes the entities of a state without tables, for handlers of other kinds."""
    return ModelBuilder(kinds).sketch


class EntityHandler(ModelHandler[Model]):
    """Entities: documents that have tables."""

    kind = KIND

    def __init__(self, kinds: KindRegistry, functions: Mapping[str, Function]) -> None:
        self._builder = ModelBuilder(kinds)
        self._functions = functions

    def build(self, state: State, connection: Connection, previous: Model | None) -> Model:
        """See `ModelHandler`."""
        return self._builder.build(state, connection, previous)

    # -- plan --------------------------------------------------------------------------------------
    def draft(self, changes: Sequence[DefinitionChange], state: State, connection: Connection) -> Draft:
        """See `DocumentHandler`. Raises `Invalid`, `NotFound`."""
        return Drafter(self._builder, self._functions, state, connection).draft(changes)

    def uses(self, state: State, connection: Connection, entity: str, field: str | None) -> Sequence[Use]:
        """See `DocumentHandler`."""
        model = self.build(state, connection, None)
        known = model.by_id[entity]
        names = where_used.Names(model, self._functions)
        return where_used.uses(names, connection, known, None if field is None else known.by_id[field])

    # -- apply -------------------------------------------------------------------------------------
    def stage(self, draft: Draft, connection: Connection) -> Mapping[str, Any]:
        """See `DocumentHandler`."""
        return apply.stage(draft.work, connection, store.revision(connection) + 1)

    def carry(self, draft: Draft, staged: Mapping[str, Any], progress: Progress, database: Database) -> None:
        """See `DocumentHandler`."""
        apply.carry(draft.work, staged, progress, database)

    def flip(
        self,
        draft: Draft,
        staged: Mapping[str, Any],
        state: State,
        connection: Connection,
        revision: int,
        when: Occasion,
    ) -> None:
        """See `DocumentHandler`."""
        if draft.renames:
            names = where_used.Names(self.build(state, connection, None), self._functions)
            where_used.rewrite_saved_views(connection, names, draft.renames, when.now)
        outdated = apply.outdated(draft.work) | self._summing_up(draft.work, state, connection)
        apply.flip(draft.work, staged, connection, revision)
        for entity in sorted(apply.unsearchable(draft.work)):
            payload = {"entity": entity}
            jobs.start(connection, jobs.REINDEX, revision=revision, payload=payload, running=False)
        for entity in sorted(outdated):
            payload = {"entity": entity}
            jobs.start(connection, jobs.RECOMPUTE, revision=revision, payload=payload, running=False)

    def _summing_up(self, work: Sequence[Task], state: State, connection: Connection) -> set[str]:
        """Entities with rollups over those whose values were carried."""
        touched = apply.refilled(work)
        if not touched:
            return set()
        model = self.build(state, connection, None)
        return {
            rollup.owner.id
            for entity in model
            for rollup in rollups.rollups_of(entity, model, self._functions)
            if rollup.source.id in touched
        }

    def settle(self, writes: Sequence[Write], state: State, connection: Connection, revision: int) -> None:
        """See `DocumentHandler`: building the model proves that documents and tables fit."""
        model = self.build(state, connection, None)
        touched = [model.by_id[item.id] for item in writes if item.kind == KIND and item.id in model.by_id]
        busy = False
        for entity in touched:
            indexes.sync_unique(connection, entity, everything=entity.version == 1)
            busy = busy or indexes.missing(connection, entity)
        if busy:
            jobs.start(connection, jobs.INDEXES, revision=revision, payload={}, running=False)
        if purging.pending(connection):
            jobs.start(connection, jobs.PURGE, revision=revision, payload={}, running=False)

    def discard(self, staged: Mapping[str, Any], connection: Connection) -> None:
        """See `DocumentHandler`."""
        apply.discard(staged, connection)
        jobs.start(connection, jobs.PURGE, revision=store.revision(connection), payload={}, running=False)

    def run_job(self, job: Job, progress: Progress, database: Database) -> None:
        """See `DocumentHandler`."""
        if job.kind == jobs.PURGE:
            purging.purge(database, progress)
        elif job.kind == jobs.INDEXES:
            with database.read() as connection:
                model = self.build(store.load(connection), connection, None)
            for entity in model:
                indexes.build(database, entity)
                database.run(lambda connection: progress.beat(connection))

    # -- parked data -------------------------------------------------------------------------------
    def field_id(self, state: State, entity: str, name: str) -> str:
        """See `ModelHandler`. Raises `NotFound`."""
        known = _known(state, entity)
        schema = known.document["properties"].get(name)
        if schema is None:
            raise NotFound(f"{known.name!r} has no field {name!r}.")
        return str(schema["x-amity"]["id"])

    def parked(self, state: State, connection: Connection, entity: str) -> list[ParkedField]:
        """See `ModelHandler`."""
        return parking.parked_fields(connection, _known(state, entity))

    def unconverted(
        self, state: State, connection: Connection, entity: str, field_id: str
    ) -> list[dict[str, Any]]:
        """See `ModelHandler`."""
        return parking.unconverted(connection, entity, field_id)

    def restoration(
        self, state: State, connection: Connection, entity: str, field_id: str
    ) -> DefinitionChange:
        """See `ModelHandler`. Raises `NotFound`."""
        return parking.restoration(connection, _known(state, entity), field_id)

    def purge(self, state: State, connection: Connection, entity: str, field_id: str) -> int:
        """See `ModelHandler`. Raises `NotFound`."""
        values = parking.purge(connection, _known(state, entity), field_id)
        jobs.start(connection, jobs.PURGE, revision=state.revision, payload={}, running=False)
        return values


def _known(state: State, entity: str) -> StoredDefinition:
    found = state.by_id(KIND, entity)
    if found is None:
        raise NotFound(f"There is no entity {entity!r}.")
    return found
