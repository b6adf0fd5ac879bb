"""Naughty strings through create, find and search; slow queries; who `me` is."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import text

from amity.access.policy import Decision
from amity.errors import Invalid
from amity.records.bounds import bounded
from amity.records.shapes import Query
from tests.factories.worlds import PERSON, Rules, World, open_world, person, prepared
from tests.support.databases import DatabaseServer
from tests.support.naughty import BLNS

OWN = ["a\0b", "\ud800", "\udfff tail", "'; DROP TABLE e_person; --", "%", "_", "\\", '"', "🜃", "İ", "ß", "ﬃ"]


def naughty() -> list[str]:
    """The list of naughty strings where it is at hand, and our own."""
    known: list[str] = json.loads(BLNS.read_text(encoding="utf-8")) if BLNS.is_file() else []
    return known + OWN


def literal(value: str) -> str:
    return (
        "'" + value.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n").replace("\r", "\\r") + "'"
    )


def test_naughty_strings_are_kept_or_refused(world: World) -> None:
    strings = naughty()
    result = world.records.bulk(world.ctx(), "company", [{"name": value, "city": value} for value in strings])
    refused = {problem.index for problem in result.errors}
    for index, value in enumerate(strings):
        storable = "\0" not in value and value.encode("utf-8", "ignore").decode() == value
        assert (index not in refused) == storable, repr(value)
        if storable:
            key = result.ids[index]
            assert key is not None
            assert world.records.get(world.ctx(), "company", key).get("name") == value


def test_naughty_strings_as_questions(world: World) -> None:
    world.create("company", name="Firm")
    for index, value in enumerate(naughty()):
        queries = [Query(where=f"name == {literal(value)}", q=value)]
        if index % 10 == 0 or value in OWN:
            world.records.search(world.ctx(), value)
            queries += [Query(sort=value), Query(after=value), Query(where=value), Query(fields=[value])]
        for query in queries:
            try:
                world.records.find(world.ctx(), "company", query)
            except Invalid as error:
                assert error.problems[0].parameter in ("q", "where", "sort", "after", "fields")


def test_a_slow_query_is_given_up(world: World) -> None:
    numbers = "SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 900000000"
    endless = f"WITH RECURSIVE n(i) AS ({numbers}) SELECT max(i) FROM n"
    with (
        pytest.raises(Invalid) as caught,
        world.database.read() as connection,
        bounded(connection, world.database.dialect, True, seconds=0.2),
    ):
        connection.execute(text(endless))
    assert caught.value.problems[0].code == "too_slow"
    with world.database.read() as connection:
        assert connection.execute(text("SELECT 1")).scalar() == 1


EMPLOYEE: dict[str, Any] = {
    "title": "Employee",
    "type": "object",
    "properties": {
        "name": {"type": "string", "title": "Name"},
        "team": {"type": "string", "title": "Team"},
        "lead": {
            "type": "string", "format": "uuid", "title": "Lead",
            "x-amity": {"kind": "relation", "to": "employee", "inverse": "followers"},
        },
    },
    "x-amity": {"name": "employee", "plural": "Employees", "display": "name"},
}  # fmt: skip


@pytest.fixture(scope="module")
def staffed(database_server: DatabaseServer) -> Iterator[World]:
    documents = [EMPLOYEE]
    assert PERSON
    url = database_server.create()
    prepared(documents)(url)
    world = open_world(url, documents)
    yield world
    world.database.close()
    database_server.drop(url)


def test_me_is_the_account_and_its_employee(staffed: World) -> None:
    chief = staffed.create("employee", name="Chief", team="north")
    amy = staffed.create("employee", name="Amy", team="north", lead=chief.id)
    staffed.create("employee", name="Bob", team="south")
    actor = person("Amy", employee=amy.id)
    ctx = lambda: staffed.ctx(actor)  # noqa: E731
    for condition, names in (
        ("team == me.team", ["Amy", "Chief"]),
        ("id == me.lead", ["Chief"]),
        ("lead == me.lead", ["Amy"]),
        ("team == me.lead.team && name != 'Chief'", ["Amy"]),
        ("owner == me", []),
        ("created_at <= now() && created_at < now() + days(1)", ["Amy", "Bob", "Chief"]),
    ):
        page = staffed.records.find(ctx(), "employee", Query(where=condition, sort="name"))
        assert [record.get("name") for record in page.records] == names, condition
        ruled = staffed.under(Rules({("read", "employee"): Decision(True, condition=condition)}))
        page = ruled.records.find(ctx(), "employee", Query(sort="name"))
        assert [record.get("name") for record in page.records] == names, condition
    unlinked = staffed.records.find(staffed.ctx(), "employee", Query(where="team == me.team"))
    assert unlinked.records == []
