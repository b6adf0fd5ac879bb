"""Who is told when a run fails or a workflow is paused: its owner, else the administrators."""

from __future__ import annotations

import datetime as dt
import hashlib
from typing import TYPE_CHECKING

from sqlalchemy import Connection, select
from sqlalchemy.dialects import postgresql, sqlite

from amity.database.schema import account, definition
from amity.database.schema_workflows import notification
from amity.texts import gettext as _
from amity.workflows.documents.model import KIND

if TYPE_CHECKING:
    from amity.workflows.engine.interface import Catalog
    from amity.workflows.engine.journal import Journal


def failed(connection: Connection, catalog: Catalog, journal: Journal, why: str, now: dt.datetime) -> None:
    """Tell of a failed run; the first one of a workflow and hour speaks for all."""
    run = journal.run
    title = _title(connection, catalog, run.workflow)
    hour = now.strftime("%Y-%m-%dT%H")
    text = _("%(title)s failed: %(why)s", title=title, why=why)
    _tell(
        connection,
        catalog,
        run.workflow,
        "run_failed",
        f"failed:{run.workflow}:{hour}",
        text,
        f"/builder/runs/{run.id}",
        now,
    )


def paused(
    connection: Connection, catalog: Catalog | None, workflow: str, why: str, now: dt.datetime
) -> None:
    """Tell that a workflow was stopped by the guard."""
    text = _("%(title)s was paused: %(why)s", title=_title(connection, catalog, workflow), why=why)
    key = f"paused:{workflow}:{now.isoformat()}"
    _tell(connection, catalog, workflow, "workflow_paused", key, text, f"/builder/workflows/{workflow}", now)


def _tell(
    connection: Connection,
    catalog: Catalog | None,
    workflow: str,
    kind: str,
    key: str,
    text: str,
    url: str,
    now: dt.datetime,
) -> None:
    rows = [
        {
            "key": hashlib.sha256(f"{key}:{person}".encode()).hexdigest(),
            "account": person,
            "kind": kind,
            "text": text[:500],
            "url": url,
            "at": now,
        }
        for person in _who(connection, catalog, workflow)
    ]
    if rows:
        made = (sqlite if connection.dialect.name == "sqlite" else postgresql).insert(notification)
        connection.execute(made.on_conflict_do_nothing(), rows)


def _who(connection: Connection, catalog: Catalog | None, workflow: str) -> list[str]:
    """Account ids: whom the document names, else who applied it last, else all administrators."""
    current = None if catalog is None else catalog.current(workflow)
    active = select(account.c.id).where(account.c.state == "active")
    if current is not None and current.workflow.tell:
        named = active.where(account.c.email_key == current.workflow.tell.strip().lower())
        if found := connection.execute(named).scalars().all():
            return list(found)
    by = select(definition.c.updated_by).where(definition.c.kind == KIND, definition.c.id == workflow)
    owner = connection.execute(active.where(account.c.id == by.scalar_subquery())).scalars().all()
    if owner:
        return list(owner)
    people = connection.execute(select(account.c.id, account.c.roles).where(account.c.state == "active"))
    return [person.id for person in people if "admin" in person.roles]


def _title(connection: Connection, catalog: Catalog | None, workflow: str) -> str:
    current = None if catalog is None else catalog.current(workflow)
    return current.workflow.title if current is not None else workflow
