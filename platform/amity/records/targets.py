"""Linked records: do they exist, may the caller see them, and what are they called."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    Text,
    bindparam,
    cast,
    literal,
    null,
    select,
    union_all,
)

from amity.database.types import CodePointText
from amity.entities.model import Entity
from amity.records.batches import CHUNK, chunks
from amity.records.caller import Caller
from amity.records.codec import EntityCodec, Selection
from amity.records.conditions import policy_condition
from amity.records.links import Link
from amity.records.machine import Machine
from amity.records.shapes import Target

MAX_PARTS: Final = 4
"""Display fields of an entity that is read together with others."""


class _English:
    language = "en"
    timezone = "UTC"


def label_of(codec: EntityCodec, values: Mapping[str, Any], readable: Any = None) -> str:
    """The first filled display fields joined by a space; the short id where there are none."""
    parts = []
    for name in codec.entity.display:
        value = values.get(name)
        if value is not None and (readable is None or name in readable):
            field = codec.entity.by_name[name]
            parts.append(field.kind.format(field, value, _English()))
    text = " ".join(part for part in parts if part).strip()
    return text or f"{codec.entity.title} {str(values['id'])[-6:]}"


def read_labels(
    machine: Machine, caller: Caller, connection: Connection, targets: Iterable[Target]
) -> dict[Target, str]:
    """Labels of those targets that are live and readable.

    One statement for all entities whose labels are plain texts, one for each other entity; however many rows.
    """
    wanted: dict[str, set[str]] = defaultdict(set)
    for entity_name, identity in targets:
        wanted[entity_name].add(identity)
    labels: dict[Target, str] = {}
    together: list[_Labels] = []
    for name in sorted(wanted):
        entity = caller.model.entities.get(name)
        if entity is None or not caller.can_read(entity):
            continue
        plan = _labels_of(machine, caller, entity)
        if plan.plain and len(wanted[name]) <= CHUNK:
            together.append(plan)
        else:
            labels.update(plan.read(machine, caller, connection, sorted(wanted[name])))
    if together:
        labels.update(_read_together(machine, caller, connection, together, wanted))
    return labels


@dataclass(frozen=True)
class _Labels:
    """How the labels of an entity are read by a caller."""

    codec: EntityCodec
    selection: Selection
    readable: frozenset[str] | None

    @property
    def entity(self) -> Entity:
        return self.codec.entity

    @cached_property
    def shown(self) -> tuple[str, ...]:
        """Names of the display fields that may be read."""
        return tuple(name for name in self.entity.display if self.readable is None or name in self.readable)

    @cached_property
    def plain(self) -> bool:
        """Whether the label consists of texts as they are stored."""
        fields = [self.codec.fields.get(name) for name in self.shown]
        return len(fields) <= MAX_PARTS and all(
            item is not None and item.plain and isinstance(item.columns[0].type, CodePointText)
            for item in fields
        )

    def statement(self, keys: str) -> Select[Any]:
        """The statement for the ids in the parameter `keys`."""
        table = self.entity.table
        ids_in = table.c.id.in_(bindparam(keys, expanding=True))
        return select(*self.selection.columns).where(ids_in, table.c.deleted_at.is_(None))

    def narrow(self, keys: str) -> Select[Any]:
        """The same with the columns that all entities have in common: name, id, parts of the label."""
        table = self.entity.table
        parts: list[ColumnElement[Any]] = [
            cast(self.codec.fields[name].columns[0], Text()) for name in self.shown
        ]
        parts += [cast(null(), Text())] * (MAX_PARTS - len(parts))
        named = literal(self.entity.name, Text())
        ids_in = table.c.id.in_(bindparam(keys, expanding=True))
        return select(named, table.c.id, *parts).where(ids_in, table.c.deleted_at.is_(None))

    def read(
        self, machine: Machine, caller: Caller, connection: Connection, ids: Sequence[str]
    ) -> dict[Target, str]:
        """Labels of some records."""
        revision = machine.revision(caller.model)
        key = ("labels", self.entity.id, self.shown)
        statement = revision.keep(key, lambda: self.statement("keys"))
        condition = policy_condition(machine, caller, self.entity, "read")
        if condition is not None:
            statement = statement.where(condition)
        found: dict[Target, str] = {}
        for some in chunks(ids):
            for row in connection.execute(statement, {"keys": some}):
                values = self.selection.load(row)
                found[self.entity.name, values["id"]] = label_of(self.codec, values, self.readable)
        return found


def _labels_of(machine: Machine, caller: Caller, entity: Entity) -> _Labels:
    readable = caller.decide(entity, "read").readable

    def make() -> _Labels:
        codec = machine.codec(caller, entity)
        shown = [name for name in entity.display if readable is None or name in readable]
        return _Labels(codec, codec.selection(shown), readable)

    return machine.revision(caller.model).keep(("labels of", entity.id, readable), make)


def _read_together(
    machine: Machine,
    caller: Caller,
    connection: Connection,
    plans: Sequence[_Labels],
    wanted: Mapping[str, set[str]],
) -> dict[Target, str]:
    """Labels of several entities in one statement."""
    parts = []
    for number, plan in enumerate(plans):
        key = ("narrow labels", plan.entity.id, plan.shown, number)
        part = machine.revision(caller.model).keep(key, partial(plan.narrow, f"keys_{number}"))
        condition = policy_condition(machine, caller, plan.entity, "read")
        parts.append(part if condition is None else part.where(condition))
    keys = {f"keys_{number}": sorted(wanted[plan.entity.name]) for number, plan in enumerate(plans)}
    statement = union_all(*parts) if len(parts) > 1 else parts[0]
    by_name = {plan.entity.name: plan for plan in plans}
    found: dict[Target, str] = {}
    for name, identity, *texts in connection.execute(statement, keys):
        plan = by_name[name]
        values = {"id": identity, **dict(zip(plan.shown, texts, strict=False))}
        found[name, identity] = label_of(plan.codec, values, plan.readable)
    return found


def missing_targets(
    machine: Machine, caller: Caller, connection: Connection, links: Iterable[Link], *, lock: bool = True
) -> set[Target]:
    """Those targets that do not exist, are deleted, or may not be seen by the caller.

    With `lock` the others cannot be deleted until the transaction ends.
    """
    wanted: dict[str, set[str]] = defaultdict(set)
    for link in links:
        wanted[link.entity].add(link.id)
    missing: set[Target] = set()
    for name, ids in wanted.items():
        entity = caller.model.entities.get(name)
        known = (
            _visible(machine, caller, connection, entity, sorted(ids), lock) if entity is not None else set()
        )
        missing.update((name, identity) for identity in ids - known)
    return missing


def _visible(
    machine: Machine, caller: Caller, connection: Connection, entity: Entity, ids: Sequence[str], lock: bool
) -> set[str]:
    if not caller.can_read(entity):
        return set()
    table = entity.table
    condition = policy_condition(machine, caller, entity, "read")
    known: set[str] = set()
    for some in chunks(ids):
        statement = select(table.c.id).where(table.c.id.in_(some), table.c.deleted_at.is_(None))
        if condition is not None:
            statement = statement.where(condition)
        # Whoever deletes a target locks it first: either this link is seen there, or it waits here.
        if lock:
            statement = statement.with_for_update(read=True, key_share=True, of=table)
        known.update(connection.execute(statement).scalars())
    return known
