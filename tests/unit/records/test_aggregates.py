"""Grouped figures."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from amity.access.policy import Decision
from amity.errors import Invalid
from tests.factories.worlds import Rules, World


@pytest.fixture
def people(world: World) -> World:
    firm = world.create("company", name="Firm")
    for name, stage, revenue, age, company in (
        ("Ada", "lead", "10.50", 1, firm.id),
        ("Bob", "lead", "0.25", None, None),
        ("Cyd", "active", None, 4, firm.id),
        ("Dan", None, "-3", 2, None),
    ):
        values = {"name": name, "stage": stage, "age": age, "company": company}
        record = world.create("person", **values, revenue=None if revenue is None else Decimal(revenue))
        if stage is None:
            world.records.update(world.ctx(), "person", record.id, {"stage": None}, version=1)
    return world


def test_figures_by_group(people: World) -> None:
    measures = ["count", "sum:revenue", "avg:revenue", "min:age", "max:age"]
    found = people.records.aggregate(people.ctx(), "person", group=["stage"], measures=measures)
    assert found.complete
    assert [list(group.values()) for group in found.groups] == [
        ["active", 1, None, None, 4, 4],
        ["lead", 2, Decimal("10.75"), Decimal("5.375"), 1, 1],
        [None, 1, -3, -3, 2, 2],
    ]
    assert list(found.groups[0]) == ["stage", *measures]
    aged = people.records.aggregate(
        people.ctx(), "person", where="age != null", measures=["count", "sum:age", "avg:age"]
    )
    assert aged.groups == [{"count": 3, "sum:age": 7, "avg:age": Decimal("2.333333")}]
    linked = people.records.aggregate(people.ctx(), "person", group=["company"])
    assert [group["count"] for group in linked.groups] == [2, 2]


def test_hidden_records_and_fields_do_not_count(people: World) -> None:
    fields = frozenset(name for name in people.model.entities["person"].by_name if name != "revenue")
    hides = Decision(True, condition="name != 'Ada'", readable=fields)
    blind = people.under(
        Rules({("read", "person"): hides, ("read", "company"): Decision(True, condition="name != 'Firm'")})
    )
    found = blind.records.aggregate(people.ctx(), "person", group=["company"])
    assert found.groups == [{"company": None, "count": 3}]
    wrong: tuple[dict[str, Any], ...] = (
        {"measures": ["sum:revenue"]},
        {"group": ["revenue"]},
        {"where": "revenue > 1"},
    )
    for question in wrong:
        with pytest.raises(Invalid, match="revenue"):
            blind.records.aggregate(people.ctx(), "person", **question)


@pytest.mark.parametrize(
    ("question", "parameter"),
    [
        ({"group": ["nothing"]}, "group"),
        ({"group": ["name", "age", "stage", "vip"]}, "group"),
        ({"measures": ["sum:name"]}, "measures"),
        ({"measures": ["sum"]}, "measures"),
        ({"measures": ["median:age"]}, "measures"),
        ({"measures": ["sum:boss"]}, "measures"),
        ({"where": "nothing == 1"}, "where"),
    ],
)
def test_wrong_questions_are_named(world: World, question: dict[str, Any], parameter: str) -> None:
    with pytest.raises(Invalid) as caught:
        world.records.aggregate(world.ctx(), "person", **question)
    assert [item.parameter for item in caught.value.problems] == [parameter]
