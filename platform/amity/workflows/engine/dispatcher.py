"""Takes what is requested or woken, fairly, and hands it to the engine.

Each workflow gets its turn: of the room that this process has, every workflow with something to do gets one
place after another, up to its own limit. So ten thousand runs of one workflow never hold up the first of
another. A segment that takes long (a stuck server at the other end of a step) gives its place back.

Taking is one short transaction: the run's row appears (or is woken) with this process as its lease. A kill
between that and the engine, or anywhere after it, is found by `sweep`.
"""

from __future__ import annotations

import datetime as dt
import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from sqlalchemy import Connection, Table, delete, func, insert, select, text, update

from amity.database.engine import Database
from amity.database.processes import alive
from amity.database.schema_workflows import run, run_request, workflow_state
from amity.records.batches import chunks
from amity.texts import gettext as _
from amity.workflows.documents.model import Limits
from amity.workflows.documents.pinning import pin
from amity.workflows.engine import guard
from amity.workflows.engine.interface import BATCH, Catalog, DurableEngine, segment_key, split_key
from amity.workflows.service import EVERYTHING

ACTIVE: Final = 16
"""Segments that one process works on at once, those that take long not counted."""
SLOW_SECONDS: Final = 2.0
MOST: Final = 250
"""Segments in this process at once, all counted."""
STRANDED_SECONDS: Final = 10.0
"""So long the engine has time to bring what a dead process left to a living one."""
TAKING_LOCK: Final = 0x616D6974616B65
"""Advisory lock under which workers take, one after another, so that limits hold for all together."""

Source = Literal["requested", "ready"]

log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Queue:
    """What one workflow has to do, from one of the two sources."""

    source: Source
    workflow: str
    room: int
    places: int = 0


@dataclass
class Dispatcher:
    """One per worker process. `lease` is the id of this process."""

    database: Database
    catalog: Catalog
    lease: str
    engine: DurableEngine
    advance: Callable[[str], None]
    """Works on a segment that belongs to this process."""
    bounds: guard.Bounds = field(default_factory=guard.Bounds)
    active: int = ACTIVE
    clock: Callable[[], dt.datetime] = lambda: dt.datetime.now(dt.UTC)
    wake: threading.Event = field(default_factory=threading.Event)
    """Set where there may be something to take."""
    _running: dict[str, float] = field(default_factory=dict)
    _guard: threading.Lock = field(default_factory=threading.Lock)
    _served: dict[str, float] = field(default_factory=dict)
    _lost: dict[str, float] = field(default_factory=dict)
    """Segments that nobody works on, and since when."""

    # -- in the engine's threads ------------------------------------------------------------------------
    def run(self, segment: str) -> None:
        """What the engine calls for each segment, also for those that it took over from the dead."""
        with self._guard:
            handed_over = segment in self._running
            self._running[segment] = time.monotonic()
        try:
            if handed_over or self._is_mine(segment):
                self.advance(segment)
        finally:
            with self._guard:
                self._running.pop(segment, None)
            self.wake.set()

    def _is_mine(self, segment: str) -> bool:
        """Whether this process works on it; what belongs to a dead process is taken over."""
        run_id, number = split_key(segment)
        mine = (run.c.id == run_id, run.c.segment == number, run.c.state == "running")
        with self.database.read() as connection:
            found = connection.execute(select(run.c.lease, run.c.error).where(*mine)).first()
        lease = None if found is None else found.lease
        if found is None or lease == self.lease or lease is None:
            return lease is not None
        if lease in self._living():
            return False

        def work(connection: Connection) -> bool:
            values = {"lease": self.lease, "error": _once_more(found.error)}
            taken = update(run).where(*mine, run.c.lease == lease).values(values)
            return connection.execute(taken).rowcount == 1

        return self.database.run(work)

    def _living(self) -> set[str]:
        return {item.id for item in alive(self.database)} | {self.lease}

    @property
    def is_busy(self) -> bool:
        """Whether segments are worked on here."""
        with self._guard:
            return bool(self._running)

    # -- taking -----------------------------------------------------------------------------------------
    def room(self) -> int:
        """How many more segments this process may take now."""
        now = time.monotonic()
        with self._guard:
            fresh = sum(1 for begun in self._running.values() if now - begun < SLOW_SECONDS)
            return min(self.active - fresh, MOST - len(self._running))

    def dispatch(self) -> int:
        """Take as much as there is room for, and hand it over; give the number of segments."""
        room = self.room()
        if room <= 0:
            return 0
        with self.database.read() as connection:
            if not self._queues(connection):
                return 0
        segments = self.database.run(lambda connection: self._take(connection, room))
        for some in chunks(segments, BATCH):
            self._hand_over(some)
        return len(segments)

    def _hand_over(self, segments: Sequence[str]) -> None:
        now = time.monotonic()
        with self._guard:
            self._running.update(dict.fromkeys(segments, now))
        try:
            self.engine.hand_over(segments)
        except Exception:
            # They stay taken by this process; the sweep hands them over again.
            with self._guard:
                for segment in segments:
                    self._running.pop(segment, None)
            log.exception("segments could not be handed over", extra={"segments": len(segments)})

    def _take(self, connection: Connection, room: int) -> list[str]:
        if self.database.dialect == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": TAKING_LOCK})
        queues = self._queues(connection)
        share(queues, room)
        now = self.clock()
        segments: list[str] = []
        for queue in queues:
            if queue.places:
                self._served[queue.workflow] = time.monotonic()
                taken = self._requested if queue.source == "requested" else self._ready
                segments += taken(connection, queue.workflow, queue.places, now)
        return segments

    def _queues(self, connection: Connection) -> list[_Queue]:
        requested = _workflows(connection, run_request, "true")
        ready = _workflows(connection, run, "state = 'ready'")
        if not requested and not ready:
            return []
        paused = set(
            connection.execute(
                select(workflow_state.c.workflow).where(workflow_state.c.paused_at.is_not(None))
            ).scalars()
        )
        if EVERYTHING in paused:
            return []
        counted = (
            select(run.c.workflow, func.count()).where(run.c.state == "running").group_by(run.c.workflow)
        )
        busy = {row[0]: row[1] for row in connection.execute(counted)}
        found = []
        for workflow in sorted({*requested, *ready} - paused, key=lambda item: self._served.get(item, 0.0)):
            room = self._limits(workflow).concurrent - busy.get(workflow, 0)
            if room > 0:
                sources: tuple[tuple[Source, Sequence[str]], ...] = (
                    ("ready", ready),
                    ("requested", requested),
                )
                found += [_Queue(name, workflow, room) for name, some in sources if workflow in some]
        return found

    def _limits(self, workflow: str) -> Limits:
        return self.catalog.limits(workflow) or Limits()

    def _requested(self, connection: Connection, workflow: str, places: int, now: dt.datetime) -> list[str]:
        stopped = guard.too_many(connection, workflow, self._limits(workflow), now)
        if stopped:
            guard.pause(connection, self.catalog, workflow, stopped, now)
            return []
        statement = (
            select(run_request)
            .where(run_request.c.workflow == workflow)
            .order_by(run_request.c.requested_at)
            .limit(places)
            .with_for_update(skip_locked=True)
        )
        rows = [dict(row._mapping) for row in connection.execute(statement)]
        if not rows:
            return []
        ids = [row["id"] for row in rows]
        connection.execute(delete(run_request).where(run_request.c.id.in_(ids)))
        # Asked for twice, by two workers whose clocks struck at once: it has begun already.
        begun = set(connection.execute(select(run.c.id).where(run.c.id.in_(ids))).scalars())
        rows = [row for row in rows if row["id"] not in begun]
        for version in {row["version"] for row in rows}:
            pin(connection, self.database.dialect, workflow, version)
        made = [_begun(row, self.lease, now) for row in rows]
        deep = [row for row in made if row["depth"] > self.bounds.depth]
        for row in deep:
            why = _(
                "It was triggered through %(depth)s workflows in a row: they trigger each other.",
                depth=row["depth"],
            )
            row.update(state="failed", lease=None, ended_at=now, why=why, error={"message": why})
            guard.pause(connection, self.catalog, workflow, why, now)
        if made:
            connection.execute(insert(run), made)
        return [segment_key(row["id"], 0) for row in made if row["state"] == "running"]

    def _ready(self, connection: Connection, workflow: str, places: int, now: dt.datetime) -> list[str]:
        statement = (
            select(run.c.id, run.c.segment)
            .where(run.c.state == "ready", run.c.workflow == workflow)
            .order_by(run.c.changed_at)
            .limit(places)
            .with_for_update(skip_locked=True)
        )
        rows = connection.execute(statement).all()
        if rows:
            mine = update(run).where(run.c.id.in_([row.id for row in rows]))
            connection.execute(mine.values(state="running", lease=self.lease, changed_at=now))
        return [segment_key(row.id, row.segment) for row in rows]

    # -- after kills --------------------------------------------------------------------------------------
    def sweep(self) -> None:
        """Go on with what dead processes left, and with what was taken but never reached the engine."""
        living = self._living()
        dead = self.engine.executors() - living
        if dead:
            number = self.engine.adopt(dead)
            log.info("segments of dead processes are taken over", extra={"segments": number})
        columns = (run.c.id, run.c.segment, run.c.lease, run.c.error)
        statement = select(*columns).where(run.c.state == "running")
        with self._guard:
            before = set(self._running)
        with self.database.read() as connection:
            rows = connection.execute(statement).all()
        with self._guard:
            own = before | set(self._running)
        lost = {
            segment_key(row.id, row.segment): row
            for row in rows
            if row.lease not in living
            or (row.lease == self.lease and segment_key(row.id, row.segment) not in own)
        }
        moment = time.monotonic()
        self._lost = {segment: self._lost.get(segment, moment) for segment in lost}
        known = self.engine.unfinished(lost) if lost else set()
        if known:
            # Another process took them over and was killed before it began: they lie in the engine's own
            # queue, which nobody looks into while the engine is not started.
            self.engine.start()
        # What the engine knows it brings to a process. Where that fails it would be left for ever.
        coming = {item for item in known if moment - self._lost[item] < STRANDED_SECONDS}
        if stranded := known - coming:
            log.warning("the engine had lost segments", extra={"segments": len(stranded)})
        self._again([row for segment, row in lost.items() if segment not in coming])

    def _again(self, lost: Sequence[Any]) -> None:
        if not lost:
            return
        now = self.clock()

        def work(connection: Connection) -> None:
            for row in lost:
                was = run.c.lease == row.lease if row.lease is not None else run.c.lease.is_(None)
                own = row.lease is None or row.lease == self.lease
                values = {
                    "state": "ready",
                    "segment": row.segment + 1,
                    "lease": None,
                    "changed_at": now,
                    "error": row.error if own else _once_more(row.error),
                }
                mine = (run.c.id == row.id, run.c.segment == row.segment, run.c.state == "running", was)
                connection.execute(update(run).where(*mine).values(values))

        self.database.run(work)
        self.wake.set()


def share(queues: Sequence[_Queue], room: int) -> None:
    """Give places one after another; a workflow's two queues share what it has room for."""
    left = {queue.workflow: queue.room for queue in queues}
    while room > 0 and any(left[queue.workflow] > 0 for queue in queues):
        for queue in queues:
            if room > 0 and left[queue.workflow] > 0:
                queue.places += 1
                left[queue.workflow] -= 1
                room -= 1


def _once_more(error: Mapping[str, Any] | None) -> dict[str, Any]:
    """What is kept of a run while it is worked on: how many processes ended in the middle of it."""
    return {"killed": (error or {}).get("killed", 0) + 1}


def _workflows(connection: Connection, table: Table, condition: str) -> list[str]:
    """The workflows that have rows in a table: one step down the index each, however many rows there are."""
    name = table.name
    statement = text(
        f"""
        WITH RECURSIVE found(workflow) AS (
            SELECT min(workflow) FROM {name} WHERE {condition}
            UNION ALL
            SELECT (SELECT min(workflow) FROM {name} WHERE {condition} AND workflow > found.workflow)
            FROM found WHERE found.workflow IS NOT NULL
        )
        SELECT workflow FROM found WHERE workflow IS NOT NULL
        """  # noqa: S608 (names of our own)
    )
    return list(connection.execute(statement).scalars())


def _begun(row: dict[str, Any], lease: str, now: dt.datetime) -> dict[str, Any]:
    trigger = row["trigger"]
    return {
        **row,
        "state": "running",
        "segment": 0,
        "lease": lease,
        "why": None,
        "error": None,
        "started_at": now,
        "changed_at": now,
        "ended_at": None,
        "parent": trigger.get("parent"),
        "parent_key": trigger.get("parent_key"),
    }
