"""One timeline of a party in all its roles: order, pages, what is next, who may see what, what it costs."""

from __future__ import annotations

import datetime as dt
import random
import time
from collections.abc import Iterator
from typing import Any

import pytest

from amity.access.policy import Decision
from amity.errors import Invalid, NotFound
from amity.records.timeline import Entry, Timeline, TimelineQuery
from tests.factories.worlds import NOW, Rules, World, empty_tables, open_world, prepared
from tests.support.databases import DatabaseServer

ROLES = ("firm", "client", "supplier", "person")


def role(name: str, **properties: Any) -> dict[str, Any]:
    return {
        "title": name.capitalize(),
        "type": "object",
        "required": ["name"],
        "properties": {"name": {"type": "string", "title": "Name"}, **properties},
        "x-amity": {"name": name, "display": "name"},
    }


def link(to: str, inverse: str, **more: Any) -> dict[str, Any]:
    options = {"kind": "relation", "to": to, "inverse": inverse, **more}
    return {"type": "string", "format": "uuid", "x-amity": options}


CALL: dict[str, Any] = {
    "title": "Call",
    "type": "object",
    "properties": {
        "subject": {"type": "string"},
        "at": {"type": "string", "format": "date-time"},
        "mood": {"type": "string"},
        "who": {"x-amity": {"kind": "relations", "to": list(ROLES), "inverse": "calls"}, "type": "array"},
        "taken_by": link("person", "taken_calls"),
    },
    "x-amity": {"name": "call", "display": "subject", "timeline": {"at": "at", "with": ["who"]}},
}
TODO: dict[str, Any] = {
    "title": "To-do",
    "type": "object",
    "properties": {
        "title": {"type": "string"},
        "due": {"type": "string", "format": "date"},
        "done_at": {"type": "string", "format": "date-time"},
        "about": {"type": "object", "x-amity": {"kind": "any_relation", "inverse": "todos"}},
    },
    "x-amity": {
        "name": "todo",
        "display": "title",
        "timeline": {"at": ["done_at", "due"], "open": "done_at == null"},
    },
}
DOCUMENTS = (
    role("firm"),
    role("client", firm=link("firm", "client", unique=True, timeline="same")),
    role("supplier", firm=link("firm", "supplier", unique=True, timeline="same")),
    role("person", client=link("client", "people", timeline="part")),
    CALL,
    TODO,
)


@pytest.fixture(scope="session")
def shared_parties(database_server: DatabaseServer) -> Iterator[World]:
    """One database for all tests of a server."""
    url = database_server.create()
    prepared(DOCUMENTS)(url)
    world = open_world(url, DOCUMENTS)
    yield world
    world.database.close()
    database_server.drop(url)


@pytest.fixture
def world(shared_parties: World) -> Iterator[World]:
    """Firms that are clients and suppliers, their people, calls and to-dos; empty at the start."""
    yield shared_parties
    empty_tables(shared_parties)


class Bakery:
    """A firm that buys and sells, and somebody who works there."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.firm = world.create("firm", name="Bakery")
        self.client = world.create("client", name="Bakery", firm=self.firm.id)
        self.supplier = world.create("supplier", name="Bakery", firm=self.firm.id)
        self.ada = world.create("person", name="Ada", client=self.client.id)
        self.other = world.create("client", name="Other")

    def call(self, subject: str, days: float, *who: Any) -> Any:
        at = (NOW + dt.timedelta(days=days)).isoformat().replace("+00:00", "Z")
        links = [{"entity": item.entity, "id": item.id} for item in who]
        return self.world.create("call", subject=subject, at=at, who=links)

    def todo(self, title: str, about: Any, **values: Any) -> Any:
        return self.world.create(
            "todo", title=title, about={"entity": about.entity, "id": about.id}, **values
        )


def of(world: World, record: Any, **query: Any) -> Timeline:
    return world.records.timeline(world.ctx(), record.entity, record.id, TimelineQuery(**query))


def titles(entries: tuple[Entry, ...]) -> list[str]:
    return [entry.record.get("subject") or entry.record.get("title") for entry in entries]


def test_one_party_has_one_timeline_whichever_role_is_asked(world: World) -> None:
    bakery = Bakery(world)
    bakery.call("bought", -3, bakery.client)
    bakery.call("sold", -2, bakery.supplier)
    bakery.call("talked", -1, bakery.firm, bakery.client)
    bakery.call("stranger", -1, bakery.other)
    for page in (bakery.firm, bakery.client, bakery.supplier):
        found = of(world, page)
        assert titles(found.past.entries) == ["talked", "sold", "bought"]
        assert found.members[0] == (page.entity, page.id)
        assert set(found.members) == {
            (item.entity, item.id) for item in (bakery.firm, bakery.client, bakery.supplier)
        }
        talked, sold, bought = (entry.roles for entry in found.past.entries)
        assert bought == (("client", bakery.client.id),)
        assert sold == (("supplier", bakery.supplier.id),)
        assert set(talked) == {("firm", bakery.firm.id), ("client", bakery.client.id)}
        assert found.labels["supplier", bakery.supplier.id] == "Bakery"
    assert titles(of(world, bakery.other).past.entries) == ["stranger"]


def test_those_who_belong_to_a_party_bring_their_entries_along(world: World) -> None:
    bakery = Bakery(world)
    bakery.call("with Ada", -1, bakery.ada)
    bakery.call("with us", -2, bakery.client)
    for page in (bakery.firm, bakery.client, bakery.supplier):
        found = of(world, page).past.entries
        assert titles(found) == ["with Ada", "with us"]
        assert found[0].roles == (("person", bakery.ada.id),)
    assert titles(of(world, bakery.ada).past.entries) == ["with Ada"], "not the other way round"


def test_what_is_next_stands_apart(world: World) -> None:
    bakery = Bakery(world)
    bakery.call("coming", 2, bakery.client)
    bakery.call("was", -2, bakery.client)
    bakery.todo("late", bakery.supplier, due="2026-03-01")
    bakery.todo("some day", bakery.firm)
    bakery.todo("soon", bakery.firm, due="2026-03-15")
    bakery.todo("done", bakery.firm, due="2026-03-15", done_at="2026-03-10T10:00:00Z")
    found = of(world, bakery.client)
    assert titles(found.ahead.entries) == ["late", "soon", "coming", "some day"]
    assert titles(found.past.entries) == ["was", "done"]
    assert [entry.dated for entry in found.ahead.entries] == [True, True, True, False]
    assert found.ahead.entries[0].at == dt.date(2026, 3, 1)
    assert found.past.entries[1].at == dt.datetime(2026, 3, 10, 10, tzinfo=dt.UTC)


def test_a_date_stands_on_its_day_in_every_zone(world: World) -> None:
    bakery = Bakery(world)
    for number, moment in enumerate(("2026-03-09T12:30:00Z", "2026-03-10T00:30:00Z", "2026-03-10T23:30:00Z")):
        world.create("call", subject=str(number), at=moment, who=[{"entity": "firm", "id": bakery.firm.id}])
    world.create("todo", title="day", due="2026-03-10", about={"entity": "firm", "id": bakery.firm.id})
    found = of(world.under(Rules()), bakery.firm)
    assert titles(found.ahead.entries) == ["day"]
    assert titles(found.past.entries) == ["2", "1", "0"]


@pytest.mark.parametrize("size", [1, 2, 7])
def test_pages_are_the_whole_in_order(world: World, size: int) -> None:
    bakery = Bakery(world)
    chance = random.Random(size)
    who = (bakery.firm, bakery.client, bakery.supplier, bakery.ada)
    for number in range(9):
        # Few different moments: ties are told apart by the id.
        bakery.call(f"past {number}", -chance.randint(1, 3), *chance.sample(who, 2))
        due = {"due": f"2026-03-{chance.randint(10, 12)}"} if number % 3 else {}
        bakery.todo(f"next {number}", chance.choice(who), **due)
    whole = of(world, bakery.firm, limit=50, ahead=50)
    assert len(whole.past.entries) == 9 and len(whole.ahead.entries) == 9
    past: list[str] = []
    ahead: list[str] = []
    after = ahead_after = None
    while True:
        page = of(world, bakery.firm, limit=size, after=after, ahead=size, ahead_after=ahead_after)
        past += titles(page.past.entries) if after or not past else []
        ahead += titles(page.ahead.entries) if ahead_after or not ahead else []
        after, ahead_after = page.past.next, page.ahead.next
        if after is None and ahead_after is None:
            break
    assert past == titles(whole.past.entries)
    assert ahead == titles(whole.ahead.entries)
    moments = [entry.at for entry in whole.past.entries]
    assert moments == sorted(moments, reverse=True)  # type: ignore[type-var]


def test_kinds_of_entries_can_be_chosen(world: World) -> None:
    bakery = Bakery(world)
    bakery.call("call", -1, bakery.client)
    bakery.todo("task", bakery.client)
    found = of(world, bakery.client, kinds=["todo"])
    assert titles(found.past.entries) == [] and titles(found.ahead.entries) == ["task"]
    assert found.kinds == ("call", "todo"), "all kinds are offered, whichever is chosen"
    assert titles(of(world, bakery.client, kinds=["nothing"]).past.entries) == []


def test_cursors_and_limits_of_others_are_refused(world: World) -> None:
    bakery = Bakery(world)
    for days in range(3):
        bakery.call("x", -days - 1, bakery.client, bakery.other)
    cursor = of(world, bakery.client, limit=1).past.next
    assert cursor is not None
    for wrong in (
        lambda: of(world, bakery.other, limit=1, after=cursor),
        lambda: of(world, bakery.client, kinds=["call"], after=cursor),
        lambda: of(world, bakery.client, ahead_after=cursor),
        lambda: of(world, bakery.client, after="x"),
        lambda: of(world, bakery.client, limit=501),
        lambda: of(world, bakery.client, ahead=-1),
    ):
        with pytest.raises(Invalid):
            wrong()
    with pytest.raises(NotFound):
        world.records.timeline(world.ctx(), "client", bakery.firm.id)
    with pytest.raises(NotFound):
        world.records.timeline(world.ctx(), "client", "nobody")


def hidden(**decisions: Decision) -> Rules:
    return Rules({("read", name): decision for name, decision in decisions.items()})


def test_a_role_that_may_not_be_seen_is_not_there(world: World) -> None:
    bakery = Bakery(world)
    bakery.call("bought", -1, bakery.client)
    bakery.call("sold", -2, bakery.supplier)
    bakery.call("both", -3, bakery.supplier, bakery.client)
    bakery.call("with Ada", -4, bakery.ada)
    names = {"all": ["bought", "sold", "both", "with Ada"], "client": ["bought", "both", "with Ada"]}
    without_supplier = (
        hidden(supplier=Decision(False)),
        hidden(supplier=Decision(True, condition="name != 'Bakery'")),
        hidden(supplier=Decision(True, readable=frozenset({"name"}))),
        hidden(firm=Decision(False)),
    )
    for number, rules in enumerate(without_supplier):
        found = of(world.under(rules), bakery.client, limit=3)
        assert titles(found.past.entries) == names["client"]
        assert found.past.next is None, "no page more because of what is hidden"
        assert all(name != "supplier" for name, _identity in found.members)
        assert all(name != "supplier" for entry in found.past.entries for name, _id in entry.roles)
        # Who may see the supplier but not that it is the same firm, sees it as any other participant.
        assert (("supplier", bakery.supplier.id) in found.labels) == (number >= 2)
    for rules in (
        hidden(person=Decision(False)),
        hidden(person=Decision(True, condition="name == 'Bob'")),
        hidden(person=Decision(True, readable=frozenset({"name"}))),
    ):
        assert titles(of(world.under(rules), bakery.client).past.entries) == ["bought", "sold", "both"]


def test_an_entry_that_may_not_be_seen_is_not_there(world: World) -> None:
    bakery = Bakery(world)
    bakery.call("open", -1, bakery.client)
    bakery.call("secret", -2, bakery.client)
    bakery.todo("task", bakery.client)
    cases: list[tuple[Rules, list[str], tuple[str, ...]]] = [
        (hidden(call=Decision(False)), [], ("todo",)),
        (hidden(call=Decision(True, condition="subject != 'secret'")), ["open"], ("call", "todo")),
        (hidden(call=Decision(True, readable=frozenset({"subject", "at"}))), [], ("todo",)),
    ]
    for rules, shown, kinds in cases:
        found = of(world.under(rules), bakery.client, limit=1)
        assert titles(found.past.entries) == shown and found.kinds == kinds
        assert found.past.next is None
    blind = of(
        world.under(hidden(call=Decision(True, readable=frozenset({"subject", "who"})))), bakery.client
    )
    assert titles(blind.past.entries) == ["secret", "open"], "by when they were added: the last one first"
    assert "at" not in blind.past.entries[0].record.values
    # Whether the to-do is done may not be known: what it says itself decides.
    kept = of(world.under(hidden(todo=Decision(True, readable=frozenset({"title", "about"})))), bakery.client)
    assert titles(kept.ahead.entries) + titles(kept.past.entries) == ["task", "open", "secret"]


def test_the_deleted_is_gone_and_comes_back(world: World) -> None:
    bakery = Bakery(world)
    bakery.call("bought", -1, bakery.client)
    sold = bakery.call("sold", -2, bakery.supplier)
    world.records.delete(world.ctx(), "supplier", bakery.supplier.id, version=1)
    assert titles(of(world, bakery.firm).past.entries) == ["bought"]
    world.records.restore(world.ctx(), "supplier", bakery.supplier.id)
    assert titles(of(world, bakery.firm).past.entries) == ["bought", "sold"]
    version = world.records.get(world.ctx(), "call", sold.id).version
    world.records.delete(world.ctx(), "call", sold.id, version=version)
    assert titles(of(world, bakery.firm).past.entries) == ["bought"]
    world.records.delete(world.ctx(), "client", bakery.client.id, version=1)
    assert titles(of(world, bakery.firm).past.entries) == []
    with pytest.raises(NotFound):
        of(world, bakery.client)


def test_ten_thousand_entries_cost_as_many_statements_as_ten_and_little_time(world: World) -> None:
    bakery = Bakery(world)
    counts = []
    for size in (10, 10_000):
        rows = [
            {
                "subject": f"call {number}",
                "at": (NOW - dt.timedelta(minutes=number + 1)).isoformat().replace("+00:00", "Z"),
                "who": [{"entity": "client" if number % 2 else "supplier",
                         "id": (bakery.client if number % 2 else bakery.supplier).id}],
            }
            for number in range(size)
        ]  # fmt: skip
        assert not world.records.bulk(world.ctx(), "call", rows, mode="all").errors
        of(world, bakery.firm)
        with world.statements() as statements:
            page = of(world, bakery.firm)
        assert len(page.past.entries) == (10 if size == 10 else 20)
        counts.append(len([item for item in statements if not item.startswith("SET")]))
    assert counts[0] == counts[1] <= 10
    deep = of(world, bakery.client, limit=500).past
    for _page in range(5):
        deep = of(world, bakery.client, limit=500, after=deep.next).past
    began = time.perf_counter()
    of(world, bakery.client)
    first = time.perf_counter() - began
    began = time.perf_counter()
    of(world, bakery.client, after=None, limit=20)
    assert min(first, time.perf_counter() - began) < 0.5
