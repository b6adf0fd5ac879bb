"""Events as people and programs read them: the history of a record and the ordered feed of all.

Names are those of today: fields are kept by id, choices by id. What the caller may not read is left out, and
an event of which nothing is left is left out, too.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence, Set
from typing import Any, Final

from sqlalchemy import Connection, Row, select

from amity.access.context import Context
from amity.database.schema import event
from amity.entities.kinds.base import ValueProblem
from amity.entities.model import Entity
from amity.errors import Invalid
from amity.records.batches import chunks
from amity.records.caller import Caller
from amity.records.conditions import policy_condition
from amity.records.feeding import read_feed
from amity.records.identity import as_id
from amity.records.links import links_of
from amity.records.machine import Machine
from amity.records.ownership import OWNER
from amity.records.reader import not_found
from amity.records.shapes import Event, EventPage, Target
from amity.records.targets import read_labels

MAX_EVENTS: Final = 500
_CURSOR: Final = re.compile(r"(\d{1,19})(?:-(\d{1,19}))?", re.ASCII)


class Teller:
    """Turns stored events into what a caller may see."""

    def __init__(self, machine: Machine, caller: Caller, connection: Connection) -> None:
        self.machine = machine
        self.caller = caller
        self.connection = connection

    def tell(self, rows: Iterable[Row[Any]]) -> list[Event]:
        """The events in their order, without what is hidden."""
        events = []
        for row in rows:
            entity = self.caller.model.by_id.get(row.entity)
            told = None if entity is None else self._event(entity, row)
            if told is not None:
                events.append(told)
        return events

    def _event(self, entity: Entity, row: Row[Any]) -> Event | None:
        codec = self.machine.codec(self.caller, entity)
        decision = self.caller.decide(entity, "read")
        changes = {}
        for field_id, (old, new) in row.changes.items():
            field = entity.by_id.get(field_id)
            if field is None and field_id == OWNER:
                changes[OWNER] = (old, new)
            elif field is not None and decision.can_read(field.name):
                changes[field.name] = (codec.told_value(field, old), codec.told_value(field, new))
        if row.changes and not changes and row.kind == "updated":
            return None
        return Event(
            id=row.id,
            at=row.at,
            actor=row.actor,
            kind=row.kind,
            entity=entity.name,
            record=row.record,
            version=row.record_version,
            changes=changes,
            cause=dict(row.cause),
        )

    def page(self, rows: Sequence[Row[Any]], following: str | None) -> EventPage:
        """The events of a page; links to what the caller cannot see read as null."""
        events = self.tell(rows)
        targets = self._targets(events)
        labels = read_labels(self.machine, self.caller, self.connection, targets)
        shown = labels.keys() | self._in_bin(targets - labels.keys())
        for item in events:
            self._mask(item, shown)
        return EventPage(events, following, labels)

    def _in_bin(self, targets: set[Target]) -> set[Target]:
        """Those targets that the caller could read if they were not deleted: history may name them."""
        by_entity: dict[str, list[str]] = defaultdict(list)
        for name, key in targets:
            by_entity[name].append(key)
        found: set[Target] = set()
        for name, keys in by_entity.items():
            entity = self.caller.model.entities.get(name)
            if entity is not None:
                visible = visible_ids(self.machine, self.caller, self.connection, entity, keys)
                found.update((name, key) for key in visible)
        return found

    def _targets(self, events: Iterable[Event]) -> set[Target]:
        return {
            link.target
            for item in events
            for name, pair in item.changes.items()
            for value in pair
            for link in self._links(item.entity, name, value)
        }

    def _links(self, entity_name: str, name: str, value: Any) -> list[Any]:
        field = self.caller.model.entities[entity_name].by_name.get(name)
        if value is None or field is None or not field.kind.is_relation:
            return []
        try:
            return links_of(self.caller.model, field, field.kind.parse(field, value))
        except (ValueProblem, KeyError, TypeError, AttributeError):
            return []  # the field was another kind when this happened

    def _mask(self, item: Event, shown: Set[Target]) -> None:
        """Take out links to what the caller may not read."""
        for name, (old, new) in item.changes.items():
            field = self.caller.model.entities[item.entity].by_name.get(name)
            if field is not None and field.kind.is_relation:
                item.changes[name] = (
                    self._masked(item.entity, name, old, shown),
                    self._masked(item.entity, name, new, shown),
                )

    def _masked(self, entity: str, name: str, value: Any, shown: Set[Target]) -> Any:
        links = self._links(entity, name, value)
        if not links:
            return value
        if isinstance(value, list):
            return [part for part, link in zip(value, links, strict=True) if link.target in shown] or None
        return value if links[0].target in shown else None


def visible_ids(
    machine: Machine, caller: Caller, connection: Connection, entity: Entity, ids: Sequence[str]
) -> set[str]:
    """Those records that the caller may read, whether they are in the bin or not."""
    if not caller.can_read(entity):
        return set()
    condition = policy_condition(machine, caller, entity, "read")
    found: set[str] = set()
    for some in chunks(ids):
        if condition is None:
            found.update(some)
            continue
        statement = select(entity.table.c.id).where(entity.table.c.id.in_(some), condition)
        found.update(connection.execute(statement).scalars())
    return found


def history(
    machine: Machine, ctx: Context, name: str, identity: str, after: str | None, limit: int
) -> EventPage:
    """What happened to one record, the newest first. Also of a record in the bin."""
    _check_limit(limit)
    before = _position(after)

    def work(caller: Caller, connection: Connection) -> EventPage:
        entity = caller.entity(name)
        key = as_id(identity)
        if key is None or not _known(machine, caller, connection, entity, key):
            raise not_found(entity, identity)
        statement = select(event).where(event.c.entity == entity.id, event.c.record == key)
        if before is not None:
            statement = statement.where(event.c.seq < before[0])
        rows = connection.execute(statement.order_by(event.c.seq.desc()).limit(limit + 1)).all()
        following = str(rows[limit - 1].seq) if len(rows) > limit else None
        return Teller(machine, caller, connection).page(rows[:limit], following)

    return machine.read(ctx, work)


def _known(machine: Machine, caller: Caller, connection: Connection, entity: Entity, key: str) -> bool:
    table = entity.table
    statement = select(table.c.id).where(table.c.id == key)
    condition = policy_condition(machine, caller, entity, "read")
    if condition is not None:
        statement = statement.where(condition)
    return connection.execute(statement).first() is not None


def feed(machine: Machine, ctx: Context, after: str | None, limit: int) -> EventPage:
    """Events of all entities in the order in which they became visible; `next` is where to go on."""
    _check_limit(limit)
    position = _position(after) or (0, 0)

    def work(caller: Caller, connection: Connection) -> EventPage:
        rows = read_feed(machine.database.dialect, connection, position, limit)
        visible = _visible_rows(machine, caller, connection, rows)
        following = f"{rows[-1].tx}-{rows[-1].seq}" if rows else after
        return Teller(machine, caller, connection).page(visible, following)

    return machine.read(ctx, work)


def _visible_rows(
    machine: Machine, caller: Caller, connection: Connection, rows: Sequence[Row[Any]]
) -> list[Row[Any]]:
    by_entity: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        by_entity[row.entity].add(row.record)
    visible: set[tuple[str, str]] = set()
    for entity_id, ids in by_entity.items():
        entity = caller.model.by_id.get(entity_id)
        if entity is not None:
            found = visible_ids(machine, caller, connection, entity, sorted(ids))
            visible.update((entity_id, key) for key in found)
    return [row for row in rows if (row.entity, row.record) in visible]


def _check_limit(limit: int) -> None:
    if not isinstance(limit, int) or not 1 <= limit <= MAX_EVENTS:
        raise Invalid.parameter("limit", "range", f"The limit is {limit}; allowed is 1 to {MAX_EVENTS}.")


def _position(after: str | None) -> tuple[int, int] | None:
    if after is None:
        return None
    match = _CURSOR.fullmatch(after)
    numbers = [int(part or 0) for part in match.groups()] if match else []
    if not numbers or max(numbers) >= 2**63:
        raise Invalid.parameter(
            "after", "cursor", "This is not a cursor that a list of events gave.", hint="Leave `after` out."
        )
    return numbers[0], numbers[1]
