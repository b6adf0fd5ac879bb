"""What the gate is asked and what it answers: queries, records, pages, events, results."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

CountMode = Literal["none", "capped", "exact"]
BulkMode = Literal["all", "each"]
Target = tuple[str, str]
"""(entity name, record id) of a linked record."""
Chosen = tuple[str, int | None]
"""A record to delete: id and the version that was seen, None for whichever it has."""

MAX_LIMIT: Final = 500
COUNT_CAP: Final = 1000
MAX_BULK: Final = 10_000


@dataclass(frozen=True, slots=True)
class Query:
    """What a list shows. All of it comes from people: every mistake is `Invalid` with its parameter."""

    where: str | None = None
    """An expression over the entity's fields."""
    q: str | None = None
    """Words to search for; the last one may be unfinished."""
    sort: str = ""
    """Field names, most important first, `-` for descending: `-revenue,name`."""
    fields: Sequence[str] | None = None
    """Names of the fields to read; None for all."""
    limit: int = 50
    after: str | None = None
    """Cursor of the page before (`Page.next`)."""
    count: CountMode = "none"


@dataclass(slots=True)
class Record:
    """One record: typed values by field name, system fields included, unreadable fields absent."""

    entity: str
    values: dict[str, Any]
    dump: Callable[[Mapping[str, Any]], dict[str, Any]] = field(repr=False, compare=False)
    deleted_at: dt.datetime | None = None
    """Set in the bin only."""

    @property
    def id(self) -> str:
        """The record's id."""
        identity: str = self.values["id"]
        return identity

    @property
    def version(self) -> int:
        """Counts the record's changes; an update names the one it saw."""
        number: int = self.values["version"]
        return number

    def get(self, name: str, default: Any = None) -> Any:
        """Give the typed value of a field, `default` when it is absent."""
        return self.values.get(name, default)

    def as_json(self) -> dict[str, Any]:
        """Give the wire form (see semantics: REST): JSON values by field name."""
        return self.dump(self.values)


@dataclass(frozen=True, slots=True)
class Count:
    """How many records there are; `exact` is False where counting stopped at the cap."""

    value: int
    exact: bool

    def as_json(self) -> dict[str, Any]:
        """Give the form of the REST answer."""
        return {"value": self.value, "exact": self.exact}


@dataclass(slots=True)
class Page:
    """Some records of a list, and how to go on."""

    records: list[Record]
    next: str | None = None
    count: Count | None = None
    labels: dict[Target, str] = field(default_factory=dict)
    """Labels of the linked records that the caller may read."""


@dataclass(frozen=True, slots=True)
class Event:
    """One change of a record, told with the names of now."""

    id: str
    at: dt.datetime
    actor: str | None
    """Account id, None for the system."""
    kind: str
    entity: str
    record: str
    version: int
    changes: dict[str, tuple[Any, Any]]
    """Old and new JSON value by field name; fields the caller may not read are left out."""
    cause: dict[str, Any]

    def as_json(self) -> dict[str, Any]:
        """Give the form of the REST answer."""
        return {
            "id": self.id,
            "at": rfc3339(self.at),
            "actor": self.actor,
            "kind": self.kind,
            "entity": self.entity,
            "record": self.record,
            "version": self.version,
            "changes": {name: list(pair) for name, pair in self.changes.items()},
            "cause": self.cause,
        }


@dataclass(slots=True)
class EventPage:
    """Some events, and how to go on."""

    events: list[Event]
    next: str | None = None
    labels: dict[Target, str] = field(default_factory=dict)
    """Labels of records that the changes name, where the caller may read them."""

    def as_json(self) -> dict[str, Any]:
        """Give the form of the REST answer."""
        return {"events": [item.as_json() for item in self.events], "next": self.next}


@dataclass(frozen=True, slots=True)
class Hit:
    """A record that a search found."""

    entity: str
    id: str
    label: str


@dataclass(frozen=True, slots=True)
class Aggregate:
    """Grouped figures: per group the JSON values of the group's fields, and the measures by name."""

    groups: list[dict[str, Any]]
    complete: bool
    """False where there are more groups than are given."""

    def as_json(self) -> dict[str, Any]:
        """Give the form of the REST answer."""
        return {"groups": self.groups, "complete": self.complete}


@dataclass(frozen=True, slots=True)
class Affected:
    """Records of one relation that a deletion reaches."""

    entity: str
    field: str
    """Name of the relation field that points to what is deleted."""
    effect: Literal["refuse", "clear", "cascade"]
    count: int
    """Those that the caller may read."""
    hidden: bool = False
    """Whether there are others that the caller may not read."""
    samples: tuple[Hit, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Give the form of the REST answer."""
        return {
            "entity": self.entity,
            "field": self.field,
            "effect": self.effect,
            "count": self.count,
            "hidden": self.hidden,
            "samples": [{"id": hit.id, "label": hit.label} for hit in self.samples],
        }


@dataclass(frozen=True, slots=True)
class Deletion:
    """What goes with records when they are deleted, and what stands in the way."""

    entity: str
    ids: tuple[str, ...]
    """The chosen records, in their order."""
    affected: tuple[Affected, ...] = ()

    @property
    def refused(self) -> tuple[Affected, ...]:
        """What stands in the way."""
        return tuple(item for item in self.affected if item.effect == "refuse")

    @property
    def along(self) -> int:
        """How many others are deleted, too (as far as the caller may know)."""
        return sum(item.count for item in self.affected if item.effect == "cascade")

    @property
    def count(self) -> int:
        """How many records are deleted, the chosen ones included."""
        return len(self.ids) + self.along

    def as_json(self) -> dict[str, Any]:
        """Give the form of the REST answer for one chosen record."""
        return {
            "entity": self.entity,
            "id": self.ids[0],
            "count": self.count,
            "affected": [item.as_json() for item in self.affected],
        }


@dataclass(slots=True)
class Deletions:
    """What became of the records of a bulk deletion, or of one that is taken back."""

    ids: list[str] = field(default_factory=list)
    """The chosen records that went (came back)."""
    along: int = 0
    """How many others went (came back) with them, as far as the caller may know."""
    errors: list[Any] = field(default_factory=list)
    """`Problem`s with the index of their row, in the order of the rows."""

    def add(self, deletion: Deletion) -> None:
        """Count in what one transaction did."""
        self.ids.extend(deletion.ids)
        self.along += deletion.along


@dataclass(slots=True)
class BulkResult:
    """What became of the rows of a bulk write."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    ids: list[str | None] = field(default_factory=list)
    """Per row, None where it failed."""
    errors: list[Any] = field(default_factory=list)
    """`Problem`s with the index of their row, in the order of the rows."""

    @property
    def failed(self) -> int:
        """How many rows failed."""
        return len({problem.index for problem in self.errors})

    def as_json(self) -> dict[str, Any]:
        """Give the form of the REST answer."""
        return {
            "created": self.created,
            "updated": self.updated,
            "unchanged": self.unchanged,
            "failed": self.failed,
            "ids": self.ids,
            "errors": [problem.as_json() for problem in self.errors],
        }


def rfc3339(moment: dt.datetime) -> str:
    """Write a moment as RFC 3339 in UTC with `Z`; microseconds only where there are any."""
    if moment.tzinfo is not dt.UTC:
        moment = moment.astimezone(dt.UTC)
    return moment.isoformat()[:-6] + "Z"
