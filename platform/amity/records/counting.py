"""How many records each entity has, of all entities at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Connection, Select, func, literal, literal_column, select, union_all

from amity.access.context import Context
from amity.entities.model import Entity
from amity.records.caller import Caller
from amity.records.conditions import policy_condition
from amity.records.listing import live
from amity.records.machine import Machine
from amity.records.shapes import COUNT_CAP, Count

TOGETHER: Final = 200
"""Entities in one statement; SQLite takes at most 500 parts."""


def counts(machine: Machine, ctx: Context) -> dict[str, Count]:
    """Count, to the cap, the records that may be read; by name of the entities whose records may be."""

    def work(caller: Caller, connection: Connection) -> dict[str, Count]:
        readable = [entity for entity in caller.model if caller.decide(entity, "read").allowed]
        found: dict[str, Count] = {}
        for start in range(0, len(readable), TOGETHER):
            some = readable[start : start + TOGETHER]
            for number, value in _read(machine, caller, connection, some):
                found[some[number].name] = Count(min(value, COUNT_CAP), value <= COUNT_CAP)
        return found

    return machine.read(ctx, work)


def _read(
    machine: Machine, caller: Caller, connection: Connection, entities: Sequence[Entity]
) -> list[tuple[int, int]]:
    """Give pairs of the place in `entities` and the number."""
    parts = [_counting(machine, caller, entity, number) for number, entity in enumerate(entities)]
    statement: Any = union_all(*parts) if len(parts) > 1 else parts[0]
    return [(row[0], row[1]) for row in connection.execute(statement)]


def _counting(machine: Machine, caller: Caller, entity: Entity, number: int) -> Select[int, int]:
    some: Select[Any] = select(literal_column("1").label("one")).select_from(entity.table).where(live(entity))
    condition = policy_condition(machine, caller, entity, "read")
    if condition is not None:
        some = some.where(condition)
    counted = select(literal(number).label("place"), func.count())
    return counted.select_from(some.limit(COUNT_CAP + 1).subquery())
