"""Children: records of a related list, saved with their parent in one transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Connection

from amity.entities.model import Entity, Field
from amity.errors import Invalid, Stale
from amity.records import gate
from amity.records.before import read_before
from amity.records.caller import Caller
from amity.records.checks import check_alone
from amity.records.codec import is_polymorphic
from amity.records.computing import compute
from amity.records.deletion import delete_in
from amity.records.draft import Draft, escape
from amity.records.identity import as_id
from amity.records.intake import Intake
from amity.records.machine import Machine
from amity.records.reading import find_inverse
from amity.records.unit import Unit

Items = Sequence[Mapping[str, Any]]
MAX_CHILDREN: Final = 500
_KEYS: Final = {"id", "version", "values", "delete"}


@dataclass
class Family:
    """The children of one save: drafts by related list, and what is to be deleted."""

    drafts: list[tuple[Entity, list[Draft]]] = field(default_factory=list)
    deletions: list[tuple[Entity, str, int | None]] = field(default_factory=list)

    @property
    def failed(self) -> list[Draft]:
        """Children that cannot be written."""
        return [draft for _, drafts in self.drafts for draft in drafts if draft.failed]

    def save(self, unit: Unit) -> None:
        """Write the children; the parent is written already. Deletions first: they free unique values."""
        for entity, identity, version in self.deletions:
            delete_in(unit, entity, identity, version)
        for entity, drafts in self.drafts:
            gate.save(unit, entity, drafts)


def prepare_family(
    machine: Machine,
    caller: Caller,
    connection: Connection,
    parent: Draft,
    children: Mapping[str, Items] | None,
) -> Family:
    """Read what is given for each related list of the parent. Raises `Invalid` for a list that is none."""
    family = Family()
    for name, items in (children or {}).items():
        at = f"/children/{escape(str(name))}"
        entity, relation = _list(caller, parent.entity, str(name), at)
        if not isinstance(items, list | tuple) or len(items) > MAX_CHILDREN:
            raise Invalid.at(at, "type", f"This must be a list of at most {MAX_CHILDREN} children.")
        reading = _Reading(machine, caller, connection, parent, entity, relation)
        drafts = reading.run(items, at, family)
        compute(machine, caller, entity, drafts)
        check_alone(machine, caller, entity, drafts)
        family.drafts.append((entity, drafts))
    return family


def _list(caller: Caller, entity: Entity, name: str, at: str) -> tuple[Entity, Field]:
    found = find_inverse(caller, entity, name)
    if found is None:
        raise Invalid.at(at, "unknown", f"{entity.title} has no related list {name[:64]!r}.")
    if found[1].kind.to_many:
        raise Invalid.at(at, "kind", "Only records that link to one parent can be saved with it.")
    return found


@dataclass
class _Reading:
    machine: Machine
    caller: Caller
    connection: Connection
    parent: Draft
    entity: Entity
    relation: Field

    def run(self, items: Items, at: str, family: Family) -> list[Draft]:
        intake = Intake(self.caller, self.entity, self.machine.codec(self.caller, self.entity))
        patches = {
            key: set(item.get("values") or ())
            for item in items
            if isinstance(item, Mapping) and (key := as_id(item.get("id")))
        }
        before = read_before(self.machine, self.caller, self.connection, self.entity, patches)
        drafts = []
        for number, item in enumerate(items):
            place = f"{at}/{number}"
            self._check_shape(item, place)
            values = item.get("values") or {}
            if item.get("id") is None:
                self.caller.entity(self.entity.name, "create")
                fixed = {self.relation.name: self._link()}
                drafts.append(intake.create(0, values, pointer=f"{place}/values", fixed=fixed))
                continue
            key = as_id(item["id"])
            old = before.get(key) if key else None
            if key is None or old is None or not self._belongs(old.values):
                raise Invalid.at(f"{place}/id", "not_found", f"This is no {self.entity.title} of the record.")
            if item.get("delete"):
                self.caller.entity(self.entity.name, "delete")
                family.deletions.append((self.entity, key, item.get("version")))
                continue
            self.caller.entity(self.entity.name, "update")
            draft = intake.update(0, values, old, pointer=f"{place}/values")
            if item.get("version") not in (None, old.values["version"]):
                draft.error = Stale(f"This {self.entity.title} was changed meanwhile.")
            drafts.append(draft)
        return drafts

    def _check_shape(self, item: object, place: str) -> None:
        if not isinstance(item, Mapping) or not isinstance(item.get("values", {}), Mapping):
            raise Invalid.at(place, "type", "A child must be an object with `values` (and `id`, `version`).")
        for name in item:
            if name not in _KEYS:
                allowed = ", ".join(sorted(_KEYS))
                raise Invalid.at(
                    place, "unknown", f"There is no {str(name)[:64]!r} here; allowed: {allowed}."
                )

    def _link(self) -> Any:
        if is_polymorphic(self.relation):
            return {"entity": self.parent.entity.name, "id": self.parent.id}
        return self.parent.id

    def _belongs(self, values: Mapping[str, Any]) -> bool:
        value = values.get(self.relation.name)
        return (value["id"] if isinstance(value, Mapping) else value) == self.parent.id
