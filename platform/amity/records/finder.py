"""Lists: filter, search, sort, page and count, in SQL, under the caller's policy."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, false, func, literal_column, select

from amity.entities.model import Entity
from amity.errors import Invalid, Problem
from amity.expressions import ExpressionError
from amity.records.binding import Joins
from amity.records.bounds import bounded
from amity.records.caller import Caller
from amity.records.conditions import Conditions
from amity.records.cursors import digest, read_cursor, write_cursor
from amity.records.machine import Machine
from amity.records.matching import asked_words, found_in, marks_for, match_text
from amity.records.reader import Reader
from amity.records.shapes import COUNT_CAP, MAX_LIMIT, Count, Page, Query
from amity.records.sorting import Key, follows, keys_of, order_by, parse_sort

Condition = ColumnElement[bool]
Restrict = Callable[[Entity], Condition]


def live(entity: Entity) -> Condition:
    """Records that are not in the bin."""
    condition: Condition = entity.table.c.deleted_at.is_(None)
    return condition


def deleted(entity: Entity) -> Condition:
    """Records in the bin."""
    condition: Condition = entity.table.c.deleted_at.is_not(None)
    return condition


@dataclass
class Finder:
    """One list of one entity. `scope` tells it apart from other lists with the same filter."""

    machine: Machine
    caller: Caller
    connection: Connection
    entity: Entity
    query: Query
    restrict: Restrict = live
    scope: str = ""

    def page(self) -> Page:
        """Read one page. Raises `Invalid` with the parameter that is wrong."""
        _check_bounds(self.query)
        reader = Reader(self.machine, self.caller, self.connection, self.entity)
        selection = reader.codec.selection(reader.readable(self.query.fields))
        values = self._after()
        wanted = self.query.limit + 1
        heavy = bool(self.query.where or self.query.q or self.query.sort)
        with bounded(self.connection, self.machine.database.dialect, heavy):
            self._conditions()
            rows = self._rows(selection.columns, values, wanted)
            count = self._count()
        more = len(rows) == wanted
        rows = rows[: self.query.limit]
        records, labels = reader.present(selection, rows)
        width = len(selection.columns)
        following = self._cursor(rows[-1][width:]) if more else None
        return Page(records, following, count, labels)

    # -- the question -------------------------------------------------------------------------------
    @cached_property
    def _joins(self) -> Joins:
        return Joins(self.entity.table)

    @cached_property
    def _compiler(self) -> Conditions:
        return Conditions(self.machine, self.caller)

    @cached_property
    def _keys(self) -> list[Key]:
        items = parse_sort(self.caller, self.entity, self.query.sort)
        return keys_of(self.caller, self._compiler.binding(self.entity, self._joins), items)

    @cached_property
    def _where(self) -> list[Condition]:
        conditions = [self.restrict(self.entity)]
        policy = self._compiler.policy(self.entity, "read")
        if policy is not None:
            conditions.append(policy)
        if self.query.where:
            conditions.append(self._asked(self.query.where))
        if self.query.q and self.query.q.strip():
            conditions.append(self._found(self.query.q))
        return conditions

    def _conditions(self) -> None:
        """Work out filter and order before the FROM clause is taken: both may join."""
        _ = self._where, self._keys

    def _asked(self, text: str) -> Condition:
        try:
            compiled = self._compiler.asked(self.entity, text)
            condition: Condition = compiled.where(self._compiler.binding(self.entity, self._joins))
        except ExpressionError as error:
            problem: Problem = error.problem(parameter="where")
            raise Invalid(error.message, problems=[problem], hint=error.hint, details=error.details) from None
        return condition

    def _found(self, text: str) -> Condition:
        asked = asked_words(text)
        marks = marks_for(self.entity, self.caller.decide(self.entity, "read"))
        if not asked or marks == []:
            return false()
        dialect = self.machine.database.dialect
        return found_in(self.entity, dialect, match_text(dialect, asked, marks))

    # -- pages --------------------------------------------------------------------------------------
    @cached_property
    def _question(self) -> str:
        return digest(self.entity.id, self.scope, self.query.where, self.query.q, self.query.sort)

    def _after(self) -> Sequence[Any] | None:
        if self.query.after is None:
            return None
        cursor = read_cursor(
            self.machine.secret,
            self.caller.model.revision,
            self._question,
            self.query.after,
            len(self._keys),
        )
        return cursor.values

    def _cursor(self, values: Sequence[Any]) -> str:
        return write_cursor(self.machine.secret, self.caller.model.revision, self._question, list(values))

    def _rows(self, columns: Sequence[Any], after: Sequence[Any] | None, wanted: int) -> list[Any]:
        """Rows with the first key, then rows without it."""
        first = self._keys[0]
        if not first.nullable:
            return self._run(columns, after, wanted, None)
        rows: list[Any] = []
        if after is None or after[0] is not None:
            rows = self._run(columns, after, wanted, first.element.is_not(None))
            after = None
        if len(rows) < wanted:
            rows.extend(self._run(columns, after, wanted - len(rows), first.element.is_(None), True))
        return rows

    def _run(
        self,
        columns: Sequence[Any],
        after: Sequence[Any] | None,
        wanted: int,
        half: Condition | None,
        first_is_null: bool = False,
    ) -> list[Any]:
        keys = [key.element.label(f"key_{index}") for index, key in enumerate(self._keys)]
        conditions = list(self._where)
        if half is not None:
            conditions.append(half)
        if after is not None:
            conditions.append(follows(self._keys, after))
        statement: Select[Any] = select(*columns, *keys).select_from(self._joins.clause())
        statement = statement.where(*conditions).limit(wanted)
        statement = statement.order_by(*order_by(self._keys, first_is_null=first_is_null))
        return list(self.connection.execute(statement).all())

    def _count(self) -> Count | None:
        if self.query.count == "none":
            return None
        if self.query.count == "exact":
            exact = select(func.count()).select_from(self._joins.clause()).where(*self._where)
            return Count(self.connection.execute(exact).scalar_one(), True)
        some: Select[Any] = select(literal_column("1").label("one")).select_from(self._joins.clause())
        some = some.where(and_(*self._where)).limit(COUNT_CAP + 1)
        value = self.connection.execute(select(func.count()).select_from(some.subquery())).scalar_one()
        return Count(min(value, COUNT_CAP), value <= COUNT_CAP)


def _check_bounds(query: Query) -> None:
    if not isinstance(query.limit, int) or not 1 <= query.limit <= MAX_LIMIT:
        raise Invalid.parameter("limit", "range", f"The limit is {query.limit}; allowed is 1 to {MAX_LIMIT}.")
    if query.count not in ("none", "capped", "exact"):
        raise Invalid.parameter(
            "count", "choice", f"count is {str(query.count)[:40]!r}; allowed are none, capped and exact."
        )
