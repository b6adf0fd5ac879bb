"""Which records do not meet a new check: evaluated over the check's own fields, in bounded batches."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import Connection

from amity.entities import values
from amity.entities.impact import MAX_SAMPLES, NONE, Impact
from amity.entities.model import Check, Entity, Field, Model
from amity.entities.scope import EntityScope
from amity.entities.where_used import Functions
from amity.expressions import BOOL, ExpressionError, compile

MAX_CHECKED: Final = 50_000


def failing_checks(
    connection: Connection, before: Entity, after: Entity, check: Check, functions: Functions
) -> Impact:
    """Count the live records that do not meet a check.

    None are counted where the check looks beyond the record's own columns (paths through relations, new
    fields): it is then judged when records are saved.
    """
    scope = EntityScope(Model(0, {after.name: after}), after, functions)
    try:
        compiled = compile(check.expression, scope, expect=BOOL)
    except ExpressionError:
        return NONE
    fields = _own_fields(before, after, [path[0] for path in compiled.references if len(path) == 1])
    if fields is None or compiled.bound or any(len(path) > 1 for path in compiled.references):
        return NONE
    assert before.storage is not None
    after_id: str | None = None
    count, seen = 0, 0
    samples: list[str] = []
    while seen < MAX_CHECKED:
        rows = _rows(connection, before, fields, after_id)
        if not rows:
            break
        for record, env in rows:
            if not compiled.condition(env):
                count += 1
                if len(samples) < MAX_SAMPLES:
                    samples.append(record)
        seen += len(rows)
        after_id = rows[-1][0]
    names = values.labels(connection, before, samples)
    shown = tuple({"id": key, "label": label, "reason": check.message} for key, label in names.items())
    return Impact(count, shown, complete=seen < MAX_CHECKED)


def _own_fields(before: Entity, after: Entity, origins: list[Any]) -> dict[str, Field] | None:
    """Give fields in force by their new name; None where one of them is not a column there."""
    found = {}
    for entity, id_ in origins:
        old, new = before.by_id.get(id_), after.by_id.get(id_)
        if entity != after.id or old is None or new is None or old.kind.to_many:
            return None
        found[new.name] = old
    return found


def _rows(
    connection: Connection, entity: Entity, fields: dict[str, Field], after: str | None
) -> list[tuple[str, dict[str, Any]]]:
    assert entity.storage is not None
    rows: dict[str, dict[str, Any]] = {}
    for name, field in fields.items():
        page = values.read(connection, entity.storage, field, after=after, live_only=True, limit=2000)
        for record, value in page:
            rows.setdefault(record, {})[name] = value
    return list(rows.items())
