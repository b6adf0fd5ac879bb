"""Policies: conditions on old and new rows, and what is hidden appears nowhere."""

from __future__ import annotations

import pytest

from amity.access.policy import Decision
from amity.errors import Forbidden
from tests.factories.worlds import Rules, World


def test_conditions_hold_for_the_old_and_the_new_row(world: World) -> None:
    record = world.create("person", name="Ada", stage="lead")
    limited = world.under(Rules({("update", "person"): Decision(True, condition="stage == 'lead'")}))
    with pytest.raises(Forbidden):
        limited.records.update(world.ctx(), "person", record.id, {"stage": "active"}, version=1)
    assert world.records.get(world.ctx(), "person", record.id).version == 1
    world.records.update(world.ctx(), "person", record.id, {"stage": "active"}, version=1)
    with pytest.raises(Forbidden):
        limited.records.update(world.ctx(), "person", record.id, {"stage": "lead"}, version=2)


def test_a_plain_create_takes_few_statements(world: World) -> None:
    policed = world.under(Rules({("*", "person"): Decision(True, condition="name != 'x'")}))
    policed.create("person", name="Ada")
    with world.statements() as statements:
        policed.create("person", name="Bob", email="b@example.org")
    assert len(statements) <= 6, statements
