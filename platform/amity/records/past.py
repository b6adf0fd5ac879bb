"""Records as they were at a past event, for expressions: what `facts` gives of now, this gives of then.

Values are found by going back from the present row over the events since (`chronicles`), by ids of fields and
choices, never by names. A link leads to the linked record of that moment, null where it was deleted then or
not there yet; a to-many relation or an inverse to those that were linked then. What the log does not tell is
null and noted as a `Gap`, when an expression asks for it.

Whether the caller may see a record's past is decided by today's policy on today's row: rights follow what
roles say now. A right that somebody has lost gives no look into the past, and one that was granted since
shows the whole record, as its history page does. (A condition over past values would also let people see
what was moved out of their sight on purpose.)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any

from sqlalchemy import Connection, select

from amity.database.schema import event
from amity.entities.model import Entity, Field, Inverse
from amity.records.archive import Archive
from amity.records.caller import Caller
from amity.records.chronicles import Chronicle
from amity.records.evidence import Evidence
from amity.records.gaps import Gap
from amity.records.links import Link, links_of
from amity.records.machine import Machine
from amity.records.me import PERSON_ENTITY
from amity.records.moments import Moment
from amity.records.referrers import sources

_CONSTANT = ("created_at", "created_by")
"""System fields that no event changes."""
_FROM_EVENTS = ("version", "updated_at", "updated_by", "owner")


class PastFacts:
    """One record at a moment (see `expressions.RecordValue`)."""

    __slots__ = ("_values", "chronicle", "level", "moment")

    def __init__(self, level: Level, chronicle: Chronicle, moment: Moment) -> None:
        self.level = level
        self.chronicle = chronicle
        self.moment = moment
        self._values: dict[str, Any] = {}

    @property
    def id(self) -> str:
        """The record's id."""
        return self.chronicle.id

    @property
    def missing(self) -> set[Gap]:
        """What was asked for since and the log does not tell."""
        return self.moment.missing

    def get(self, name: str, /) -> Any:
        """Give the typed value of a field, linked records for relations, or a bound name."""
        if name not in self._values:
            self._values[name] = self._read(name)
        return self._values[name]

    def _read(self, name: str) -> Any:
        level, moment = self.level, self.moment
        item = level.entity.by_name.get(name)
        if item is None:
            return self._other(name)
        if not level.readable(name):
            return None
        if not item.kind.is_relation:
            return level.evidence.value(self.chronicle, item, moment)
        links = level.evidence.links(self.chronicle, item, moment)
        reached = level.follow(item) if links else {}
        found = [
            facts
            for link in links
            if link.entity in reached and (facts := reached[link.entity].facts(link.id, moment)) is not None
        ]
        if item.kind.to_many:
            return found
        return found[0] if found else None

    def _other(self, name: str) -> Any:
        if name == "id":
            return self.id
        if name in _CONSTANT:
            return (self.chronicle.row or {}).get(name)
        if name in _FROM_EVENTS:
            return self.level.evidence.system(self.chronicle, name, self.moment)
        inverse = next((item for item in self.level.entity.inverses if item.name == name), None)
        if inverse is None:
            return self.moment.bound.get(name)
        return self.level.pointing(self.chronicle, inverse, self.moment)


class Level:
    """Records of one entity that are looked at together: a relation is followed for all of them at once.

    Which records are read does not depend on the moments that are asked for: all that a relation ever pointed
    to since the archive's floor come along. So a walk over many events of one record reads no more than one.
    """

    def __init__(self, archive: Archive, entity: Entity, ids: Iterable[str] = ()) -> None:
        self.archive = archive
        self.entity = entity
        self.model = archive.caller.model
        self._chronicles: dict[str, Chronicle] = {}
        self.evidence = Evidence(archive, entity, self._chronicles)
        self._reached: dict[str, dict[str, Level]] = {}
        self._sources: dict[str, tuple[Level, dict[str, list[str]]]] = {}
        self.add(ids)

    def add(self, ids: Iterable[str]) -> None:
        """Take records in."""
        fresh = [key for key in ids if key not in self._chronicles]
        if fresh:
            self._chronicles.update(self.archive.load(self.entity, fresh))
            self._reached.clear()
            self._sources.clear()

    def readable(self, name: str) -> bool:
        """Whether the caller may read a field."""
        return self.archive.caller.decide(self.entity, "read").can_read(name)

    def visible(self, key: str) -> bool:
        """Whether the caller may see a record."""
        return self._chronicles[key].visible

    # -- records ------------------------------------------------------------------------------------
    def facts(self, key: str, moment: Moment, *, guarded: bool = True) -> PastFacts | None:
        """The record at a moment; None where it was not there, deleted, or may not be seen."""
        chronicle = self._chronicles.get(key)
        if chronicle is None or (guarded and not chronicle.visible):
            return None
        return PastFacts(self, chronicle, moment) if self._alive(chronicle, moment) else None

    def _alive(self, chronicle: Chronicle, moment: Moment) -> bool:
        if chronicle.row is None:
            self.evidence.note(chronicle, None, moment, "purged")
            return False
        if chronicle.state(moment.cut) != "live":
            return False
        if chronicle.row["created_at"] > moment.at and not chronicle.complete:
            # Its own event may have a lower number than the one looked at and a later clock.
            self.archive.earlier(self.entity, self._chronicles.values(), "")
            if chronicle.event_upto(moment.cut) is None:
                self.evidence.note(chronicle, None, moment, "unlogged")
                return False
        return True

    # -- relations ----------------------------------------------------------------------------------
    def follow(self, item: Field) -> dict[str, Level]:
        """The levels of all records that a relation of these records ever pointed to, by entity name."""
        if item.name not in self._reached:
            wanted: dict[str, set[str]] = {}
            for link in self._ever(item):
                wanted.setdefault(link.entity, set()).add(link.id)
            self._reached[item.name] = {
                name: Level(self.archive, self.model.entities[name], sorted(ids))
                for name, ids in wanted.items()
                if name in self.model.entities
            }
        return self._reached[item.name]

    def _ever(self, item: Field) -> Iterable[Link]:
        doubtful = [
            chronicle for chronicle in self._chronicles.values() if self.evidence.doubtful(chronicle, item)
        ]
        self.archive.earlier(self.entity, doubtful, item.id)
        for chronicle in self._chronicles.values():
            if item.kind.to_many:
                yield from chronicle.links.get(item.name, ())
            else:
                yield from links_of(self.model, item, (chronicle.row or {}).get(item.name))
            entries = chronicle.touching(item.id)
            earlier = chronicle.earlier.get(item.id)
            for entry in [*entries, earlier] if earlier is not None else entries:
                for value in (entry.pair(item.id) or ()) if item.id in entry.changes else ():
                    yield from self.evidence.told_links(item, value)

    def pointing(self, chronicle: Chronicle, inverse: Inverse, moment: Moment) -> list[PastFacts]:
        """The records whose relation pointed to this one at a moment, in order of id."""
        if inverse.name not in self._sources:
            self._sources[inverse.name] = self._read_sources(inverse)
        level, candidates = self._sources[inverse.name]
        if not level.readable(inverse.field):
            return []
        item = level.entity.by_name[inverse.field]
        found = []
        for key in candidates.get(chronicle.id, ()):
            facts = level.facts(key, moment)
            if facts is not None:
                links = level.evidence.links(facts.chronicle, item, moment)
                if any(link.id == chronicle.id for link in links):
                    found.append(facts)
        return found

    def _read_sources(self, inverse: Inverse) -> tuple[Level, dict[str, list[str]]]:
        """All candidates: those that point here now, and those whose relation moved away since."""
        other = self.model.entities[inverse.entity]
        item = other.by_name[inverse.field]
        moved = self.archive.moves(other, item).sources
        found = {key: set(moved.get(key, ())) for key in self._chronicles}
        for source, target in sources(self.archive.connection, other, item, sorted(self._chronicles)):
            found[target].add(source)
        level = Level(self.archive, other, sorted(set().union(*found.values())))
        return level, {key: sorted(candidates) for key, candidates in found.items()}


class Staff:
    """The employee records of the accounts whose events are looked at (see `moments.Staff`).

    Which record belongs to an account is known for today only.
    """

    def __init__(self, archive: Archive, accounts: Iterable[str]) -> None:
        self.archive = archive
        self._accounts = list(accounts)

    def employee(self, account: str, moment: Moment) -> PastFacts | None:
        """Give an account's employee record as it was, whoever asks; None where there is none."""
        key = self._keys.get(account)
        return None if key is None or self._level is None else self._level.facts(key, moment, guarded=False)

    @cached_property
    def _keys(self) -> dict[str, str]:
        return self.archive.employees(self._accounts)

    @cached_property
    def _level(self) -> Level | None:
        entity = self.archive.caller.model.entities.get(PERSON_ENTITY)
        return None if entity is None else Level(self.archive, entity, self._keys.values())


class Past:
    """The state of the database just after an event, or (`before`) just before it.

    Events are numbered in the order of writing; of two transactions that wrote at the same time, the events
    of either may come first.
    """

    def __init__(
        self, machine: Machine, caller: Caller, connection: Connection, seq: int, *, before: bool = False
    ) -> None:
        cut = seq - 1 if before else seq
        statement = select(event.c.at, event.c.actor).where(event.c.seq <= seq)
        row = connection.execute(statement.order_by(event.c.seq.desc()).limit(1)).first()
        at, actor = (caller.ctx.now, None) if row is None else (row.at, row.actor)
        archive = Archive(machine, caller, connection, cut + 1)
        self.moment = Moment(
            cut, seq, at, actor, caller.ctx.timezone, Staff(archive, [actor] if actor else [])
        )
        self._archive = archive
        self._levels: dict[str, Level] = {}

    @property
    def missing(self) -> set[Gap]:
        """What was asked for and the log does not tell."""
        return self.moment.missing

    @property
    def bound(self) -> Mapping[str, Any]:
        """`now`, `today` and `me` of the moment."""
        return self.moment.bound

    def record(self, entity: str, key: str) -> PastFacts | None:
        """Give a record; None where it was not there, deleted, or may not be seen.

        Raises `NotFound` where the caller may not read the entity.
        """
        return self.records(entity, [key]).get(key)

    def records(self, entity: str, keys: Iterable[str]) -> dict[str, PastFacts]:
        """Give those of several records that were there, by id. Raises `NotFound` like `record`."""
        wanted = list(keys)
        found = self._archive.caller.entity(entity)
        level = self._levels.setdefault(found.id, Level(self._archive, found))
        level.add(wanted)
        facts = ((key, level.facts(key, self.moment)) for key in wanted)
        return {key: item for key, item in facts if item is not None}
