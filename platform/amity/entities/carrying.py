"""Phase two of an apply: a field's values into new columns, in batches, while everybody goes on working.

Every change of a record writes an event in its own transaction. The cut is the number of the last event at
a moment when no writer was inside (the exclusive lock): what changed since is exactly what events after the
cut name. So records are first carried over in order of id, then those that changed meanwhile again and
again, each round with a new cut, until so few are left that the flip can carry them under its lock.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Final

from sqlalchemy import Connection, delete, func, insert, select

from amity.database.engine import Database
from amity.database.schema import event, parked_value
from amity.definitions.handlers import Progress
from amity.entities import conversions, values
from amity.entities.kinds.base import ValueProblem
from amity.entities.model import Storage
from amity.entities.stored import Registry
from amity.entities.tables import parked_storage, staged_storage
from amity.entities.tasks import CarryField

BATCH: Final = 500
FEW: Final = 200
"""Changed records that the flip carries over under its lock."""
MAX_ROUNDS: Final = 50


def last_event(connection: Connection) -> int:
    """Give the number of the last event."""
    return int(connection.execute(select(func.coalesce(func.max(event.c.seq), 0))).scalar_one())


def changed_since(connection: Connection, entity: str, cut: int) -> list[str]:
    """Give the records of an entity with an event after `cut`."""
    statement = select(event.c.record).where(event.c.seq > cut, event.c.entity == entity).distinct()
    return sorted(connection.execute(statement).scalars())


class Carrier:
    """Carries one field over; `revision` is the one that the flip will make."""

    def __init__(self, task: CarryField, registry: Registry, revision: int) -> None:
        assert task.before.storage is not None
        self.task = task
        self.revision = revision
        self._from: Storage = task.before.storage
        self._to = staged_storage(task.before.id, task.new, registry)
        self._parked: Storage | None = None
        if task.earlier is not None and task.originals is not None:
            self._parked = parked_storage(task.before.id, task.earlier, registry, task.originals)
        self._conversion = conversions.for_task(task)

    @property
    def key(self) -> str:
        """Name of its progress."""
        return f"{self.task.before.id}/{self.task.new.id}"

    def run(self, database: Database, progress: Progress, cut: int, total: int) -> None:
        """Carry all records, then those changed meanwhile, until few are left."""
        state = dict(progress.state.get(self.key) or {"after": None, "cut": cut, "all": False})
        while not state["all"]:
            state = database.run(partial(self._page, progress=progress, state=state, total=total))
        for _ in range(MAX_ROUNDS):
            new_cut = database.flip(last_event)
            with database.read() as connection:
                changed = changed_since(connection, self.task.before.id, state["cut"])
            for start in range(0, len(changed), BATCH):
                ids = changed[start : start + BATCH]
                database.run(partial(self._again, progress=progress, ids=ids))
            state = {**state, "cut": new_cut}
            database.run(partial(progress.beat, progress={self.key: state}))
            if len(changed) <= FEW:
                return

    def _page(
        self, connection: Connection, progress: Progress, state: dict[str, Any], total: int
    ) -> dict[str, Any]:
        records = self._ids(connection, state["after"])
        self.carry(connection, records)
        after = records[-1] if records else state["after"]
        following = {**state, "after": after, "all": len(records) < BATCH}
        done = int(progress.state.get("done", 0)) + len(records)
        progress.beat(connection, {self.key: following, "done": done, "total": max(done, total)})
        return following

    def _ids(self, connection: Connection, after: str | None) -> list[str]:
        table = self._from.table
        statement = select(table.c.id).order_by(table.c.id).limit(BATCH)
        if after is not None:
            statement = statement.where(table.c.id > after)
        return list(connection.execute(statement).scalars())

    def _again(self, connection: Connection, progress: Progress, ids: Sequence[str]) -> None:
        self.carry(connection, ids)
        progress.beat(connection)

    def finish(self, connection: Connection, progress: Mapping[str, Any], cut: int) -> None:
        """Inside the flip: what changed since the last cut."""
        state = progress.get(self.key) or {"cut": cut}
        changed = changed_since(connection, self.task.before.id, state["cut"])
        for start in range(0, len(changed), BATCH):
            self.carry(connection, changed[start : start + BATCH])

    def carry(self, connection: Connection, ids: Sequence[str]) -> None:
        """Carry these records over; may be called again for the same ones."""
        if not ids:
            return
        table = self._from.table
        live = {
            row.id: row.deleted_at is None
            for row in connection.execute(
                select(table.c.id, table.c.deleted_at)
                .where(table.c.id.in_(ids))
                .order_by(table.c.id)
                .with_for_update()
            )
        }
        present = self._present(connection, list(live))
        originals = self._originals(connection, list(live))
        carried, left = [], []
        for record, is_live in live.items():
            value = present.get(record)
            try:
                new = self._conversion.carry(value, originals.get(record), is_live)
            except ValueProblem as problem:
                left.append((record, value, problem.message))
                new = self._conversion.filled(is_live)
            carried.append((record, new))
        values.write(connection, self._to, self.task.new, carried)
        self._park(connection, list(live), left)

    def _present(self, connection: Connection, ids: Sequence[str]) -> dict[str, Any]:
        if self.task.old is None:
            return {}
        return dict(values.read(connection, self._from, self.task.old, ids=ids))

    def _originals(self, connection: Connection, ids: Sequence[str]) -> dict[str, Any]:
        if self._parked is None or self.task.earlier is None:
            return {}
        return dict(values.read(connection, self._parked, self.task.earlier, ids=ids))

    def _park(self, connection: Connection, ids: Sequence[str], left: list[tuple[str, Any, str]]) -> None:
        old = self.task.old
        if old is None:
            return
        where = (
            parked_value.c.entity == self.task.before.id,
            parked_value.c.field == old.id,
            parked_value.c.revision == self.revision,
        )
        connection.execute(delete(parked_value).where(*where, parked_value.c.record.in_(ids)))
        if left:
            rows = [
                {
                    "entity": self.task.before.id,
                    "field": old.id,
                    "revision": self.revision,
                    "record": record,
                    "value": conversions.json_of(old, value),
                    "reason": reason,
                }
                for record, value, reason in left
            ]
            connection.execute(insert(parked_value), rows)
