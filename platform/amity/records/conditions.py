"""Policy conditions as SQL: compiled once per revision, bound to the caller at each use."""

from __future__ import annotations

from sqlalchemy import ColumnElement

from amity.access.policy import Verb
from amity.entities.model import Entity
from amity.records.caller import Caller


def policy_condition(caller: Caller, entity: Entity, verb: Verb) -> ColumnElement[bool] | None:
    """What a record of `entity` must meet so that the caller may `verb` it; None for every record."""
    decision = caller.decide(entity, verb)
    if decision.condition is None:
        return None
    raise NotImplementedError
