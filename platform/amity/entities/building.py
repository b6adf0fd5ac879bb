"""From stored documents and the registry to the model in force."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Final

from sqlalchemy import Connection

from amity.definitions.documents import State, StoredDefinition
from amity.entities import stored
from amity.entities.kinds.missing import complete
from amity.entities.kinds.registry import KindRegistry
from amity.entities.linking import link
from amity.entities.loader import load
from amity.entities.model import Entity, Model
from amity.entities.stored import Registry
from amity.entities.tables import storage
from amity.entities.validation import compile_validator

KIND: Final = "entity"
MAX_LOADED: Final = 1000
"""Loaded documents that are kept: reading one costs milliseconds."""


class ModelBuilder:
    """Builds models; what did not change since the previous one is used again, tables included."""

    def __init__(self, kinds: KindRegistry) -> None:
        self.kinds = kinds
        self._loaded: dict[tuple[str, int], tuple[Mapping[str, Any], Entity]] = {}

    def bare(self, known: StoredDefinition) -> Entity:
        """Load a stored document, without storage and links."""
        kept = self._loaded.get((known.id, known.version))
        if kept is not None and (kept[0] is known.document or kept[0] == known.document):
            return kept[1]
        kinds = complete(self.kinds, known.document)
        entity = load(known.document, kinds, name=known.name, version=known.version, trusted=True)
        return self.keep(replace(entity, id=known.id), known.document)

    def keep(self, entity: Entity, document: Mapping[str, Any]) -> Entity:
        """Keep a loaded entity for when its document is stored."""
        if len(self._loaded) >= MAX_LOADED:
            self._loaded.clear()
        self._loaded[entity.id, entity.version] = document, entity
        return entity

    def build(self, state: State, connection: Connection, previous: Model | None) -> Model:
        """Build the model of a state."""
        registry = stored.load(connection)
        bare = [self._again(known, previous) for known in state.live(KIND)]
        return self.assemble(state.revision, bare, registry, previous)

    def sketch(self, state: State) -> Model:
        """Give the entities of a state, linked, without tables: for who only looks at names and types."""
        found = linked(self.bare(known) for known in state.live(KIND))
        return Model(state.revision, {entity.name: entity for entity in found})

    def _again(self, known: StoredDefinition, previous: Model | None) -> Entity:
        same = previous.by_id.get(known.id) if previous is not None else None
        return same if same is not None and same.version == known.version else self.bare(known)

    def assemble(
        self, revision: int, entities: Iterable[Entity], registry: Registry, previous: Model | None
    ) -> Model:
        """Put entities in force together: links between them, tables, validators."""
        before = previous.by_id if previous is not None else {}
        found = {}
        for entity in linked(entities):
            found[entity.name] = self._with_storage(entity, registry, before.get(entity.id))
        order = sorted(found.values(), key=lambda entity: (entity.plural.casefold(), entity.name))
        return Model(revision, {entity.name: entity for entity in order})

    def _with_storage(self, entity: Entity, registry: Registry, before: Entity | None) -> Entity:
        made = storage(entity, registry)
        if before is not None and before.storage is not None and before.version == entity.version:
            kept = before.storage
            if {c.name for c in kept.table.columns} == {c.name for c in made.table.columns} and {
                key: table.name for key, table in kept.links.items()
            } == {key: table.name for key, table in made.links.items()}:
                # The very same tables: statements that were compiled for them stay in the cache.
                return replace(entity, storage=kept, validate=before.validate)
        return replace(entity, storage=made, validate=compile_validator(entity))


def linked(entities: Iterable[Entity]) -> list[Entity]:
    """Resolve the targets of relations by name, and give each entity its inverses."""
    return list(link(tuple(entities)))


def by_id(entities: Iterable[Entity]) -> Mapping[str, Entity]:
    """Index entities by id."""
    return {entity.id: entity for entity in entities}
