"""Definitions in force: read them, plan a change, apply it, and see what others applied.

The service knows no kind of document itself: handlers do (see `amity.definitions.handlers`). One of them
makes the model, which is swapped as a whole in this process when the revision moves.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import Connection

from amity.database.engine import Database
from amity.definitions import jobs, store
from amity.definitions.applying import Applier, Proposal
from amity.definitions.documents import (
    DefinitionChange,
    Occasion,
    ParkedField,
    State,
    StoredDefinition,
    VersionInfo,
)
from amity.definitions.handlers import DocumentHandler, ModelHandler
from amity.definitions.jobs import Job
from amity.definitions.plan import Plan, Use
from amity.errors import Invalid, NotFound, Problem, Stale

M = TypeVar("M")

# `list` is a method of the service: its answers need other names.
Definitions = list[StoredDefinition]
Versions = list[VersionInfo]
Uses = list[Use]
Parked = list[ParkedField]
Values = list[dict[str, Any]]
Jobs = list[Job]


@dataclass(frozen=True, slots=True)
class _Live(Generic[M]):
    """What is in force in this process; replaced as a whole, never changed."""

    state: State
    model: M


class DefinitionService(Generic[M]):
    """All definitions of one workspace, as one process sees them.

    `entities` is the handler that makes the model, `others` handle further kinds of documents.
    """

    def __init__(
        self, database: Database, entities: ModelHandler[M], others: Sequence[DocumentHandler] = ()
    ) -> None:
        self._database = database
        self._entities = entities
        self.handlers: Mapping[str, DocumentHandler] = {
            handler.kind: handler for handler in (entities, *others)
        }
        self._loading = threading.Lock()
        self._live: _Live[M] | None = None
        self._applier = Applier(database, self.handlers)

    # -- reading -----------------------------------------------------------------------------------
    @property
    def model(self) -> M:
        """The model in force in this process (as of the last `refresh`)."""
        live = self._live
        return self.refresh() if live is None else live.model

    @property
    def revision(self) -> int:
        """The revision of `model`."""
        return self._state().revision

    def refresh(self) -> M:
        """Bring this process up to date, once per request: one statement unless the revision moved."""
        with self._database.read() as connection:
            return self._refresh(connection)

    def refresh_in(self, connection: Connection) -> bool:
        """Tell a writer, inside its transaction, whether the model it worked with is out of date.

        True: the new model is loaded; roll back and run the whole unit again with it.
        """
        live = self._live
        before = None if live is None else live.state.revision
        if before is not None and store.revision(connection) == before:
            return False
        self._refresh(connection)
        return True

    def _refresh(self, connection: Connection) -> M:
        live = self._live
        if live is not None and store.revision(connection) == live.state.revision:
            return live.model
        with self._loading:
            live = self._live
            state = store.load(connection)
            if live is not None and live.state.revision >= state.revision:
                return live.model  # another thread was first
            while True:
                model = self._entities.build(state, connection, None if live is None else live.model)
                if store.revision(connection) == state.revision:
                    break
                state = store.load(connection)
            self._live = _Live(state, model)
            return model

    def _state(self) -> State:
        if self._live is None:
            self.refresh()
        assert self._live is not None
        return self._live.state

    def get(self, kind: str, name: str) -> StoredDefinition:
        """Give a definition in force. Raises `NotFound`."""
        found = self._state().by_name(kind, name)
        if found is None:
            raise NotFound(f"There is no {kind} called {name!r}.")
        return found

    def list(self, kind: str) -> Definitions:
        """Give all definitions of a kind that are in force, by name."""
        return sorted(self._state().live(kind), key=lambda item: item.name)

    def removed(self, kind: str) -> Definitions:
        """Give the removed definitions of a kind; `restore` brings them back."""
        found = [item for item in self._state().definitions if item.kind == kind and item.removed]
        return sorted(found, key=lambda item: item.name)

    def versions(self, kind: str, name: str) -> Versions:
        """Give all versions of a definition, the newest first; also of a removed one. Raises `NotFound`."""
        state = self._state()
        known = state.by_name(kind, name) or next(
            (item for item in self.removed(kind) if name in (item.name, item.id)), None
        )
        if known is None:
            raise NotFound(f"There is no {kind} called {name!r}.")
        with self._database.read() as connection:
            return store.versions(connection, kind, known.id)

    def where_used(self, entity: str, field: str | None = None) -> Uses:
        """Say where an entity, or one of its fields (by name), is used, in documents of every kind."""
        known, state = self.get(self._entities.kind, entity), self._state()
        field_id = None if field is None else self._entities.field_id(state, known.id, field)
        with self._database.read() as connection:
            return [
                use
                for handler in self.handlers.values()
                for use in handler.uses(state, connection, known.id, field_id)
            ]

    def parked(self, entity: str) -> Parked:
        """Give the removed or converted-away fields of an entity that can come back. Raises `NotFound`."""
        known = self.get(self._entities.kind, entity)
        with self._database.read() as connection:
            return self._entities.parked(self._state(), connection, known.id)

    # -- changing ----------------------------------------------------------------------------------
    def plan(self, changes: Sequence[DefinitionChange], occasion: Occasion | None = None) -> Plan:
        """Say what the changes would do; nothing is changed. Raises `Invalid` where a document is wrong."""
        return self._propose(changes).plan

    def apply(
        self,
        changes: Sequence[DefinitionChange],
        occasion: Occasion,
        *,
        revision: int | None = None,
        confirm: bool = False,
    ) -> Plan:
        """Do it: all of the changes or none.

        `revision` is the one that the person's plan was computed on. Raises `Invalid`, `Stale` (somebody
        applied something meanwhile; `details` hold the new plan and who did what), `NeedsConfirmation`
        and `InUse` (`details["plan"]`), `Busy`.
        """
        for _ in range(5):
            proposal = self._propose(changes)
            if revision is not None and proposal.state.revision != revision:
                raise self._stale(proposal, revision)
            proposal.require(confirm=confirm)
            if proposal.plan.empty and not proposal.writes:
                return proposal.plan
            if self._applier.apply(proposal, occasion):
                self.refresh()
                return proposal.plan
        raise Stale("Others change definitions all the time; please try again.")

    def _propose(self, changes: Sequence[DefinitionChange]) -> Proposal:
        for change in changes:
            if change.kind not in self.handlers:
                known = ", ".join(sorted(self.handlers))
                message = f"{change.kind!r} is no kind of definition; there are: {known}."
                raise Invalid(message, problems=[Problem("kind", message, pointer="")])
        with self._database.read() as connection:
            return self._applier.propose(changes, store.load(connection), connection)

    def _stale(self, proposal: Proposal, revision: int) -> Stale:
        touched = {(item.kind, item.id) for item in proposal.writes}
        with self._database.read() as connection:
            since = [
                {
                    "kind": info.kind,
                    "name": info.name,
                    "version": info.version,
                    "at": info.at.isoformat(),
                    "by": info.by,
                    "revision": info.revision,
                    "same": (info.kind, info.id) in touched,
                    "document": info.document,
                }
                for info in store.versions_since(connection, revision)
            ]
        return Stale(
            f"Definitions changed since this plan was made (revision {revision}, "
            f"now {proposal.state.revision}). Nothing was applied.",
            hint="Look at the new plan and apply that one.",
            details={"plan": proposal.plan.as_json(), "since": since},
        )

    def restore(self, kind: str, name: str, occasion: Occasion) -> Plan:
        """Bring a removed definition back with all its data. Raises `NotFound`, `Invalid`."""
        known = next((item for item in self.removed(kind) if name in (item.name, item.id)), None)
        if known is None:
            raise NotFound(f"There is no removed {kind} called {name!r}.")
        change = DefinitionChange(kind, known.name, known.document, restore=known.id)
        return self.apply([change], occasion, confirm=True)

    def unconverted(self, entity: str, field_id: str) -> Values:
        """Give what conversions of a field could not carry over, one dict per record. Raises `NotFound`."""
        known = self.get(self._entities.kind, entity)
        with self._database.read() as connection:
            return self._entities.unconverted(self._state(), connection, known.id, field_id)

    def restore_field(self, entity: str, field_id: str, occasion: Occasion) -> Plan:
        """Bring a removed field back with its data, or a converted one with its originals.

        Raises `NotFound`, `InUse`.
        """
        known = self.get(self._entities.kind, entity)
        with self._database.read() as connection:
            change = self._entities.restoration(self._state(), connection, known.id, field_id)
        return self.apply([change], occasion, confirm=True)

    def purge_field(self, entity: str, field_id: str, occasion: Occasion) -> int:
        """Empty the columns of a parked field for good; gives how many values were removed.

        Raises `NotFound` where no field of that id is parked.
        """
        known = self.get(self._entities.kind, entity)
        values = self._applier.alter(
            lambda connection, state: self._entities.purge(state, connection, known.id, field_id)
        )
        self.run_jobs()
        return values

    # -- upkeep ------------------------------------------------------------------------------------
    def recover(self) -> int:
        """At start: hand what a killed process left behind to `run_jobs`; gives the number of jobs."""
        return self._applier.recover()

    def jobs(self) -> Jobs:
        """Give what runs, waits or has failed, the oldest first: for people who wonder what happens."""
        with self._database.read() as connection:
            return jobs.find(connection)

    def on_job(self, kind: str, run: Callable[[Job], None]) -> None:
        """Let a layer above do the jobs of a kind (`amity.definitions.jobs`); in transactions of its own."""
        self._applier.runners[kind] = run

    def run_jobs(self, stop: Callable[[], bool] = lambda: False) -> int:
        """Do what is to be done: go on with killed applies, build indexes, empty purged columns.

        Called by workers in a loop and once by `amity apply`; gives the number of jobs done.
        """
        done = self._applier.run_jobs(stop)
        if done:
            self.refresh()
        return done
