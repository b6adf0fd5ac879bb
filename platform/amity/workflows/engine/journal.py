"""What one run did so far, and the only way to add to it: under its lease, together with the effect.

Rows that nothing depends on yet (the arm that an `if` took) wait for the next transaction; until then they
would be decided again, and nothing has happened since.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, is_dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final, Literal

from sqlalchemy import Connection, Insert, delete, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from amity import jsontext
from amity.database.engine import Database, Dialect
from amity.database.schema_workflows import run, run_step, run_wait, run_watch
from amity.expressions import Compiled, RecordValue

RunState = Literal["ready", "running", "waiting", "done", "failed", "cancelled"]
StepState = Literal["running", "done", "skipped", "waiting", "failed"]

MAX_KEPT: Final = 64 * 1024
"""Bytes of JSON that are kept of a step's input and of its output, each."""
ENDED: Final = frozenset({"done", "failed", "cancelled"})
_PLAIN: Final = (str, int, float, Decimal, dt.date, dt.time)
"""Types beside lists and objects that have a form in JSON (a date-time is a date)."""
_SECRET: Final = ("password", "secret", "token", "authorization", "api_key", "apikey")


class LeaseLost(Exception):
    """Somebody else works on this run, or it was cancelled: write nothing more."""


@dataclass(frozen=True, slots=True)
class RunRow:
    """A row of the table `run`."""

    id: str
    workflow: str
    version: int
    entity: str | None
    record: str | None
    trigger: Mapping[str, Any]
    actor: str | None
    cause_id: str
    depth: int
    state: RunState
    segment: int
    lease: str | None
    why: str | None
    error: Mapping[str, Any] | None
    requested_at: dt.datetime
    started_at: dt.datetime
    changed_at: dt.datetime
    ended_at: dt.datetime | None
    parent: str | None
    parent_key: str | None
    writes: int

    @property
    def killed(self) -> int:
        """How many processes ended while they worked on it, since it last waited."""
        return int((self.error or {}).get("killed", 0)) if self.state == "running" else 0


@dataclass(slots=True)
class StepRow:
    """A row of the table `run_step`."""

    run: str
    key: str
    step: str
    action: str
    state: StepState
    attempts: int
    started_at: dt.datetime
    input: Any = None
    output: Any = None
    error: Mapping[str, Any] | None = None
    wait: Mapping[str, Any] | None = None
    ended_at: dt.datetime | None = None

    @property
    def is_finished(self) -> bool:
        """Whether the run goes on behind it, or fails by it."""
        return self.state in ("done", "skipped", "failed")


@dataclass(slots=True)
class Wait:
    """A row of the table `run_wait`, with what wakes it beside time."""

    due_at: dt.datetime | None
    woken_at: dt.datetime | None = None
    watch: Sequence[tuple[str, str]] = ()
    """(entity id, record id), as `run_watch` has them."""

    def is_over(self, now: dt.datetime) -> bool:
        """Whether its time has come or something woke it."""
        return self.woken_at is not None or (self.due_at is not None and self.due_at <= now)


RUN_COLUMNS: Final = tuple(run.c[name] for name in RunRow.__dataclass_fields__)
STEP_COLUMNS: Final = tuple(run_step.c[name] for name in StepRow.__dataclass_fields__)


@dataclass(slots=True)
class Journal:
    """The memory of a run while a segment is worked on."""

    database: Database
    run: RunRow
    lease: str
    steps: dict[str, StepRow]
    waits: dict[str, Wait]
    _rows: dict[str, StepRow] = field(default_factory=dict)
    _new_waits: dict[str, Wait] = field(default_factory=dict)
    _over: set[str] = field(default_factory=set)
    writes: int = 0
    """Records that this run changed, as far as it is known."""

    @classmethod
    def open(cls, database: Database, run_id: str, segment: int, lease: str) -> Journal | None:
        """Read what was done; None where this segment is not (or no longer) this process's to work on."""
        with database.read() as connection:
            found = connection.execute(select(*RUN_COLUMNS).where(run.c.id == run_id)).first()
            if found is None or found.state != "running" or found.segment != segment:
                return None
            if found.lease != lease:
                return None
            steps = connection.execute(select(*STEP_COLUMNS).where(run_step.c.run == run_id)).all()
            waits: Sequence[Any] = ()
            if segment or any(row.state == "waiting" for row in steps):
                columns = (run_wait.c.key, run_wait.c.due_at, run_wait.c.woken_at)
                waits = connection.execute(select(*columns).where(run_wait.c.run == run_id)).all()
        row = RunRow(**found._mapping)
        return cls(
            database,
            row,
            lease,
            {item.key: StepRow(**item._mapping) for item in steps},
            {item.key: Wait(item.due_at, item.woken_at) for item in waits},
            writes=row.writes,
        )

    def note(self, row: StepRow) -> None:
        """Take a row in; it is written with the next transaction."""
        self.steps[row.key] = self._rows[row.key] = row

    def wait(self, key: str, wait: Wait) -> None:
        """Let a step wait; a wait that is there already keeps its time."""
        self.waits[key] = self._new_waits[key] = wait

    def wait_is_over(self, key: str) -> None:
        """Forget that a step waits."""
        self._new_waits.pop(key, None)
        if self.waits.pop(key, None) is not None:
            self._over.add(key)

    def flush(self, connection: Connection, *, writes: int = 0) -> None:
        """Write what was noted, in the transaction of an effect. Raises `LeaseLost`.

        `writes` counts the records that the transaction changed. The lease is checked by changing the row:
        whoever takes it over waits for this transaction, or this one finds it gone.
        """
        self._check(connection, {"writes": run.c.writes + writes} if writes else {})
        self._write(connection)

    def flushed(self) -> None:
        """The transaction of `flush` was committed."""
        self._rows, self._new_waits, self._over = {}, {}, set()

    def save(self) -> None:
        """Write what was noted, in a transaction of its own."""
        self.database.run(self.flush)
        self.flushed()

    def _check(self, connection: Connection, values: Mapping[str, Any]) -> None:
        mine = (run.c.id == self.run.id, run.c.lease == self.lease, run.c.segment == self.run.segment)
        if values:
            if connection.execute(update(run).where(*mine).values(**values)).rowcount != 1:
                raise LeaseLost
        elif connection.execute(select(run.c.id).where(*mine).with_for_update()).first() is None:
            raise LeaseLost

    def _write(self, connection: Connection) -> None:
        dialect: Dialect = self.database.dialect
        if self._rows:
            rows = [asdict(row) for row in self._rows.values()]
            connection.execute(_put_steps(dialect), rows)
        if self._over:
            keys = sorted(self._over)
            for table in (run_wait, run_watch):
                connection.execute(delete(table).where(table.c.run == self.run.id, table.c.key.in_(keys)))
        if self._new_waits:
            self._write_waits(connection, dialect)

    def _write_waits(self, connection: Connection, dialect: Dialect) -> None:
        rows = [
            {"run": self.run.id, "key": key, "due_at": item.due_at, "woken_at": None}
            for key, item in self._new_waits.items()
        ]
        connection.execute(_put_waits(dialect), rows)
        watches = [
            {"entity": entity, "record": record, "run": self.run.id, "key": key}
            for key, item in self._new_waits.items()
            for entity, record in sorted(set(item.watch))
        ]
        if watches:
            keys = sorted({item["key"] for item in watches})
            old = delete(run_watch).where(run_watch.c.run == self.run.id, run_watch.c.key.in_(keys))
            connection.execute(old)
            connection.execute(insert(run_watch), watches)

    def rest(self, now: dt.datetime, why: str) -> bool:
        """End the segment at its waits; False where one of them is over already and it must go on."""

        def work(connection: Connection) -> bool:
            values = {"state": "waiting", "why": why, "lease": None, "changed_at": now, "error": None}
            self._check(connection, values)
            self._write(connection)
            over = select(run_wait.c.key).where(
                run_wait.c.run == self.run.id, (run_wait.c.woken_at.is_not(None)) | (run_wait.c.due_at <= now)
            )
            if connection.execute(over.limit(1)).first() is None:
                return True
            again = {"state": "ready", "segment": self.run.segment + 1}
            connection.execute(update(run).where(run.c.id == self.run.id).values(**again))
            return False

        rested = self.database.run(work)
        self.flushed()
        return rested

    def end(
        self, connection: Connection, state: RunState, now: dt.datetime, why: str, error: Any, writes: int = 0
    ) -> None:
        """End the run, in a transaction of the caller."""
        values = {
            "state": state,
            "why": why or None,
            "error": error,
            "lease": None,
            "changed_at": now,
            "ended_at": now,
        }
        if writes:
            values["writes"] = run.c.writes + writes
        self._check(connection, values)
        if state != "failed":  # a failed run may go on from its step; what waited beside it then waits on
            self._new_waits = {}
        self._write(connection)
        if state != "failed" and (self.waits or self._over or self.run.segment):
            for table in (run_wait, run_watch):
                connection.execute(delete(table).where(table.c.run == self.run.id))


def kept(value: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """What is kept of a step's input or output: no secrets, and at most `MAX_KEPT` bytes.

    The largest members are left out until the rest fits; `$cut` names them.
    """
    if value is None:
        return None
    found: dict[str, Any] = without_secrets(value)
    sizes = {name: len(jsontext.dumps_bytes(item)) for name, item in found.items()}
    cut: list[str] = []
    while sum(sizes.values()) > MAX_KEPT:
        largest = max(sizes, key=lambda name: sizes[name])
        cut.append(largest)
        del sizes[largest], found[largest]
    return {**found, "$cut": cut} if cut else found


def without_secrets(value: Any) -> Any:
    """The value with dots in the place of what is named like a secret."""
    if isinstance(value, Mapping):
        return {
            name: "•••" if item is not None and _is_secret(str(name)) else without_secrets(item)
            for name, item in value.items()
        }
    if isinstance(value, list | tuple):
        return [without_secrets(item) for item in value]
    return value if value is None or isinstance(value, _PLAIN) else without_secrets(_told(value))


def _told(value: Any) -> Any:
    """What is kept of a parameter that is no JSON: a record, a condition, a decision, a mail."""
    if isinstance(value, Compiled):
        return value.text
    if is_dataclass(value) and not isinstance(value, type):
        return {item.name: getattr(value, item.name) for item in fields(value) if item.repr}
    if isinstance(value, RecordValue):
        return value.id
    return str(value)


def _is_secret(name: str) -> bool:
    folded = name.lower().replace("-", "_")
    return any(word in folded for word in _SECRET)


@lru_cache(maxsize=2)
def _put_steps(dialect: Dialect) -> Insert:
    statement: Any = (sqlite if dialect == "sqlite" else postgresql).insert(run_step)
    made: Insert = statement.on_conflict_do_update(
        index_elements=[run_step.c.run, run_step.c.key],
        set_={column.name: statement.excluded[column.name] for column in STEP_COLUMNS[2:]},
    )
    return made


@lru_cache(maxsize=2)
def _put_waits(dialect: Dialect) -> Insert:
    statement: Any = (sqlite if dialect == "sqlite" else postgresql).insert(run_wait)
    # A wait that was begun before a kill keeps its time; one that begins anew (a retry) was removed before.
    made: Insert = statement.on_conflict_do_nothing(index_elements=[run_wait.c.run, run_wait.c.key])
    return made
