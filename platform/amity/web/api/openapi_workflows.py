"""Workflows and runs in the OpenAPI document."""

from __future__ import annotations

from typing import Final

from amity.web.api.openapi_parts import (
    AFTER,
    ID,
    IF_MATCH,
    Json,
    body,
    json_answer,
    limit,
    query,
    responses,
)
from amity.web.api.runs import STATES, VERBS

_NAME: Final[Json] = {
    "name": "name",
    "in": "path",
    "required": True,
    "schema": {"type": "string", "pattern": "^[a-z][a-z0-9_]{0,62}$"},
}
_DOCUMENT: Final = json_answer({"type": "object"}, "The document.", etag=True)
_RUN: Final[Json] = {
    "type": "object",
    "required": ["id", "workflow", "state", "started_at"],
    "properties": {
        "id": {"type": "string", "format": "uuid"},
        "workflow": {"type": "string"},
        "version": {"type": "integer"},
        "entity": {"type": ["string", "null"]},
        "record": {"type": ["string", "null"], "format": "uuid"},
        "state": {"enum": list(STATES)},
        "started_at": {"type": "string", "format": "date-time"},
        "ended_at": {"type": ["string", "null"], "format": "date-time"},
    },
}


def workflow_paths(admin: bool) -> Json:
    """Describe the calls; only starting one is for everybody."""
    paths: Json = {"/api/v1/workflows/{name}/start": {"parameters": [_NAME], "post": _start()}}
    if not admin:
        return paths
    paths["/api/v1/workflows"] = {"get": _listing("workflows", "List the workflows")}
    paths["/api/v1/workflows/{name}"] = {"parameters": [_NAME], **_definition()}
    paths["/api/v1/workflows/{name}/dry-run"] = {"parameters": [_NAME], "post": _dry_run()}
    paths["/api/v1/workflows/{name}/back-test"] = {"parameters": [_NAME], "post": _back_test()}
    paths["/api/v1/workflows/{name}/back-tests"] = {
        "parameters": [_NAME],
        "get": _listing("back_tests", "List the back-tests of a workflow"),
    }
    paths["/api/v1/back-tests/{id}"] = {"parameters": [ID], **_asked_back_test()}
    paths["/api/v1/back-tests/{id}/cancel"] = {"parameters": [ID], "post": _cancel_back_test()}
    for verb in ("pause", "resume"):
        paths[f"/api/v1/workflows/{{name}}/{verb}"] = {"parameters": [_NAME], "post": _switch(verb)}
    paths["/api/v1/runs"] = {"get": _runs()}
    paths["/api/v1/runs/{id}"] = {"parameters": [ID], "get": _read_run()}
    for verb in VERBS:
        paths[f"/api/v1/runs/{{id}}/{verb}"] = {"parameters": [ID], "post": _run_verb(verb)}
    return paths


def _operation(name: str, summary: str, **more: object) -> Json:
    return {"tags": ["workflows"], "operationId": name, "summary": summary, **more}


def _listing(name: str, summary: str, parameters: tuple[Json, ...] = (), item: Json | None = None) -> Json:
    rows = {"type": "array", "items": item or {"type": "object"}}
    schema = {"type": "object", "required": [name], "properties": {name: rows}}
    answers = responses(_200=json_answer(schema, summary))
    return _operation(f"list_{name}", summary, parameters=list(parameters), responses=answers)


def _runs() -> Json:
    filters = (
        query("workflow", {"type": "string"}, "Name of the workflow."),
        query("state", {"type": "string"}, f"Any of {', '.join(STATES)}, with commas between."),
        query("entity", {"type": "string"}, "Name of the entity."),
        query("record", {"type": "string", "format": "uuid"}, "Id of the record."),
        limit(50),
        AFTER,
    )
    return _listing("runs", "List runs, the latest first", filters, _RUN)


def _definition() -> Json:
    plan = query("plan", {"type": "boolean"}, "Only say what it would do.")
    confirm = query("confirm", {"type": "boolean"}, "Yes to what needs one.")
    if_match = IF_MATCH | {"required": False, "description": "Needed where the workflow exists."}
    unless_plan = IF_MATCH | {"required": False, "description": "Needed unless only the plan is asked for."}
    planned = json_answer({"type": "object"}, "The plan.")
    return {
        "get": _operation("read_workflow", "Read a workflow", responses=responses(_200=_DOCUMENT)),
        "put": _operation(
            "put_workflow",
            "Create or change a workflow",
            parameters=[plan, confirm, if_match],
            requestBody=body({"type": "object"}),
            responses=responses("409", "428", _200=_DOCUMENT, _201=_DOCUMENT),
        ),
        "delete": _operation(
            "delete_workflow",
            "Remove a workflow; its runs stay",
            parameters=[plan, confirm, unless_plan],
            responses=responses("409", "428", _200=planned, _204={"description": "It is removed."}),
        ),
    }


def _start() -> Json:
    asked = {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "record": {"type": ["string", "null"], "format": "uuid"},
            "records": {"type": "array", "items": {"type": "string", "format": "uuid"}, "maxItems": 10000},
            "input": {},
        },
    }
    ids = {"type": "array", "items": {"type": "string", "format": "uuid"}}
    schema = {"type": "object", "required": ["runs"], "properties": {"runs": ids}}
    return _operation(
        "start_workflow",
        "Start a workflow for a record, several, or none",
        requestBody=body(asked),
        responses=responses(_202=json_answer(schema, "The runs that were asked for.")),
    )


_DRAFT: Final[Json] = {"type": "object", "description": "A document that is not applied, instead."}
_STEP: Final[Json] = {
    "type": "object",
    "required": ["key", "state", "text", "why", "writes"],
    "properties": {
        "key": {"type": "string"},
        "state": {"enum": ["would", "skipped", "stops", "not_taken"]},
        "text": {"type": "string"},
        "why": {"type": "string"},
        "writes": {"type": "array", "items": {"type": "object"}},
    },
}
_SIMULATION: Final[Json] = {
    "type": "object",
    "required": ["end", "stopped", "steps", "writes", "missing"],
    "properties": {
        "starts": {"type": "boolean"},
        "why_not": {"type": "string"},
        "end": {"enum": ["done", "waiting", "ended", "failed", "refused", "too_long"]},
        "stopped": {"type": ["string", "null"]},
        "steps": {"type": "array", "items": _STEP},
        "writes": {"type": "array", "items": {"type": "object"}},
        "missing": {"type": "array", "items": {"type": "object"}},
    },
}


def _dry_run() -> Json:
    properties = {"record": {"type": ["string", "null"], "format": "uuid"}, "input": {}, "document": _DRAFT}
    asked = {"type": "object", "additionalProperties": False, "properties": properties}
    return _operation(
        "dry_run_workflow",
        "Say what a workflow would do for a record now; nothing is changed",
        requestBody=body(asked),
        responses=responses(_200=json_answer(_SIMULATION, "Step by step.")),
    )


_COUNTED: Final[Json] = {"type": "integer"}
_FOUND: Final[Json] = {
    "type": "object",
    "required": ["looked_at", "matched", "samples", "missing", "stopped_early"],
    "properties": {
        "looked_at": _COUNTED,
        "matched": _COUNTED,
        "unknown": _COUNTED,
        "muted": _COUNTED,
        "actions": {"type": "object", "additionalProperties": _COUNTED},
        "writes": {"type": "array", "items": {"type": "object"}},
        "missing": {"type": "array", "items": {"type": "object"}},
        "stopped_early": {"enum": ["limit", "time", "cancelled", None]},
        "samples": {"type": "array", "items": _SIMULATION},
    },
}
_ASKED: Final[Json] = {
    "type": "object",
    "required": ["id", "workflow", "state", "progress", "result", "url"],
    "properties": {
        "id": {"type": "string", "format": "uuid"},
        "workflow": {"type": "string"},
        "state": {"enum": ["waiting", "running", "done", "cancelled", "failed"]},
        "progress": {"type": "object"},
        "why": {"type": ["string", "null"]},
        "url": {"type": "string"},
        "result": {"oneOf": [_FOUND, {"type": "null"}]},
    },
}


def _asked_back_test() -> Json:
    asked = responses(_200=json_answer(_ASKED, "How far it is, and what it found."))
    gone = responses("409", _204={"description": "It is removed."})
    return {
        "get": _operation("read_back_test", "Read a back-test", responses=asked),
        "delete": _operation("delete_back_test", "Remove a back-test that has ended", responses=gone),
    }


def _cancel_back_test() -> Json:
    answers = responses(_202=json_answer(_ASKED, "It ends soon; what it found is kept."))
    return _operation("cancel_back_test", "Cancel a back-test", responses=answers)


def _back_test() -> Json:
    moment = {"type": "string", "format": "date-time"}
    properties = {
        "since": moment,
        "until": moment,
        "samples": {"type": "integer", "minimum": 0, "maximum": 200},
        "document": _DRAFT,
        "background": {
            "type": ["boolean", "null"],
            "description": "true: work beside the requests (202); false: within, with early ends.",
        },
    }
    asked = {
        "type": "object",
        "additionalProperties": False,
        "required": ["since"],
        "properties": properties,
    }
    return _operation(
        "back_test_workflow",
        "Say what a workflow would have done in a past period; nothing is changed",
        requestBody=body(asked),
        responses=responses(
            _200=json_answer(_FOUND, "Counts and samples."),
            _202=json_answer(_ASKED, "It takes longer: the back-test, with its address."),
        ),
    )


def _switch(verb: str) -> Json:
    answers = responses(_204={"description": "It is done."})
    return _operation(f"{verb}_workflow", f"{verb.capitalize()} a workflow", responses=answers)


def _read_run() -> Json:
    answers = responses(_200=json_answer(_RUN, "The run with its steps."))
    return _operation("read_run", "Read a run", responses=answers)


def _run_verb(verb: str) -> Json:
    answers = responses("409", _200=json_answer(_RUN, "The run as it is now."))
    return _operation(f"{verb}_run", f"{verb.capitalize()} a run", responses=answers)
