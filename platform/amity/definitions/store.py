"""Rows of definitions: read them, write a new version, count the revision."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Connection, Update, insert, select, update
from sqlalchemy.exc import IntegrityError

from amity.database.engine import Database
from amity.database.schema import definition, definition_version, workspace
from amity.definitions.documents import Occasion, State, StoredDefinition, VersionInfo, Write
from amity.errors import SetupError

WORKSPACE_ID: Final = 1


def initialise(
    database: Database,
    *,
    name: str = "Amity",
    timezone: str = "UTC",
    locale: str = "en",
    currency: str = "EUR",
) -> bool:
    """Make the workspace's row at the first start; False where there already is one.

    Several processes may call it at once.
    """
    with database.read() as connection:
        if connection.execute(select(workspace.c.id)).first() is not None:
            return False
    row = {
        "id": WORKSPACE_ID,
        "name": name,
        "revision": 0,
        "timezone": timezone,
        "locale": locale,
        "currency": currency,
        "settings": {},
        "created_at": dt.datetime.now(dt.UTC),
    }
    try:
        with database.write() as connection:
            connection.execute(insert(workspace).values(row))
    except IntegrityError:  # another process was first
        return False
    return True


def revision(connection: Connection) -> int:
    """Give the revision of all definitions: one statement on one row."""
    found = connection.execute(_REVISION).scalar()
    if found is None:
        raise SetupError("This database holds no workspace yet.", hint="Start Amity once with `amity serve`.")
    return int(found)


_REVISION: Final = select(workspace.c.revision).where(workspace.c.id == WORKSPACE_ID)


def load(connection: Connection) -> State:
    """Read all definitions, removed ones included.

    On PostgreSQL two statements may see two states; the revision is therefore read before and after.
    """
    while True:
        before = revision(connection)
        rows = connection.execute(select(definition).order_by(definition.c.kind, definition.c.id)).all()
        if revision(connection) == before:
            return State(before, tuple(_stored(row._mapping) for row in rows))


def _stored(row: Mapping[Any, Any]) -> StoredDefinition:
    return StoredDefinition(
        kind=row["kind"],
        id=row["id"],
        name=row["name"],
        version=row["version"],
        document=row["document"],
        updated_at=row["updated_at"],
        updated_by=row["updated_by"],
        removed=row["removed_at"] is not None,
    )


def bump(connection: Connection, expected: int) -> int | None:
    """Count the revision up from `expected`; None where it is no longer that."""
    done = connection.execute(
        update(workspace)
        .where(workspace.c.id == WORKSPACE_ID, workspace.c.revision == expected)
        .values(revision=expected + 1)
    )
    return expected + 1 if done.rowcount == 1 else None


def write(
    connection: Connection,
    writes: Iterable[Write],
    *,
    revision: int,
    plan: Mapping[str, Any],
    occasion: Occasion,
) -> None:
    """Put documents in force: the definition's row and one more version of each."""
    state = load(connection)
    pending = list(writes)
    _move_names_away(connection, state, pending, occasion)
    for item in pending:
        known = state.by_id(item.kind, item.id)
        version = 1 if known is None else known.version + 1
        document = item.document if item.document is not None else (known.document if known else {})
        removed = item.document is None
        row = {
            "name": item.name,
            "version": version,
            "document": document,
            "updated_at": occasion.now,
            "updated_by": occasion.actor.account,
            "removed_at": occasion.now if removed else None,
        }
        if known is None:
            connection.execute(insert(definition).values(kind=item.kind, id=item.id, **row))
        else:
            connection.execute(_of(item).values(row))
        connection.execute(
            insert(definition_version).values(
                kind=item.kind,
                id=item.id,
                version=version,
                name=item.name,
                document=document,
                revision=revision,
                plan=plan,
                applied_at=occasion.now,
                applied_by=occasion.actor.account,
                removed=removed,
            )
        )


def _move_names_away(
    connection: Connection, state: State, pending: Sequence[Write], occasion: Occasion
) -> None:
    """Names may swap within one apply; the unique index looks at each row, so the old ones go first."""
    for item in pending:
        known = state.by_id(item.kind, item.id)
        if known is not None and known.name != item.name and not known.removed:
            connection.execute(_of(item).values(removed_at=occasion.now))


def _of(item: Write) -> Update:
    return update(definition).where(definition.c.kind == item.kind, definition.c.id == item.id)


def versions(connection: Connection, kind: str, id_: str) -> list[VersionInfo]:
    """Give all versions of a definition, the newest first."""
    rows = connection.execute(
        select(definition_version)
        .where(definition_version.c.kind == kind, definition_version.c.id == id_)
        .order_by(definition_version.c.version.desc())
    ).all()
    return [_version(row._mapping) for row in rows]


def versions_since(connection: Connection, revision: int) -> list[VersionInfo]:
    """Give what was applied after `revision`, the newest first."""
    rows = connection.execute(
        select(definition_version)
        .where(definition_version.c.revision > revision)
        .order_by(definition_version.c.revision.desc(), definition_version.c.kind, definition_version.c.id)
        .limit(100)
    ).all()
    return [_version(row._mapping) for row in rows]


def version_before(connection: Connection, kind: str, id_: str, before: int) -> VersionInfo | None:
    """Give the version that was in force just before revision `before`."""
    row = connection.execute(
        select(definition_version)
        .where(
            definition_version.c.kind == kind,
            definition_version.c.id == id_,
            definition_version.c.revision < before,
        )
        .order_by(definition_version.c.version.desc())
        .limit(1)
    ).first()
    return None if row is None else _version(row._mapping)


def _version(row: Mapping[Any, Any]) -> VersionInfo:
    return VersionInfo(
        kind=row["kind"],
        id=row["id"],
        name=row["name"],
        version=row["version"],
        at=row["applied_at"],
        by=row["applied_by"],
        revision=row["revision"],
        plan=row["plan"],
        document=row["document"],
        removed=bool(row["removed"]),
    )
