"""Old runs go: those that ended before a moment (setting `keep_runs`), some at a time, with their steps."""

from __future__ import annotations

import datetime as dt
from typing import Final

from sqlalchemy import Connection, delete, select
from sqlalchemy import exists as exists_

from amity.database.engine import Database
from amity.database.schema_workflows import run, run_step, run_wait, run_watch, workflow_document
from amity.workflows.engine.journal import ENDED

BATCH: Final = 200


def prune(database: Database, before: dt.datetime) -> int:
    """Remove a batch of runs that ended before a moment; give how many: 0 when all are gone."""

    def work(connection: Connection) -> int:
        old = (
            select(run.c.id)
            .where(run.c.state.in_(sorted(ENDED)), run.c.started_at < before, run.c.ended_at < before)
            .order_by(run.c.started_at)
            .limit(BATCH)
            .with_for_update(skip_locked=True)
        )
        ids = list(connection.execute(old).scalars())
        if ids:
            for table in (run_step, run_wait, run_watch):
                connection.execute(delete(table).where(table.c.run.in_(ids)))
            connection.execute(delete(run).where(run.c.id.in_(ids)))
        return len(ids)

    return database.run(work)


def prune_documents(database: Database) -> int:
    """Remove documents of versions that no run is pinned to any more; give how many."""
    used = exists_().where(
        run.c.workflow == workflow_document.c.workflow, run.c.version == workflow_document.c.version
    )
    statement = delete(workflow_document).where(~used)
    return int(database.run(lambda connection: connection.execute(statement).rowcount))
