"""Records as they were: rights, gaps, bound names, expressions, and how many statements it takes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from sqlalchemy import delete, func, insert, select, update

from amity.access.context import SYSTEM
from amity.access.policy import Decision
from amity.database.ids import new_id
from amity.database.schema import account, event
from amity.entities.scope import EntityScope
from amity.errors import NotFound
from amity.expressions import Compiled, compile
from amity.records.past import Past, PastFacts
from amity.records.walking import PastChange, walk
from tests.factories.worlds import FUNCTIONS, NOW, Rules, World

HOUR = dt.timedelta(hours=1)


def compiled(world: World, entity: str, text: str) -> Compiled:
    return compile(text, EntityScope(world.model, world.model.entities[entity], FUNCTIONS))


def last(world: World) -> int:
    with world.database.read() as connection:
        return int(connection.execute(select(func.max(event.c.seq))).scalar_one())


@pytest.fixture
def then(world: World) -> Iterator[Any]:
    """A function that gives the past at an event, as the system sees it or a person."""
    with ExitStack() as stack:

        def past(seq: int, under: World = world, *, person: bool = False, before: bool = False) -> Past:
            machine = under.records.machine
            connection = stack.enter_context(world.database.read())
            caller = machine.caller(under.ctx(None if person else SYSTEM))
            return Past(machine, caller, connection, seq, before=before)

        yield past


def walked(world: World, **more: Any) -> Iterator[PastChange]:
    return walk(world.records.machine, world.ctx(SYSTEM), "person", NOW - 9 * HOUR, NOW + 9 * HOUR, **more)


def change(world: World, entity: str, key: str, **values: Any) -> None:
    version = world.records.get(world.ctx(), entity, key).version
    world.records.update(world.ctx(), entity, key, values, version=version)


def test_an_expression_runs_on_the_past_unchanged(world: World, then: Any) -> None:
    acme = world.create("company", name="Acme", city="Rome").id
    boss = world.create("person", name="Bea", company=acme).id
    ada = world.create("person", name="Ada", boss=boss, company=acme, age=3).id
    world.create("visit", subject="Tea", person=ada)
    seq = last(world)
    change(world, "company", acme, city="Oslo")
    change(world, "person", ada, boss=None, age=4)
    world.create("visit", subject="Milk", person=ada)
    texts = {
        "boss.company.city == 'Rome' && age == 3": (True, False),
        "visits.exists(v, v.subject == 'Milk')": (False, True),
        "company.people.count(p, p.boss != null)": (1, 0),
        "boss.reports.exists(r, r.name == 'Ada')": (True, False),
    }
    for text, (before, now) in texts.items():
        expression = compiled(world, "person", text)
        assert expression.evaluate(then(seq).record("person", ada)) == before, text
        assert expression.evaluate(then(last(world)).record("person", ada)) == now, text


def shown(facts: PastFacts | None) -> list[Any] | None:
    return None if facts is None else [facts.get("stage"), facts.get("version")]


def test_a_walk_gives_old_and_new(world: World) -> None:
    ada = world.create("person", name="Ada", stage="lead").id
    change(world, "person", ada, stage="active")
    world.records.delete(world.ctx(), "person", ada, version=2)
    world.records.restore(world.ctx(), "person", ada)
    found = [(item.kind, item.fields, shown(item.old), shown(item.new)) for item in walked(world)]
    assert found == [
        ("created", {"name", "stage"}, None, ["lead", 1]),
        ("updated", {"stage"}, ["lead", 1], ["active", 2]),
        ("deleted", set(), ["active", 2], None),
        ("restored", set(), None, ["active", 4]),
    ]
    for item in walked(world, kinds=["deleted"]):
        assert item.kind == "deleted"
        assert item.environment["record"] is item.old
    assert list(walk(world.records.machine, world.ctx(SYSTEM), "person", NOW - HOUR, NOW)) == []


def test_the_clock_and_me_are_those_of_the_moment(world: World) -> None:
    early = NOW.replace(hour=23) - dt.timedelta(days=1)
    ctx = world.ctx(now=early)
    world.records.create(ctx, "person", {"name": "Ada"})
    ctx = world.ctx(SYSTEM, timezone="Europe/Berlin")
    for found in walk(world.records.machine, ctx, "person", early, NOW):
        assert found.environment["now"] == early
        assert found.environment["today"] == NOW.date()  # past midnight in Berlin already
        assert found.environment["me"].id == world.actor.account
        assert found.environment["me"].get("name") is None  # nobody in this world is an employee
        assert found.new is not None
        assert compiled(world, "person", "owner == me").condition(found.new)


def test_a_person_sees_what_todays_policy_shows(world: World, then: Any) -> None:
    acme = world.create("company", name="Acme").id
    ada = world.create("person", name="Ada", company=acme, age=1, vip=True).id
    seq = last(world)
    change(world, "person", ada, age=2, vip=False)
    hidden = world.under(Rules({("read", "company"): Decision(False)}))
    facts = then(seq, hidden, person=True).record("person", ada)
    assert facts.get("company") is None
    assert facts.missing == set()
    with pytest.raises(NotFound):
        then(seq, hidden, person=True).record("company", acme)
    young = world.under(Rules({("read", "person"): Decision(True, condition="age == 1")}))
    assert then(seq, young, person=True).record("person", ada) is None
    decision = Decision(True, condition="age == 2", readable=frozenset({"name", "age"}))
    old = world.under(Rules({("read", "person"): decision}))
    facts = then(seq, old, person=True).record("person", ada)
    assert (facts.get("age"), facts.get("vip")) == (1, None)
    seen = walk(old.records.machine, old.ctx(), "person", NOW, NOW + HOUR)
    assert [item.fields for item in seen] == [{"name", "age"}, {"age"}]


def test_what_was_purged_or_redacted_is_said(world: World, then: Any) -> None:
    acme = world.create("company", name="Acme").id
    ada = world.create("person", name="Ada", company=acme).id
    seq = last(world)
    table = world.model.entities["company"].table
    with world.database.write() as connection:
        connection.execute(delete(table).where(table.c.id == acme))
        row = connection.execute(select(event).where(event.c.record == ada)).one()._asdict()
        row.pop("seq")
        row |= {"id": new_id(), "kind": "redacted", "changes": {}}
        connection.execute(insert(event).values(row))
    past = then(seq)
    facts = past.record("person", ada)
    assert facts.get("company") is None
    assert {(gap.entity, gap.field, gap.why) for gap in past.missing} == {("person", "company", "redacted")}
    past = then(last(world))
    assert past.record("person", ada).get("company") is None
    assert {(gap.entity, gap.record, gap.why) for gap in past.missing} == {("company", acme, "purged")}


def test_records_from_before_the_log(world: World, then: Any) -> None:
    """What was there before its first event is told from then on, and said to be unknown before."""
    ada = world.create("person", name="Ada").id
    table = world.model.entities["person"].table
    with world.database.write() as connection:
        connection.execute(delete(event))
    seq = last_after(world)
    with world.database.write() as connection:
        connection.execute(update(table).where(table.c.id == ada).values(created_at=NOW + HOUR))
    past = then(seq)
    assert past.record("person", ada) is None
    assert [gap.why for gap in past.missing] == ["unlogged"]
    change(world, "person", ada, name="Eda")
    facts = then(last(world)).record("person", ada)
    assert facts.get("name") == "Eda"
    assert then(last(world), before=True).moment.cut == last(world) - 1


def last_after(world: World) -> int:
    world.create("tag", name="X")
    return last(world)


def test_statements_do_not_grow_with_events(world: World) -> None:
    tagged = "boss.reports.exists(r, r.visits.exists(v, v.tags.exists(t, t.name == 'x')))"
    text = f"company.city == 'Rome' || {tagged}"
    expression = compiled(world, "person", text)
    ctx = world.ctx()

    def more(number: int) -> None:
        for index in range(number):
            acme = world.create("company", name="Acme", city="Oslo").id
            boss = world.create("person", name="Bea", company=acme).id
            ada = world.create("person", name="Ada", boss=boss).id
            tag = world.create("tag", name=f"{number}-{index}").id
            world.create("visit", subject="Tea", person=ada, tags=[tag])
            change(world, "person", ada, company=acme, boss=None)

    def count() -> int:
        with world.statements() as statements:
            for item in walk(world.records.machine, ctx, "person", NOW - HOUR, NOW + HOUR):
                for facts in (item.old, item.new):
                    if isinstance(facts, PastFacts):
                        expression.condition(facts)
        return len(statements)

    more(2)
    few = count()
    more(15)
    assert count() == few


def test_me_is_the_employee_of_then(world: World) -> None:
    """The account's employee record, as it was when the account acted."""
    from tests.factories.worlds import DOCUMENTS, build_model

    employee = {
        "title": "Employee", "type": "object",
        "properties": {"team": {"type": "string", "title": "Team"}},
        "x-amity": {"name": "employee", "plural": "Employees"},
    }  # fmt: skip
    model = build_model([*DOCUMENTS, employee])
    world.definitions.model = model
    own = model.entities["employee"].table
    with world.database.write() as connection:
        own.metadata.create_all(connection)
    try:
        eve = world.create("employee", team="North").id
        with world.database.write() as connection:
            connection.execute(
                insert(account).values(
                    id=world.actor.account, email="a@b.c", email_key="a@b.c", name="Eve", state="active",
                    roles=[], employee=eve, created_at=NOW,
                )
            )  # fmt: skip
        world.create("person", name="Ada")
        change(world, "employee", eve, team="South")
        world.create("person", name="Bob")
        assert [item.environment["me"].get("team") for item in walked(world)] == ["North", "South"]
    finally:
        with world.database.write() as connection:
            connection.execute(delete(account))
            own.metadata.drop_all(connection)
        world.definitions.model = build_model()
