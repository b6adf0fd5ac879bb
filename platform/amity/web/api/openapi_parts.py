"""The pieces of the OpenAPI document: responses with their problems, parameters, bodies."""

from __future__ import annotations

from typing import Any, Final

Json = dict[str, Any]

ERRORS: Final = {
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


def ref(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}"}


def json_answer(schema: Json, description: str, *, etag: bool = False) -> Json:
    response: Json = {
        "description": description,
        "content": {"application/json": {"schema": schema}},
    }
    if etag:
        response["headers"] = {"ETag": {"schema": {"type": "string"}, "description": "The version."}}
    return response


def responses(*codes: str, **good: Json) -> Json:
    problem = {"application/problem+json": {"schema": ref("problem")}}
    errors = {"400", "401", "403", "404", "413", "422", "429", "503", *codes}
    return {name.lstrip("_"): response for name, response in good.items()} | {
        code: {"description": ERRORS[code], "content": problem} for code in sorted(errors)
    }


def query(name: str, schema: Json, description: str) -> Json:
    return {"name": name, "in": "query", "schema": schema, "description": description}


ID: Final[Json] = {
    "name": "id",
    "in": "path",
    "required": True,
    "schema": {"type": "string", "format": "uuid"},
}
IF_MATCH: Final[Json] = {
    "name": "If-Match",
    "in": "header",
    "required": True,
    "schema": {"type": "string", "pattern": '^(\\*|"[0-9]{1,9}")$'},
    "description": "ETag of the version that you saw.",
}
AFTER: Final = query("after", {"type": "string"}, "`next` of the page before.")


def limit(default: int) -> Json:
    return query("limit", {"type": "integer", "minimum": 1, "maximum": 500, "default": default}, "Page size.")


def body(schema: Json, media: str = "application/json") -> Json:
    """Describe the body of a request."""
    """Describe the size of a page."""
    """Describe a parameter of the query."""
    """Describe the answers of a call: `_200=...` the good ones, `codes` problems beside the usual ones."""
    """Describe an answer in JSON."""
    """Refer to a shared schema."""
    return {"required": True, "content": {media: {"schema": schema}}}
