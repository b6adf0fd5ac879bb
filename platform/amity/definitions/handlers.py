"""The door for kinds of documents: what the store asks of entities, and later of roles and workflows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar

from sqlalchemy import Connection

from amity.database.engine import Database
from amity.definitions.documents import DefinitionChange, Occasion, ParkedField, State, Write
from amity.definitions.jobs import Job
from amity.definitions.plan import Change, Question, Use

M = TypeVar("M")


@dataclass(frozen=True, slots=True)
class Renames:
    """Names that change in one apply; every handler rewrites its documents by them."""

    entities: Mapping[str, str] = field(default_factory=dict)
    """Old name -> new name."""
    fields: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """(entity id, field id) -> new name."""
    choices: Mapping[tuple[str, str], Mapping[str, str]] = field(default_factory=dict)
    """(entity id, field id) -> old value -> new value."""

    def __bool__(self) -> bool:
        return bool(self.entities or self.fields or self.choices)


@dataclass(frozen=True, slots=True)
class Draft:
    """What a handler made of the changes to its kind: lines of the plan and what the apply will do."""

    changes: tuple[Change, ...] = ()
    questions: tuple[Question, ...] = ()
    writes: tuple[Write, ...] = ()
    renames: Renames = field(default_factory=Renames)
    work: Any = None
    """The handler's own: handed back in `stage`, `carry` and `flip`."""
    long: bool = False
    """Whether data must be carried over in batches before the flip."""


class Progress(Protocol):
    """What a phase reports to while it runs (see `amity.definitions.jobs`)."""

    @property
    def state(self) -> Mapping[str, Any]:
        """What was last reported: where to go on after a kill."""

    def beat(self, connection: Connection, progress: Mapping[str, Any] | None = None) -> None:
        """Report in the transaction that did the work (`done`, `total`, own keys).

        Raises where another process took the job over. Must be the last statement: the mark it leaves
        counts only if the transaction commits.
        """


class DocumentHandler:
    """Base of handlers; one instance serves a workspace and holds no state of a request.

    Order of calls for one apply: `draft` (a read transaction, changes nothing); where it is `long`:
    `stage` (an exclusive transaction), then `carry` (its own short transactions); `flip` and `settle` (an
    exclusive transaction, with the documents and the revision). `discard` ends one that was given up.
    """

    kind: str = ""

    def draft(self, changes: Sequence[DefinitionChange], state: State, connection: Connection) -> Draft:
        """Say what the changes would do. Raises `Invalid` where a document is wrong."""
        raise NotImplementedError

    def stage(self, draft: Draft, connection: Connection) -> Mapping[str, Any]:
        """Make room for data that must be carried over; what it gives comes back in `carry` and `flip`."""
        return {}

    def carry(self, draft: Draft, staged: Mapping[str, Any], progress: Progress, database: Database) -> None:
        """Carry data over in batches, each a transaction of its own; may be called again to resume."""

    def flip(
        self,
        draft: Draft,
        staged: Mapping[str, Any],
        state: State,
        connection: Connection,
        revision: int,
        when: Occasion,
    ) -> None:
        """Make the storage fit the new documents; `state` still holds the old ones.

        `staged` is what `stage` gave, with what was reported to `progress` under "progress".
        """

    def settle(self, writes: Sequence[Write], state: State, connection: Connection, revision: int) -> None:
        """In the transaction of the flip, after the documents were written: `state` holds the new ones."""

    def discard(self, staged: Mapping[str, Any], connection: Connection) -> None:
        """Clean up what `stage` made, for an apply that will not be finished."""

    def follow(self, renames: Renames, before: State, after: State) -> Sequence[Write]:
        """Rewrite the documents of this kind after names changed in another."""
        return ()

    def follow_elsewhere(self, renames: Renames, before: State, connection: Connection) -> None:
        """Rewrite what names fields outside of the definitions in force; in the transaction of the flip."""

    def broken(self, before: State, after: State) -> Sequence[Use]:
        """Say what of this kind works in one state and no longer would in another."""
        return ()

    def uses(self, state: State, connection: Connection, entity: str, field: str | None) -> Sequence[Use]:
        """Say where documents of this kind use an entity (by id) or one of its fields (by id)."""
        return ()

    def run_job(self, job: Job, progress: Progress, database: Database) -> None:
        """Do a job of the handler's own kind (`amity.definitions.jobs`), in short transactions."""


class ModelHandler(DocumentHandler, Generic[M]):
    """The handler whose documents make the model that is in force in a process."""

    def build(self, state: State, connection: Connection, previous: M | None) -> M:
        """Make the model of `state`; parts of `previous` that did not change may be used again."""
        raise NotImplementedError

    def field_id(self, state: State, entity: str, name: str) -> str:
        """Give the id of an entity's field by its present name. Raises `NotFound`."""
        raise NotImplementedError

    def parked(self, state: State, connection: Connection, entity: str) -> list[ParkedField]:
        """Give what was removed from an entity (by id) or converted away and can come back."""
        raise NotImplementedError

    def unconverted(
        self, state: State, connection: Connection, entity: str, field_id: str
    ) -> list[dict[str, Any]]:
        """Give the values that conversions could not carry over: `record`, `value`, `reason`, `revision`."""
        raise NotImplementedError

    def restoration(
        self, state: State, connection: Connection, entity: str, field_id: str
    ) -> DefinitionChange:
        """Give the change that brings a parked field back. Raises `NotFound`."""
        raise NotImplementedError

    def purge(self, state: State, connection: Connection, entity: str, field_id: str) -> int:
        """Mark a parked field's data for emptying by a job; gives the number of values. Raises `NotFound`."""
        raise NotImplementedError
