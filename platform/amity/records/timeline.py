"""One timeline of a party: what happened and what is next, in all its roles, all kinds in one order.

Which entities hold entries, when an entry was and with whom, the entity documents say (`x-amity.timeline`).
One statement finds the entries of a page in order, a few more read them: their number depends on how many
kinds of entries there are, never on how many entries.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Connection,
    Date,
    Integer,
    Select,
    String,
    Text,
    and_,
    case,
    func,
    literal,
    literal_column,
    or_,
    select,
    type_coerce,
    union,
    union_all,
)

from amity.access.context import Context
from amity.database.engine import Dialect
from amity.database.types import UtcDateTime, Uuid36
from amity.entities.model import Entity, Field
from amity.errors import Invalid
from amity.expressions import ExpressionError
from amity.records.binding import Joins
from amity.records.bounds import bounded
from amity.records.caller import Caller
from amity.records.conditions import Conditions
from amity.records.cursors import digest, read_cursor, write_cursor
from amity.records.identity import as_id
from amity.records.links import links_of
from amity.records.machine import Machine
from amity.records.party import Party, Pointing, belonging, find_party, readable
from amity.records.reader import Reader, not_found
from amity.records.shapes import MAX_LIMIT, Record, Target
from amity.records.targets import read_labels

_HOUR_OF_A_DATE: Final = "11:00"
"""A date stands among moments at this hour UTC: on the same day in every zone from -11:00 to +12:59."""

Row = tuple[int, Any, str, str]
"""(1 without a date, moment, record id, entity name): the order of entries, and what they are."""


@dataclass(frozen=True, slots=True)
class TimelineQuery:
    """Which entries are wanted. All of it comes from people: mistakes are `Invalid` with their parameter."""

    kinds: Sequence[str] = ()
    """Names of entities; empty for all."""
    limit: int = 20
    """How many past entries, the newest first."""
    after: str | None = None
    """Cursor of the past entries before (`Entries.next`)."""
    ahead: int = 10
    """How many entries that are still to come, the next first."""
    ahead_after: str | None = None
    """Cursor of those before."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened or will."""

    record: Record
    at: dt.datetime | dt.date
    """When, as the record says it; the moment at which it was added where it says nothing."""
    dated: bool
    """Whether the record says when."""
    roles: tuple[Target, ...]
    """Members of the party, and those who belong to it, that the entry names."""


@dataclass(frozen=True, slots=True)
class Entries:
    """Some entries in order, and how to go on."""

    entries: tuple[Entry, ...] = ()
    next: str | None = None


@dataclass(frozen=True, slots=True)
class Timeline:
    """What happened with a party, and what is next."""

    past: Entries
    ahead: Entries
    members: tuple[Target, ...]
    """The record that was asked for, then the other roles of its party."""
    kinds: tuple[str, ...]
    """Names of the entities whose records may be entries here."""
    labels: dict[Target, str] = field(default_factory=dict)
    """Labels of members and of records that entries link to, where the caller may read them."""


def timeline(machine: Machine, ctx: Context, name: str, identity: str, query: TimelineQuery) -> Timeline:
    """Read the timeline of a record's party. Raises `NotFound`, `Invalid` (kinds, limit, after)."""
    for limit in (query.limit, query.ahead):
        if not isinstance(limit, int) or not 0 <= limit <= MAX_LIMIT:
            raise Invalid.parameter("limit", "range", f"The limit is {limit}; allowed is 0 to {MAX_LIMIT}.")

    def work(caller: Caller, connection: Connection) -> Timeline:
        entity = caller.entity(name)
        key = as_id(identity)
        if key is None or not Reader(machine, caller, connection, entity).exists(key):
            raise not_found(entity, identity)
        party = find_party(machine, caller, connection, entity, key)
        return _Reading(machine, caller, connection, party).run(query)

    return machine.read(ctx, work)


def entry_relations(caller: Caller, entity: Entity) -> list[Pointing]:
    """Give the relations by which records of `entity` are entries, as far as the caller may read them."""
    if entity.timeline is None:
        return []
    fields = [entity.by_name[name] for name in entity.timeline.relations]
    return [Pointing(entity, item) for item in fields if readable(caller, entity, item)]


class _Reading:
    """One reading of a timeline."""

    def __init__(self, machine: Machine, caller: Caller, connection: Connection, party: Party) -> None:
        self.machine = machine
        self.caller = caller
        self.connection = connection
        self.party = party
        self.dialect: Dialect = machine.database.dialect
        self.compiler = Conditions(machine, caller)

    def run(self, query: TimelineQuery) -> Timeline:
        """Find the entries, read them, say whom each is about."""
        kinds = [entity for entity in self.caller.model if list(self._naming(entity))]
        wanted = [entity for entity in kinds if not query.kinds or entity.name in query.kinds]
        past, past_next = self._rows(wanted, query.kinds, query.limit, query.after, ahead=False)
        ahead, ahead_next = self._rows(wanted, query.kinds, query.ahead, query.ahead_after, ahead=True)
        records, labels = self._records([*past, *ahead])
        roles = self._roles(records.values())
        made = {key: Entry(record, *self._when(record), tuple(roles[key])) for key, record in records.items()}
        labels.update(self._labels(labels, roles.values()))
        return Timeline(
            Entries(tuple(made[row[2]] for row in past if row[2] in made), past_next),
            Entries(tuple(made[row[2]] for row in ahead if row[2] in made), ahead_next),
            self.party.members,
            tuple(entity.name for entity in kinds),
            labels,
        )

    # -- which entries, in which order ----------------------------------------------------------------
    def _naming(self, entity: Entity) -> Iterator[Select[Any]]:
        """Statements with the ids of the records of `entity` that name a member, or who belongs to one."""
        for pointing in entry_relations(self.caller, entity):
            members = self.party.ids(pointing, self.caller)
            if members:
                yield pointing.sources(members)
            for part in self.party.parts:
                if pointing.reaches(part.entity):
                    yield pointing.sources(belonging(self.machine, self.caller, self.party, part))

    def _rows(
        self, kinds: Sequence[Entity], asked: Sequence[str], limit: int, cursor: str | None, *, ahead: bool
    ) -> tuple[list[Row], str | None]:
        if not kinds or not limit:
            return [], None
        revision = self.caller.model.revision
        question = digest("timeline", self.party.members[0], sorted(asked), ahead)
        after: Sequence[Any] | None = None
        if cursor is not None:
            after = read_cursor(self.machine.secret, revision, question, cursor, 3).values
        parts = [self._part(entity, limit + 1, after, ahead=ahead) for entity in kinds]
        statement = self._ordered(parts, ahead=ahead).limit(limit + 1)
        with bounded(self.connection, self.dialect, True):
            rows: list[Row] = [tuple(row) for row in self.connection.execute(statement)]
        following = None
        if len(rows) > limit:
            following = write_cursor(self.machine.secret, revision, question, rows[limit - 1][:3])
        return rows[:limit], following

    def _ordered(self, parts: Sequence[Select[Any]], *, ahead: bool) -> Select[Any]:
        found = (union_all(*parts) if len(parts) > 1 else parts[0]).subquery()
        return _in_order(select(*found.c), found.c.undated, found.c.at, found.c.id, ahead=ahead)

    def _part(self, entity: Entity, limit: int, after: Sequence[Any] | None, *, ahead: bool) -> Select[Any]:
        """The first entries of one entity, as a statement that can stand in a union."""
        joins = Joins(entity.table)
        table = entity.table
        naming = list(self._naming(entity))
        conditions: list[ColumnElement[bool]] = [
            table.c.deleted_at.is_(None),
            table.c.id.in_(union(*naming) if len(naming) > 1 else naming[0]),
        ]
        policy = self.compiler.policy(entity, "read")
        if policy is not None:
            conditions.append(policy)
        at, undated = self._moment(entity, ahead=ahead)
        conditions.append(self._open(entity, joins, at, ahead=ahead))
        if after is not None:
            conditions.append(_follows(undated, at, table.c.id, after, ahead=ahead))
        columns = (
            undated.label("undated"),
            at.label("at"),
            table.c.id.label("id"),
            literal(entity.name, Text()).label("entity"),
        )
        statement: Select[Any] = select(*columns).select_from(joins.clause()).where(*conditions)
        first = _in_order(statement, undated, at, table.c.id, ahead=ahead).limit(limit).subquery()
        return select(*first.c)

    def _moment(self, entity: Entity, *, ahead: bool) -> tuple[ColumnElement[Any], ColumnElement[int]]:
        """When an entry is, and 1 where it does not say so: what is to do some day comes last."""
        dates = [self._as_moment(entity, item) for item in self._dates(entity)]
        created = entity.table.c.created_at
        at = func.coalesce(*dates, created, type_=UtcDateTime()) if dates else created
        none: ColumnElement[int] = literal(0, Integer())  # a bound one: a plain 0 in ORDER BY counts columns
        if not ahead or not dates:
            return at, none
        missing = and_(*(date.is_(None) for date in dates))
        return at, case((missing, literal(1, Integer())), else_=none)

    def _as_moment(self, entity: Entity, item: Field) -> ColumnElement[Any]:
        column = entity.column(item)
        if item.kind.name != "date":
            return column
        if self.dialect == "sqlite":
            text = type_coerce(column, String()) + literal_column(
                f"'T{_HOUR_OF_A_DATE}:00.000000Z'", String()
            )
            return type_coerce(text, UtcDateTime())
        hour: ColumnElement[Any] = literal_column(f"time '{_HOUR_OF_A_DATE}'")
        local = type_coerce(column, Date()).op("+")(hour)
        return func.timezone("UTC", local, type_=UtcDateTime())

    def _dates(self, entity: Entity) -> list[Field]:
        assert entity.timeline is not None
        fields = [entity.by_name[name] for name in entity.timeline.at]
        return [item for item in fields if item.stored and readable(self.caller, entity, item)]

    def _open(
        self, entity: Entity, joins: Joins, at: ColumnElement[Any], *, ahead: bool
    ) -> ColumnElement[bool]:
        """What tells entries that are still to come from those that were.

        Where the caller may not read what the entity's own condition names, the moment alone decides.
        """
        assert entity.timeline is not None
        text = entity.timeline.open
        if text is not None:
            try:
                compiled = self.compiler.asked(entity, text if ahead else f"!({text})")
                condition: ColumnElement[bool] = compiled.sql(self.compiler.binding(entity, joins))
                return condition
            except ExpressionError:
                pass
        return at > self.caller.ctx.now if ahead else at <= self.caller.ctx.now

    # -- the entries themselves -----------------------------------------------------------------------
    def _records(self, rows: Sequence[Row]) -> tuple[dict[str, Record], dict[Target, str]]:
        records: dict[str, Record] = {}
        labels: dict[Target, str] = {}
        for entity in self.caller.model:
            ids = [row[2] for row in rows if row[3] == entity.name]
            if ids:
                reader = Reader(self.machine, self.caller, self.connection, entity)
                found, known = reader.several(ids, reader.readable())
                records.update((record.id, record) for record in found)
                labels.update(known)
        return records, labels

    def _when(self, record: Record) -> tuple[dt.datetime | dt.date, bool]:
        for item in self._dates(self.caller.model.entities[record.entity]):
            value = record.get(item.name)
            if value is not None:
                return value, True
        return record.values["created_at"], False

    # -- whom entries are about -----------------------------------------------------------------------
    def _roles(self, records: Iterable[Record]) -> dict[str, list[Target]]:
        named: dict[str, list[Target]] = {}
        for record in records:
            targets: dict[Target, None] = {}
            for pointing in entry_relations(self.caller, self.caller.model.entities[record.entity]):
                value = record.get(pointing.field.name)
                links = links_of(self.caller.model, pointing.field, value)
                targets.update(dict.fromkeys(link.target for link in links))
            named[record.id] = list(targets)
        ours = set(self.party.members)
        ours |= self._belonging({target for targets in named.values() for target in targets} - ours)
        return {key: [target for target in targets if target in ours] for key, targets in named.items()}

    def _belonging(self, targets: set[Target]) -> set[Target]:
        """Those of `targets` who belong to a member of the party."""
        asked = []
        for part in self.party.parts:
            ids = sorted(identity for name, identity in targets if name == part.entity.name)
            if ids:
                found = belonging(self.machine, self.caller, self.party, part, ids)
                asked.append(found.add_columns(literal(part.entity.name, Text())))
        if not asked:
            return set()
        rows = self.connection.execute(union(*asked) if len(asked) > 1 else asked[0])
        return {(name, identity) for identity, name in rows}

    def _labels(self, known: dict[Target, str], roles: Iterable[Sequence[Target]]) -> dict[Target, str]:
        wanted = {*self.party.members, *(target for targets in roles for target in targets)} - known.keys()
        return read_labels(self.machine, self.caller, self.connection, wanted) if wanted else {}


def _in_order(
    statement: Select[Any],
    undated: ColumnElement[Any],
    at: ColumnElement[Any],
    identity: ColumnElement[Any],
    *,
    ahead: bool,
) -> Select[Any]:
    if ahead:
        return statement.order_by(undated, at, identity)
    return statement.order_by(at.desc(), identity.desc())


def _follows(
    undated: ColumnElement[Any],
    at: ColumnElement[Any],
    identity: ColumnElement[Any],
    after: Sequence[Any],
    *,
    ahead: bool,
) -> ColumnElement[bool]:
    """What an entry must meet to come after the one whose (undated, moment, id) are `after`."""
    rank = literal(after[0], Integer())
    moment: ColumnElement[Any] = literal(after[1], UtcDateTime())
    last: ColumnElement[Any] = literal(after[2], Uuid36())
    if not ahead:
        return or_(at < moment, and_(at == moment, identity < last))
    within = or_(at > moment, and_(at == moment, identity > last))
    return or_(undated > rank, and_(undated == rank, within))
