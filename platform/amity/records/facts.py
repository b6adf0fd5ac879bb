"""Records as expressions see them in Python: a draft as it will be, and the live records that it links to.

Linked records are read when they are first asked for, for all drafts of a batch at once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, select

from amity.entities.model import Entity, Field
from amity.records.batches import chunks
from amity.records.caller import Caller
from amity.records.links import links_of, read_links, value_of
from amity.records.machine import Machine
from amity.records.me import bound_values
from amity.records.referrers import sources


class Facts:
    """One record; `get` gives typed values, linked records for relations (see `expressions.RecordValue`)."""

    __slots__ = ("batch", "values")

    def __init__(self, batch: Batch, values: Mapping[str, Any]) -> None:
        self.batch = batch
        self.values = values

    @property
    def id(self) -> str | None:
        """The record's id."""
        return self.values.get("id")

    def get(self, name: str, /) -> Any:
        """Give the value of a field, of a system field or of a bound name."""
        field = self.batch.entity.by_name.get(name)
        if field is None:
            return self.batch.other(self, name)
        value = self.values.get(name)
        if not field.kind.is_relation:
            return value
        return self.batch.linked(self, field)


class Batch:
    """Records of one entity that are looked at together: a relation is followed for all of them at once.

    `noted(entity id, record id)` is told of each record that was asked for, found or not, and of each record
    whose pointing records were: (entity of those, record that they point to).
    """

    def __init__(
        self,
        machine: Machine,
        caller: Caller,
        connection: Connection,
        entity: Entity,
        *,
        root: bool = False,
        noted: Callable[[str, str], None] | None = None,
    ) -> None:
        self.machine = machine
        self.caller = caller
        self.connection = connection
        self.entity = entity
        self.records: list[Facts] = []
        self.noted = noted
        self._root = root
        self._targets: dict[str, dict[tuple[str, str], Facts]] = {}
        self._pointing: dict[str, dict[str, list[Facts]]] = {}

    def add(self, values: Mapping[str, Any]) -> Facts:
        """Take a record in."""
        facts = Facts(self, values)
        self.records.append(facts)
        return facts

    def forget(self, name: str) -> None:
        """A record's value of a field changed: what the field links to is read again."""
        self._targets.pop(name, None)

    def other(self, facts: Facts, name: str) -> Any:
        """A system field, the records that point here, or a bound name."""
        if name in facts.values:
            return facts.values[name]
        if any(inverse.name == name for inverse in self.entity.inverses):
            return self._inverse(facts, name)
        return bound_values(self.machine, self.caller).get(name) if self._root else None

    def linked(self, facts: Facts, field: Field) -> Any:
        """The linked record (None where it is deleted), or the list of them."""
        if field.name not in self._targets:
            self._targets[field.name] = self._read_targets(field)
        known = self._targets[field.name]
        links = links_of(self.caller.model, field, facts.values.get(field.name))
        found = [known[link.target] for link in links if link.target in known]
        if field.kind.to_many:
            return found
        return found[0] if found else None

    def _read_targets(self, field: Field) -> dict[tuple[str, str], Facts]:
        wanted: dict[str, set[str]] = {}
        for facts in self.records:
            for link in links_of(self.caller.model, field, facts.values.get(field.name)):
                wanted.setdefault(link.entity, set()).add(link.id)
        found: dict[tuple[str, str], Facts] = {}
        for name, ids in wanted.items():
            entity = self.caller.model.entities.get(name)
            if entity is not None:
                batch = self._beside(entity)
                found.update({(name, facts.id or ""): facts for facts in batch.read(sorted(ids))})
        return found

    def _beside(self, entity: Entity) -> Batch:
        return Batch(self.machine, self.caller, self.connection, entity, noted=self.noted)

    def _note(self, entity: Entity, ids: Sequence[str]) -> None:
        if self.noted is not None:
            for key in ids:
                self.noted(entity.id, key)

    def read(self, ids: Sequence[str]) -> list[Facts]:
        """Take in live records by id, in one statement."""
        self._note(self.entity, ids)
        table = self.entity.table
        selection = self.machine.codec(self.caller, self.entity).selection(None, full=False)
        rows: dict[str, dict[str, Any]] = {}
        for some in chunks(ids):
            statement = select(*selection.columns).where(table.c.id.in_(some), table.c.deleted_at.is_(None))
            for row in self.connection.execute(statement):
                values = selection.load(row)
                rows[values["id"]] = values
        links = read_links(self.connection, self.entity, self.caller.model, selection.to_many, list(rows))
        for field in selection.to_many:
            for key, values in rows.items():
                own = links[field.name].get(key, [])
                values[field.name] = value_of(field, own, polymorphic=True)
        return [self.add(values) for values in rows.values()]

    def _inverse(self, facts: Facts, name: str) -> list[Facts]:
        if name not in self._pointing:
            self._pointing[name] = self._read_pointing(name)
        return self._pointing[name].get(facts.id or "", [])

    def _read_pointing(self, name: str) -> dict[str, list[Facts]]:
        inverse = next(item for item in self.entity.inverses if item.name == name)
        other = self.caller.model.entities[inverse.entity]
        field = other.by_name[inverse.field]
        targets = [facts.id for facts in self.records if facts.id]
        self._note(other, targets)
        found: dict[str, list[str]] = {}
        for source, target in sources(self.connection, other, field, targets):
            found.setdefault(target, []).append(source)
        batch = self._beside(other)
        every = sorted({source for some in found.values() for source in some})
        read = {facts.id: facts for facts in batch.read(every)}
        return {target: [read[key] for key in keys if key in read] for target, keys in found.items()}
