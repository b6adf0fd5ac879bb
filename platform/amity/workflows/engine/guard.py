"""The guard against loops: workflows that trigger themselves or each other, or that change ever more records.

What goes beyond a bound is stopped, its workflow is paused with the reason, and those who care for it are
told; all other workflows go on.
"""

from __future__ import annotations

import datetime as dt
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection, func, select

from amity.database.schema_workflows import run, workflow_state
from amity.texts import gettext as _
from amity.workflows.documents.model import Limits
from amity.workflows.engine import telling
from amity.workflows.service import put_state

if TYPE_CHECKING:
    from amity.settings import Settings
    from amity.workflows.engine.interface import Catalog

HOUR: Final = dt.timedelta(hours=1)

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Bounds:
    """What no workflow may exceed. `depth`: runs that caused each other; `records`: changes by one run;
    `killed`: times that a process may end in the middle of one step before it is given up.
    """

    depth: int = 8
    records: int = 5000
    killed: int = 10

    @classmethod
    def of(cls, settings: Settings) -> Bounds:
        """As the operator set them."""
        return cls(settings.max_depth, settings.max_writes)


def too_many(connection: Connection, workflow: str, limits: Limits, now: dt.datetime) -> str:
    """Say why no more runs of a workflow may start within this hour; empty where they may."""
    some = (
        select(run.c.id)
        .where(run.c.workflow == workflow, run.c.started_at > now - HOUR)
        .limit(limits.per_hour)
        .subquery()
    )
    started = connection.execute(select(func.count()).select_from(some)).scalar() or 0
    if started < limits.per_hour:
        return ""
    return _(
        "It started %(started)s times within an hour; %(allowed)s are allowed.",
        started=started,
        allowed=limits.per_hour,
    )


def pause(connection: Connection, catalog: Catalog | None, workflow: str, why: str, now: dt.datetime) -> None:
    """Pause a workflow for a reason and tell who cares for it; one that is paused already stays as it is."""
    found = connection.execute(
        select(workflow_state.c.paused_at).where(workflow_state.c.workflow == workflow)
    ).scalar()
    if found is not None:
        return
    put_state(connection, workflow, {"paused_at": now, "paused_by": None, "paused_why": why})
    telling.paused(connection, catalog, workflow, why, now)
    log.warning("a workflow was paused", extra={"workflow": workflow, "why": why})
