"""Comments on records: words of people and of workflows; `@Name` or `@address` tells somebody."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from sqlalchemy import Connection, Row, and_, delete, false, insert, or_, select

from amity import texts
from amity.access.context import Context
from amity.access.people import Account
from amity.database.engine import Database
from amity.database.ids import new_id
from amity.database.schema_workflows import comment
from amity.entities.model import Entity
from amity.errors import Forbidden, Invalid, NotFound
from amity.records.service import Records
from amity.texts import gettext as _
from amity.workflows.people.notifications import Notice, record_url, tell

LONGEST: Final = 10_000


def mentioned(text: str, people: Sequence[Account]) -> list[Account]:
    """Find the active people whom a text names as `@Name` or `@address`; longer names win over shorter."""
    folded = text.casefold()
    found = []
    active = [person for person in people if person.state == "active"]
    for person in sorted(active, key=lambda item: -len(item.name)):
        for mark in (f"@{person.email.casefold()}", f"@{person.name.casefold()}"):
            place = _place(folded, mark)
            if place >= 0:
                found.append(person)
                folded = folded[:place] + " " * len(mark) + folded[place + len(mark) :]
                break
    return sorted(found, key=lambda item: item.name)


def _place(text: str, mark: str) -> int:
    """Where a mention stands that does not go on with another letter; -1 for nowhere."""
    place = text.find(mark)
    while place >= 0:
        end = place + len(mark)
        if end == len(text) or not text[end].isalnum():
            return place
        place = text.find(mark, end)
    return -1


def put(
    connection: Connection,
    entity: Entity,
    record: str,
    account: str | None,
    text: str,
    cause: Mapping[str, Any],
    now: dt.datetime,
) -> str:
    """Write a comment, in the transaction of what it is about."""
    identity = new_id()
    connection.execute(
        insert(comment).values(
            id=identity,
            entity=entity.id,
            record=record,
            account=account,
            text=text[:LONGEST],
            cause=dict(cause),
            at=now,
        )
    )
    return identity


def add(
    database: Database,
    records: Records,
    people: Sequence[Account],
    ctx: Context,
    entity: Entity,
    record: str,
    text: str,
    language: str = texts.ENGLISH,
) -> str:
    """Comment on a record as a person who may read it, and tell those who are mentioned and may, too.

    What they are told is in `language`, the workspace's: they read another one than who writes, perhaps.
    Raises `NotFound` where the record may not be read, `Invalid` for an empty or too long text.
    """
    words = text.replace("\r\n", "\n").strip()
    if not words or len(words) > LONGEST or "\0" in words:
        message = (
            _("A comment has 1 to %(longest)s characters.", longest=LONGEST)
            if words
            else _("Write something first.")
        )
        raise Invalid.at("/text", "length", message)
    label = records.labels(ctx, entity.name, [record]).get(record)
    if label is None:
        raise NotFound(_("There is no %(entity)s %(record)s.", entity=entity.title, record=record))
    readers = [
        person.id
        for person in mentioned(words, people)
        if person.id != ctx.actor.account and _may_read(records, ctx, person, entity, record)
    ]
    with texts.speaking(language):
        words_to_them = _("%(name)s mentioned you: %(record)s", name=ctx.actor.name, record=label)
    notice = Notice("mention", words_to_them, record_url(entity.name, record))

    def work(connection: Connection) -> str:
        made = put(connection, entity, record, ctx.actor.account, words, ctx.cause, ctx.now)
        tell(connection, readers, replace(notice, key=made), ctx.now)
        return made

    return database.run(work)


def _may_read(records: Records, ctx: Context, person: Account, entity: Entity, record: str) -> bool:
    theirs = replace(ctx, actor=person.actor())
    try:
        return record in records.labels(theirs, entity.name, [record])
    except (NotFound, Forbidden):
        return False


def of_record(database: Database, entity: Entity, record: str, limit: int = 100) -> Sequence[Row[Any]]:
    """List the comments on a record, the newest first. Whoever asks has read the record already."""
    return of_records(database, [(entity.id, record)], limit=limit)


def of_records(
    database: Database,
    records: Sequence[tuple[str, str]],
    *,
    before: tuple[dt.datetime, str] | None = None,
    since: dt.datetime | None = None,
    limit: int = 100,
) -> Sequence[Row[Any]]:
    """List the comments on records (entity id, record id) together, the newest first.

    `before` is (moment, id of a comment): what stands behind it in this order; `since`: later than a moment.
    Whoever asks has read the records already.
    """
    these = [and_(comment.c.entity == entity, comment.c.record == record) for entity, record in records]
    statement = select(comment).where(or_(false(), *these))
    if before is not None:
        at, identity = before
        statement = statement.where(or_(comment.c.at < at, and_(comment.c.at == at, comment.c.id < identity)))
    if since is not None:
        statement = statement.where(comment.c.at > since)
    with database.read() as connection:
        return connection.execute(
            statement.order_by(comment.c.at.desc(), comment.c.id.desc()).limit(limit)
        ).all()


def remove(database: Database, ctx: Context, entity: Entity, record: str, identity: str) -> None:
    """Take a comment away: one's own, or any as an admin. Raises `NotFound`, `Forbidden`."""
    this = (comment.c.id == identity, comment.c.entity == entity.id, comment.c.record == record)

    def work(connection: Connection) -> None:
        row = connection.execute(select(comment.c.account).where(*this)).first()
        if row is None:
            raise NotFound(_("This comment is not there any more."))
        if row.account != ctx.actor.account and not ctx.actor.is_admin:
            raise Forbidden(_("Only whoever wrote a comment may delete it."))
        connection.execute(delete(comment).where(*this))

    database.run(work)
