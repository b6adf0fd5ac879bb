"""Conditions over records that are looked for, in which the values of the run may be named, too.

`find` looks for records of an entity by an expression over *their* fields: `stage == 'active'`. What the run
knows stands beside them under its own names: `company == record.company`. Such values are worked out before
the query and reach the database as parameters.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import ColumnElement, Connection

from amity.entities.model import Entity, Model
from amity.entities.scope import EntityScope
from amity.errors import Forbidden
from amity.expressions import BOOL, Compiled, ExpressionError, Function, Name, Scope, Type, compile
from amity.expressions.types import DYN
from amity.records.binding import Joins
from amity.records.bounds import bounded
from amity.records.caller import Caller
from amity.records.conditions import Conditions
from amity.records.listing import Listing, live
from amity.records.machine import Machine
from amity.records.sorting import keys_of, parse_sort
from amity.workflows.documents.values import ValueCompiler


@dataclass(frozen=True)
class FilterScope:
    """The fields of the entity that is looked for, and the names of the run as values that are known."""

    inner: EntityScope
    outer: Scope

    @property
    def functions(self) -> Mapping[str, Function]:
        """All functions by name."""
        return self.inner.functions

    def lookup(self, name: str) -> Name | None:
        """Find a field of the entity, else a name of the run."""
        found = self.inner.lookup(name)
        if found is not None:
            return found
        known = self.outer.lookup(name)
        return None if known is None else replace(known, bound=True)

    def member(self, type_: Type, name: str) -> Name | None:
        """Find a field of a record type, or a step."""
        return self.inner.member(type_, name) or self.outer.member(type_, name)

    def names(self) -> Iterable[str]:
        """Give all names, for hints."""
        return [*self.inner.names(), *self.outer.names()]

    def member_names(self, type_: Type) -> Iterable[str]:
        """Give all members of a type, for hints."""
        return [*self.inner.member_names(type_), *self.outer.member_names(type_)]


@dataclass(frozen=True, slots=True)
class Filter:
    """A condition together with the values of the run: what an action gets."""

    compiled: Compiled
    env: Mapping[str, Any] = field(repr=False)


def matching(
    machine: Machine,
    caller: Caller,
    connection: Connection,
    entity: Entity,
    wanted: Filter | None,
    sort: str,
    limit: int,
    also: Sequence[ColumnElement[bool]] = (),
) -> list[str]:
    """Give the ids of the live records that the caller may see and that match, in order, at most `limit`.

    `also` are further conditions over the entity's table.
    Raises `Forbidden` where the condition names a field that the caller may not read.
    """
    compiler = Conditions(machine, caller)
    joins = Joins(entity.table)
    where = [live(entity), *also]
    policy = compiler.policy(entity, "read")
    if policy is not None:
        where.append(policy)
    if wanted is not None:
        check_sight(caller, wanted.compiled)
        where.append(wanted.compiled.where(compiler.binding(entity, joins, wanted.env)))
    keys = keys_of(caller, compiler.binding(entity, joins), parse_sort(caller, entity, sort))
    selection = machine.codec(caller, entity).selection(())
    listing = Listing(selection, joins, keys, where)
    with bounded(connection, machine.database.dialect, True):
        rows = listing.rows(connection, {}, None, limit)
    return [selection.load(row)["id"] for row in rows]


def check_sight(caller: Caller, compiled: Compiled) -> None:
    """Raise `Forbidden` where a condition names a field that the caller may not read."""
    for path in compiled.references:
        for entity_id, name in path:
            entity = caller.model.by_id.get(entity_id or "")
            read = entity.by_id.get(name) if entity is not None else None
            if (
                entity is not None
                and read is not None
                and not caller.decide(entity, "read").can_read(read.name)
            ):
                raise Forbidden(f"{caller.ctx.actor.name} may not see {read.title} of {entity.plural}.")


@dataclass(frozen=True, slots=True)
class FilterValue:
    """The value of a parameter of input `filter` (see `workflows.values.Value`)."""

    compiled: Compiled
    type: Type = DYN

    def evaluate(self, env: Mapping[str, Any]) -> Filter:
        """Take the values of the run along."""
        return Filter(self.compiled, env)


def compile_filter(text: Any, entity: Entity, model: Model, values: ValueCompiler, pointer: str) -> Any:
    """Compile a condition of input `filter`; None, and a problem noted, where it cannot be."""
    if not isinstance(text, str):
        values.expression(text, pointer)
        return None
    scope = FilterScope(EntityScope(model, entity, values.scope.functions), values.scope)
    try:
        return FilterValue(compile(text, scope, expect=BOOL, sql=True))
    except ExpressionError as error:
        values.problems.append(error.problem(pointer=pointer))
        return None
