"""The feed misses nothing: events are read in an order in which none can appear behind a reader's back.

SQLite has one writer at a time, so the sequence number is the order. On PostgreSQL a transaction that commits
late has older numbers than what was read already. There the order is by transaction id, and the feed stops
before the oldest writer that is still at work.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Row, and_, or_, select, text

from amity.database.engine import WORKSPACE_LOCK, Dialect
from amity.database.schema import event

# Every writer holds the workspace's advisory lock, so its transaction is found through it. The horizon of the
# snapshot alone would also wait for long transactions in other databases of the server.
_HORIZON: Final = text(
    """
    WITH locks AS MATERIALIZED (SELECT * FROM pg_locks)
    SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint AS upper,
           (SELECT array_agg(own.transactionid::text::bigint)
              FROM locks AS workspace
              JOIN locks AS own ON own.pid = workspace.pid
             WHERE workspace.locktype = 'advisory' AND workspace.objsubid = 1
               AND workspace.classid::bigint = :high AND workspace.objid::bigint = :low
               AND workspace.database = (SELECT oid FROM pg_database WHERE datname = current_database())
               AND own.locktype = 'transactionid' AND own.granted) AS running
    """
).bindparams(high=WORKSPACE_LOCK >> 32, low=WORKSPACE_LOCK & 0xFFFF_FFFF)


def read_feed(
    dialect: Dialect, connection: Connection, position: tuple[int, int], limit: int
) -> list[Row[Any]]:
    """Read the events after `position`, a pair of transaction and sequence number."""
    tx, seq = position
    later: ColumnElement[bool] = or_(event.c.tx > tx, and_(event.c.tx == tx, event.c.seq > seq))
    statement = select(event).where(event.c.tx >= tx, later)
    if dialect == "postgresql":
        statement = statement.where(event.c.tx < _settled_before(connection))
    return list(connection.execute(statement.order_by(event.c.tx, event.c.seq).limit(limit)).all())


def feed_end(dialect: Dialect, connection: Connection) -> tuple[int, int] | None:
    """The position of the newest event that can be read now; None where there is none."""
    statement = select(event.c.tx, event.c.seq)
    if dialect == "postgresql":
        statement = statement.where(event.c.tx < _settled_before(connection))
    found = connection.execute(statement.order_by(event.c.tx.desc(), event.c.seq.desc()).limit(1)).first()
    return None if found is None else (found.tx, found.seq)


def _settled_before(connection: Connection) -> int:
    # In a statement before: whatever ended until now is then visible to the next one.
    found = connection.execute(_HORIZON).one()
    return horizon(found.upper, found.running or ())


def horizon(upper: int, running: Iterable[int]) -> int:
    """The transaction before which all have ended.

    `upper` is a full transaction id that is not given out yet; of the `running` ones locks show 32 bits.
    """
    oldest = upper
    for short in running:
        full = (upper & ~0xFFFF_FFFF) | short
        oldest = min(oldest, full if full <= upper else full - 0x1_0000_0000)
    return oldest
