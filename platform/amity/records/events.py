"""Events: what changed, written in the same transaction as the change."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import BigInteger, Insert, Text, cast, func, insert

from amity.database.engine import Dialect
from amity.database.ids import new_id
from amity.database.schema import event
from amity.entities.model import Entity
from amity.records.codec import EntityCodec
from amity.records.draft import Draft
from amity.records.unit import Unit


def changes_of(codec: EntityCodec, draft: Draft) -> dict[str, list[Any]]:
    """`{field id: [old, new]}` of what a draft changes, normalised."""
    if draft.old is None:
        return codec.new_values(draft.values, draft.changed)
    old = draft.old
    return {
        field.id: [
            codec.event_value(field, old.get(field.name)),
            codec.event_value(field, draft.values.get(field.name)),
        ]
        for field in draft.changed_fields()
    }


def event_row(
    unit: Unit, entity: Entity, kind: str, record: str, version: int, changes: dict[str, list[Any]]
) -> dict[str, Any]:
    """The row of one event."""
    return {
        "id": new_id(),
        "at": unit.ctx.now,
        "actor": unit.ctx.actor.account,
        "kind": kind,
        "entity": entity.id,
        "record": record,
        "record_version": version,
        "definition_version": entity.version,
        "changes": changes,
        "cause": unit.cause,
        "cause_id": unit.ctx.cause_id,
    }


def write_events(unit: Unit, rows: Sequence[dict[str, Any]]) -> None:
    """Write events, in one batch, in the order of `rows`."""
    if not rows:
        return
    statement = unit.machine.revision(unit.model).keep(
        "insert event", lambda: _insert(unit.machine.database.dialect)
    )
    unit.connection.execute(statement, rows)
    unit.events.extend(row["id"] for row in rows)


def _insert(dialect: Dialect) -> Insert:
    if dialect == "sqlite":
        return insert(event)
    current = cast(cast(func.pg_current_xact_id(), Text), BigInteger)
    return insert(event).values(tx=current)
