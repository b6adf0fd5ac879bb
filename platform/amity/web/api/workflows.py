"""`/api/v1/workflows`: definitions of workflows, and starting one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, Response, url_for

from amity.definitions.documents import DefinitionChange, StoredDefinition
from amity.errors import Invalid, NotFound, Problem
from amity.web.api import requests
from amity.web.api.entities import require_version
from amity.web.api.responses import answer, nothing
from amity.web.context import current, require_admin, workspace
from amity.workflows.documents.compiled import CompiledWorkflow
from amity.workflows.documents.forms import checked_input
from amity.workflows.documents.model import KIND
from amity.workflows.simulation.backtest import dry_run


def register(api: Blueprint) -> None:
    """Add the routes to the blueprint."""
    api.add_url_rule("/workflows", view_func=list_workflows, methods=["GET"])
    api.add_url_rule("/workflows/<name>", view_func=read_workflow, methods=["GET"])
    api.add_url_rule("/workflows/<name>", view_func=put_workflow, methods=["PUT"])
    api.add_url_rule("/workflows/<name>", view_func=delete_workflow, methods=["DELETE"])
    api.add_url_rule("/workflows/<name>/start", view_func=start_workflow, methods=["POST"])
    api.add_url_rule("/workflows/<name>/dry-run", view_func=dry_run_workflow, methods=["POST"])
    api.add_url_rule("/workflows/<name>/pause", view_func=pause_workflow, methods=["POST"])
    api.add_url_rule("/workflows/<name>/resume", view_func=resume_workflow, methods=["POST"])


def list_workflows() -> Response:
    """List the workflows, with what keeps one from running."""
    requests.parameters(())
    require_admin()
    workflows = workspace().workflows
    live, pauses = workflows.live, workflows.pauses()
    found = [
        {
            "name": known.name,
            "title": str(known.document.get("title", "")),
            "entity": known.document.get("entity"),
            "on": known.document["trigger"]["on"],
            "enabled": bool(known.document.get("enabled", False)),
            "paused": pauses[known.id].why if known.id in pauses else None,
            "problems": [problem.as_json() for problem in live.broken.get(known.id, ())],
            "version": known.version,
            "url": url_for("api.read_workflow", name=known.name),
        }
        for known in workflows.list()
    ]
    return answer({"workflows": found})


def read_workflow(name: str) -> Response:
    """Give one definition."""
    requests.parameters(())
    require_admin()
    known = workspace().workflows.get(name)
    return answer(known.document, version=known.version)


def put_workflow(name: str) -> Response:
    """Create or change a workflow, or (`?plan=true`) say what that would do."""
    given = requests.parameters(("plan", "confirm"))
    only_plan, confirm = requests.flag(given, "plan"), requests.flag(given, "confirm")
    context = require_admin()
    body = requests.body_object()
    definitions = workspace().definitions
    existing = _existing(name)
    if existing is not None and "id" not in body:
        body = {**body, "id": existing.id}
    change = DefinitionChange(KIND, name, body)
    if only_plan:
        requests.seen_version(required=False)
        return answer(definitions.plan([change], context).as_json())
    revision = definitions.revision
    if existing is not None:
        require_version(existing.version, requests.seen_version())
    definitions.apply([change], context, revision=revision, confirm=confirm)
    wanted = body.get("name", name)
    stored = workspace().workflows.get(wanted if isinstance(wanted, str) else name)
    location = url_for("api.read_workflow", name=stored.name)
    return answer(stored.document, 200 if existing else 201, version=stored.version, location=location)


def delete_workflow(name: str) -> Response:
    """Remove a workflow; its runs stay."""
    given = requests.parameters(("plan", "confirm"))
    only_plan = requests.flag(given, "plan")
    requests.flag(given, "confirm")
    context = require_admin()
    definitions = workspace().definitions
    existing = workspace().workflows.get(name)
    change = DefinitionChange(KIND, name, None)
    if only_plan:
        requests.seen_version(required=False)
        return answer(definitions.plan([change], context).as_json())
    revision = definitions.revision
    require_version(existing.version, requests.seen_version())
    definitions.apply([change], context, revision=revision, confirm=True)
    return nothing()


def start_workflow(name: str) -> Response:
    """Ask for runs: `{"record": id}` or `{"records": [ids]}`, and `input`; the answer has their ids."""
    requests.parameters(())
    body = only(requests.body_object(), ("record", "records", "input"))
    on = ("manual", "called") if current().actor.is_admin else ("manual",)
    given = checked_input(workspace().workflows.compiled(name), workspace().kinds, body.get("input"))
    runs = workspace().workflows.start(current(), name, records=_records(body), input=given, on=on)
    return answer({"runs": list(runs)}, 202)


def dry_run_workflow(name: str) -> Response:
    """Say what it would do for `{"record": id}` now; with `document`, what that draft would do."""
    requests.parameters(())
    context = require_admin()
    body = only(requests.body_object(), ("record", "input", "document"))
    record = body.get("record")
    if record is not None and not isinstance(record, str):
        raise wrong("record", "A record is named by its id.")
    compiled = tried(name, body)
    given = checked_input(compiled, workspace().kinds, body.get("input"))
    found = dry_run(workspace().workflows.services, context, compiled, record, given)
    return answer(found.as_json())


def only(body: dict[str, Any], known: Sequence[str]) -> dict[str, Any]:
    """Refuse what the body must not have."""
    unknown = sorted(set(body) - set(known))
    if unknown:
        message = f"{unknown[0]!r} is not known here; allowed are {', '.join(known)}."
        raise wrong(unknown[0], message, "unknown")
    return body


def wrong(name: str, message: str, code: str = "type") -> Invalid:
    """Say what is wrong with a member of the body."""
    return Invalid(message, problems=[Problem(code, message, pointer=f"/{name}")])


def tried(name: str, body: dict[str, Any]) -> CompiledWorkflow:
    """Give the draft of the body, else the workflow in force."""
    document = body.get("document")
    if document is None:
        return workspace().workflows.compiled(name)
    if not isinstance(document, dict):
        raise wrong("document", "A document is an object.")
    return workspace().workflows.draft(document, name)


def pause_workflow(name: str) -> Response:
    """Pause a workflow: what asks for a run is kept and waits. `*` pauses all."""
    requests.parameters(())
    workspace().workflows.pause(require_admin(), _one_or_all(name), "paused through REST")
    return nothing()


def resume_workflow(name: str) -> Response:
    """Go on with a paused workflow; `*` is the switch for all."""
    requests.parameters(())
    require_admin()
    workspace().workflows.resume(_one_or_all(name))
    return nothing()


def _one_or_all(name: str) -> str | None:
    return None if name == "*" else name


def _existing(name: str) -> StoredDefinition | None:
    try:
        return workspace().workflows.get(name)
    except NotFound:
        return None


def _records(body: dict[str, Any]) -> list[str]:
    given = body.get("records", [body["record"]] if body.get("record") is not None else [])
    if not isinstance(given, list) or not all(isinstance(item, str) for item in given):
        message = "Records are named by their ids."
        raise Invalid(message, problems=[Problem("type", message, pointer="/records")])
    return given
