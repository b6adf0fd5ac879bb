"""`/api/v1/runs`: what workflows did and do, and what may be done with a run."""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import uuid
from collections.abc import Callable, Mapping
from typing import Any, Final, get_args

from flask import Blueprint, Response, url_for

from amity.database.engine import Database
from amity.errors import Invalid
from amity.records.shapes import rfc3339
from amity.web.api import requests
from amity.web.api.responses import answer
from amity.web.context import require_admin, workspace
from amity.workflows.engine import runs
from amity.workflows.engine.journal import RunRow, RunState, StepRow

STATES: Final = get_args(RunState)
VERBS: Final[Mapping[str, Callable[[Database, str], None]]] = {
    "cancel": runs.cancel,
    "retry": runs.retry,
    "skip": runs.skip,
}


def register(api: Blueprint) -> None:
    """Add the routes to the blueprint."""
    api.add_url_rule("/runs", view_func=list_runs, methods=["GET"])
    api.add_url_rule("/runs/<uuid:run_id>", view_func=read_run, methods=["GET"])
    for verb, work in VERBS.items():
        api.add_url_rule(
            f"/runs/<uuid:run_id>/{verb}",
            endpoint=f"{verb}_run",
            view_func=_doing(work),
            methods=["POST"],
        )


def list_runs() -> Response:
    """List runs, the latest first: `?workflow=&state=failed,waiting&entity=&record=&limit=&after=`."""
    given = requests.parameters(("workflow", "state", "entity", "record", "limit", "after"))
    require_admin()
    query = runs.RunQuery(
        workflow=_workflow(given),
        states=_states(given),
        entity=_entity(given),
        record=_uuid(given, "record"),
        limit=requests.number(given, "limit", default=50, maximum=runs.MOST),
        after=_key(given),
    )
    page = runs.find(workspace().database, query)
    return answer(
        {
            "runs": [_run(item) for item in page.runs],
            "next": None if page.next is None else _cursor(page.next),
        }
    )


def read_run(run_id: uuid.UUID) -> Response:
    """Give one run with its steps, what it waits for, and the runs that it called."""
    requests.parameters(())
    require_admin()
    found = runs.get(workspace().database, str(run_id))
    due = {wait.key: wait.due_at for wait in found.waits}
    return answer(
        {
            **_run(found.run),
            "steps": [_step(step, due) for step in found.steps],
            "called": [_run(item) for item in found.children],
        }
    )


def _doing(work: Callable[[Database, str], None]) -> Callable[[uuid.UUID], Response]:
    def view(run_id: uuid.UUID) -> Response:
        requests.parameters(())
        require_admin()
        work(workspace().database, str(run_id))
        workspace().workflows.wake()
        return answer(_run(runs.get(workspace().database, str(run_id)).run))

    return view


# -- shapes ------------------------------------------------------------------------------------------
def _run(row: RunRow) -> dict[str, Any]:
    known = workspace().workflows.live.all.get(row.workflow)
    entity = workspace().definitions.model.by_id.get(row.entity) if row.entity else None
    return {
        "id": row.id,
        "workflow": known.workflow.name if known else row.workflow,
        "version": row.version,
        "entity": entity.name if entity else row.entity,
        "record": row.record,
        "state": row.state,
        "why": row.why,
        "error": row.error,
        "on": row.trigger.get("on"),
        "event": row.trigger.get("event"),
        "actor": row.actor,
        "parent": row.parent,
        "requested_at": rfc3339(row.requested_at),
        "started_at": rfc3339(row.started_at),
        "changed_at": rfc3339(row.changed_at),
        "ended_at": _moment(row.ended_at),
        "url": url_for("api.read_run", run_id=row.id),
    }


def _step(row: StepRow, due: Mapping[str, dt.datetime | None]) -> dict[str, Any]:
    return {
        "key": row.key,
        "step": row.step,
        "action": row.action,
        "state": row.state,
        "attempts": row.attempts,
        "input": row.input,
        "output": row.output,
        "error": row.error,
        "due_at": _moment(due.get(row.key)),
        "started_at": rfc3339(row.started_at),
        "ended_at": _moment(row.ended_at),
    }


def _moment(value: dt.datetime | None) -> str | None:
    return None if value is None else rfc3339(value)


# -- parameters --------------------------------------------------------------------------------------
def _workflow(given: Mapping[str, str]) -> str | None:
    name = given.get("workflow")
    return workspace().workflows.get(name).id if name else None


def _entity(given: Mapping[str, str]) -> str | None:
    name = given.get("entity")
    if not name:
        return None
    known = workspace().definitions.model.entities.get(name)
    if known is None:
        raise Invalid.parameter("entity", "unknown", f"There is no entity {name[:64]!r}.")
    return known.id


def _states(given: Mapping[str, str]) -> tuple[RunState, ...]:
    names = requests.names(given, "state") or ()
    for name in names:
        if name not in STATES:
            message = f"{name[:40]!r} is no state of a run; there are {', '.join(STATES)}."
            raise Invalid.parameter("state", "unknown", message)
    return names  # type: ignore[return-value]


def _uuid(given: Mapping[str, str], name: str) -> str | None:
    text = given.get(name)
    if text is None:
        return None
    try:
        return str(uuid.UUID(text))
    except ValueError:
        raise Invalid.parameter(name, "id", f"{text[:64]!r} is no id of a record.") from None


def _cursor(key: runs.Key) -> str:
    return base64.urlsafe_b64encode(f"{key[0].isoformat()} {key[1]}".encode()).decode().rstrip("=")


def _key(given: Mapping[str, str]) -> runs.Key | None:
    text = given.get("after")
    if not text:
        return None
    try:
        moment, run_id = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode().split(" ")
        found = dt.datetime.fromisoformat(moment)
        if found.tzinfo is None:
            raise ValueError("a moment without a zone")
        return found, str(uuid.UUID(run_id))
    except (ValueError, binascii.Error):
        raise Invalid.parameter("after", "cursor", "This is no `next` of a list of runs.") from None
