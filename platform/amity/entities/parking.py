"""What is parked of an entity: listing it, bringing it back, purging it."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Column, Connection, column, func, or_, select
from sqlalchemy import table as table_clause

from amity.database.schema import parked_value
from amity.definitions import store
from amity.definitions.documents import DefinitionChange, ParkedField, StoredDefinition, VersionInfo
from amity.entities import stored
from amity.entities.building import KIND
from amity.entities.stored import PURGING, ParkedSet, Registry
from amity.entities.tables import link_table
from amity.errors import NotFound


def parked_fields(connection: Connection, known: StoredDefinition) -> list[ParkedField]:
    """Give the parked fields of an entity, the newest first."""
    registry = stored.load(connection, entities=[known.id])
    live = set(_by_field_id(known.document))
    found = []
    for item in registry.parked(known.id):
        version = store.version_before(connection, KIND, known.id, item.revision)
        name, schema = _by_field_id(version.document if version else {}).get(item.field, (item.field, {}))
        found.append(
            ParkedField(
                entity=known.name,
                field=item.field,
                title=str(schema.get("title") or name),
                kind=item.kind,
                reason="converted" if item.field in live else "removed",
                revision=item.revision,
                records=_count(connection, registry, item),
            )
        )
    return found


def _by_field_id(document: Any) -> dict[str, tuple[str, dict[str, Any]]]:
    """Give (name, schema) of the properties of a stored document by field id."""
    properties = document.get("properties", {})
    return {schema["x-amity"]["id"]: (name, schema) for name, schema in properties.items()}


def _count(connection: Connection, registry: Registry, item: ParkedSet) -> int:
    if item.link is not None:
        links = link_table(item.link.name)
        statement = select(func.count(links.c.source.distinct()))
        return int(connection.execute(statement).scalar_one())
    columns: Sequence[Column[Any]] = [Column(known.name) for known in item.columns if known.role == ""]
    name = item.columns[0].table_name
    target = table_clause(name, *(column(known.name) for known in columns))
    filled = or_(*(target.c[known.name].is_not(None) for known in columns))
    return int(connection.execute(select(func.count()).select_from(target).where(filled)).scalar_one())


def restoration(connection: Connection, known: StoredDefinition, field_id: str) -> DefinitionChange:
    """Give the change that brings the newest parked values of a field back. Raises `NotFound`."""
    item = _newest(connection, known, field_id)
    version = store.version_before(connection, KIND, known.id, item.revision)
    if version is None or field_id not in _by_field_id(version.document):
        raise _unknown(known, field_id)
    name, schema = _by_field_id(version.document)[field_id]
    document = copy.deepcopy(dict(known.document))
    present = _by_field_id(document)
    if field_id in present:
        document["properties"][present[field_id][0]] = schema
        return DefinitionChange(KIND, known.name, document)
    document["properties"] = _inserted(document["properties"], _free(document, name), schema, version)
    return DefinitionChange(KIND, known.name, document)


def _free(document: Any, name: str) -> str:
    taken = {key.casefold() for key in document["properties"]}
    free, number = name, 2
    while free.casefold() in taken:
        free, number = f"{name}_{number}", number + 1
    return free


def _inserted(properties: dict[str, Any], name: str, schema: Any, version: VersionInfo) -> dict[str, Any]:
    """Put the property back behind the one it stood behind."""
    ids = list(_by_field_id(version.document))
    own = schema["x-amity"]["id"]
    earlier = set(ids[: ids.index(own)])
    names = list(properties)
    at = 0
    for index, key in enumerate(names):
        if properties[key]["x-amity"]["id"] in earlier:
            at = index + 1
    order = [*names[:at], name, *names[at:]]
    return {key: schema if key == name else properties[key] for key in order}


def purge(connection: Connection, known: StoredDefinition, field_id: str) -> int:
    """Mark all parked values of a field for emptying; gives how many there are. Raises `NotFound`."""
    registry = stored.load(connection, entities=[known.id])
    sets = registry.parked(known.id, field_id)
    if not sets:
        raise _unknown(known, field_id)
    values = 0
    for item in sets:
        values += _count(connection, registry, item)
        stored.set_state(connection, (*item.columns, item.link), PURGING, item.revision)
    stored.forget_values(connection, known.id, field_id)
    return values


def unconverted(connection: Connection, entity: str, field_id: str) -> list[dict[str, Any]]:
    """Give the values that conversions of a field could not carry over, for a download."""
    rows = connection.execute(
        select(parked_value)
        .where(parked_value.c.entity == entity, parked_value.c.field == field_id)
        .order_by(parked_value.c.revision, parked_value.c.record)
    )
    return [
        {"record": row.record, "value": row.value, "reason": row.reason, "revision": row.revision}
        for row in rows
    ]


def _newest(connection: Connection, known: StoredDefinition, field_id: str) -> ParkedSet:
    found = stored.load(connection, entities=[known.id]).parked(known.id, field_id)
    if not found:
        raise _unknown(known, field_id)
    return found[0]


def _unknown(known: StoredDefinition, field_id: str) -> NotFound:
    return NotFound(f"Nothing is parked for the field {field_id!r} of {known.name!r}.")
