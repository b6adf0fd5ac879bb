"""Checks of whole records: the entity's expressions, fields required under a condition, validators."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest

from amity.access.policy import RolePolicy
from amity.errors import Invalid, Problem
from amity.extension import RecordValidator
from tests.factories.worlds import (
    Definitions,
    World,
    build_model,
    make_records,
    open_world,
    prepared,
)
from tests.support.databases import DatabaseServer

ORDER: dict[str, Any] = {
    "title": "Order",
    "type": "object",
    "required": ["number"],
    "properties": {
        "number": {"type": "string", "title": "Number", "maxLength": 5},
        "paid": {"type": "boolean", "title": "Paid"},
        "total": {"type": "integer", "title": "Total"},
        "limit": {"type": "integer", "title": "Limit"},
        "paid_on": {
            "type": "string", "format": "date", "title": "Paid on",
            "x-amity": {"required_when": "paid == true"},
        },
        "parent": {
            "type": "string", "format": "uuid", "title": "Parent",
            "x-amity": {"kind": "relation", "to": "order", "inverse": "parts"},
        },
    },
    "x-amity": {
        "name": "order", "plural": "Orders", "display": "number",
        "checks": [
            {"expression": "limit == null || total <= limit", "message": "Too much.", "field": "total"},
            {"expression": "parent.total == null || total <= parent.total", "message": "Above the whole."},
        ],
    },
}  # fmt: skip
DOCUMENTS = (ORDER,)


@pytest.fixture(scope="module")
def orders(database_server: DatabaseServer) -> Iterator[World]:
    url = database_server.create()
    prepared(DOCUMENTS)(url)
    world = open_world(url, DOCUMENTS)
    yield world
    world.database.close()
    database_server.drop(url)


def codes(call: Any) -> list[tuple[str, str | None]]:
    with pytest.raises(Invalid) as caught:
        call()
    return [(item.code, item.pointer) for item in caught.value.problems]


def test_checks_hold_on_create_and_change(orders: World) -> None:
    assert codes(lambda: orders.create("order", number="1", total=5, limit=4)) == [("check", "/total")]
    made = orders.create("order", number="1", total=4, limit=4)
    update = orders.records.update
    assert codes(lambda: update(orders.ctx(), "order", made.id, {"total": 5}, version=1)) == [
        ("check", "/total")
    ]
    assert codes(lambda: update(orders.ctx(), "order", made.id, {"paid": True}, version=1)) == [
        ("required", "/paid_on")
    ]
    paid = update(orders.ctx(), "order", made.id, {"paid": True, "paid_on": "2026-01-31"}, version=1)
    assert paid.version == 2


def test_checks_follow_relations(orders: World) -> None:
    whole = orders.create("order", number="W", total=10)
    assert codes(lambda: orders.create("order", number="P", total=11, parent=whole.id)) == [("check", "")]
    rows = [{"number": "P", "total": number, "parent": whole.id} for number in (9, 10, 11)]
    with orders.statements() as statements:
        result = orders.records.bulk(orders.ctx(), "order", rows)
    assert (result.created, [item.index for item in result.errors]) == (2, [2])
    assert len(statements) < 20


def test_a_later_rule_does_not_stop_other_changes(orders: World) -> None:
    made = orders.create("order", number="12345")
    strict = build_stricter(orders)
    changed = strict.records.update(strict.ctx(), "order", made.id, {"total": 1}, version=1)
    assert changed.get("total") == 1
    assert codes(
        lambda: strict.records.update(strict.ctx(), "order", made.id, {"number": "54321"}, version=2)
    ) == [("maxLength", "/number")]


def build_stricter(orders: World) -> World:
    """The same table under a document that allows fewer characters."""
    properties = {**ORDER["properties"], "number": {"type": "string", "title": "Number", "maxLength": 3}}
    definitions = Definitions(build_model([{**ORDER, "properties": properties}], revision=2))
    records = make_records(orders.database, definitions, RolePolicy())
    return replace(orders, definitions=definitions, records=records)


def test_validators_of_extensions_run_in_the_gate(orders: World) -> None:
    def check(entity: str, values: Mapping[str, Any]) -> list[Problem]:
        if values.get("number") == "bad":
            return [Problem("bad_number", "Not this one.", pointer="/number")]
        return []

    world = orders.under(RolePolicy(), validators=[RecordValidator("numbers", check, frozenset({"order"}))])
    assert codes(lambda: world.create("order", number="bad")) == [("bad_number", "/number")]
    result = world.records.bulk(world.ctx(), "order", [{"number": "bad"}, {"number": "good"}])
    assert (result.created, [item.code for item in result.errors]) == (1, ["bad_number"])
