"""Round robin: whose turn it is, kept in the database so that it is fair across processes."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, select, update
from sqlalchemy.dialects import postgresql, sqlite

from amity.database.schema_workflows import rotation
from amity.workflows.people.accounts import active_ids


def upcoming(ids: Sequence[str], last: str | None, active: set[str]) -> str | None:
    """Give who comes after `last` in the list, those left out who are not active; None for nobody."""
    start = ids.index(last) + 1 if last in ids else 0
    turns = [*ids[start:], *ids[:start]]
    return next((item for item in turns if item in active), None)


def look(connection: Connection, workflow: str, step: str, ids: Sequence[str]) -> str | None:
    """Say whose turn it is, without taking it."""
    statement = select(rotation.c.account).where(rotation.c.workflow == workflow, rotation.c.step == step)
    return upcoming(ids, connection.execute(statement).scalar(), active_ids(connection, ids))


def take(connection: Connection, workflow: str, step: str, ids: Sequence[str]) -> str | None:
    """Take the next turn of a step; who comes at the same time waits for the end of this transaction."""
    key = {"workflow": workflow, "step": step}
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    connection.execute(dialect.insert(rotation).values(**key, account=None).on_conflict_do_nothing())
    own = rotation.c.workflow == workflow, rotation.c.step == step
    last = connection.execute(select(rotation.c.account).where(*own).with_for_update()).scalar_one()
    chosen = upcoming(ids, last, active_ids(connection, ids))
    if chosen is not None:
        connection.execute(update(rotation).where(*own).values(account=chosen))
    return chosen
