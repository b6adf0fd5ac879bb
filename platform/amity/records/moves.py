"""Which records pointed to a target before: the other half of a relation's past.

Records that point to a target now are found in their table. Those that did and no longer do are found in the
log: in the events that moved the relation away from it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, func, select

from amity.database.schema import event
from amity.entities.model import Entity, Field
from amity.records.batches import chunks
from amity.records.codec import EntityCodec
from amity.records.links import links_of

ECHOES = ("cascade", "restore")


def is_echo() -> ColumnElement[bool]:
    """Whether an event only tells that a link reads differently (see `deletion`): storage did not change."""
    by = event.c.cause["kind"].as_string()
    caused = event.c.cause["of"].as_string().is_not(None)
    return and_(event.c.kind == "updated", by.in_(ECHOES), caused)


def touches(field_id: str) -> ColumnElement[bool]:
    """Whether an event says something of a field."""
    said: ColumnElement[bool] = event.c.changes[field_id].as_string().is_not(None)
    return said


@dataclass
class Moves:
    """Sources by the targets from which an event from number `floor` on moved a relation away."""

    floor: int
    sources: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))


def read_moves(connection: Connection, codec: EntityCodec, item: Field, floor: int) -> Moves:
    """Read the moves of one relation field: two passes over the log, ids only.

    Where a link was set anew while its old target was deleted, its event says null for the old one: what the
    link was is then told by the event before.
    """
    entity = codec.entity
    moves = Moves(floor)
    latest: dict[str, Sequence[str]] = {}
    unknown: list[str] = []
    statement = (
        select(event.c.record, event.c.kind, is_echo().label("echo"), event.c.changes[item.id].label("pair"))
        .where(event.c.entity == entity.id, event.c.seq >= floor, touches(item.id))
        .order_by(event.c.seq)
    )
    for row in connection.execute(statement.execution_options(yield_per=1000)):
        if not isinstance(row.pair, list) or len(row.pair) != 2:
            continue
        old, new = row.pair
        if row.echo:
            # For a link to any entity an echo holds the bare id of its target.
            _add(moves, row.record, old if isinstance(old, list) else [old])
            continue
        _add(moves, row.record, _targets(codec, item, old))
        if old is None and row.kind == "updated":
            if row.record in latest:
                _add(moves, row.record, latest[row.record])
            else:
                unknown.append(row.record)
        if not item.kind.to_many:
            latest[row.record] = _targets(codec, item, new)
    if not item.kind.to_many:
        for some in chunks(unknown):
            for record, pair in _before(connection, entity, item, some, floor):
                _add(moves, record, _targets(codec, item, pair[1]))
    return moves


def _before(
    connection: Connection, entity: Entity, item: Field, ids: Sequence[str], floor: int
) -> Iterable[tuple[str, Any]]:
    """The last change of the field before `floor` for each of the records."""
    last = (
        select(func.max(event.c.seq))
        .where(event.c.entity == entity.id, event.c.record.in_(ids), event.c.seq < floor)
        .where(touches(item.id), ~is_echo())
        .group_by(event.c.record)
    )
    statement = select(event.c.record, event.c.changes[item.id]).where(event.c.seq.in_(last))
    return [(row[0], row[1]) for row in connection.execute(statement)]


def _targets(codec: EntityCodec, item: Field, value: Any) -> list[str]:
    return [link.id for link in links_of(codec.model, item, codec.told_value(item, value))]


def _add(moves: Moves, record: str, targets: Iterable[Any]) -> None:
    for target in targets:
        if isinstance(target, str):
            moves.sources[target].add(record)
