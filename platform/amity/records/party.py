"""Which records are one party: the same organisation or person in several roles, and who belongs to it.

Relations say so in the entity documents (`x-amity.timeline`): `same` joins two records to one party, `part`
makes a record belong to another one, as a contact to its company. Each step applies the policy of what it
leads to: nobody learns through a timeline what else somebody is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, Select, Text, literal, select, union_all

from amity.entities.model import Entity, Field
from amity.records.caller import Caller
from amity.records.conditions import policy_condition
from amity.records.machine import Machine
from amity.records.shapes import Target

MAX_ROUNDS: Final = 8
"""Steps from a record to the farthest role of its party."""

Ids = Select[Any]


@dataclass(frozen=True, slots=True)
class Pointing:
    """A relation field of an entity that the caller may read."""

    entity: Entity
    field: Field

    def reaches(self, entity: Entity) -> bool:
        """Whether the relation may lead to records of `entity`."""
        return not self.field.targets or entity.id in self.field.targets

    def sources(self, targets: Sequence[str] | Ids) -> Ids:
        """Ids of the records that point to any of `targets`, deleted ones included."""
        if self.field.kind.to_many:
            assert self.entity.storage is not None
            link = self.entity.storage.links[self.field.id]
            return select(link.c.source).where(link.c.target.in_(targets))
        return select(self.entity.table.c.id).where(self.entity.column(self.field).in_(targets))


@dataclass(frozen=True)
class Party:
    """The records that are one party, as far as the caller may see them."""

    members: tuple[Target, ...]
    """The record that was asked for first, then its other roles."""
    parts: tuple[Pointing, ...]
    """Relations by which records belong to a member."""

    def ids(self, pointing: Pointing, caller: Caller) -> list[str]:
        """Ids of the members to which a relation may point."""
        entities = caller.model.entities
        return [identity for name, identity in self.members if pointing.reaches(entities[name])]


def relations(caller: Caller, what: str) -> Iterator[Pointing]:
    """Give the readable relations that are `same` or `part`."""
    for entity in caller.model:
        for field in entity.fields:
            if field.timeline == what and readable(caller, entity, field):
                yield Pointing(entity, field)


def readable(caller: Caller, entity: Entity, field: Field) -> bool:
    """Whether the caller may read a field of an entity."""
    decision = caller.decide(entity, "read")
    return decision.allowed and decision.can_read(field.name)


def find_party(
    machine: Machine, caller: Caller, connection: Connection, entity: Entity, identity: str
) -> Party:
    """Find the roles of a record that the caller may see; one statement per step away from it."""
    found: dict[Target, None] = {(entity.name, identity): None}
    same = list(relations(caller, "same"))
    seen: set[tuple[str, str]] = set()
    fresh: list[Target] = list(found)
    for _round in range(MAX_ROUNDS):
        steps = list(_steps(machine, caller, same, fresh, seen))
        if not steps:
            break
        statement = union_all(*(step for _key, step in steps)) if len(steps) > 1 else steps[0][1]
        reached: list[Target] = [(name, record) for name, record in connection.execute(statement)]
        fresh = [target for target in dict.fromkeys(reached) if target not in found]
        found.update(dict.fromkeys(fresh))
    parts = tuple(
        pointing
        for pointing in relations(caller, "part")
        if any(pointing.reaches(caller.model.entities[name]) for name, _identity in found)
    )
    return Party(tuple(found), parts)


def _steps(
    machine: Machine,
    caller: Caller,
    same: Sequence[Pointing],
    fresh: Sequence[Target],
    seen: set[tuple[str, str]],
) -> Iterator[tuple[str, Select[Any]]]:
    """Give the statements that lead from records on; what one-to-one led here does not lead back.

    `seen` holds (field, record) of the links that were walked.
    """
    for pointing in same:
        key = f"{pointing.entity.id}.{pointing.field.id}"
        holders = [i for name, i in fresh if name == pointing.entity.name and (key, i) not in seen]
        pointed = [
            i for name, i in fresh if pointing.reaches(caller.model.entities[name]) and (key, i) not in seen
        ]
        seen.update((key, identity) for identity in (*holders, *pointed))
        if holders:
            column = pointing.entity.column(pointing.field)
            ids = select(column).where(pointing.entity.table.c.id.in_(holders))
            for target in caller.model:
                if pointing.reaches(target) and caller.can_read(target):
                    yield key, _visible(machine, caller, target, ids)
        if pointed:
            yield key, _visible(machine, caller, pointing.entity, pointing.sources(pointed))


def _visible(machine: Machine, caller: Caller, entity: Entity, ids: Ids) -> Select[Any]:
    table = entity.table
    statement = select(literal(entity.name, Text()), table.c.id)
    statement = statement.where(table.c.id.in_(ids), table.c.deleted_at.is_(None))
    condition = policy_condition(machine, caller, entity, "read")
    return statement if condition is None else statement.where(condition)


def belonging(
    machine: Machine, caller: Caller, party: Party, pointing: Pointing, among: Sequence[str] | None = None
) -> Ids:
    """Ids of the live, visible records that belong to the party by a relation; `among` some only."""
    table = pointing.entity.table
    statement = select(table.c.id).where(
        table.c.id.in_(pointing.sources(party.ids(pointing, caller))), table.c.deleted_at.is_(None)
    )
    if among is not None:
        statement = statement.where(table.c.id.in_(among))
    condition = policy_condition(machine, caller, pointing.entity, "read")
    return statement if condition is None else statement.where(condition)
