"""The SQL of a list: worked out once for a shape of question, run with the values of each."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Select,
    and_,
    bindparam,
    false,
    func,
    literal_column,
    select,
)

from amity.entities.model import Entity
from amity.errors import Invalid, Problem
from amity.expressions import ExpressionError
from amity.records.binding import Joins
from amity.records.caller import Caller
from amity.records.codec import Selection
from amity.records.conditions import Conditions
from amity.records.machine import Machine
from amity.records.matching import WORDS, asked_words, found_in, marks_for, match_text
from amity.records.reader import Reader
from amity.records.shapes import COUNT_CAP, Count, Query
from amity.records.sorting import Key, follows, keys_of, order_by, parse_sort

Condition = ColumnElement[bool]
Values = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Restriction:
    """Which records of an entity a list is about at all."""

    name: Hashable
    """Tells apart the lists of an entity; equal names make equal conditions."""
    make: Callable[[Entity], Condition]
    values: Values = field(default_factory=dict)
    """Values of the condition's parameters."""


def live(entity: Entity) -> Condition:
    """Records that are not in the bin."""
    condition: Condition = entity.table.c.deleted_at.is_(None)
    return condition


def deleted(entity: Entity) -> Condition:
    """Records in the bin."""
    condition: Condition = entity.table.c.deleted_at.is_not(None)
    return condition


LIVE = Restriction("live", live)
BIN = Restriction("bin", deleted)


class Listing:
    """Statements of one shape of question: entity, columns, filter, search, order, who may see what."""

    def __init__(self, selection: Selection, joins: Joins, keys: list[Key], where: list[Condition]) -> None:
        self.selection = selection
        self.keys = keys
        self._from = joins.clause()
        self._where = where
        self._made: dict[Hashable, Select[Any]] = {}

    def rows(
        self, connection: Connection, values: Values, after: Sequence[Any] | None, wanted: int
    ) -> list[Any]:
        """Rows in order: those with the first key, then those without it."""
        if not self.keys[0].nullable:
            return self._run(connection, values, after, wanted, None)
        found: list[Any] = []
        if after is None or after[0] is not None:
            found = self._run(connection, values, after, wanted, False)
            after = None
        if len(found) < wanted:
            found.extend(self._run(connection, values, after, wanted - len(found), True))
        return found

    def count(self, connection: Connection, values: Values, *, exact: bool) -> Count:
        """Count, to the cap or to the end."""
        statement = self._keep(("count", exact), lambda: self._counting(exact))
        value = connection.execute(statement, values).scalar_one()
        return Count(value, True) if exact else Count(min(value, COUNT_CAP), value <= COUNT_CAP)

    def _run(
        self,
        connection: Connection,
        values: Values,
        after: Sequence[Any] | None,
        wanted: int,
        first_is_null: bool | None,
    ) -> list[Any]:
        nulls = None if after is None else tuple(value is None for value in after)
        statement = self._keep((first_is_null, nulls), lambda: self._selecting(first_is_null, nulls))
        given = {f"after_{index}": value for index, value in enumerate(after or ()) if value is not None}
        return list(connection.execute(statement, {**values, **given, "row_limit": wanted}).all())

    def _selecting(self, first_is_null: bool | None, nulls: Sequence[bool] | None) -> Select[Any]:
        shown = [key.element.label(f"key_{index}") for index, key in enumerate(self.keys)]
        conditions = list(self._where)
        if first_is_null is not None:
            first = self.keys[0].element
            conditions.append(first.is_(None) if first_is_null else first.is_not(None))
        if nulls is not None:
            conditions.append(follows(self.keys, nulls))
        statement: Select[Any] = select(*self.selection.columns, *shown).select_from(self._from)
        statement = statement.where(*conditions).limit(bindparam("row_limit", type_=BigInteger()))
        return statement.order_by(*order_by(self.keys, first_is_null=bool(first_is_null)))

    def _counting(self, exact: bool) -> Select[Any]:
        if exact:
            return select(func.count()).select_from(self._from).where(*self._where)
        some: Select[Any] = select(literal_column("1").label("one")).select_from(self._from)
        some = some.where(and_(*self._where)).limit(COUNT_CAP + 1)
        return select(func.count()).select_from(some.subquery())

    def _keep(self, key: Hashable, make: Callable[[], Select[Any]]) -> Select[Any]:
        statement = self._made.get(key)
        if statement is None:
            statement = self._made[key] = make()
        return statement


@dataclass
class Planner:
    """Makes the listing of a question, or finds the one made before. Every mistake in it is `Invalid`."""

    machine: Machine
    caller: Caller
    entity: Entity
    restriction: Restriction

    def plan(self, query: Query, reader: Reader) -> tuple[Listing, Values]:
        """Give the statements and the values to run them with."""
        names = reader.readable(query.fields)
        marks, values = self._search(query)
        key = (
            "list",
            self.entity.id,
            self.restriction.name,
            None if names is None else tuple(names),
            query.where or "",
            query.sort,
            marks,
            self.caller.sight,
        )
        revision = self.machine.revision(self.caller.model)
        listing: Listing | None = revision.find(key)
        if listing is None:
            compiler = Conditions(self.machine, self.caller)
            listing = self._make(compiler, reader.codec.selection(names), query, marks)
            if not compiler.personal:
                revision.put(key, listing)
        return listing, {**self.restriction.values, **values}

    def _search(self, query: Query) -> tuple[Hashable, Values]:
        """What of the search is part of the statement's shape, and the text that is looked for."""
        if not query.q or not query.q.strip():
            return None, {}
        asked = asked_words(query.q)
        marks = marks_for(self.entity, self.caller.decide(self.entity, "read"))
        if not asked or marks == []:
            return "nothing", {}
        return "words", {WORDS: match_text(self.machine.database.dialect, asked, marks)}

    def _make(self, compiler: Conditions, selection: Selection, query: Query, search: Hashable) -> Listing:
        joins = Joins(self.entity.table)
        where = [self.restriction.make(self.entity)]
        policy = compiler.policy(self.entity, "read")
        if policy is not None:
            where.append(policy)
        if query.where:
            where.append(asked_condition(compiler, self.entity, query.where, joins))
        if search == "nothing":
            where.append(false())
        elif search == "words":
            where.append(found_in(self.entity, self.machine.database.dialect))
        items = parse_sort(self.caller, self.entity, query.sort)
        keys = keys_of(self.caller, compiler.binding(self.entity, joins), items)
        return Listing(selection, joins, keys, where)


def asked_condition(compiler: Conditions, entity: Entity, text: str, joins: Joins) -> Condition:
    """The caller's filter as SQL. Raises `Invalid` (parameter `where`)."""
    try:
        compiled = compiler.asked(entity, text)
        condition: Condition = compiled.sql(compiler.binding(entity, joins))
    except ExpressionError as error:
        problem: Problem = error.problem(parameter="where")
        raise Invalid(error.message, problems=[problem], hint=error.hint, details=error.details) from None
    return condition
