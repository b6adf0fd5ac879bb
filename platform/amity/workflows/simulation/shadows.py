"""Records as the steps of a simulation see them: what earlier steps would have written lies over them.

Nothing is written. A `Shadow` stands for a record of now or of then; `Overlay` keeps what the simulation
would have changed, made and deleted, so that `record.stage` behind an `update` is the new stage. Lists of
pointing records (inverses) are those that are really there.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from amity.database.ids import new_id
from amity.entities.kinds.base import ValueProblem
from amity.entities.model import Entity, Field, Model
from amity.expressions import RecordValue
from amity.records.facts import Facts
from amity.records.links import links_of
from amity.records.past import PastFacts
from amity.workflows.subjects import entity_of

Find = Callable[[Entity, Sequence[str]], Mapping[str, RecordValue]]
"""Reads records by id, as they are or were."""
_REAL: Final = (Facts, PastFacts)


class Overlay:
    """What the steps so far would have written."""

    def __init__(self, model: Model, find: Find) -> None:
        self.model = model
        self._find = find
        self._changed: dict[tuple[str, str], dict[str, Any]] = {}
        self._made: dict[tuple[str, str], Entity] = {}
        self._gone: set[tuple[str, str]] = set()

    @property
    def is_used(self) -> bool:
        """Whether anything would have been written."""
        return bool(self._changed or self._gone)

    def ids(self, entity: Entity) -> set[str]:
        """Ids of the entity's records that would have been written."""
        return {key for own, key in (*self._changed, *self._gone) if own == entity.id}

    def made(self, entity: Entity) -> set[str]:
        """Ids of the entity's records that would be new."""
        return {key for own, key in self._made if own == entity.id}

    def amend(self, entity: Entity, key: str, values: Mapping[str, Any]) -> None:
        """Add to what the last write of a record would have written (a rule does, in the same save)."""
        self._changed.setdefault((entity.id, key), {}).update(values)

    def copied(self) -> tuple[Any, Any, Any]:
        """Give the present state, for `reset`."""
        changed = {place: dict(values) for place, values in self._changed.items()}
        return changed, dict(self._made), set(self._gone)

    def reset(self, state: tuple[Any, Any, Any]) -> None:
        """Go back to a state."""
        self._changed, self._made, self._gone = state

    def take(self, write: Mapping[str, Any]) -> str:
        """Take a write of a preview in (`Preview.writes`); give the id, made up for a new record."""
        entity = self.model.entities[write["entity"]]
        key = str(write.get("record") or new_id())
        place = (entity.id, key)
        if write["verb"] == "delete":
            self._gone.add(place)
        elif write["verb"] == "create":
            self._made[place] = entity
            self._changed[place] = {"version": 1, **write["values"]}
        else:
            known = self._changed.setdefault(place, {})
            known["steps"] = known.get("steps", 0) + 1
            known.update(write["values"])
        return key

    def records(self, entity: Entity, ids: Sequence[str]) -> dict[str, RecordValue]:
        """Give records as they would be, by id; those that would be deleted are left out."""
        real = [key for key in ids if (entity.id, key) not in self._made]
        found = {key: self.over(value) for key, value in self._find(entity, real).items()} if real else {}
        for key in ids:
            if (entity.id, key) in self._made:
                found[key] = Shadow(self, entity, key, None)
        return {key: value for key, value in found.items() if value is not None}

    def over(self, value: Any, *, own: bool = True) -> Any:
        """Lay what would be written over what an expression gave.

        Without `own`, the record keeps its values (it is an old state), and only what it leads to is covered.
        """
        if isinstance(value, list):
            return [item for item in (self.over(each) for each in value) if item is not None]
        if not isinstance(value, _REAL):
            return value
        entity = entity_of(value, self.model)
        if entity is None or value.id is None or (own and (entity.id, value.id) in self._gone):
            return None
        return Shadow(self, entity, value.id, value, own=own)

    def changed(self, entity: Entity, key: str) -> Mapping[str, Any]:
        """What would have been written into a record: JSON values by field."""
        return self._changed.get((entity.id, key), {})


class Shadow:
    """One record of a simulation (see `expressions.RecordValue`)."""

    __slots__ = ("_inner", "_overlay", "_own", "entity", "id")

    def __init__(
        self, overlay: Overlay, entity: Entity, key: str, inner: RecordValue | None, *, own: bool = True
    ) -> None:
        self._overlay = overlay
        self._inner = inner
        self._own = own
        self.entity = entity
        self.id = key

    def get(self, name: str, /) -> Any:
        """Give a typed value, linked records for relations."""
        changed = self._overlay.changed(self.entity, self.id) if self._own else {}
        if name == "version" and self._inner is not None:
            return (self._inner.get(name) or 0) + changed.get("steps", 0)
        if name in changed:
            field = self.entity.by_name.get(name)
            return changed[name] if field is None else self._typed(field, changed[name])
        return None if self._inner is None else self._overlay.over(self._inner.get(name))

    def _typed(self, field: Field, value: Any) -> Any:
        if value is None:
            return [] if field.kind.is_relation and field.kind.to_many else None
        try:
            typed = field.kind.parse(field, value)
        except ValueProblem:
            return None
        return self._linked(field, typed) if field.kind.is_relation else typed

    def _linked(self, field: Field, typed: Any) -> Any:
        model = self._overlay.model
        found = []
        for link in links_of(model, field, typed):
            entity = model.entities.get(link.entity)
            known = None if entity is None else self._overlay.records(entity, [link.id]).get(link.id)
            if known is not None:
                found.append(known)
        if field.kind.to_many:
            return found
        return found[0] if found else None


def label_values(value: RecordValue, entity: Entity) -> dict[str, Any]:
    """Give the values of a record that its label is made of."""
    return {"id": value.id or str(uuid.UUID(int=0)), **{name: value.get(name) for name in entity.display}}
