"""What happens in the background after a change of definitions, for the builder's overview."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from amity.definitions import jobs
from amity.web.context import require_admin, workspace
from amity.web.texts import gettext as _

blueprint: Final = Blueprint("builder_jobs", __name__, url_prefix="/builder/jobs")

_WORDS: Final[Mapping[str, Callable[[str], str]]] = {
    jobs.APPLY: lambda entity: _("A change of the model is applied"),
    jobs.INDEXES: lambda entity: _("Indexes are built"),
    jobs.PURGE: lambda entity: _("Removed values are deleted for good"),
    jobs.REINDEX: lambda entity: _("%(entity)s are made findable by words", entity=entity),
    jobs.RECOMPUTE: lambda entity: _("Computed fields of %(entity)s are computed anew", entity=entity),
}


@dataclass(frozen=True, slots=True)
class JobLine:
    """One job as people see it."""

    title: str
    percent: int | None
    """0 to 100; None where nobody counts."""
    waiting: bool
    error: str


def lines() -> Sequence[JobLine]:
    """Give what runs, waits or has failed, the oldest first."""
    found = []
    model = workspace().definitions.model
    for job in workspace().definitions.jobs():
        entity = model.by_id.get(str(job.payload.get("entity")))
        words = _WORDS.get(job.kind)
        if words is not None:
            percent = job.percent if job.progress.get("total") else None
            plural = entity.plural if entity is not None else ""
            error = str(job.progress.get("error", ""))
            found.append(JobLine(words(plural), percent, job.state == "waiting", error))
    return found


@blueprint.get("")
def under_way() -> ResponseReturnValue:
    """The card alone: it asks again while there is something to tell."""
    require_admin()
    return render_template("fragments/builder/jobs.html", jobs=lines())
