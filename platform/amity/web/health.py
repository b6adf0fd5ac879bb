"""For load balancers and monitoring: is the process alive, is it ready to work."""

from __future__ import annotations

import datetime as dt
from typing import Any, Final

from flask import Blueprint, Response, jsonify
from sqlalchemy import func, select

from amity.database import schema
from amity.errors import AmityError
from amity.web.context import workspace
from amity.web.security import unbound
from amity.workflows.engine import runs

blueprint: Final = Blueprint("health", __name__)
ALIVE: Final = dt.timedelta(seconds=60)
"""A process whose heart beat so long ago is gone."""


@blueprint.get("/healthz")
@unbound
def alive() -> Response:
    """Say that the process answers; touches nothing."""
    return jsonify(status="ok")


@blueprint.get("/readyz")
@unbound
def ready() -> tuple[Response, int]:
    """Say whether the database answers, who is alive and how long workflows wait; 503 where it does not.

    Workflows that wait although nobody paused them, or have no worker, are for monitoring to raise the alarm:
    people can work all the same, so the answer is still 200.
    """
    since = dt.datetime.now(dt.UTC) - ALIVE
    counted = (
        select(schema.process.c.role, func.count())
        .where(schema.process.c.heartbeat_at > since)
        .group_by(schema.process.c.role)
    )
    try:
        with workspace().database.read() as connection:
            revision = connection.execute(select(schema.workspace.c.revision)).scalar()
            processes: dict[str, Any] = {row[0]: row[1] for row in connection.execute(counted)}
        waiting = runs.backlog(workspace().database)
    except AmityError as error:
        return jsonify(status="unavailable", database=error.message), 503
    workflows = {
        "worker": processes.get("worker", 0) > 0,
        "requested": waiting.requested,
        "oldest_request": None if waiting.oldest is None else waiting.oldest.isoformat(),
        "oldest_request_seconds": _age(waiting.oldest),
        "paused": waiting.paused,
    }
    return jsonify(
        status="ready", database="ok", revision=revision, processes=processes, workflows=workflows
    ), 200


def _age(moment: dt.datetime | None) -> int:
    return 0 if moment is None else max(0, int((dt.datetime.now(dt.UTC) - moment).total_seconds()))
