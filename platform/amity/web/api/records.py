"""`/api/v1/records/...`: records of any entity."""

from __future__ import annotations

from typing import Any, cast, get_args
from uuid import UUID

from flask import Blueprint, Response, url_for

from amity.errors import Invalid
from amity.records.shapes import MAX_LIMIT, BulkMode, CountMode, EventPage, Query
from amity.web.api import requests
from amity.web.api.responses import answer, nothing
from amity.web.context import current, with_cause, workspace


def register(api: Blueprint) -> None:
    """Add the routes to the blueprint."""
    records = "/records/<entity>"
    api.add_url_rule(records, view_func=list_records, methods=["GET"])
    api.add_url_rule(records, view_func=create_record, methods=["POST"])
    api.add_url_rule(f"{records}/bulk", view_func=bulk, methods=["POST"])
    api.add_url_rule(f"{records}/aggregate", view_func=aggregate, methods=["GET"])
    api.add_url_rule(f"{records}/<uuid:record_id>", view_func=read_record, methods=["GET"])
    api.add_url_rule(f"{records}/<uuid:record_id>", view_func=update_record, methods=["PATCH"])
    api.add_url_rule(f"{records}/<uuid:record_id>", view_func=delete_record, methods=["DELETE"])
    api.add_url_rule(f"{records}/<uuid:record_id>/restore", view_func=restore_record, methods=["POST"])
    api.add_url_rule(f"{records}/<uuid:record_id>/events", view_func=record_events, methods=["GET"])
    api.add_url_rule("/events", view_func=feed, methods=["GET"])


def list_records(entity: str) -> Response:
    """Give a page of records: filtered, searched, sorted, counted."""
    given = requests.parameters(("where", "q", "sort", "fields", "limit", "after", "count"))
    count = _count_mode(given.get("count", "none"))
    query = Query(
        where=given.get("where") or None,
        q=given.get("q") or None,
        sort=given.get("sort", ""),
        fields=requests.names(given, "fields"),
        limit=requests.number(given, "limit", default=50, maximum=MAX_LIMIT),
        after=given.get("after") or None,
        count=count,
    )
    page = workspace().records.find(current(), entity, query)
    return answer(
        {"records": [record.as_json() for record in page.records], "next": page.next, "count": page.count}
    )


def aggregate(entity: str) -> Response:
    """Give grouped figures of the records that the caller may see."""
    given = requests.parameters(("group", "measures", "where"))
    found = workspace().records.aggregate(
        current(),
        entity,
        group=requests.names(given, "group") or (),
        measures=requests.names(given, "measures") or ("count",),
        where=given.get("where") or None,
    )
    return answer(found.as_json())


def _count_mode(text: str) -> CountMode:
    for mode in get_args(CountMode):
        if text == mode:
            return cast(CountMode, mode)
    raise Invalid.parameter("count", "enum", f"'count' is {', '.join(get_args(CountMode))}, not {text!r}.")


def create_record(entity: str) -> Response:
    """Create one record."""
    requests.parameters(())
    record = workspace().records.create(current(), entity, requests.body_object())
    location = url_for("api.read_record", entity=entity, record_id=record.id)
    return answer(record.as_json(), 201, version=record.version, location=location)


def read_record(entity: str, record_id: UUID) -> Response:
    """Give one record."""
    given = requests.parameters(("fields",))
    fields = requests.names(given, "fields")
    record = workspace().records.get(current(), entity, str(record_id), fields=fields)
    return answer(record.as_json(), version=record.version)


def update_record(entity: str, record_id: UUID) -> Response:
    """Change one record by a JSON merge patch."""
    requests.parameters(())
    version = _seen_version(entity, str(record_id))
    patch = requests.body_object()
    record = workspace().records.update(current(), entity, str(record_id), patch, version=version)
    return answer(record.as_json(), version=record.version)


def _seen_version(entity: str, record_id: str) -> int:
    """The version in `If-Match`; `*` stands for the one that the record has now."""
    version = requests.seen_version()
    if version is not None:
        return version
    return workspace().records.get(current(), entity, record_id, fields=()).version


def delete_record(entity: str, record_id: UUID) -> Response:
    """Put one record into the bin."""
    requests.parameters(())
    workspace().records.delete(
        current(), entity, str(record_id), version=_seen_version(entity, str(record_id))
    )
    return nothing()


def restore_record(entity: str, record_id: UUID) -> Response:
    """Bring one record back from the bin, with what went along."""
    requests.parameters(())
    record = workspace().records.restore(current(), entity, str(record_id))
    return answer(record.as_json(), version=record.version)


def bulk(entity: str) -> Response:
    """Create, update or upsert up to 10,000 records in one call."""
    requests.parameters(())
    body = requests.body_object()
    rows, key, mode = _bulk_request(body)
    result = workspace().records.bulk(with_cause(kind="bulk"), entity, rows, key=key, mode=mode)
    return answer(result.as_json())


def _bulk_request(body: dict[str, Any]) -> tuple[list[dict[str, Any]], str | None, BulkMode]:
    for name in body:
        if name not in ("records", "key", "mode"):
            raise Invalid.at(f"/{name}", "unknown", "Allowed members: records, key, mode.")
    rows, key, mode = body.get("records"), body.get("key"), body.get("mode", "each")
    if not isinstance(rows, list):
        raise Invalid.at("/records", "type", "'records' is a list of objects.")
    if key is not None and not isinstance(key, str):
        raise Invalid.at("/key", "type", "'key' is the name of a field, or null.")
    if mode not in ("all", "each"):
        raise Invalid.at("/mode", "enum", "'mode' is all or each.")
    return rows, key, cast(BulkMode, mode)


def record_events(entity: str, record_id: UUID) -> Response:
    """Give the history of one record, newest first."""
    given = requests.parameters(("after", "limit"))
    limit = requests.number(given, "limit", default=50, maximum=MAX_LIMIT)
    page = workspace().records.history(
        current(), entity, str(record_id), after=given.get("after") or None, limit=limit
    )
    return answer(_events(page))


def feed() -> Response:
    """Give the ordered feed of all events that the caller may see."""
    given = requests.parameters(("after", "limit"))
    limit = requests.number(given, "limit", default=100, maximum=MAX_LIMIT)
    page = workspace().records.feed(current(), after=given.get("after") or None, limit=limit)
    return answer(_events(page))


def _events(page: EventPage) -> dict[str, Any]:
    return {"events": [event.as_json() for event in page.events], "next": page.next}
