"""`/api/v1/entities`: definitions as the JSON Schemas that they are."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, url_for

from amity.definitions.documents import DefinitionChange, StoredDefinition
from amity.definitions.plan import Plan
from amity.errors import NotFound, Stale
from amity.web.api import requests
from amity.web.api.responses import answer, nothing
from amity.web.context import current, require_admin, workspace


def register(api: Blueprint) -> None:
    """Add the routes to the blueprint."""
    api.add_url_rule("/entities", view_func=list_entities, methods=["GET"])
    api.add_url_rule("/entities/<entity>", view_func=read_entity, methods=["GET"])
    api.add_url_rule("/entities/<entity>", view_func=put_entity, methods=["PUT"])
    api.add_url_rule("/entities/<entity>", view_func=delete_entity, methods=["DELETE"])


def list_entities() -> Response:
    """List the entities whose records the caller may read."""
    requests.parameters(())
    context, policy = current(), workspace().policy
    found = [
        {
            "name": entity.name,
            "title": entity.title,
            "plural": entity.plural,
            "icon": entity.icon,
            "description": entity.description,
            "version": entity.version,
            "url": url_for("api.read_entity", entity=entity.name),
            "records": url_for("api.list_records", entity=entity.name),
        }
        for entity in workspace().definitions.model
        if context.actor.is_admin or policy.decide(context.actor, "read", entity).allowed
    ]
    return answer({"entities": found})


def read_entity(entity: str) -> Response:
    """Give one definition. People without the builder see it without the fields they may not read."""
    requests.parameters(())
    context = current()
    known = workspace().definitions.model.entities.get(entity)
    if known is None:
        raise NotFound(f"There is no entity {entity!r}.")
    if context.actor.is_admin:
        return answer(known.document, version=known.version)
    decision = workspace().policy.decide(context.actor, "read", known)
    if not decision.allowed:
        raise NotFound(f"There is no entity {entity!r}.")
    hidden = {field.name for field in known.fields if not decision.can_read(field.name)}
    document: dict[str, Any] = dict(known.document)
    if hidden:
        # Layouts, views and conditions may name a hidden field: they are the builder's concern.
        document = {
            "$schema": document.get("$schema"),
            "title": known.title,
            "type": "object",
            "required": [name for name in document.get("required", []) if name not in hidden],
            "properties": {
                name: schema for name, schema in document["properties"].items() if name not in hidden
            },
            "x-amity": {"name": known.name, "plural": known.plural, "icon": known.icon},
        }
    return answer(document, version=known.version)


def put_entity(entity: str) -> Response:
    """Create or change a definition, or (`?plan=true`) say what that would do."""
    given = requests.parameters(("plan", "confirm", "revision"))
    only_plan, confirm = requests.flag(given, "plan"), requests.flag(given, "confirm")
    context = require_admin()
    change = DefinitionChange("entity", entity, requests.body_object())
    definitions = workspace().definitions
    if only_plan:
        requests.seen_version(required=False)
        return answer(definitions.plan([change], context).as_json())
    existing = definitions.model.entities.get(entity)
    revision = definitions.model.revision
    if existing is not None:
        require_version(existing.version, requests.seen_version())
    definitions.apply([change], context, revision=revision, confirm=confirm)
    stored = _after(change, entity, existing.id if existing else None)
    location = url_for("api.read_entity", entity=stored.name)
    return answer(stored.document, 200 if existing else 201, version=stored.version, location=location)


def delete_entity(entity: str) -> Response:
    """Remove an entity: its records are parked, not lost."""
    given = requests.parameters(("plan", "confirm", "revision"))
    only_plan, confirm = requests.flag(given, "plan"), requests.flag(given, "confirm")
    context = require_admin()
    definitions = workspace().definitions
    change = DefinitionChange("entity", entity, None)
    existing = definitions.model.entities.get(entity)
    if existing is None:
        raise NotFound(f"There is no entity {entity!r}.")
    if only_plan:
        requests.seen_version(required=False)
        plan: Plan = definitions.plan([change], context)
        return answer(plan.as_json())
    revision = definitions.model.revision
    require_version(existing.version, requests.seen_version())
    definitions.apply([change], context, revision=revision, confirm=confirm)
    return nothing()


def require_version(present: int, seen: int | None) -> None:
    """Raise `Stale` where the caller saw another version than there is."""
    if seen is not None and seen != present:
        raise Stale(
            f"You saw version {seen}, the definition is at version {present} now.",
            hint="Read it again and repeat your change.",
            details={"version": present},
        )


def _after(change: DefinitionChange, name: str, entity_id: str | None) -> StoredDefinition:
    """Find the definition after the apply; another `x-amity.name` in the document renamed it."""
    model = workspace().definitions.model
    if entity_id is not None and entity_id in model.by_id:
        name = model.by_id[entity_id].name
    elif name not in model.entities and change.document is not None:
        name = change.document.get("x-amity", {}).get("name", name)
    return workspace().definitions.get("entity", name)
