"""A walk over past changes of one entity: what happened, with the record before and after each change.

For back-tests over tens of thousands of events: chunks of them are read together, and whatever expressions
ask of related records is read for the whole chunk. The number of statements grows with the number of chunks
and of relations that are followed, not with that of events.
"""

from __future__ import annotations

import datetime as dt
import time
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, Row, func, select

from amity.access.context import Context
from amity.database.schema import event
from amity.entities.model import Entity
from amity.records.archive import Archive
from amity.records.batches import chunks
from amity.records.caller import Caller
from amity.records.gaps import Gap
from amity.records.machine import Machine
from amity.records.moments import Moment
from amity.records.ownership import OWNER
from amity.records.past import Level, PastFacts, Staff

CHUNK: Final = 500
MIN_CHUNK: Final = 25
SLOW_SECONDS: Final = 2.0
"""A chunk that takes longer is followed by smaller ones."""
MAX_KEPT: Final = 50_000
"""Records and events that are kept from one chunk to the next."""

_ROOTS: Final = {"cascade": "deleted", "restore": "restored"}
"""What happened first, by the kind of cause that its consequences name."""


@dataclass(frozen=True)
class PastChange:
    """One event of a record, with what it was before and after."""

    id: str
    """Of the event."""
    seq: int
    at: dt.datetime
    actor: str | None
    """Account id, None for the system."""
    kind: str
    """created, updated, deleted or restored."""
    record: str
    fields: frozenset[str]
    """Names of the fields that changed and that the caller may read; `owner`, too."""
    cause: Mapping[str, Any]
    old: PastFacts | None
    """Just before; None where the record was not there or in the bin."""
    new: PastFacts | None
    """Just after; None where the record was not there or in the bin."""
    moment: Moment

    @property
    def missing(self) -> set[Gap]:
        """What was asked for and the log does not tell: complete after expressions were evaluated."""
        return self.moment.missing

    @property
    def environment(self) -> Mapping[str, Any]:
        """What an expression may name: `record` (`new`, else `old`), `old`, `new`, now, today, me."""
        record = self.new if self.new is not None else self.old
        return {"record": record, "old": self.old, "new": self.new, **self.moment.bound}


def walk(
    machine: Machine,
    ctx: Context,
    entity: str,
    since: dt.datetime,
    until: dt.datetime,
    kinds: Collection[str] | None = None,
) -> Iterator[PastChange]:
    """Give what happened to an entity's records from `since` until before `until`, in order.

    Facts may be asked until the next change but a few hundred is taken: they read from an open connection.
    Records that the caller may not see are left out, and changes of nothing but fields he may not read.
    Raises `NotFound` where the caller may not read the entity.
    """
    caller = machine.caller(ctx)
    found = caller.entity(entity)
    return _Walk(machine, caller, found, since, until, kinds).run()


def count(
    connection: Connection, entity: Entity, since: dt.datetime, until: dt.datetime, kinds: Collection[str]
) -> int:
    """Give how many changes `walk` goes over, those that it leaves out included."""
    statement = select(func.count()).select_from(event)
    period = event.c.at >= since, event.c.at < until
    own = event.c.entity == entity.id, event.c.kind.in_(sorted(kinds))
    return int(connection.execute(statement.where(*own, *period)).scalar_one())


class _Walk:
    def __init__(
        self,
        machine: Machine,
        caller: Caller,
        entity: Entity,
        since: dt.datetime,
        until: dt.datetime,
        kinds: Collection[str] | None,
    ) -> None:
        self.machine = machine
        self.caller = caller
        self.entity = entity
        decision = caller.decide(entity, "read")
        self.shown = {item.id: item.name for item in entity.fields if decision.can_read(item.name)}
        self.shown[OWNER] = OWNER
        statement = select(event).where(event.c.entity == entity.id, event.c.at >= since, event.c.at < until)
        if kinds is not None:
            statement = statement.where(event.c.kind.in_(sorted(kinds)))
        self.statement = statement.order_by(event.c.seq)
        self.size = CHUNK
        self.archive: Archive | None = None

    def run(self) -> Iterator[PastChange]:
        seq = 0
        while True:
            with self.machine.database.read() as connection:
                begun = time.monotonic()
                rows = connection.execute(self.statement.where(event.c.seq > seq).limit(self.size)).all()
                if not rows:
                    return
                yield from self._changes(connection, rows)
                seq = rows[-1].seq
            self._pace(time.monotonic() - begun)

    def _pace(self, seconds: float) -> None:
        """Read less at a time where the caller takes long: an open transaction holds up changes of tables."""
        if seconds > SLOW_SECONDS:
            self.size = max(MIN_CHUNK, self.size // 2)
        elif seconds < SLOW_SECONDS / 4:
            self.size = min(CHUNK, self.size * 2)

    def _changes(self, connection: Connection, rows: Sequence[Row[Any]]) -> Iterator[PastChange]:
        before = _cuts(connection, rows)
        archive = self._archive(connection, min(before.values()) + 1)
        level = Level(archive, self.entity, {row.record: None for row in rows})
        staff = Staff(archive, sorted({row.actor for row in rows if row.actor is not None}))
        for row in rows:
            fields = frozenset(self.shown[key] for key in row.changes if key in self.shown)
            if not level.visible(row.record) or (row.kind == "updated" and row.changes and not fields):
                continue
            after = Moment(row.seq, row.seq, row.at, row.actor, self.caller.ctx.timezone, staff)
            yield PastChange(
                id=row.id,
                seq=row.seq,
                at=row.at,
                actor=row.actor,
                kind=row.kind,
                record=row.record,
                fields=fields,
                cause=row.cause,
                old=level.facts(row.record, after.earlier(before[row.seq])),
                new=level.facts(row.record, after),
                moment=after,
            )

    def _archive(self, connection: Connection, floor: int) -> Archive:
        """The archive of the chunk before, where it reaches back far enough and has not grown too large."""
        archive = self.archive
        if archive is None or floor < archive.floor:
            archive = Archive(self.machine, self.caller, connection, floor)
        elif archive.size > MAX_KEPT:
            archive = archive.renewed(floor)
        archive.attach(connection)
        self.archive = archive
        return archive


def _cuts(connection: Connection, rows: Sequence[Row[Any]]) -> dict[int, int]:
    """Before what each event is looked at: before the deletion or restoring that it belongs to.

    When a deletion takes a record along or clears its link, the event of the one that was deleted comes
    first; just before the record's own event the link would lead nowhere already.
    """
    part = [row for row in rows if row.cause.get("kind") in ("cascade", "restore") and "of" in row.cause]
    roots: dict[tuple[str, str, str], list[int]] = defaultdict(list)
    for some in chunks(sorted({row.cause_id for row in part})):
        columns = event.c.cause_id, event.c.record, event.c.kind, event.c.seq
        statement = select(*columns).where(
            event.c.cause_id.in_(some), event.c.kind.in_(tuple(_ROOTS.values()))
        )
        for cause_id, record, kind, seq in connection.execute(statement):
            roots[cause_id, record, kind].append(seq)
    cuts = {row.seq: row.seq - 1 for row in rows}
    for row in part:
        own = roots[row.cause_id, row.cause["record"], _ROOTS[row.cause["kind"]]]
        cuts[row.seq] = max((seq for seq in own if seq < row.seq), default=row.seq) - 1
    return cuts
