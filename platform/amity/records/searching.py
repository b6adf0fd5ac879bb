"""Search over all entities: candidates in the order of their rank, the policy before the limit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from sqlalchemy import Connection, Row, Select, func, literal_column, select

from amity.access.context import Context
from amity.database.engine import Dialect
from amity.database.schema import search_entry
from amity.entities.model import Entity
from amity.errors import Invalid
from amity.records.bounds import bounded
from amity.records.caller import Caller
from amity.records.machine import Machine
from amity.records.matching import (
    WORDS,
    asked_words,
    fts5_matches,
    marks_for,
    match_text,
    matches,
    search_words,
    wanted_words,
)
from amity.records.shapes import Hit, Target
from amity.records.targets import read_labels

BATCH: Final = 100
MAX_BATCHES: Final = 20
MAX_HITS: Final = 100


def search(
    machine: Machine, ctx: Context, text: str, entities: Sequence[str] | None, limit: int
) -> list[Hit]:
    """Find records by words, the best first. Raises `Invalid` for a wrong limit, `NotFound` for an entity."""
    if not isinstance(limit, int) or not 1 <= limit <= MAX_HITS:
        raise Invalid.parameter("limit", "range", f"The limit is {limit}; allowed is 1 to {MAX_HITS}.")
    asked = asked_words(text)

    def work(caller: Caller, connection: Connection) -> list[Hit]:
        names = list(caller.model.entities) if entities is None else list(entities)
        chosen = [caller.entity(name) for name in names if entities is not None or _readable(caller, name)]
        if not asked or not chosen:
            return []
        hits: list[Hit] = []
        with bounded(connection, machine.database.dialect, True):
            for texts, group in _groups(machine.database.dialect, caller, chosen, asked):
                hits.extend(_found(machine, caller, connection, texts, group, limit))
        return hits[:limit]

    return machine.read(ctx, work)


def _readable(caller: Caller, name: str) -> bool:
    return caller.can_read(caller.model.entities[name])


def _groups(
    dialect: Dialect, caller: Caller, entities: Sequence[Entity], asked: Sequence[str]
) -> Iterator[tuple[str, list[Entity]]]:
    """Entities that are searched by the same text: all whose fields are all readable at once."""
    whole = []
    for entity in entities:
        marks = marks_for(entity, caller.decide(entity, "read"))
        if marks is None:
            whole.append(entity)
        elif marks:
            yield match_text(dialect, asked, marks), [entity]
    if whole:
        yield match_text(dialect, asked, None), whole


def _found(
    machine: Machine, caller: Caller, connection: Connection, text: str, entities: list[Entity], limit: int
) -> list[Hit]:
    names = {entity.id: entity.name for entity in entities}
    hits: list[Hit] = []
    for number in range(MAX_BATCHES):
        rows = _candidates(connection, machine.database.dialect, text, list(names), number)
        targets: list[Target] = [(names[row.entity], row.record) for row in rows]
        labels = read_labels(machine, caller, connection, targets)
        hits.extend(Hit(*target, labels[target]) for target in targets if target in labels)
        if len(hits) >= limit or len(rows) < BATCH:
            break
    return hits[:limit]


def _candidates(
    connection: Connection, dialect: Dialect, text: str, entities: list[str], number: int
) -> list[Row[Any]]:
    statement: Select[Any] = select(search_entry.c.entity, search_entry.c.record)
    order: Any = search_words.c.rank
    if dialect == "sqlite":
        joined = search_entry.join(search_words, search_words.c.rowid == search_entry.c.seq)
        statement = statement.select_from(joined).where(fts5_matches())
    else:
        statement = statement.where(matches(dialect))
        order = func.ts_rank(literal_column("search_entry.vector"), wanted_words()).desc()
    statement = statement.where(search_entry.c.entity.in_(entities))
    statement = statement.order_by(order, search_entry.c.seq.desc()).offset(number * BATCH).limit(BATCH)
    return list(connection.execute(statement, {WORDS: text}).all())
