"""Filters of people against the real tables of an entity, on both servers."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from amity.definitions.documents import DefinitionChange
from amity.errors import Invalid
from amity.records.shapes import Query
from amity.settings import Settings
from amity.workspace import Workspace
from tests.support.databases import DatabaseServer


def kind(name: str, **options: Any) -> dict[str, Any]:
    return {"x-amity": {"kind": name, **options}}


DOCUMENT: dict[str, Any] = {
    "title": "Deal",
    "type": "object",
    "properties": {
        "name": {"type": "string"},
        "emails": {"type": "array", **kind("emails")},
        "place": {"type": "object", **kind("address")},
        "price": {"type": "number", **kind("money", currency="EUR")},
        "share": {"type": "number", **kind("percent")},
        "due": {"type": "string", "format": "date"},
        "starts": {"type": "string", **kind("time")},
        "takes": {"type": "string", **kind("duration")},
        "tags": {"type": "array", **kind("choices"), "items": {"enum": ["red", "blue"]}},
        "boss": {"type": "string", "format": "uuid", **kind("relation", to="deal", inverse="parts")},
    },
    "x-amity": {"name": "deal", "display": "name"},
}


@pytest.fixture(scope="module")
def workspace(
    database_server: DatabaseServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Workspace]:
    url = database_server.create()
    home = tmp_path_factory.mktemp("workspace") / "home"
    workspace = Workspace.open(Settings(home=home, database_url=url))
    ctx = workspace.context()
    workspace.definitions.apply([DefinitionChange("entity", "deal", DOCUMENT)], ctx, confirm=True)
    first = workspace.records.create(
        ctx,
        "deal",
        {
            "name": "Zoë",
            "emails": [{"value": "a@example.com", "primary": True}],
            "place": {"city": "Oslo", "country": "NO"},
            "price": Decimal("1200.5"),
            "share": Decimal("12.5"),
            "due": "2024-02-29",
            "starts": "09:30",
            "takes": "PT90M",
            "tags": ["red"],
        },
    )
    workspace.records.create(ctx, "deal", {"name": "Bo", "boss": first.id, "price": Decimal("0.1")})
    yield workspace
    workspace.close()
    database_server.drop(url)


@pytest.mark.parametrize(
    ("where", "names"),
    [
        ("emails.exists(e, e.value == 'a@example.com' && e.primary)", ["Zoë"]),
        ("place.city == 'Oslo' && has(place.country)", ["Zoë"]),
        ("place.city != 'Oslo'", ["Bo"]),
        ("price / 3 == 400.166667", ["Zoë"]),
        ("price + 0.2 == 0.3", ["Bo"]),
        ("price * share > 15000", ["Zoë"]),
        ("due + days(366) == date('2025-03-01')", ["Zoë"]),
        ("due == null", ["Bo"]),
        ("starts < time('12:00') && takes == minutes(90)", ["Zoë"]),
        ("takes + hours(1) > hours(2)", ["Zoë"]),
        ("'red' in tags || boss.tags.exists(t, t.startsWith('r'))", ["Bo", "Zoë"]),
        ("boss.price > price && boss.name.contains('oë')", ["Bo"]),
        ("parts.exists(p, p.price < price)", ["Zoë"]),
        ("parts.all(p, p.price > price)", ["Bo"]),
        ("fold(name) == 'zoe' && size(name) == 3", ["Zoë"]),
        ("created_at > now() - days(1) && year(created_at) == year(today())", ["Bo", "Zoë"]),
        ("!(boss.due > date('2000-01-01'))", ["Zoë"]),
    ],
)
def test_filters(workspace: Workspace, where: str, names: list[str]) -> None:
    page = workspace.records.find(workspace.context(), "deal", Query(where=where, sort="name"))
    assert [record.values["name"] for record in page.records] == names


@pytest.mark.parametrize(
    "where", ["nmae == 'a'", "name.matches('a')", "name == '\\u0000'", "(" * 3_000, "price"]
)
def test_bad_filters_are_invalid(workspace: Workspace, where: str) -> None:
    with pytest.raises(Invalid) as caught:
        workspace.records.find(workspace.context(), "deal", Query(where=where))
    assert caught.value.problems[0].parameter == "where"
