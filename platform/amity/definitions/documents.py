"""What the store knows of a kind of document; entities, and later roles and workflows, register here."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class StoredDefinition:
    """A definition as it is (or was) in force."""

    kind: str
    id: str
    name: str
    version: int
    document: Mapping[str, Any]
    updated_at: dt.datetime
    updated_by: str | None
    removed: bool = False


@dataclass(frozen=True, slots=True)
class DefinitionChange:
    """What somebody wants: a new document under a name, or none (`document` null removes it)."""

    kind: str
    name: str
    document: Mapping[str, Any] | None
    renamed_from: Mapping[str, str | None] = field(default_factory=dict)
    """Answers to the plan's questions: new field name -> old field name, or null for "it is new"."""
    source: str | None = None
    """File it came from, for messages."""
    choices: Mapping[str, Mapping[str, str | None]] = field(default_factory=dict)
    """What becomes of removed choices in use: field name -> old value -> new value, or null to clear it."""
    fill: Mapping[str, Any] = field(default_factory=dict)
    """Values for live records in which a field that becomes required is empty: field name -> JSON value."""
    restore: str | None = None
    """Id of the removed definition that this brings back with its data."""

    def as_json(self) -> dict[str, Any]:
        """Give a form that `from_json` reads back; a running apply is kept like this."""
        return {
            "kind": self.kind,
            "name": self.name,
            "document": self.document,
            "renamed_from": dict(self.renamed_from),
            "source": self.source,
            "choices": {name: dict(mapping) for name, mapping in self.choices.items()},
            "fill": dict(self.fill),
            "restore": self.restore,
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> DefinitionChange:
        """Read what `as_json` gave."""
        return cls(**stored)


@dataclass(frozen=True, slots=True)
class Write:
    """A document that an apply puts in force; `document` null removes it."""

    kind: str
    id: str
    name: str
    document: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class VersionInfo:
    """One version of a definition: who applied it, when, with which plan."""

    kind: str
    id: str
    name: str
    version: int
    at: dt.datetime
    by: str | None
    """Account id; None for the system."""
    revision: int
    plan: Mapping[str, Any]
    """`Plan.as_json()` without samples of other definitions."""
    document: Mapping[str, Any]
    removed: bool = False


@dataclass(frozen=True, slots=True)
class ParkedField:
    """Data of a field that was removed, or that had another kind before: it can come back."""

    entity: str
    """Name of the entity."""
    field: str
    """Id of the field."""
    title: str
    kind: str
    """Kind that the parked values have."""
    reason: str
    """`removed` or `converted`."""
    revision: int
    """The revision that parked it."""
    records: int
    """How many records hold a parked value."""


@dataclass(frozen=True)
class State:
    """All definitions at one revision, removed ones included."""

    revision: int
    definitions: tuple[StoredDefinition, ...]

    @cached_property
    def _by_id(self) -> Mapping[tuple[str, str], StoredDefinition]:
        return {(item.kind, item.id): item for item in self.definitions}

    @cached_property
    def _by_name(self) -> Mapping[tuple[str, str], StoredDefinition]:
        return {(item.kind, item.name): item for item in self.definitions if not item.removed}

    def by_id(self, kind: str, id_: str) -> StoredDefinition | None:
        """Find a definition, also a removed one."""
        return self._by_id.get((kind, id_))

    def by_name(self, kind: str, name: str) -> StoredDefinition | None:
        """Find a definition in force by its present name."""
        return self._by_name.get((kind, name))

    def over(self, writes: Iterable[Write]) -> State:
        """Give the state as it will be with these documents in force."""
        known = dict(self._by_id)
        for item in writes:
            before = known.get((item.kind, item.id))
            known[item.kind, item.id] = StoredDefinition(
                kind=item.kind,
                id=item.id,
                name=item.name,
                version=1 if before is None else before.version + 1,
                document=item.document if item.document is not None else before.document if before else {},
                updated_at=before.updated_at if before else dt.datetime.now(dt.UTC),
                updated_by=before.updated_by if before else None,
                removed=item.document is None,
            )
        return State(self.revision, tuple(known.values()))

    def live(self, kind: str) -> Iterator[StoredDefinition]:
        """Give the definitions of a kind that are in force."""
        return (item for item in self.definitions if item.kind == kind and not item.removed)


class Person(Protocol):
    """Who applies."""

    @property
    def account(self) -> str | None:
        """Account id; None for the system."""


class Occasion(Protocol):
    """What the store needs of a request (`amity.access.context.Context` has it)."""

    @property
    def actor(self) -> Person:
        """Who acts."""

    @property
    def now(self) -> dt.datetime:
        """When, in UTC."""


@dataclass(frozen=True, slots=True)
class StoredPerson:
    """A person as a job remembers who applied."""

    account: str | None


@dataclass(frozen=True, slots=True)
class StoredOccasion:
    """The occasion of an apply that another process goes on with."""

    actor: StoredPerson
    now: dt.datetime

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> StoredOccasion:
        """Read `{"account", "now"}`."""
        return cls(StoredPerson(stored["account"]), dt.datetime.fromisoformat(stored["now"]))
