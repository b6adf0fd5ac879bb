"""`/api/v1/openapi.json`: OpenAPI 3.1 of this workspace as the caller sees it, custom entities included."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from flask import Blueprint, Response

from amity import __version__
from amity.access.policy import Decision, Verb
from amity.entities.model import Entity, Field
from amity.web.api import requests
from amity.web.api.openapi_parts import (
    AFTER,
    ID,
    IF_MATCH,
    Json,
    body,
    json_answer,
    limit,
    query,
    ref,
    responses,
)
from amity.web.api.openapi_workflows import workflow_paths
from amity.web.api.responses import answer
from amity.web.api.schemas import SCHEMAS
from amity.web.context import current, workspace

_SYSTEM: Final[Mapping[str, Json]] = {
    "id": {"type": "string", "format": "uuid", "readOnly": True},
    "version": {"type": "integer", "minimum": 1, "readOnly": True},
    "created_at": {"type": "string", "format": "date-time", "readOnly": True},
    "created_by": {"type": ["string", "null"], "format": "uuid", "readOnly": True},
    "updated_at": {"type": "string", "format": "date-time", "readOnly": True},
    "updated_by": {"type": ["string", "null"], "format": "uuid", "readOnly": True},
    "owner": {"type": ["string", "null"], "format": "uuid"},
}


def register(api: Blueprint) -> None:
    """Add the route to the blueprint."""
    api.add_url_rule("/openapi.json", view_func=openapi, methods=["GET"])


def openapi() -> Response:
    """Describe every call that the caller may make."""
    requests.parameters(())
    return answer(build())


def build() -> Json:
    """Build the document for the caller of the present request."""
    actor, policy = current().actor, workspace().policy
    schemas: Json = dict(_SHARED_SCHEMAS)
    paths: Json = dict(_definition_paths(actor.is_admin)) | _schema_path() | _feed_path()
    tags: list[Json] = [{"name": "definitions"}, {"name": "events"}, {"name": "workflows"}]
    paths |= workflow_paths(actor.is_admin)
    for entity in workspace().definitions.model:
        decisions = {
            verb: policy.decide(actor, verb, entity) for verb in ("read", "create", "update", "delete")
        }
        if not decisions["read"].allowed:
            continue
        tags.append({"name": entity.name, "description": entity.description or entity.plural})
        schemas |= _entity_schemas(entity, decisions)  # type: ignore[arg-type]
        paths |= _entity_paths(entity, decisions)  # type: ignore[arg-type]
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Amity",
            "version": __version__,
            "description": "Records and definitions of this workspace.",
        },
        "servers": [{"url": "/"}],
        "security": [{"token": []}],
        "tags": tags,
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


# -- schemas of entities ---------------------------------------------------------------------------


def field_schema(field: Field) -> Json:
    """The JSON Schema of one field's values: its own and its kind's."""
    own = {name: value for name, value in field.schema.items() if name not in ("x-amity", "default")}
    of_kind = dict(field.kind.value_schema(field))
    overlap = {name for name in of_kind if name in own and own[name] != of_kind[name]}
    merged: Json = {**of_kind, **own}
    if overlap:
        merged["allOf"] = [*merged.get("allOf", []), {name: of_kind[name] for name in sorted(overlap)}]
    merged.setdefault("title", field.title)
    return merged


def _or_null(schema: Json) -> Json:
    return {"anyOf": [schema, {"type": "null"}]}


def _entity_schemas(entity: Entity, decisions: Mapping[Verb, Decision]) -> Json:
    readable = [field for field in entity.fields if decisions["read"].can_read(field.name)]
    record: Json = {
        "type": "object",
        "title": entity.title,
        "properties": {
            **_SYSTEM,
            **{field.name: _or_null(field_schema(field)) for field in readable},
        },
        "additionalProperties": entity.additional,
        "required": ["id", "version"],
    }
    answer: Json = {f"{entity.name}.record": record}
    for verb, shape in (("create", "new"), ("update", "patch")):
        decision = decisions[verb]  # type: ignore[index]
        writable = [field for field in readable if not field.read_only and decision.can_write(field.name)]
        needed = [
            field.name for field in writable if field.required and field.default is None and verb == "create"
        ]
        answer[f"{entity.name}.{shape}"] = {
            "type": "object",
            "title": f"{entity.title}, {'to create' if verb == 'create' else 'to change'}",
            "properties": {
                field.name: field_schema(field) if field.required else _or_null(field_schema(field))
                for field in writable
            },
            "required": needed,
            "additionalProperties": entity.additional,
        }
    return answer


# -- paths -----------------------------------------------------------------------------------------


def _entity_paths(entity: Entity, decisions: Mapping[Verb, Decision]) -> Json:
    name, tags = entity.name, [entity.name]
    collection, one = f"/api/v1/records/{name}", f"/api/v1/records/{name}/{{id}}"
    paths: Json = {
        collection: {"get": _list_operation(entity)},
        one: {
            "parameters": [ID],
            "get": {
                "tags": tags,
                "operationId": f"read_{name}",
                "summary": f"Read one record of {entity.plural}",
                "parameters": [query("fields", {"type": "string"}, "Names separated by commas.")],
                "responses": responses(_200=json_answer(ref(f"{name}.record"), "The record.", etag=True)),
            },
        },
        f"{one}/events": {
            "parameters": [ID],
            "get": {
                "tags": tags,
                "operationId": f"events_of_{name}",
                "summary": "History of one record",
                "parameters": [AFTER, limit(50)],
                "responses": responses(_200=json_answer(ref("events"), "Events, newest first.")),
            },
        },
    }
    paths[f"{collection}/aggregate"] = {"get": _aggregate_operation(entity)}
    if decisions["create"].allowed:
        paths[collection]["post"] = _create_operation(entity)
    if decisions["create"].allowed and decisions["update"].allowed:
        paths[f"{collection}/bulk"] = {"post": _bulk_operation(entity)}
    if decisions["update"].allowed:
        paths[one]["patch"] = _update_operation(entity)
    if decisions["delete"].allowed:
        paths[one]["delete"] = {
            "tags": tags,
            "operationId": f"delete_{name}",
            "summary": "Put one record into the bin",
            "parameters": [IF_MATCH],
            "responses": responses("409", "428", _204={"description": "It is in the bin."}),
        }
        paths[f"{one}/restore"] = {
            "parameters": [ID],
            "post": {
                "tags": tags,
                "operationId": f"restore_{name}",
                "summary": "Bring one record back from the bin",
                "responses": responses(
                    "409", _200=json_answer(ref(f"{name}.record"), "The record.", etag=True)
                ),
            },
        }
    return paths


def _list_operation(entity: Entity) -> Json:
    page = {
        "type": "object",
        "required": ["records", "next", "count"],
        "properties": {
            "records": {"type": "array", "items": ref(f"{entity.name}.record")},
            "next": {"type": ["string", "null"]},
            "count": {"anyOf": [ref("count"), {"type": "null"}]},
        },
    }
    return {
        "tags": [entity.name],
        "operationId": f"list_{entity.name}",
        "summary": f"List {entity.plural}",
        "parameters": [
            query("where", {"type": "string"}, "An expression over the fields."),
            query("q", {"type": "string"}, "A text search."),
            query("sort", {"type": "string"}, "Such as `-updated_at,id`."),
            query("fields", {"type": "string"}, "Names separated by commas."),
            limit(50),
            AFTER,
            query("count", {"enum": ["none", "capped", "exact"], "default": "none"}, "How to count."),
        ],
        "responses": responses(_200=json_answer(page, "A page of records.")),
    }


def _aggregate_operation(entity: Entity) -> Json:
    figures = {
        "type": "object",
        "required": ["groups", "complete"],
        "properties": {
            "groups": {"type": "array", "items": {"type": "object"}},
            "complete": {"type": "boolean"},
        },
    }
    return {
        "tags": [entity.name],
        "operationId": f"aggregate_{entity.name}",
        "summary": f"Grouped figures of {entity.plural}",
        "parameters": [
            query("group", {"type": "string"}, "Names of up to three fields, separated by commas."),
            query("measures", {"type": "string"}, "Such as `count,sum:revenue`; also avg, min and max."),
            query("where", {"type": "string"}, "An expression over the fields."),
        ],
        "responses": responses(_200=json_answer(figures, "The figures of each group.")),
    }


def _create_operation(entity: Entity) -> Json:
    created = json_answer(ref(f"{entity.name}.record"), "The new record.", etag=True)
    created["headers"]["Location"] = {"schema": {"type": "string"}}
    return {
        "tags": [entity.name],
        "operationId": f"create_{entity.name}",
        "summary": f"Create a record of {entity.plural}",
        "requestBody": body(ref(f"{entity.name}.new")),
        "responses": responses("409", _201=created),
    }


def _update_operation(entity: Entity) -> Json:
    return {
        "tags": [entity.name],
        "operationId": f"update_{entity.name}",
        "summary": "Change one record by a JSON merge patch",
        "parameters": [IF_MATCH],
        "requestBody": body(ref(f"{entity.name}.patch"), "application/merge-patch+json"),
        "responses": responses(
            "409", "428", _200=json_answer(ref(f"{entity.name}.record"), "The record.", etag=True)
        ),
    }


def _bulk_operation(entity: Entity) -> Json:
    # A row is judged by itself: one that is wrong is reported, and does not refuse the call.
    row = {"type": "object"}
    call = {
        "type": "object",
        "required": ["records"],
        "additionalProperties": False,
        "properties": {
            "records": {"type": "array", "maxItems": 10_000, "items": row},
            "key": {"type": ["string", "null"]},
            "mode": {"enum": ["all", "each"]},
        },
    }
    return {
        "tags": [entity.name],
        "operationId": f"bulk_{entity.name}",
        "summary": "Create, update or upsert many records",
        "requestBody": body(call),
        "responses": responses("409", _200=json_answer(ref("bulk_result"), "What was done.")),
    }


def _feed_path() -> Json:
    return {
        "/api/v1/events": {
            "get": {
                "tags": ["events"],
                "operationId": "feed",
                "summary": "Ordered feed of all events that you may see",
                "parameters": [AFTER, limit(100)],
                "responses": responses(_200=json_answer(ref("events"), "Events in order.")),
            }
        }
    }


def _schema_path() -> Json:
    name = {"name": "name", "in": "path", "required": True, "schema": {"enum": list(SCHEMAS)}}
    read = {
        "tags": ["definitions"],
        "operationId": "read_schema",
        "summary": "Read a meta-schema of entity documents, for editors",
        "responses": responses(_200=json_answer({"type": "object"}, "The JSON Schema.")),
    }
    return {"/api/v1/schemas/{name}": {"parameters": [name], "get": read}}


def _definition_paths(admin: bool) -> Json:
    entity = {"name": "entity", "in": "path", "required": True, "schema": {"type": "string"}}
    if_match = IF_MATCH | {"required": False, "description": "Needed where the definition exists."}
    document = json_answer({"type": "object"}, "The JSON Schema.", etag=True)
    changing = [
        query("plan", {"type": "boolean"}, "Only say what it would do."),
        query("confirm", {"type": "boolean"}, "Yes to what parks or converts data."),
        if_match,
    ]
    one: Json = {
        "parameters": [entity],
        "get": {
            "tags": ["definitions"],
            "operationId": "read_definition",
            "summary": "Read one entity definition",
            "responses": responses(_200=document),
        },
    }
    if admin:
        one["put"] = {
            "tags": ["definitions"],
            "operationId": "put_definition",
            "summary": "Create or change an entity by its JSON Schema",
            "parameters": changing,
            "requestBody": body({"type": "object"}),
            "responses": responses("409", "428", _200=document, _201=document),
        }
        one["delete"] = {
            "tags": ["definitions"],
            "operationId": "delete_definition",
            "summary": "Remove an entity; its records are parked",
            "parameters": [
                *changing[:2],
                IF_MATCH | {"required": False, "description": "Needed unless only the plan is asked for."},
            ],
            "responses": responses(
                "409",
                "428",
                _200=json_answer({"type": "object"}, "The plan."),
                _204={"description": "It is removed."},
            ),
        }
    listed = {
        "type": "object",
        "required": ["entities"],
        "properties": {"entities": {"type": "array", "items": {"type": "object"}}},
    }
    listing = {
        "tags": ["definitions"],
        "operationId": "list_definitions",
        "summary": "List the entities",
        "responses": responses(_200=json_answer(listed, "The entities.")),
    }
    return {"/api/v1/entities": {"get": listing}, "/api/v1/entities/{entity}": one}


_SHARED_SCHEMAS: Final[Mapping[str, Json]] = {
    "problem": {
        "type": "object",
        "description": "RFC 9457",
        "required": ["type", "title", "status"],
        "properties": {
            "type": {"type": "string"},
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "detail": {"type": "string"},
            "code": {"type": "string"},
            "errors": {"type": "array", "items": ref("error")},
        },
    },
    "error": {
        "type": "object",
        "required": ["code", "message"],
        "properties": {
            "code": {"type": "string"},
            "message": {"type": "string"},
            "pointer": {"type": "string"},
            "parameter": {"type": "string"},
            "index": {"type": "integer"},
        },
    },
    "count": {
        "type": "object",
        "required": ["value", "exact"],
        "properties": {"value": {"type": "integer"}, "exact": {"type": "boolean"}},
    },
    "events": {
        "type": "object",
        "required": ["events", "next"],
        "properties": {
            "events": {
                "type": "array",
                "items": {
                    "type": "object",
                    "required": ["id", "at", "actor", "kind", "record", "changes", "cause"],
                    "properties": {
                        "id": {"type": "string"},
                        "at": {"type": "string", "format": "date-time"},
                        "actor": {"type": ["string", "null"]},
                        "kind": {"type": "string"},
                        "changes": {"type": "object"},
                        "cause": {"type": "object"},
                    },
                },
            },
            "next": {"type": ["string", "null"]},
        },
    },
    "bulk_result": {
        "type": "object",
        "required": ["created", "updated", "unchanged", "failed", "ids", "errors"],
        "properties": {
            **{name: {"type": "integer"} for name in ("created", "updated", "unchanged", "failed")},
            "ids": {"type": "array", "items": {"type": ["string", "null"]}},
            "errors": {"type": "array", "items": ref("error")},
        },
    },
}
