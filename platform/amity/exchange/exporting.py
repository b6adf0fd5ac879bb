"""Records out as CSV or JSON, page by page: memory does not grow with their number."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any, Final

from amity import jsontext
from amity.access.context import Context
from amity.entities.model import SYSTEM_FIELDS, Entity, Model
from amity.errors import Forbidden, NotFound
from amity.records.service import Records
from amity.records.shapes import Query, Record

PAGE: Final = 500


def _entity(records: Records, model: Model, context: Context, name: str) -> Entity:
    entity = model.entities.get(name)
    if entity is None:
        raise NotFound(f"There is no entity {name!r}.", hint=f"There are: {', '.join(model.entities)}.")
    if not records.machine.policy.decide(context.actor, "export", entity).allowed:
        raise Forbidden(f"You may not export {entity.plural}.")
    return entity


def _records(
    records: Records, context: Context, entity: str, where: str | None, q: str | None = None
) -> Iterator[Record]:
    after: str | None = None
    while True:
        query = Query(where=where, q=q, sort="id", limit=PAGE, after=after)
        page = records.find(context, entity, query)
        yield from page.records
        if page.next is None:
            return
        after = page.next


def export_csv(
    records: Records,
    model: Model,
    context: Context,
    entity: str,
    where: str | None = None,
    q: str | None = None,
) -> Iterator[str]:
    """Give the lines of a CSV file: a header with the names of the readable fields, then a row a record.

    `where` is an expression, `q` a text search, as in a list.
    """
    found = _entity(records, model, context, entity)
    decision = records.machine.policy.decide(context.actor, "read", found)
    fields = [item for item in found.fields if decision.can_read(item.name)]
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")

    def line(cells: list[str]) -> str:
        writer.writerow(cells)
        text = buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()
        return text

    yield line([*SYSTEM_FIELDS, *(item.name for item in fields)])
    for record in _records(records, context, entity, where, q):
        system = record.as_json()
        cells = ["" if system.get(name) is None else str(system[name]) for name in SYSTEM_FIELDS]
        for item in fields:
            value: Any = record.values.get(item.name)
            cells.append("" if value is None else item.kind.to_text(item, value))
        yield line(cells)


def export_json(
    records: Records, model: Model, context: Context, entity: str, where: str | None = None
) -> Iterator[str]:
    """Give a JSON array of records, one a line."""
    _entity(records, model, context, entity)
    separator = "[\n"
    for record in _records(records, context, entity, where):
        yield separator + jsontext.dumps(record.as_json())
        separator = ",\n"
    yield "[]\n" if separator == "[\n" else "\n]\n"
