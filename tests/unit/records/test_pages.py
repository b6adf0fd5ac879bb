"""Lists: sort orders, keyset pages, cursors, counts, and what is wrong with a question."""

from __future__ import annotations

import base64
import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from amity.database.folding import fold_key
from amity.errors import Invalid
from amity.records.shapes import COUNT_CAP, Query
from tests.factories.worlds import World, empty_tables

SORTS = ("name", "age", "revenue", "born", "met", "vip", "stage", "created_at")
rows = st.fixed_dictionaries(
    {
        "name": st.sampled_from(["Ann", "ann", "Änn", "Bob", "bob ", "Zoë", "zoe", "10", "9"]),
        "age": st.one_of(st.none(), st.integers(0, 3)),
        "revenue": st.one_of(st.none(), st.sampled_from([Decimal("-1.5"), Decimal("0"), Decimal("2.25")])),
        "born": st.one_of(st.none(), st.dates(dt.date(1999, 12, 31), dt.date(2000, 1, 2))),
        "met": st.one_of(st.none(), st.datetimes(dt.datetime(2000, 1, 1), dt.datetime(2000, 1, 1, 0, 0, 1))),
        "vip": st.one_of(st.none(), st.booleans()),
    }
)


def wire(row: dict[str, Any]) -> dict[str, Any]:
    born, met = row["born"], row["met"]
    return {
        **row,
        "born": born and born.isoformat(),
        "met": met and met.isoformat() + "Z",
    }


def expected(records: list[Any], sort: list[str]) -> list[str]:
    """Sort in Python: nulls last both ways, the id ends the order."""
    found = sorted(records, key=lambda record: record.id)
    for item in reversed(sort):
        name, down = item.lstrip("-"), item.startswith("-")

        def key(record: Any, name: str = name) -> Any:
            value = record.get(name)
            return fold_key(value) if isinstance(value, str) and name == "name" else value

        filled = [record for record in found if record.get(name) is not None]
        empty = [record for record in found if record.get(name) is None]
        found = sorted(filled, key=key, reverse=down) + empty
    return [record.id for record in found]


def pages(world: World, **query: Any) -> list[str]:
    """Walk all pages."""
    seen: list[str] = []
    after = None
    while True:
        page = world.records.find(world.ctx(), "person", Query(after=after, **query))
        seen += [record.id for record in page.records]
        after = page.next
        if after is None:
            return seen


@settings(max_examples=25)
@given(
    made=st.lists(rows, max_size=14),
    sort=st.lists(st.sampled_from(SORTS), unique=True, min_size=1, max_size=3),
    down=st.lists(st.booleans(), min_size=3, max_size=3),
    limit=st.integers(1, 5),
)
def test_pages_hold_every_record_once_in_order(
    shared_world: World, made: list[dict[str, Any]], sort: list[str], down: list[bool], limit: int
) -> None:
    empty_tables(shared_world)
    shared_world.records.bulk(shared_world.ctx(), "person", [wire(row) for row in made], mode="all")
    order = [("-" if descending else "") + name for name, descending in zip(sort, down, strict=False)]
    records = shared_world.records.find(shared_world.ctx(), "person", Query(limit=500)).records
    assert pages(shared_world, sort=",".join(order), limit=limit) == expected(records, order)
    empty_tables(shared_world)


def test_a_relation_sorts_by_what_its_target_is_called(world: World) -> None:
    zed, amy = world.create("person", name="Zed"), world.create("person", name="amy")
    a = world.create("person", name="A", boss=zed.id)
    b = world.create("person", name="B", boss=amy.id)
    assert pages(world, sort="boss,name", limit=1) == [b.id, a.id, amy.id, zed.id]
    assert pages(world, sort="-boss,-name", limit=2) == [a.id, b.id, zed.id, amy.id]
    world.records.delete(world.ctx(), "person", zed.id, version=1)
    assert pages(world, sort="boss,name", limit=1) == [b.id, a.id, amy.id]


def test_pages_do_not_shift_when_records_come_and_go(world: World) -> None:
    made = [world.create("person", name=f"P{number}") for number in range(6)]
    first = world.records.find(world.ctx(), "person", Query(sort="name", limit=3))
    world.create("person", name="A first one")
    world.records.delete(world.ctx(), "person", made[2].id, version=1)
    second = world.records.find(world.ctx(), "person", Query(sort="name", limit=3, after=first.next))
    assert [record.id for record in second.records] == [record.id for record in made[3:]]


def test_a_cursor_belongs_to_its_question(world: World) -> None:
    for number in range(4):
        world.create("person", name=f"P{number}")
    cursor = world.records.find(world.ctx(), "person", Query(sort="name", limit=2)).next
    assert cursor is not None
    raw = bytearray(base64.urlsafe_b64decode(cursor + "=="))
    raw[-3] ^= 1
    forged = base64.urlsafe_b64encode(bytes(raw)).decode().rstrip("=")
    for query in (
        Query(sort="-name", after=cursor),
        Query(sort="name", where="age == 1", after=cursor),
        Query(sort="name", q="p", after=cursor),
        Query(sort="name", after=forged),
        Query(sort="name", after=""),
        Query(sort="name", after="é"),
        Query(sort="name", after="x" * 9000),
        Query(sort="name", after="bm90IGEgY3Vyc29yIGF0IGFsbA"),
    ):
        with pytest.raises(Invalid) as caught:
            world.records.find(world.ctx(), "person", query)
        assert [item.parameter for item in caught.value.problems] == ["after"]
    with pytest.raises(Invalid):
        world.records.bin(world.ctx(), "person", Query(sort="name", after=cursor))


@pytest.mark.parametrize(
    ("query", "parameter", "text"),
    [
        (Query(where="nme == 'x'"), "where", "Did you mean 'name'"),
        (Query(where="name == "), "where", "Column"),
        (Query(where="name"), "where", ""),
        (Query(where="name == 1"), "where", ""),
        (Query(where="1; DROP TABLE e_person"), "where", "Column 2"),
        (Query(where="(" * 5000), "where", ""),
        (Query(where="\0"), "where", ""),
        (Query(where="name == '\ud800'"), "where", ""),
        (Query(sort="nme"), "sort", "Did you mean 'name'"),
        (Query(sort="name,,age"), "sort", "empty"),
        (Query(sort="name; DROP TABLE e_person"), "sort", ""),
        (Query(sort="id desc"), "sort", ""),
        (Query(sort="name,age,born,met,vip,email,stage,boss,id"), "sort", "at most 8"),
        (Query(fields=["nme"]), "fields", "Did you mean 'name'"),
        (Query(limit=0), "limit", "500"),
        (Query(limit=501), "limit", "500"),
        (Query(count="all"), "count", "capped"),  # type: ignore[arg-type]
    ],
)  # fmt: skip
def test_wrong_questions_are_named(world: World, query: Query, parameter: str, text: str) -> None:
    world.create("person", name="Ada")
    with pytest.raises(Invalid) as caught:
        world.records.find(world.ctx(), "person", query)
    assert [item.parameter for item in caught.value.problems] == [parameter]
    assert text in caught.value.problems[0].message


def test_only_the_asked_columns_are_read(world: World) -> None:
    world.create("person", name="Ada", email="a@example.org")
    with world.statements() as statements:
        page = world.records.find(world.ctx(), "person", Query(fields=["name"]))
    assert set(page.records[0].values) == {"id", "version", "name"}
    assert not [item for item in statements if "f_email" in item]
    assert page.records[0].as_json()["name"] == "Ada"


def test_counts_are_exact_up_to_the_cap(world: World) -> None:
    world.records.bulk(world.ctx(), "person", [{"name": "P"}] * (COUNT_CAP + 5))
    counted = world.records.find(world.ctx(), "person", Query(count="capped", limit=1)).count
    assert counted is not None
    assert counted.as_json() == {"value": COUNT_CAP, "exact": False}
    counted = world.records.find(world.ctx(), "person", Query(count="exact", limit=1)).count
    assert counted is not None
    assert counted.as_json() == {"value": COUNT_CAP + 5, "exact": True}
    assert world.records.find(world.ctx(), "person", Query(limit=1)).count is None
