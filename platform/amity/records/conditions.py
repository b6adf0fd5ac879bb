"""Conditions of callers and of policies: checked once per revision, bound to the person at each use."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, exists, false, select
from sqlalchemy.sql.selectable import NamedFromClause

from amity.access.policy import Verb
from amity.entities.model import Entity
from amity.entities.scope import EntityScope
from amity.expressions import BOOL, Compiled, ExpressionError, compile
from amity.records.binding import Condition, Joins, RecordBinding, Surroundings
from amity.records.caller import Caller
from amity.records.me import bound_values
from amity.records.scope import CallerScope

if TYPE_CHECKING:
    from amity.records.machine import Machine


class Conditions:
    """Makes SQL conditions for one caller."""

    def __init__(self, machine: Machine, caller: Caller) -> None:
        self.machine = machine
        self.caller = caller
        self.revision = machine.revision(caller.model)
        self.personal = False
        """Whether what was made holds values of this caller or moment (now, today, me)."""

    # -- compiled expressions -----------------------------------------------------------------------
    def trusted(self, entity: Entity, text: str) -> Compiled:
        """Compile a condition that an administrator wrote (policy, check): nothing is hidden from it."""
        scope = EntityScope(self.caller.model, entity, self.machine.functions)
        return self.revision.keep(("trusted", entity.id, text), lambda: compile(text, scope, expect=BOOL))

    def asked(self, entity: Entity, text: str) -> Compiled:
        """Compile a condition of the caller; what he may not read he cannot name."""
        scope = CallerScope(EntityScope(self.caller.model, entity, self.machine.functions), self.caller)
        key: Hashable = ("asked", entity.id, text, self.sight())
        return self.revision.keep(key, lambda: compile(text, scope, expect=BOOL, sql=True))

    def sight(self) -> Hashable:
        """What tells apart callers that may read different fields."""
        return self.caller.sight

    # -- bindings -----------------------------------------------------------------------------------
    def binding(self, entity: Entity, joins: Joins, known: Mapping[str, Any] | None = None) -> RecordBinding:
        """Bind the caller's own expressions: each hop applies the target's policy.

        `known` are values of further names, which the scope of the expression calls bound.
        """

        def bound(name: str) -> Any:
            return known[name] if known is not None and name in known else self._bound(name)

        around = Surroundings(self.caller, self.machine.database.dialect, self._guard, bound)
        return RecordBinding(around, entity, joins.root, joins)

    def trusted_binding(self, entity: Entity, joins: Joins) -> RecordBinding:
        """Bind what an administrator wrote: no policy hides anything from it."""
        around = Surroundings(self.caller, self.machine.database.dialect, _unguarded, self._bound)
        return RecordBinding(around, entity, joins.root, joins)

    def _guard(self, entity: Entity, source: NamedFromClause) -> Condition | None:
        if not self.caller.can_read(entity):
            return false()
        return self.policy(entity, "read", source)

    def _bound(self, name: str) -> Any:
        self.personal = True
        return bound_values(self.machine, self.caller).get(name)

    # -- policies -----------------------------------------------------------------------------------
    def policy(self, entity: Entity, verb: Verb, source: NamedFromClause | None = None) -> Condition | None:
        """What a record of `entity` must meet so that the caller may `verb` it; None for every record.

        Self-contained: relations inside are subqueries, so it may stand in any WHERE or ON.
        """
        text = self.caller.decide(entity, verb).condition
        if text is None:
            return None
        source = entity.table if source is None else source
        compiled = self.trusted(entity, text)
        joins = Joins(source)
        condition = _sql(compiled, self.trusted_binding(entity, joins))
        if not joins.joined:
            return condition
        inner = entity.table.alias()
        joins = Joins(inner)
        condition = _sql(compiled, self.trusted_binding(entity, joins))
        found = select(inner.c.id).select_from(joins.clause())
        return exists(found.where(and_(inner.c.id == source.c.id, condition)).correlate(source))


def _unguarded(entity: Entity, source: NamedFromClause) -> None:
    return None


def _sql(compiled: Compiled, binding: RecordBinding) -> Condition:
    condition: Condition = compiled.where(binding)  # never under NOT: unknown counts as false
    return condition


def policy_condition(machine: Machine, caller: Caller, entity: Entity, verb: Verb) -> Condition | None:
    """What a record must meet so that the caller may `verb` it; None for every record."""
    if caller.decide(entity, verb).condition is None:
        return None
    return Conditions(machine, caller).policy(entity, verb)


__all__ = ["Conditions", "ExpressionError", "policy_condition"]
