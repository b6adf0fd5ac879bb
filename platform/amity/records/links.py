"""Relations as the gate sees them: where a value points to, and the rows of link tables."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Table, bindparam, delete, insert, literal, select, union_all

from amity.database.ids import new_id
from amity.entities.model import Entity, Field, Model
from amity.records.batches import chunks
from amity.records.draft import Draft


@dataclass(frozen=True, slots=True)
class Link:
    """One target of a relation: entity name, record id, the values of the link's own fields."""

    entity: str
    id: str
    data: Mapping[str, Any] | None = None

    @property
    def target(self) -> tuple[str, str]:
        """(entity name, record id)."""
        return (self.entity, self.id)


def single_target(model: Model, field: Field) -> Entity | None:
    """The only entity that a relation may point to, None where there are several (or it is gone)."""
    return model.by_id.get(field.targets[0]) if len(field.targets) == 1 else None


def links_of(model: Model, field: Field, value: Any) -> list[Link]:
    """Where a typed value of a relation field points to; empty for null."""
    if value is None:
        return []
    items = value if isinstance(value, list | tuple) else [value]
    only = single_target(model, field)
    return [_link(item, only.name if only else "") for item in items]


def _link(item: Any, entity: str) -> Link:
    if isinstance(item, str):
        return Link(entity, item)
    data = {name: value for name, value in item.items() if name not in ("id", "entity")}
    return Link(item.get("entity") or entity, item["id"], data or None)


def value_of(field: Field, links: Sequence[Link], *, polymorphic: bool) -> Any:
    """The typed value of a to-many relation for its links; None where there are none."""
    if not links:
        return None
    return [_item(field, link, polymorphic) for link in links]


def _item(field: Field, link: Link, polymorphic: bool) -> Any:
    if not polymorphic and not field.link_fields and not field.parts:
        return link.id
    head = {"entity": link.entity, "id": link.id} if polymorphic else {"id": link.id}
    return {**head, **(link.data or {})}


def same_value(left: Any, right: Any) -> bool:
    """Tell whether two typed values are the same; an empty list is the same as null."""
    if left is None or left == []:
        return right is None or right == []
    return bool(left == right) and isinstance(left, bool) == isinstance(right, bool)


def read_links(
    connection: Connection, entity: Entity, model: Model, fields: Sequence[Field], ids: Sequence[str]
) -> dict[str, dict[str, list[Link]]]:
    """Read link rows of several fields in one statement: field name -> record id -> links in order."""
    found: dict[str, dict[str, list[Link]]] = {field.name: defaultdict(list) for field in fields}
    if not fields or not ids:
        return found
    assert entity.storage is not None
    names = {other.id: other.name for other in model}
    for some in chunks(ids):
        parts = []
        for field in fields:
            table = entity.storage.links[field.id]
            parts.append(
                select(
                    literal(field.name).label("field"),
                    table.c.source,
                    table.c.target_entity,
                    table.c.target,
                    table.c.position,
                    table.c.data,
                ).where(table.c.source.in_(some))
            )
        statement = union_all(*parts) if len(parts) > 1 else parts[0]
        rows = connection.execute(statement).all()
        for row in sorted(rows, key=lambda row: (row.position is None, row.position or 0)):
            link = Link(names.get(row.target_entity, ""), row.target, row.data)
            found[row.field][row.source].append(link)
    return found


def write_links(connection: Connection, model: Model, entity: Entity, drafts: Sequence[Draft]) -> None:
    """Make the link tables say what the drafts say: one DELETE and one INSERT per field.

    Links to deleted records are not among the old values of a draft; they stay where they are.
    """
    assert entity.storage is not None
    for field in entity.fields:
        if not field.kind.to_many:
            continue
        touched = [draft for draft in drafts if field.name in draft.changed]
        if not touched:
            continue
        table = entity.storage.links[field.id]
        _delete_links(connection, model, table, field, [draft for draft in touched if not draft.is_new])
        rows = [
            {
                "id": new_id(),
                "source": draft.id,
                "target_entity": model.entities[link.entity].id,
                "target": link.id,
                "position": position,
                "data": dict(link.data) if link.data else None,
            }
            for draft in touched
            for position, link in enumerate(links_of(model, field, draft.values.get(field.name)))
        ]
        if rows:
            connection.execute(insert(table), rows)


def _delete_links(
    connection: Connection, model: Model, table: Table, field: Field, drafts: Sequence[Draft]
) -> None:
    pairs = [
        {"b_source": draft.id, "b_target": link.id}
        for draft in drafts
        for link in links_of(model, field, (draft.old or {}).get(field.name))
    ]
    if pairs:
        statement = delete(table).where(
            table.c.source == bindparam("b_source"), table.c.target == bindparam("b_target")
        )
        connection.execute(statement, pairs)
