"""Numbers of records of all entities: live ones that may be read, in one statement."""

from __future__ import annotations

import pytest

from amity.access.policy import Decision
from amity.records import counting, listing
from amity.records.shapes import Count
from tests.factories.worlds import Rules, World


def test_live_records_are_counted_in_one_statement(world: World) -> None:
    for name in ("Ada", "Bob", "Cyd"):
        made = world.create("person", name=name)
    world.records.delete(world.ctx(), "person", made.id, version=1)
    world.create("company", name="Firm")
    with world.statements() as statements:
        found = world.records.counts(world.ctx())
    assert found["person"] == Count(2, True) and found["company"] == Count(1, True)
    assert set(found) == {entity.name for entity in world.model}
    assert len([text for text in statements if "count(" in text]) == 1


def test_what_may_not_be_read_is_not_counted(world: World) -> None:
    for name in ("Ada", "Bob"):
        world.create("person", name=name)
    some = Decision(True, condition="name != 'Ada'")
    rules = Rules({("read", "person"): some, ("read", "company"): Decision(False)})
    found = world.under(rules).records.counts(world.ctx())
    assert found["person"] == Count(1, True) and "company" not in found


def test_many_entities_take_a_few_statements_and_the_cap_holds(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counting, "TOGETHER", 1)
    monkeypatch.setattr(counting, "COUNT_CAP", 1)
    for name in ("Ada", "Bob"):
        world.create("person", name=name)
    world.create("company", name="Firm")
    found = world.records.counts(world.ctx())
    assert found["person"] == Count(1, False) and found["company"] == Count(1, True)
    assert listing.COUNT_CAP > 1
