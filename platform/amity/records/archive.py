"""Reads chronicles for whole sets of records: a few statements for a set, whatever its size."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, func, or_, select

from amity.database.schema import account, event
from amity.entities.model import Entity, Field
from amity.records.batches import chunks
from amity.records.caller import Caller
from amity.records.chronicles import Chronicle, Entry
from amity.records.codec import EntityCodec
from amity.records.eras import Eras, read_eras
from amity.records.history import visible_ids
from amity.records.links import read_links
from amity.records.machine import Machine
from amity.records.moves import Moves, is_echo, read_moves, touches

_COLUMNS = (
    event.c.seq,
    event.c.record,
    event.c.kind,
    event.c.record_version,
    event.c.definition_version,
    event.c.at,
    event.c.actor,
    event.c.changes,
    is_echo().label("echo"),
)


class Archive:
    """Chronicles with all events from number `floor` on, read once and kept.

    The rows are read before their events: what is written in between then shows in the events, and undoing it
    gives the same values. (The other way round a change would be in the row and not be undone.)
    """

    def __init__(self, machine: Machine, caller: Caller, connection: Connection, floor: int) -> None:
        self.machine = machine
        self.caller = caller
        self.connection = connection
        self.floor = floor
        self.size = 0
        """How many records and events are kept."""
        self._known: dict[str, dict[str, Chronicle]] = defaultdict(dict)
        self._eras: dict[str, Eras | None] = {}
        self._moves: dict[tuple[str, str], Moves] = {}
        self._changed: dict[str, set[str]] = {}

    def attach(self, connection: Connection) -> None:
        """Go on with another transaction; what was written meanwhile counts as changed."""
        self.connection = connection
        self._changed.clear()

    def codec(self, entity: Entity) -> EntityCodec:
        """The codec of an entity."""
        return self.machine.codec(self.caller, entity)

    def eras(self, entity: Entity) -> Eras | None:
        """The eras of an entity's fields; None where nothing ever changed but by events."""
        if entity.id not in self._eras:
            self._eras[entity.id] = read_eras(self.connection, entity.id, self.floor)
        return self._eras[entity.id]

    def changed(self, entity: Entity, most: int) -> set[str]:
        """Ids of the records of which there are events since the floor, at most so many."""
        if entity.id not in self._changed:
            since = event.c.entity == entity.id, event.c.seq >= self.floor
            statement = select(event.c.record).where(*since).distinct().limit(most)
            self._changed[entity.id] = set(self.connection.execute(statement).scalars())
        return self._changed[entity.id]

    def moves(self, entity: Entity, field: Field) -> Moves:
        """What moved away from its target in a relation of `entity`."""
        key = (entity.id, field.id)
        if key not in self._moves:
            self._moves[key] = read_moves(self.connection, self.codec(entity), field, self.floor)
        return self._moves[key]

    def renewed(self, floor: int) -> Archive:
        """An archive from a later floor that keeps what was read of the whole log."""
        fresh = Archive(self.machine, self.caller, self.connection, floor)
        fresh._eras, fresh._moves = self._eras, self._moves
        return fresh

    def employees(self, accounts: Sequence[str]) -> dict[str, str]:
        """The employee records to which accounts are linked today: the link has no history."""
        found: dict[str, str] = {}
        for some in chunks(accounts):
            linked = account.c.id.in_(some), account.c.employee.is_not(None)
            rows = self.connection.execute(select(account.c.id, account.c.employee).where(*linked))
            found.update({row.id: row.employee for row in rows})
        return found

    # -- chronicles ---------------------------------------------------------------------------------
    def load(self, entity: Entity, ids: Iterable[str]) -> dict[str, Chronicle]:
        """Give the chronicles of these records, a few statements for a thousand unknown ones."""
        known = self._known[entity.id]
        wanted = list(ids)
        unknown = sorted({key for key in wanted if key not in known})
        for some in chunks(unknown):
            self._load(entity, some, known)
        return {key: known[key] for key in wanted}

    def _load(self, entity: Entity, ids: Sequence[str], known: dict[str, Chronicle]) -> None:
        selection = self.codec(entity).selection(None, full=False)
        table = entity.table
        rows: dict[str, tuple[dict[str, Any], bool]] = {}
        statement = select(*selection.columns, table.c.deleted_at).where(table.c.id.in_(ids))
        for row in self.connection.execute(statement):
            loaded = selection.load(row)
            rows[loaded["id"]] = loaded, row[-1] is not None
        links = read_links(self.connection, entity, self.caller.model, selection.to_many, list(rows))
        visible = visible_ids(self.machine, self.caller, self.connection, entity, ids)
        entries = self._entries(entity, ids)
        for key in ids:
            values, deleted = rows.get(key) or (None, False)
            made = Chronicle(
                key,
                values,
                deleted=deleted,
                visible=key in visible,
                entries=entries.get(key, ()),
            )
            for field in selection.to_many:
                made.links[field.name] = links[field.name].get(key, [])
            known[key] = made
            self.size += 1 + len(made.entries)

    def _entries(self, entity: Entity, ids: Sequence[str]) -> dict[str, list[Entry]]:
        statement = (
            select(*_COLUMNS)
            .where(event.c.entity == entity.id, event.c.record.in_(ids), event.c.seq >= self.floor)
            .order_by(event.c.seq)
        )
        found: dict[str, list[Entry]] = defaultdict(list)
        for row in self.connection.execute(statement):
            found[row.record].append(_entry(row))
        return found

    def earlier(self, entity: Entity, chronicles: Iterable[Chronicle], field_id: str) -> None:
        """Let chronicles know the last event before the floor that tells of a field ("": of anything)."""
        unknown = [item for item in chronicles if field_id not in item.earlier]
        for item in unknown:
            item.earlier[field_id] = None
        known = self._known[entity.id]
        for some in chunks([item.id for item in unknown if not item.complete]):
            last = select(func.max(event.c.seq)).where(
                event.c.entity == entity.id, event.c.record.in_(some), event.c.seq < self.floor
            )
            if field_id:
                told = or_(event.c.kind == "created", touches(field_id))
                last = last.where(told, ~is_echo())
            statement = select(*_COLUMNS).where(event.c.seq.in_(last.group_by(event.c.record)))
            for row in self.connection.execute(statement):
                known[row.record].earlier[field_id] = _entry(row)


def _entry(row: Any) -> Entry:
    return Entry(
        seq=row.seq,
        kind=row.kind,
        version=row.record_version,
        definition=row.definition_version,
        at=row.at,
        actor=row.actor,
        changes=row.changes,
        echo=bool(row.echo),
    )
