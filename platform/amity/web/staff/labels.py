"""Labels of the records that some records link to, one look-up per entity."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from amity.access.context import Context
from amity.entities.model import Entity
from amity.records.links import links_of
from amity.records.shapes import Record, Target
from amity.web.context import workspace


def labels_of(ctx: Context, entity: Entity, records: Sequence[Record]) -> dict[Target, str]:
    """Give the labels of everything that the records link to and the person may read."""
    values = [
        (field.name, record.values[field.name])
        for record in records
        for field in entity.fields
        if field.kind.is_relation and record.values.get(field.name) is not None
    ]
    return labels_of_values(ctx, entity, values)


def labels_of_values(ctx: Context, entity: Entity, values: Sequence[tuple[str, Any]]) -> dict[Target, str]:
    """The same for pairs of field name and typed value."""
    model = workspace().definitions.model
    wanted: dict[str, set[str]] = defaultdict(set)
    for name, value in values:
        for link in links_of(model, entity.by_name[name], value):
            wanted[link.entity].add(link.id)
    labels: dict[Target, str] = {}
    for target, ids in wanted.items():
        if target not in model.entities:
            continue
        found = workspace().records.labels(ctx, target, sorted(ids))
        labels.update({(target, identity): text for identity, text in found.items()})
    return labels
