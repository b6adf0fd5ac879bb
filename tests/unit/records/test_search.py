"""Text search: the same on both servers, and harmless whatever is typed."""

from __future__ import annotations

import pytest
from sqlalchemy import func, insert, select, update

from amity.access.policy import Decision
from amity.database.ids import new_id
from amity.database.schema import search_entry
from amity.records.shapes import Query
from amity.records.words import index_text, words
from tests.factories.worlds import Rules, World


def found(world: World, text: str) -> list[str]:
    return [hit.label for hit in world.records.search(world.ctx(), text)]


def test_words_are_found_in_any_field_the_last_as_a_prefix(world: World) -> None:
    world.create("person", name="Ångström Öst", email="anders@example.org")
    world.create("person", name="Zoë Quick")
    world.create("company", name="Angstrom Ltd", city="Zürich")
    assert sorted(found(world, "angstrom")) == ["Angstrom Ltd", "Ångström Öst"]
    assert found(world, "ANGSTR öst") == []
    assert found(world, "öst angstr") == ["Ångström Öst"]
    assert found(world, "example.org ander") == ["Ångström Öst"]
    assert found(world, "angstrom zur") == ["Angstrom Ltd"]
    assert found(world, "ngstrom") == []
    hits = world.records.search(world.ctx(), "a", entities=["company"])
    assert [hit.label for hit in hits] == ["Angstrom Ltd"]


def test_characters_without_spaces_are_words(world: World) -> None:
    world.create("company", name="東京タワー株式会社")
    assert found(world, "東京") == ["東京タワー株式会社"]
    assert found(world, "株式") == ["東京タワー株式会社"]


def test_updates_are_found_at_once(world: World) -> None:
    ada = world.create("person", name="Ada")
    world.records.update(world.ctx(), "person", ada.id, {"name": "Grace"}, version=1)
    assert found(world, "ada") == []
    assert found(world, "grace") == ["Grace"]


@pytest.mark.parametrize(
    "text",
    ['"', "'", '" OR "x', "ada AND", "NOT ada", "ada*", "(ada", "^ada", "ada:*", "& | !", "<->", "a\0b",
     "-", "", "ada NEAR/2 b", "name:ada", "\\", "%_%", "·", "\ud800", "ada " * 500, "x" * 5000,
     "🜃🜃", "{}[]"],
)  # fmt: skip
def test_hostile_text_is_harmless(world: World, text: str) -> None:
    world.create("person", name="Ada")
    assert found(world, text) in ([], ["Ada"])
    page = world.records.find(world.ctx(), "person", Query(q=text))
    assert len(page.records) <= 1


def test_a_list_is_searched_too(world: World) -> None:
    for name in ("Ada Lovelace", "Ada Yonath", "Grace Hopper"):
        world.create("person", name=name)
    page = world.records.find(world.ctx(), "person", Query(q="ada", sort="-name", count="exact"))
    assert [item.get("name") for item in page.records] == ["Ada Yonath", "Ada Lovelace"]
    assert page.count is not None
    assert page.count.value == 2


def test_words_of_a_hidden_field_find_nothing(world: World) -> None:
    world.create("person", name="Ada", email="secret@example.org")
    readable = frozenset(name for name in world.model.entities["person"].by_name if name != "email")
    blind = world.under(Rules({("read", "person"): Decision(True, readable=readable)}))
    assert found(blind, "secret") == []
    assert found(blind, "ada sec") == []
    assert found(blind, "ad") == ["Ada"]
    assert blind.records.find(world.ctx(), "person", Query(q="secret")).records == []
    assert len(blind.records.find(world.ctx(), "person", Query(q="ada")).records) == 1


def test_index_text_is_bounded() -> None:
    text = index_text([("f", " ".join(f"w{number}" for number in range(10_000)))])
    assert len(text.split()) == 4000
    assert words("Straße, x_y-z 3.14") == ["strasse", "x", "y", "z", "3", "14"]


def test_the_index_can_be_made_anew(world: World) -> None:
    rows = [{"name": f"Ada {number}"} for number in range(600)]
    ids = world.records.bulk(world.ctx(), "person", rows).ids
    with world.database.write() as connection:
        connection.execute(update(search_entry).values(text="other"))
        connection.execute(insert(search_entry).values(entity="person", record=new_id(), text="other"))
    assert world.records.find(world.ctx(), "person", Query(q="ada")).records == []
    assert world.records.reindex(world.ctx(), "person") == 600
    page = world.records.find(world.ctx(), "person", Query(q="ada", count="exact"))
    assert page.count is not None
    assert page.count.value == len(ids)
    with world.database.read() as connection:
        assert connection.execute(select(func.count()).select_from(search_entry)).scalar_one() == 600
