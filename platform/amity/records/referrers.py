"""Who points to a record: the relations of all entities that may, and the live records that do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection, select

from amity.entities.model import Entity, Field, Model
from amity.records.batches import chunks


@dataclass(frozen=True, slots=True)
class Referrer:
    """A relation field that may point to an entity."""

    key: tuple[str, str]
    """Ids of entity and field, by which referrers are compared."""
    entity: Entity = field(compare=False)
    field: Field = field(compare=False)

    @property
    def effect(self) -> str:
        """What a deletion of the target does here; a field that must be filled cannot be cleared."""
        if self.field.on_delete == "clear" and self.field.required and not self.field.kind.to_many:
            return "refuse"
        return self.field.on_delete


def referrers(model: Model, entity: Entity) -> list[Referrer]:
    """All relation fields of all entities that may point to records of `entity`."""
    return [
        Referrer((other.id, relation.id), other, relation)
        for other in model
        for relation in other.fields
        if relation.kind.is_relation and (not relation.targets or entity.id in relation.targets)
    ]


def pointing(connection: Connection, referrer: Referrer, targets: Sequence[str]) -> dict[str, list[str]]:
    """Live records whose relation points to any of `targets`: record id -> the targets it points to."""
    entity, field = referrer.entity, referrer.field
    table = entity.table
    found: dict[str, list[str]] = {}
    for some in chunks(targets):
        if field.kind.to_many:
            assert entity.storage is not None
            link = entity.storage.links[field.id]
            statement = select(table.c.id, link.c.target).join(link, link.c.source == table.c.id)
            statement = statement.where(link.c.target.in_(some))
        else:
            column = entity.column(field)
            statement = select(table.c.id, column).where(column.in_(some))
        for source, target in connection.execute(statement.where(table.c.deleted_at.is_(None))):
            found.setdefault(source, []).append(target)
    return found


def sources(
    connection: Connection, entity: Entity, field: Field, targets: Sequence[str]
) -> Iterator[tuple[str, str]]:
    """Pairs of (record, target) for all records, deleted ones too, whose relation holds any of `targets`."""
    for some in chunks(targets):
        if field.kind.to_many:
            assert entity.storage is not None
            link = entity.storage.links[field.id]
            statement = select(link.c.source, link.c.target).where(link.c.target.in_(some))
        else:
            column = entity.column(field)
            statement = select(entity.table.c.id, column).where(column.in_(some))
        for row in connection.execute(statement):
            yield row[0], row[1]
