"""Expressions over records as SQL: columns, relations and who may see what on each hop.

A to-one relation is an outer join to the target's table, whose condition holds `deleted_at IS NULL` and the
caller's policy for the target; so whatever is asked of a target that is deleted or unreadable is null. Policy
conditions themselves see every live record (they are written by administrators, and a policy that applied
policies would not end).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Select,
    and_,
    case,
    exists,
    func,
    literal_column,
    null,
    select,
)
from sqlalchemy.sql.selectable import NamedFromClause

from amity.database.engine import Dialect
from amity.entities.model import Entity, Field, Inverse
from amity.records.caller import Caller

Condition = ColumnElement[bool]
Guard = Callable[[Entity, NamedFromClause], Condition | None]
"""Gives the condition under which a record of the entity (in that FROM) may be seen; None for always."""


@dataclass
class Joins:
    """The FROM of one SELECT: a root and the outer joins that expressions ask for, each made once."""

    root: NamedFromClause
    joined: list[tuple[NamedFromClause, Condition]] = field(default_factory=list)
    by_hop: dict[tuple[int, str], NamedFromClause] = field(default_factory=dict)

    def clause(self) -> FromClause:
        """The FROM clause with all joins."""
        clause: FromClause = self.root
        for target, condition in self.joined:
            clause = clause.outerjoin(target, condition)
        return clause


@dataclass(frozen=True)
class Surroundings:
    """What all bindings of one statement share."""

    caller: Caller
    dialect: Dialect
    guard: Guard
    """Who may be seen on a hop."""
    bound: Callable[[str], Any]
    """Values of bound names: now, today, me."""


class RecordBinding:
    """One record in a query (see `expressions.binding.SqlBinding`)."""

    def __init__(self, around: Surroundings, entity: Entity, source: NamedFromClause, joins: Joins) -> None:
        self.around = around
        self.entity = entity
        self.source = source
        self.joins = joins
        self.dialect = around.dialect

    # -- plain values -------------------------------------------------------------------------------
    def column(self, name: str) -> ColumnElement[Any]:
        """Give a field or system field; a to-one relation is the id of a target that may be seen."""
        found = self.entity.by_name.get(name)
        if found is None:
            return self.source.c[name]
        if found.kind.is_relation:
            return found.kind.sql(found, {**self._columns(found), "": self._target_id(found)})
        return found.kind.sql(found, self._columns(found))

    def folded(self, name: str) -> ColumnElement[Any]:
        """Give the shadow key of a text field."""
        return self.role(self.entity.by_name[name], "fold")

    def role(self, found: Field, role: str = "") -> ColumnElement[Any]:
        """Give one stored column of a field."""
        return self.source.c[self.entity.column(found, role).key]

    def _columns(self, found: Field) -> dict[str, ColumnElement[Any]]:
        return {spec.role: self.role(found, spec.role) for spec in found.kind.columns(found)}

    def value(self, name: str) -> Any:
        """Give the value of a bound name."""
        return self.around.bound(name)

    # -- to-one -------------------------------------------------------------------------------------
    def hop(self, name: str) -> RecordBinding:
        """Give the target of a to-one relation, joined once."""
        found = self.entity.by_name[name]
        target = self._target_entity(found)
        key = (id(self.source), found.id)
        alias = self.joins.by_hop.get(key)
        if alias is None:
            alias = target.table.alias()
            self.joins.by_hop[key] = alias
            self.joins.joined.append((alias, self._reaches(found, target, alias)))
        return RecordBinding(self.around, target, alias, self.joins)

    def _target_entity(self, found: Field) -> Entity:
        return self.around.caller.model.by_id[found.targets[0]]

    def _reaches(self, found: Field, target: Entity, alias: NamedFromClause) -> Condition:
        conditions: list[Condition] = [alias.c.id == self.role(found), alias.c.deleted_at.is_(None)]
        guard = self.around.guard(target, alias)
        return and_(*conditions) if guard is None else and_(*conditions, guard)

    def _target_id(self, found: Field) -> ColumnElement[Any]:
        if len(found.targets) == 1:
            return self.hop(found.name).source.c.id
        return self._any_target_id(found)

    def _any_target_id(self, found: Field) -> ColumnElement[Any]:
        """The id where the relation may point to records of several entities."""
        model = self.around.caller.model
        targets = [model.by_id[key] for key in found.targets if key in model.by_id] or list(model)
        whens = []
        for target in targets:
            if not self.around.caller.can_read(target):
                continue
            alias = target.table.alias()
            statement = select(alias.c.id).where(self._reaches(found, target, alias))
            whens.append((self.role(found, "entity") == target.id, statement.scalar_subquery()))
        return case(*whens, else_=null()) if whens else null()

    # -- to-many ------------------------------------------------------------------------------------
    def exists(self, name: str, build: Callable[[RecordBinding], Condition] | None) -> Condition:
        """Tell whether a to-many relation has a record that meets the condition."""
        return exists(self._many(name, build, literal_column("1")))

    def count(self, name: str, build: Callable[[RecordBinding], Condition] | None) -> ColumnElement[int]:
        """Count the records of a to-many relation that meet the condition."""
        return self._many(name, build, func.count()).scalar_subquery()

    def _many(
        self, name: str, build: Callable[[RecordBinding], Condition] | None, what: ColumnElement[Any]
    ) -> Select[Any]:
        found = self.entity.by_name.get(name)
        if found is not None:
            return self._linked(found, build, what)
        inverse = next(item for item in self.entity.inverses if item.name == name)
        return self._pointing(inverse, build, what)

    def _linked(
        self, found: Field, build: Callable[[RecordBinding], Condition] | None, what: ColumnElement[Any]
    ) -> Select[Any]:
        """Targets of a many-to-many relation of this record."""
        assert self.entity.storage is not None
        link = self.entity.storage.links[found.id].alias()
        target = self._target_entity(found).table.alias()
        joins = Joins(target)
        inner = RecordBinding(self.around, self._target_entity(found), target, joins)
        conditions = [link.c.source == self.source.c.id, link.c.target == target.c.id]
        return self._inner(inner, joins, conditions, build, what, link)

    def _pointing(
        self, inverse: Inverse, build: Callable[[RecordBinding], Condition] | None, what: ColumnElement[Any]
    ) -> Select[Any]:
        """Records of another entity whose relation points to this record."""
        other = self.around.caller.model.entities[inverse.entity]
        found = other.by_name[inverse.field]
        table = other.table.alias()
        joins = Joins(table)
        inner = RecordBinding(self.around, other, table, joins)
        if found.kind.to_many:
            assert other.storage is not None
            link = other.storage.links[found.id].alias()
            conditions = [link.c.target == self.source.c.id, link.c.source == table.c.id]
            return self._inner(inner, joins, conditions, build, what, link)
        conditions = [table.c[other.column(found).key] == self.source.c.id]
        return self._inner(inner, joins, conditions, build, what)

    def _inner(
        self,
        inner: RecordBinding,
        joins: Joins,
        conditions: list[Condition],
        build: Callable[[RecordBinding], Condition] | None,
        what: ColumnElement[Any],
        *more: FromClause,
    ) -> Select[Any]:
        conditions = [*conditions, inner.source.c.deleted_at.is_(None)]
        guard = self.around.guard(inner.entity, inner.source)
        if guard is not None:
            conditions.append(guard)
        if build is not None:
            conditions.append(build(inner))
        # A loop may name fields of any level around it: everything but its own tables is correlated.
        own = (inner.source, *(target for target, _ in joins.joined), *more)
        found: Select[Any] = select(what).select_from(joins.clause(), *more).where(*conditions)
        return found.correlate_except(*own)
