"""Checks of whole records: the entity's expressions, fields required under a condition, validators.

What looks at the record alone runs before the transaction; what follows a relation runs inside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from amity.entities.formulas import own_names
from amity.entities.model import Check, Entity, Field
from amity.errors import Problem
from amity.expressions import Compiled
from amity.records.caller import Caller
from amity.records.conditions import Conditions
from amity.records.draft import Draft, escape
from amity.records.facts import Batch, Facts
from amity.records.machine import Machine


@dataclass(frozen=True, slots=True)
class Condition:
    """One expression that a record must meet (`check`), or under which a field must be filled (`field`)."""

    compiled: Compiled
    check: Check | None
    field: Field | None

    def follows(self, entity: Entity) -> bool:
        """Whether it looks beyond the record itself: along a relation, or at who acts."""
        if "me" in self.compiled.bound:
            return True
        for path in self.compiled.references:
            field = entity.by_id.get(path[0][1])
            if len(path) > 1 or path[0][1].startswith("<") or (field is not None and field.kind.is_relation):
                return True
        return False


def conditions_of(machine: Machine, caller: Caller, entity: Entity) -> list[Condition]:
    """All conditions of an entity, compiled once per revision."""

    def make() -> list[Condition]:
        compiler = Conditions(machine, caller)
        found = [
            Condition(compiler.trusted(entity, check.expression), check, None) for check in entity.checks
        ]
        for item in entity.fields:
            if item.required_when:
                found.append(Condition(compiler.trusted(entity, item.required_when), None, item))
        return found

    return machine.revision(caller.model).keep(("checks", entity.id), make)


def check_drafts(
    machine: Machine,
    caller: Caller,
    connection: Connection | None,
    entity: Entity,
    drafts: Sequence[Draft],
) -> None:
    """Refuse drafts that do not meet the conditions. Without a connection: those of the record alone."""
    inside = connection is not None
    chosen = [item for item in conditions_of(machine, caller, entity) if item.follows(entity) == inside]
    if not chosen:
        return
    batch = Batch(machine, caller, connection, entity, root=True)  # type: ignore[arg-type]
    seen = [(draft, batch.add({**_system(draft), **draft.values})) for draft in drafts if not draft.failed]
    for draft, facts in seen:
        for item in chosen:
            if draft.is_new or draft.changed & _involved(item, entity):
                _apply(item, draft, facts)


def _system(draft: Draft) -> dict[str, Any]:
    return dict(draft.old) if draft.old is not None else {"id": draft.id, "version": 1}


def _involved(item: Condition, entity: Entity) -> frozenset[str]:
    names = own_names(entity, item.compiled)
    return names | {item.field.name} if item.field is not None else names


def _apply(item: Condition, draft: Draft, facts: Facts) -> None:
    holds = item.compiled.condition(facts)
    if item.check is not None and not holds:
        draft.refuse("check", item.check.message, item.check.field)
    elif item.field is not None and holds and draft.values.get(item.field.name) in (None, []):
        draft.refuse("required", f"{item.field.title} is required here.", item.field.name)


def run_validators(machine: Machine, entity: Entity, drafts: Sequence[Draft]) -> None:
    """Ask the validators of extensions."""
    for validator in machine.validators:
        if validator.entities is not None and entity.name not in validator.entities:
            continue
        for draft in drafts:
            if not draft.failed and (draft.is_new or draft.changed):
                problems = validator.check(entity.name, {**_system(draft), **draft.values})
                draft.add_problems(_placed(problem) for problem in problems)


def check_alone(machine: Machine, caller: Caller, entity: Entity, drafts: Sequence[Draft]) -> None:
    """Before the transaction: the checks that look at each record alone."""
    check_drafts(machine, caller, None, entity, drafts)
    run_validators(machine, entity, drafts)


def _placed(problem: Problem) -> Problem:
    """A validator may name a field instead of a pointer."""
    pointer = problem.pointer
    if pointer and not pointer.startswith("/"):
        pointer = f"/{escape(pointer)}"
    return Problem(problem.code, problem.message, pointer=pointer)
