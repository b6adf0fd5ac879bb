"""Conditions along relations: loops name fields of every level around them, on both servers."""

from __future__ import annotations

from decimal import Decimal

import pytest

from amity.records.shapes import Query
from tests.factories.worlds import World


@pytest.fixture
def people(world: World) -> World:
    """Two companies, a boss with two reports, visits."""
    acme = world.create("company", name="Acme", city="Oslo")
    bolt = world.create("company", name="Bolt", city="Rome")
    ann = world.create("person", name="Ann", company=acme.id, revenue=Decimal("100"))
    ben = world.create("person", name="Ben", boss=ann.id, company=acme.id, revenue=Decimal("33.33"))
    cid = world.create("person", name="Cid", boss=ann.id, company=bolt.id)
    world.create("visit", subject="Ben", person=ben.id)
    world.create("visit", subject="Oslo", person=ben.id)
    world.create("visit", subject="Rome", person=cid.id)
    world.create("visit", subject="Oslo", person=cid.id)
    return world


@pytest.mark.parametrize(
    ("where", "names"),
    [
        ("visits.exists(v, v.subject == name)", ["Ben"]),
        ("visits.exists(v, v.subject == company.city)", ["Ben", "Cid"]),
        ("!visits.exists(v, v.subject == company.city)", ["Ann"]),
        ("visits.all(v, v.subject == company.city || v.subject == name) && visits.count() > 0", ["Ben"]),
        ("reports.exists(r, r.company == company)", ["Ann"]),
        ("reports.exists(r, r.company != company && r.visits.exists(v, v.subject == company.city))", ["Ann"]),
        (
            "reports.exists(r, r.visits.exists(v, v.subject == r.company.city && r.boss.name == name))",
            ["Ann"],
        ),
        ("company.people.exists(p, p.name == 'Ann' && p.id != id)", ["Ben"]),
        ("reports.count(r, r.company == company) == 1", ["Ann"]),
        ("boss.company == company", ["Ben"]),
        ("boss.company != company", ["Ann", "Cid"]),
        ("revenue / 3 > 11.10999", ["Ann", "Ben"]),
        ("revenue / 3 == 11.11", ["Ben"]),
        ("revenue * 3 + 0.01 == 100", ["Ben"]),
    ],
)
def test_paths_and_loops(people: World, where: str, names: list[str]) -> None:
    page = people.records.find(people.ctx(), "person", Query(where=where, sort="name"))
    assert [record.values["name"] for record in page.records] == names
