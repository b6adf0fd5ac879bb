"""Policies: conditions on old and new rows, and what is hidden appears nowhere."""

from __future__ import annotations

import pytest

from amity.access.policy import Decision, RolePolicy
from amity.errors import Forbidden, Invalid, NotFound
from amity.records.shapes import Count, Query
from tests.factories.worlds import Rules, World, person


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


def test_what_is_hidden_appears_nowhere(world: World) -> None:
    """One record and one field are hidden; neither shows on any way to read."""
    boss = world.create("person", name="Hidden Boss", email="boss@example.org")
    ada = world.create("person", name="Ada", email="secret@example.org", boss=boss.id)
    guests = [{"entity": "person", "id": boss.id}]
    visit = world.create("visit", subject="Tea", person=boss.id, guests=guests)
    world.records.update(world.ctx(), "person", ada.id, {"email": "other@example.org"}, version=1)
    fields = frozenset(name for name in world.model.entities["person"].by_name if name != "email")
    hides = Decision(True, condition="name != 'Hidden Boss'", readable=fields)
    blind = world.under(Rules({("*", "person"): hides}))
    records, ctx = blind.records, world.ctx

    page = records.find(ctx(), "person", Query(count="exact"))
    assert [item.get("name") for item in page.records] == ["Ada"]
    assert page.count is not None
    assert page.count.value == 1
    assert page.labels == {}
    assert "email" not in page.records[0].values
    assert page.records[0].get("boss") is None
    assert records.find(ctx(), "person", Query(count="capped", limit=1)).count == Count(1, True)
    assert records.find(ctx(), "person", Query(where="boss == null")).records
    assert not records.find(ctx(), "person", Query(where="boss.name == 'Hidden Boss'")).records
    assert not records.find(ctx(), "person", Query(where=f"id == '{boss.id}'")).records
    assert not records.find(ctx(), "person", Query(where="reports.exists(r, true)")).records
    for wrong in (
        Query(where="email == 'x'"),
        Query(where="boss.email == 'x'"),
        Query(sort="email"),
        Query(fields=["email"]),
    ):
        with pytest.raises(Invalid, match=r"email") as caught:
            records.find(ctx(), "person", wrong)
        assert "Did you mean 'email'" not in str(caught.value)
    with pytest.raises(NotFound):
        records.get(ctx(), "person", boss.id)
    with pytest.raises(Invalid):
        records.get(ctx(), "person", ada.id, fields=["email"])
    with pytest.raises(Invalid):
        records.find_ids(ctx(), "person", "email", ["secret@example.org"])
    with pytest.raises(NotFound):
        records.history(ctx(), "person", boss.id)
    with pytest.raises(NotFound):
        records.related(ctx(), "person", boss.id, "visits")
    with pytest.raises(NotFound):
        records.update(ctx(), "person", boss.id, {"age": 1}, version=1)
    with pytest.raises(NotFound):
        records.delete(ctx(), "person", boss.id, version=1)
    with pytest.raises(NotFound):
        records.deletion(ctx(), "person", boss.id)
    assert records.search(ctx(), "hidden") == []
    assert records.search(ctx(), "secret") == []
    assert records.search(ctx(), "other") == []
    assert records.labels(ctx(), "person", [boss.id, ada.id]) == {ada.id: "Ada"}
    assert records.get(ctx(), "visit", visit.id).get("person") is None
    assert records.get(ctx(), "visit", visit.id).get("guests") is None
    pages = records.feed(ctx()), records.history(ctx(), "person", ada.id), records.find(ctx(), "visit")
    told = repr(pages)
    for secret in ("Hidden", "boss@", "secret", "other@", boss.id):
        assert secret not in told
    result = records.bulk(
        ctx(),
        "person",
        [
            {"name": "X", "email": "boss@example.org"},
            {"id": boss.id, "version": 1},
            {"name": "Y", "boss": boss.id},
        ],
    )
    assert result.failed == 3
    assert "Hidden" not in repr(result)
    assert records.bin(ctx(), "person").records == []
    world.records.delete(ctx(), "visit", visit.id, version=1)
    world.records.delete(ctx(), "person", boss.id, version=1)
    assert records.bin(ctx(), "person").records == []
    with pytest.raises(NotFound):
        records.restore(ctx(), "person", boss.id)


def test_unique_does_not_name_what_is_hidden(world: World) -> None:
    world.create("person", name="Hidden", email="a@example.org")
    blind = world.under(Rules({("read", "person"): Decision(True, condition="name != 'Hidden'")}))
    with pytest.raises(Invalid) as caught:
        blind.create("person", name="Eve", email="a@example.org")
    assert caught.value.problems[0].code == "unique"
    assert "Hidden" not in str(caught.value)


def test_an_entity_that_is_denied_is_not_there(world: World) -> None:
    world.create("company", name="Firm")
    shut = world.under(Rules({("*", "company"): Decision(False)}))
    for call in (
        lambda: shut.records.find(world.ctx(), "company"),
        lambda: shut.create("company", name="x"),
        lambda: shut.records.search(world.ctx(), "firm", entities=["company"]),
    ):
        with pytest.raises(NotFound):
            call()
    assert shut.records.search(world.ctx(), "firm") == []
    with pytest.raises(Invalid):
        shut.records.find(world.ctx(), "person", Query(where="company.name == 'Firm'"))
    reader = world.under(Rules({("create", "company"): Decision(False)}))
    with pytest.raises(Forbidden):
        reader.create("company", name="x")


def test_conditions_name_the_person_and_the_linked_record(world: World) -> None:
    mine = world.create("person", name="Mine")
    other = world.under(RolePolicy())
    other.actor = person("Bob")
    other.create("person", name="Bob's")
    own = world.under(Rules({("read", "person"): Decision(True, condition="owner == me")}))
    assert [item.id for item in own.records.find(world.ctx(), "person").records] == [mine.id]
    assert [item.get("name") for item in own.records.find(other.ctx(), "person").records] == ["Bob's"]
    linked = world.under(Rules({("read", "visit"): Decision(True, condition="person.name == 'Mine'")}))
    world.create("visit", subject="seen", person=mine.id)
    bobs = own.records.find(other.ctx(), "person").records[0]
    world.create("visit", subject="unseen", person=bobs.id)
    page = linked.records.find(world.ctx(), "visit", Query(sort="person", where="person.name != 'x'"))
    assert [item.get("subject") for item in page.records] == ["seen"]


def test_writable_fields_bind_the_caller(world: World) -> None:
    narrow = world.under(Rules({("update", "person"): Decision(True, writable=frozenset({"age"}))}))
    ada = world.create("person", name="Ada")
    narrow.records.update(world.ctx(), "person", ada.id, {"age": 3}, version=1)
    with pytest.raises(Invalid) as caught:
        narrow.records.update(world.ctx(), "person", ada.id, {"name": "Eve"}, version=2)
    assert caught.value.problems[0].code == "read_only"
