"""Load the demo organisation through the gate."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any, Final

from amity.access.context import Context
from amity.definitions.service import DefinitionService
from amity.entities.model import Model
from amity.errors import Conflict
from amity.exchange.demo.content import DemoRecord, Link, batches
from amity.records.service import Records
from amity.records.shapes import Query

CAUSE: Final = "demo"


def load(
    records: Records, definitions: DefinitionService[Model], context: Context, today: dt.date
) -> dict[str, str]:
    """Create all demo records; gives their ids by key. Raises `Conflict` where any record exists."""
    _refuse_where_records_exist(records, definitions, context)
    ids: dict[str, str] = {}
    for batch in batches(today):
        rows = [_resolved(record, ids) for record in batch]
        result = records.bulk(context, batch[0].entity, rows, mode="all")
        # In mode "all" every row has an id, or there would have been an error.
        ids.update({item.key: made for item, made in zip(batch, result.ids, strict=True) if made})
    return ids


def _refuse_where_records_exist(
    records: Records, definitions: DefinitionService[Model], context: Context
) -> None:
    for entity in definitions.model:
        if records.find(context, entity.name, Query(limit=1, fields=("id",))).records:
            raise Conflict(
                f"There are {entity.plural} already: demo records would mix with yours.",
                hint="Use a new, empty home for the demo.",
            )


def _resolved(record: DemoRecord, ids: Mapping[str, str]) -> dict[str, Any]:
    return {name: _value(value, ids) for name, value in record.values.items()}


def _value(value: Any, ids: Mapping[str, str]) -> Any:
    if isinstance(value, Link):
        if value.with_entity:
            return {"entity": value.key.split(":")[0], "id": ids[value.key]}
        return ids[value.key]
    if isinstance(value, list):
        return [_linked(item, ids) for item in value]
    return value


def _linked(item: Any, ids: Mapping[str, str]) -> Any:
    if not isinstance(item, dict) or "link" not in item:
        return item
    key = item["link"].key
    rest = {name: value for name, value in item.items() if name != "link"}
    return {"entity": key.split(":")[0], "id": ids[key], **rest}
