"""`/api/v1/openapi.json`: OpenAPI 3.1 of this workspace as the caller sees it, custom entities included."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from flask import Blueprint, Response

from amity import __version__
from amity.access.policy import Decision, Verb
from amity.entities.model import Entity, Field
from amity.web.api import requests
from amity.web.api.responses import answer
from amity.web.api.schemas import SCHEMAS
from amity.web.context import current, workspace

Json = dict[str, Any]

_ERRORS: Final = {
    "400": "The request could not be read.",
    "401": "Not signed in.",
    "403": "Not allowed.",
    "404": "Unknown, or not visible to you.",
    "409": "In conflict with the present state.",
    "413": "Too large.",
    "422": "Some values are not allowed; `errors` says which.",
    "428": "Say which version you saw (If-Match).",
    "429": "Too many requests.",
    "503": "Busy; come back after Retry-After.",
}

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
    tags: list[Json] = [{"name": "definitions"}, {"name": "events"}]
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


def _ref(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}"}


def _json(schema: Json, description: str, *, etag: bool = False) -> Json:
    response: Json = {
        "description": description,
        "content": {"application/json": {"schema": schema}},
    }
    if etag:
        response["headers"] = {"ETag": {"schema": {"type": "string"}, "description": "The version."}}
    return response


def _responses(*codes: str, **good: Json) -> Json:
    problem = {"application/problem+json": {"schema": _ref("problem")}}
    errors = {"400", "401", "403", "404", "413", "422", "429", "503", *codes}
    return {name.lstrip("_"): response for name, response in good.items()} | {
        code: {"description": _ERRORS[code], "content": problem} for code in sorted(errors)
    }


def _query(name: str, schema: Json, description: str) -> Json:
    return {"name": name, "in": "query", "schema": schema, "description": description}


_ID: Final[Json] = {
    "name": "id",
    "in": "path",
    "required": True,
    "schema": {"type": "string", "format": "uuid"},
}
_IF_MATCH: Final[Json] = {
    "name": "If-Match",
    "in": "header",
    "required": True,
    "schema": {"type": "string", "pattern": '^(\\*|"[0-9]{1,9}")$'},
    "description": "ETag of the version that you saw.",
}
_AFTER: Final = _query("after", {"type": "string"}, "`next` of the page before.")


def _limit(default: int) -> Json:
    return _query(
        "limit", {"type": "integer", "minimum": 1, "maximum": 500, "default": default}, "Page size."
    )


def _entity_paths(entity: Entity, decisions: Mapping[Verb, Decision]) -> Json:
    name, tags = entity.name, [entity.name]
    collection, one = f"/api/v1/records/{name}", f"/api/v1/records/{name}/{{id}}"
    paths: Json = {
        collection: {"get": _list_operation(entity)},
        one: {
            "parameters": [_ID],
            "get": {
                "tags": tags,
                "operationId": f"read_{name}",
                "summary": f"Read one record of {entity.plural}",
                "parameters": [_query("fields", {"type": "string"}, "Names separated by commas.")],
                "responses": _responses(_200=_json(_ref(f"{name}.record"), "The record.", etag=True)),
            },
        },
        f"{one}/events": {
            "parameters": [_ID],
            "get": {
                "tags": tags,
                "operationId": f"events_of_{name}",
                "summary": "History of one record",
                "parameters": [_AFTER, _limit(50)],
                "responses": _responses(_200=_json(_ref("events"), "Events, newest first.")),
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
            "parameters": [_IF_MATCH],
            "responses": _responses("409", "428", _204={"description": "It is in the bin."}),
        }
        paths[f"{one}/restore"] = {
            "parameters": [_ID],
            "post": {
                "tags": tags,
                "operationId": f"restore_{name}",
                "summary": "Bring one record back from the bin",
                "responses": _responses("409", _200=_json(_ref(f"{name}.record"), "The record.", etag=True)),
            },
        }
    return paths


def _list_operation(entity: Entity) -> Json:
    page = {
        "type": "object",
        "required": ["records", "next", "count"],
        "properties": {
            "records": {"type": "array", "items": _ref(f"{entity.name}.record")},
            "next": {"type": ["string", "null"]},
            "count": {"anyOf": [_ref("count"), {"type": "null"}]},
        },
    }
    return {
        "tags": [entity.name],
        "operationId": f"list_{entity.name}",
        "summary": f"List {entity.plural}",
        "parameters": [
            _query("where", {"type": "string"}, "An expression over the fields."),
            _query("q", {"type": "string"}, "A text search."),
            _query("sort", {"type": "string"}, "Such as `-updated_at,id`."),
            _query("fields", {"type": "string"}, "Names separated by commas."),
            _limit(50),
            _AFTER,
            _query("count", {"enum": ["none", "capped", "exact"], "default": "none"}, "How to count."),
        ],
        "responses": _responses(_200=_json(page, "A page of records.")),
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
            _query("group", {"type": "string"}, "Names of up to three fields, separated by commas."),
            _query("measures", {"type": "string"}, "Such as `count,sum:revenue`; also avg, min and max."),
            _query("where", {"type": "string"}, "An expression over the fields."),
        ],
        "responses": _responses(_200=_json(figures, "The figures of each group.")),
    }


def _body(schema: Json, media: str = "application/json") -> Json:
    return {"required": True, "content": {media: {"schema": schema}}}


def _create_operation(entity: Entity) -> Json:
    created = _json(_ref(f"{entity.name}.record"), "The new record.", etag=True)
    created["headers"]["Location"] = {"schema": {"type": "string"}}
    return {
        "tags": [entity.name],
        "operationId": f"create_{entity.name}",
        "summary": f"Create a record of {entity.plural}",
        "requestBody": _body(_ref(f"{entity.name}.new")),
        "responses": _responses("409", _201=created),
    }


def _update_operation(entity: Entity) -> Json:
    return {
        "tags": [entity.name],
        "operationId": f"update_{entity.name}",
        "summary": "Change one record by a JSON merge patch",
        "parameters": [_IF_MATCH],
        "requestBody": _body(_ref(f"{entity.name}.patch"), "application/merge-patch+json"),
        "responses": _responses(
            "409", "428", _200=_json(_ref(f"{entity.name}.record"), "The record.", etag=True)
        ),
    }


def _bulk_operation(entity: Entity) -> Json:
    # A row is judged by itself: one that is wrong is reported, and does not refuse the call.
    row = {"type": "object"}
    body = {
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
        "requestBody": _body(body),
        "responses": _responses("409", _200=_json(_ref("bulk_result"), "What was done.")),
    }


def _feed_path() -> Json:
    return {
        "/api/v1/events": {
            "get": {
                "tags": ["events"],
                "operationId": "feed",
                "summary": "Ordered feed of all events that you may see",
                "parameters": [_AFTER, _limit(100)],
                "responses": _responses(_200=_json(_ref("events"), "Events in order.")),
            }
        }
    }


def _schema_path() -> Json:
    name = {"name": "name", "in": "path", "required": True, "schema": {"enum": list(SCHEMAS)}}
    read = {
        "tags": ["definitions"],
        "operationId": "read_schema",
        "summary": "Read a meta-schema of entity documents, for editors",
        "responses": _responses(_200=_json({"type": "object"}, "The JSON Schema.")),
    }
    return {"/api/v1/schemas/{name}": {"parameters": [name], "get": read}}


def _definition_paths(admin: bool) -> Json:
    entity = {"name": "entity", "in": "path", "required": True, "schema": {"type": "string"}}
    if_match = _IF_MATCH | {"required": False, "description": "Needed where the definition exists."}
    document = _json({"type": "object"}, "The JSON Schema.", etag=True)
    changing = [
        _query("plan", {"type": "boolean"}, "Only say what it would do."),
        _query("confirm", {"type": "boolean"}, "Yes to what parks or converts data."),
        if_match,
    ]
    one: Json = {
        "parameters": [entity],
        "get": {
            "tags": ["definitions"],
            "operationId": "read_definition",
            "summary": "Read one entity definition",
            "responses": _responses(_200=document),
        },
    }
    if admin:
        one["put"] = {
            "tags": ["definitions"],
            "operationId": "put_definition",
            "summary": "Create or change an entity by its JSON Schema",
            "parameters": changing,
            "requestBody": _body({"type": "object"}),
            "responses": _responses("409", "428", _200=document, _201=document),
        }
        one["delete"] = {
            "tags": ["definitions"],
            "operationId": "delete_definition",
            "summary": "Remove an entity; its records are parked",
            "parameters": [*changing[:2], _IF_MATCH],
            "responses": _responses(
                "409",
                "428",
                _200=_json({"type": "object"}, "The plan."),
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
        "responses": _responses(_200=_json(listed, "The entities.")),
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
            "errors": {"type": "array", "items": _ref("error")},
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
            "errors": {"type": "array", "items": _ref("error")},
        },
    },
}
