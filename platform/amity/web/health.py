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
    """Say whether the database answers and how many processes are alive; 503 where it does not."""
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
    except AmityError as error:
        return jsonify(status="unavailable", database=error.message), 503
    return jsonify(status="ready", database="ok", revision=revision, processes=processes), 200
