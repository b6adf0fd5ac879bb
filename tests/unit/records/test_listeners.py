"""The seam for rules, formulas and run requests."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from amity.access.policy import RolePolicy
from amity.entities.model import Entity
from amity.errors import Invalid
from amity.records.draft import Draft
from amity.records.listeners import Change
from amity.records.unit import Unit
from tests.factories.worlds import World


class Rule:
    """Sets the age of people called Ada, refuses Bob, remembers what was written."""

    def __init__(self) -> None:
        self.heard: list[Change] = []

    def listens_to(self, unit: Unit, entity: Entity) -> bool:
        return entity.name == "person"

    def saving(self, unit: Unit, entity: Entity, drafts: Sequence[Draft]) -> None:
        for draft in drafts:
            if draft.values["name"] == "Ada":
                draft.set("age", 36)
            if draft.values["name"] == "Bob":
                draft.refuse("rule", "No Bobs.", "name")
            if draft.values["name"] == "Neg":
                draft.set("age", -1)

    def written(self, unit: Unit, entity: Entity, changes: Sequence[Change]) -> None:
        self.heard.extend(changes)


def test_a_listener_sets_refuses_and_hears(world: World) -> None:
    rule = Rule()
    ruled = world.under(RolePolicy(), listeners=[rule])
    ada = ruled.create("person", name="Ada")
    assert ada.get("age") == 36
    for name, code in (("Bob", "rule"), ("Neg", "minimum")):
        with pytest.raises(Invalid) as caught:
            ruled.create("person", name=name)
        assert caught.value.problems[0].code == code
    ruled.create("company", name="Ada")
    changed = ruled.records.update(ruled.ctx(), "person", ada.id, {"age": 3, "vip": True}, version=1)
    assert changed.get("age") == 36
    assert [(item.kind, item.record) for item in rule.heard] == [("created", ada.id), ("updated", ada.id)]
    assert rule.heard[1].old is not None
    assert (rule.heard[1].old["vip"], rule.heard[1].new["vip"]) == (None, True)
    history = ruled.records.history(ruled.ctx(), "person", ada.id).events[0]
    assert history.id == rule.heard[1].event
    assert history.changes == {"vip": (None, True)}
