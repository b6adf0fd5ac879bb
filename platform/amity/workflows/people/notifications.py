"""Notifications: short words to one person, with a link; unread until somebody looked."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, Row, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from amity.database.engine import Database
from amity.database.schema_workflows import assignment, assignment_person, notification

LONGEST: Final = 1000
COUNT_CAP: Final = 100
"""Unread ones are counted to here: the frame shows "99+"."""


@dataclass(frozen=True, slots=True)
class Notice:
    """What is said to each of some people."""

    kind: str
    """notify, approval, input, reminder, mention, failure, ..."""
    text: str
    url: str | None = None
    key: str = ""
    """The same words twice under one key reach a person once; empty: always."""


def tell(connection: Connection, accounts: Iterable[str], notice: Notice, now: dt.datetime) -> None:
    """Tell people something, in the transaction of what it is about."""
    rows = [
        {
            "key": f"{notice.key}:{account}"[:300] if notice.key else None,
            "account": account,
            "kind": notice.kind,
            "text": notice.text[:LONGEST],
            "url": notice.url,
            "at": now,
        }
        for account in dict.fromkeys(accounts)
    ]
    if not rows:
        return
    dialect: Any = postgresql if connection.dialect.name == "postgresql" else sqlite
    connection.execute(dialect.insert(notification).on_conflict_do_nothing(), rows)


def unread(database: Database, account: str) -> int:
    """Count what a person has not read, to the cap."""
    some = (
        select(notification.c.seq)
        .where(notification.c.account == account, notification.c.read_at.is_(None))
        .limit(COUNT_CAP)
    )
    with database.read() as connection:
        return connection.execute(select(func.count()).select_from(some.subquery())).scalar_one()


def waiting(database: Database, account: str) -> int:
    """Count, in one statement, what a person has not read and what still waits for an answer."""
    unseen = (
        select(notification.c.seq)
        .where(
            notification.c.account == account,
            notification.c.read_at.is_(None),
            notification.c.kind.not_in(("approval", "input", "reminder")),
        )
        .limit(COUNT_CAP)
    )
    asked = (
        select(func.count())
        .select_from(assignment_person.join(assignment, assignment.c.id == assignment_person.c.assignment))
        .where(
            assignment_person.c.account == account,
            assignment_person.c.answer.is_(None),
            assignment.c.state == "open",
        )
    )
    words = select(func.count()).select_from(unseen.subquery())
    with database.read() as connection:
        total = select(words.scalar_subquery() + asked.scalar_subquery())
        return int(connection.execute(total).scalar_one())


def newest(
    database: Database, account: str, *, before: int | None = None, limit: int = 30
) -> tuple[Sequence[Row[Any]], int | None]:
    """List a person's notifications, the newest first, and where to go on."""
    statement = select(notification).where(notification.c.account == account)
    if before is not None:
        statement = statement.where(notification.c.seq < before)
    with database.read() as connection:
        rows = connection.execute(statement.order_by(notification.c.seq.desc()).limit(limit + 1)).all()
    return rows[:limit], (rows[limit - 1].seq if len(rows) > limit else None)


def mark_read(database: Database, account: str, now: dt.datetime, seq: int | None = None) -> str | None:
    """Mark one of a person's notifications as read, or all; give the link of the one."""
    own = notification.c.account == account
    chosen = own if seq is None else own & (notification.c.seq == seq)

    def work(connection: Connection) -> str | None:
        connection.execute(
            update(notification).where(chosen, notification.c.read_at.is_(None)).values(read_at=now)
        )
        if seq is None:
            return None
        url: str | None = connection.execute(select(notification.c.url).where(chosen)).scalar()
        return url

    return database.run(work)


def record_url(entity: str, identity: str) -> str:
    """Give the path of a record's page, by the entity's name."""
    return f"/e/{entity}/{identity}"
