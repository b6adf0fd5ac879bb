"""What wakes waiting runs: the clock, a change of a record that is watched, an answer, a called run's end.

Changes are found in the feed of events, from a kept position on: a save pays nothing for those who wait, and
nothing is missed, also while no worker runs. A wait watches pairs (entity, record): a change of the record
wakes it, and so does one of a record of that entity that points to it, or did until now.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Connection, Row, Select, bindparam, exists, func, select, tuple_, update
from sqlalchemy.dialects import postgresql, sqlite

from amity.database.engine import Database, Dialect
from amity.database.ids import is_id
from amity.database.schema_workflows import feed_position, run, run_wait, run_watch
from amity.records.batches import chunks
from amity.records.feeding import feed_end, read_feed

BATCH: Final = 500
FOLLOWER: Final = "waits"


def wake(database: Database, pairs: Sequence[tuple[str, str]], now: dt.datetime) -> int:
    """Wake waiting steps by (run, key), in a transaction of its own; give how many runs go on."""
    return database.run(lambda connection: wake_in(connection, pairs, now)) if pairs else 0


def wake_in(connection: Connection, pairs: Sequence[tuple[str, str]], now: dt.datetime) -> int:
    """Wake waiting steps in the transaction of what wakes them.

    A run that is worked on at the moment goes on by itself: it looks at its waits before it rests.
    """
    ids = sorted({run_id for run_id, _ in pairs})
    # The run's row first, as the segment does that is about to rest.
    connection.execute(select(run.c.id).where(run.c.id.in_(ids)).order_by(run.c.id).with_for_update())
    mine = (run_wait.c.run == bindparam("run_id"), run_wait.c.key == bindparam("step_key"))
    connection.execute(
        update(run_wait).where(*mine, run_wait.c.woken_at.is_(None)).values(woken_at=now),
        [{"run_id": run_id, "step_key": key} for run_id, key in sorted(set(pairs))],
    )
    woken = exists().where(run_wait.c.run == run.c.id, run_wait.c.woken_at.is_not(None))
    changed = connection.execute(
        update(run)
        .where(run.c.id.in_(ids), run.c.state == "waiting", woken)
        .values(state="ready", segment=run.c.segment + 1, changed_at=now)
    )
    return int(changed.rowcount)


def nudge(database: Database, run_id: str, now: dt.datetime) -> None:
    """Let a waiting run look around again, whatever it waits for."""
    statement = update(run).where(run.c.id == run_id, run.c.state == "waiting")
    values = {"state": "ready", "segment": run.c.segment + 1, "changed_at": now}
    database.run(lambda connection: connection.execute(statement.values(**values)))


def settle(database: Database, run_id: str, dues: Mapping[str, dt.datetime | None]) -> None:
    """Give waits of a run, by key, the time by which the clock wakes them; those that are over stay so."""
    if not dues:
        return
    mine = (run_wait.c.run == run_id, run_wait.c.key == bindparam("step_key"), run_wait.c.woken_at.is_(None))
    statement = update(run_wait).where(*mine).values(due_at=bindparam("due"))
    rows = [{"step_key": key, "due": due} for key, due in dues.items()]
    database.run(lambda connection: connection.execute(statement, rows))


def wake_due(database: Database, now: dt.datetime) -> int:
    """Wake those whose time has come, the earliest first, at most `BATCH` of them."""
    due = _due(now).limit(BATCH)
    with database.read() as connection:
        pairs = [(row.run, row.key) for row in connection.execute(due)]
    return wake(database, pairs, now)


def next_due(database: Database) -> dt.datetime | None:
    """When the next wait is over by time."""
    statement = select(func.min(run_wait.c.due_at)).where(run_wait.c.woken_at.is_(None))
    with database.read() as connection:
        return connection.execute(statement).scalar()


def _due(now: dt.datetime) -> Select[Any]:
    return (
        select(run_wait.c.run, run_wait.c.key)
        .where(run_wait.c.due_at <= now, run_wait.c.woken_at.is_(None))
        .order_by(run_wait.c.due_at)
    )


# -- the feed ---------------------------------------------------------------------------------------------
def follow(database: Database, now: dt.datetime) -> bool:
    """Read what happened since the last time and wake whom it concerns; True where there is more to read."""
    with database.read() as connection:
        position = _position(connection)
        # In this order: who begins to wait after the second statement looks again by himself (see `rest`),
        # and so sees all that lies before the end that the first one gave.
        end = feed_end(database.dialect, connection)
        waiting = connection.execute(select(run.c.id).where(run.c.state == "waiting").limit(1)).first()
        if position is None or (waiting is None and end is not None and end > position):
            position = None
            rows: list[Row[Any]] = []
        else:
            rows = read_feed(database.dialect, connection, position, BATCH)
    if position is None:
        database.run(lambda connection: _move(connection, database.dialect, end or (0, 0)))
        return False
    if not rows:
        return False

    def work(connection: Connection) -> None:
        pairs = _watching(connection, rows)
        if pairs:
            wake_in(connection, pairs, now)
        _wake_deleted(connection, rows, now)
        _move(connection, database.dialect, (rows[-1].tx, rows[-1].seq))

    database.run(work)
    return len(rows) == BATCH


def _position(connection: Connection) -> tuple[int, int] | None:
    found = connection.execute(
        select(feed_position.c.tx, feed_position.c.seq).where(feed_position.c.name == FOLLOWER)
    ).first()
    return None if found is None else (found.tx, found.seq)


def _move(connection: Connection, dialect: Dialect, end: tuple[int, int]) -> None:
    # Two workers may read the same events; whoever is behind does not turn the position back.
    made = (sqlite if dialect == "sqlite" else postgresql).insert(feed_position)
    ahead = tuple_(feed_position.c.tx, feed_position.c.seq) < tuple_(made.excluded.tx, made.excluded.seq)
    statement = made.on_conflict_do_update(
        index_elements=[feed_position.c.name],
        set_={"tx": made.excluded.tx, "seq": made.excluded.seq},
        where=ahead,
    )
    connection.execute(statement, {"name": FOLLOWER, "tx": end[0], "seq": end[1]})


def _wake_deleted(connection: Connection, rows: Sequence[Row[Any]], now: dt.datetime) -> None:
    """Let waiting runs see that their record is gone; what then happens is theirs to say."""
    gone: dict[str, set[str]] = {}
    for row in rows:
        if row.kind == "deleted":
            gone.setdefault(row.entity, set()).add(row.record)
    for entity, ids in gone.items():
        for some in chunks(sorted(ids)):
            connection.execute(
                update(run)
                .where(run.c.entity == entity, run.c.record.in_(some), run.c.state == "waiting")
                .values(state="ready", segment=run.c.segment + 1, changed_at=now)
            )


def _watching(connection: Connection, rows: Sequence[Row[Any]]) -> list[tuple[str, str]]:
    wanted: dict[str, set[str]] = {}
    for row in rows:
        wanted.setdefault(row.entity, set()).update({row.record, *_ids_in(row.changes)})
    found: list[tuple[str, str]] = []
    for entity, ids in wanted.items():
        for some in chunks(sorted(ids)):
            statement = select(run_watch.c.run, run_watch.c.key).where(
                run_watch.c.entity == entity, run_watch.c.record.in_(some)
            )
            found += [(item.run, item.key) for item in connection.execute(statement)]
    return found


def _ids_in(changes: Mapping[str, Any]) -> Iterator[str]:
    """The ids in old and new values: where a relation pointed to, or points to now."""
    for pair in changes.values():
        yield from _ids_of(pair)


def _ids_of(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        if is_id(value):
            yield value
    elif isinstance(value, Mapping):
        yield from _ids_of(value.get("id"))
    elif isinstance(value, Iterable):
        for item in value:
            yield from _ids_of(item)
