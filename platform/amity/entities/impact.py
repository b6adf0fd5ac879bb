"""What a change would meet in live data: counts and samples, by SQL where it can, else in bounded batches."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, func, select

from amity.entities import values
from amity.entities.model import Entity, Field

MAX_SCANNED: Final = 200_000
"""Records that a plan looks at one by one; beyond that a count says "at least"."""

MAX_SAMPLES: Final = 10


@dataclass(frozen=True, slots=True)
class Impact:
    """How many records a change touches, and some of them."""

    records: int
    samples: tuple[dict[str, Any], ...] = ()
    complete: bool = True
    """False where not every record was looked at: `records` is "at least"."""

    def __bool__(self) -> bool:
        return self.records > 0

    @property
    def number(self) -> str:
        """The count for a sentence."""
        at_least = "" if self.complete else "at least "
        return f"{at_least}{self.records:,} record{'' if self.records == 1 else 's'}"


NONE: Final = Impact(0)


def _live(entity: Entity) -> ColumnElement[bool]:
    return entity.table.c.deleted_at.is_(None)


def _empty(entity: Entity, field: Field) -> ColumnElement[bool]:
    """A condition: the record has no value in the field."""
    assert entity.storage is not None
    if field.kind.to_many:
        link = entity.storage.links[field.id]
        return ~select(link.c.id).where(link.c.source == entity.table.c.id).exists()
    return entity.column(field).is_(None)


def total(connection: Connection, entity: Entity) -> int:
    """Count the live records."""
    statement = select(func.count()).select_from(entity.table).where(_live(entity))
    return int(connection.execute(statement).scalar_one())


def filled(connection: Connection, entity: Entity, field: Field) -> int:
    """Count the records, deleted ones included, that hold a value."""
    statement = select(func.count()).select_from(entity.table).where(~_empty(entity, field))
    return int(connection.execute(statement).scalar_one())


def empty(connection: Connection, entity: Entity, field: Field) -> Impact:
    """Find the live records in which the field is empty."""
    condition = _live(entity) & _empty(entity, field)
    count = int(
        connection.execute(select(func.count()).select_from(entity.table).where(condition)).scalar_one()
    )
    if not count:
        return NONE
    rows = connection.execute(
        select(entity.table.c.id).where(condition).order_by(entity.table.c.id).limit(MAX_SAMPLES)
    )
    names = values.labels(connection, entity, [row[0] for row in rows])
    samples = [{"id": key, "label": label, "reason": "is empty"} for key, label in names.items()]
    return Impact(count, tuple(samples))


def duplicates(connection: Connection, entity: Entity, fields: Sequence[Field]) -> Impact:
    """Find the live records that share their values in `fields` with another one."""
    columns = [
        entity.column(field, role) for field in fields for role in values.roles(field) if role != "fold"
    ]
    condition = _live(entity)
    for column in columns:
        condition &= column.is_not(None)
    groups = select(*columns, func.count().label("number")).where(condition)
    groups = groups.group_by(*columns).having(func.count() > 1)
    shared = groups.subquery()
    count = connection.execute(select(func.sum(shared.c.number))).scalar_one()
    if not count:
        return NONE
    samples = []
    for row in connection.execute(groups.order_by(func.count().desc(), *columns).limit(MAX_SAMPLES)):
        same = condition
        for column, value in zip(columns, row, strict=False):
            same &= column == value
        ids = [item[0] for item in connection.execute(select(entity.table.c.id).where(same).limit(3))]
        names = values.labels(connection, entity, ids)
        shown = " + ".join(str(value) for value in row[: len(columns)])
        samples.append(
            {"id": ids[0], "label": ", ".join(names.values()), "old": shown, "reason": f"{row.number} times"}
        )
    return Impact(int(count), tuple(samples))


def scan(
    connection: Connection,
    entity: Entity,
    field: Field,
    problem: Callable[[Any], str | None],
    *,
    live_only: bool = True,
) -> Impact:
    """Find the records whose (typed, filled) value has a problem; looks at `MAX_SCANNED` at most."""
    assert entity.storage is not None
    count, seen = 0, 0
    samples: list[dict[str, Any]] = []
    for rows in values.pages(connection, entity.storage, field, live_only=live_only, limit=MAX_SCANNED):
        seen += len(rows)
        for record, value in rows:
            reason = None if value is None else problem(value)
            if reason is None:
                continue
            count += 1
            if len(samples) < MAX_SAMPLES:
                samples.append({"id": record, "old": shown(field, value), "reason": reason})
    names = values.labels(connection, entity, [sample["id"] for sample in samples])
    labelled = tuple({**sample, "label": names[sample["id"]]} for sample in samples)
    return Impact(count, labelled, complete=seen < MAX_SCANNED)


def shown(field: Field, value: Any) -> str:
    """Give a value as a plan shows it."""
    if field.kind.to_many:
        return f"{len(value)} links"
    return field.kind.to_text(field, value)[:200]


def choice_use(connection: Connection, entity: Entity, field: Field) -> dict[str, int]:
    """Count the records, deleted ones included, per value of a choice field (of one or several choices)."""
    found: dict[str, int] = {}
    assert entity.storage is not None
    for rows in values.pages(connection, entity.storage, field, live_only=False, limit=10 * MAX_SCANNED):
        for _, value in rows:
            for item in value if isinstance(value, list | tuple) else () if value is None else (value,):
                found[item] = found.get(item, 0) + 1
    return found
