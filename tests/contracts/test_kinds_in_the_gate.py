"""Every kind through the gate on both databases: create, read, change, clear, filter, sort, history."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from amity import jsontext
from amity.entities.kinds.base import Kind
from amity.errors import Invalid
from amity.records.shapes import Query
from tests.factories.fields import field_of
from tests.factories.worlds import KINDS, World, open_world, prepared
from tests.support.databases import DatabaseServer

TARGETS = ("customer", "vendor")
NAMES = [kind.name for kind in KINDS]


def schema_of(kind: Kind, **options: Any) -> dict[str, Any]:
    """The property schema that the designer writes for a new field."""
    schema = dict(kind.new_schema())
    more = {"to": "customer"} if kind.name in ("relation", "relations") else {}
    return {**schema, "x-amity": {**schema.get("x-amity", {}), "kind": kind.name, **more, **options}}


def defaulted(kind: Kind) -> dict[str, Any]:
    """The same with its last sample as default."""
    return {**schema_of(kind), "default": samples(kind)[-1]}


def samples(kind: Kind) -> list[Any]:
    """The kind's samples as JSON bodies carry them."""
    found: list[Any] = jsontext.loads(jsontext.dumps(list(kind.samples(field_of(kind)))))
    return found


def document(name: str, properties: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": dict(properties), "x-amity": {"name": name, "plural": f"{name}s"}}


WITHOUT_DEFAULT = ("relation", "relations", "any_relation", "file", "image")
DOCUMENTS = (
    document("customer", {"name": {"type": "string"}}),
    document("vendor", {"name": {"type": "string"}}),
    document("thing", {kind.name: schema_of(kind) for kind in KINDS}),
    document(
        "renamed",
        {
            "stage": {
                "oneOf": [
                    {"const": "hot", "x-amity": {"id": "warm"}},
                    {"const": "warm", "x-amity": {"id": "cold"}},
                ]
            },
            "price": {"type": "object", "x-amity": {"kind": "money", "currency": "record"}},
            "tags": {
                "type": "array",
                "items": {
                    "oneOf": [{"const": "new", "x-amity": {"id": "old"}}, {"const": "it's", "title": "It"}]
                },
            },
        },
    ),
    document("given", {kind.name: defaulted(kind) for kind in KINDS if kind.name not in WITHOUT_DEFAULT}),
)


@pytest.fixture
def world(database_server: DatabaseServer) -> Iterator[World]:
    """A record type with a field of every kind, and records to link."""
    url = database_server.clone("all-kinds", prepared(DOCUMENTS))
    world = open_world(url, DOCUMENTS)
    yield world
    world.database.close()
    database_server.drop(url)


class Links:
    """Puts the ids of real records in the place of those in samples."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.ids: dict[tuple[str, str], str] = {}

    def real(self, kind: Kind, value: Any) -> Any:
        if not kind.is_relation:
            return value
        if isinstance(value, list):
            return [self.real(kind, item) for item in value]
        entity = "customer" if isinstance(value, str) else value["entity"]
        given = value if isinstance(value, str) else value["id"]
        if (entity, given) not in self.ids:
            self.ids[entity, given] = self.world.create(entity, name="x").id
        id_ = self.ids[entity, given]
        return id_ if isinstance(value, str) else {**value, "id": id_}


def test_values_come_back_change_and_go(world: World) -> None:
    links = Links(world)
    for kind in KINDS:
        values = [links.real(kind, value) for value in samples(kind)]
        record = world.create("thing", **{kind.name: values[0]})
        assert record.as_json()[kind.name] == values[0], kind.name
        for value in [*values[1:], values[0]]:
            record = world.records.update(
                world.ctx(),
                "thing",
                record.id,
                {kind.name: [] if isinstance(value, list) else None},
                version=record.version,
            )
            assert record.as_json()[kind.name] in (None, []), kind.name
            record = world.records.update(
                world.ctx(), "thing", record.id, {kind.name: value}, version=record.version
            )
            read = world.records.get(world.ctx(), "thing", record.id)
            assert read.as_json()[kind.name] == value, kind.name
            assert jsontext.loads(jsontext.dumps(read.as_json()))[kind.name] == value, kind.name
        same = world.records.update(
            world.ctx(), "thing", record.id, {kind.name: values[0]}, version=record.version
        )
        assert same.version == record.version, f"{kind.name}: the same value is no change"


def test_all_kinds_in_one_record(world: World) -> None:
    links = Links(world)
    body = {kind.name: links.real(kind, samples(kind)[0]) for kind in KINDS}
    record = world.create("thing", **body)
    read = world.records.get(world.ctx(), "thing", record.id).as_json()
    assert {name: read[name] for name in body} == body


def test_defaults(world: World) -> None:
    json = world.create("given").as_json()
    for kind in KINDS:
        if kind.name not in WITHOUT_DEFAULT:
            assert json[kind.name] == samples(kind)[-1], kind.name


def test_sorts_as_the_samples_do_with_nulls_last(world: World) -> None:
    links = Links(world)
    ids: dict[str, list[str]] = {}
    for kind in KINDS:
        if kind.sortable and not kind.is_relation:
            values = [links.real(kind, value) for value in samples(kind)]
            ids[kind.name] = [world.create("thing", **{kind.name: value}).id for value in reversed(values)][
                ::-1
            ]
    everything = {id_ for some in ids.values() for id_ in some}
    for name, some in ids.items():
        for sort, wanted in ((name, some), (f"-{name}", some[::-1])):
            page = world.records.find(world.ctx(), "thing", Query(sort=sort, limit=200))
            found = [record.id for record in page.records]
            assert found[: len(some)] == wanted, sort
            assert set(found) == everything, sort


def test_filters_by_whether_there_is_a_value(world: World) -> None:
    links = Links(world)
    empty = world.create("thing").id
    for kind in KINDS:
        if not kind.filterable or kind.to_many:
            continue
        filled = world.create("thing", **{kind.name: links.real(kind, samples(kind)[0])}).id
        for where, wanted in ((f"{kind.name} != null", {filled}), (f"{kind.name} == null", {empty})):
            page = world.records.find(world.ctx(), "thing", Query(where=where, limit=200))
            found = {record.id for record in page.records}
            assert wanted <= found and not ({empty, filled} - wanted) & found, where
        world.records.delete(world.ctx(), "thing", filled, version=1)


def literal(kind: Kind, value: Any) -> str | None:
    """The value in the expression language; None where there is no literal."""
    match kind.expression_type(field_of(kind)).name:
        case "text":
            return (
                "'"
                + value.replace("\\", "\\\\")
                .replace("'", "\\'")
                .replace("\n", "\\n")
                .replace("\r", "\\r")
                .replace("\t", "\\t")
                + "'"
            )
        case "integer" | "decimal":
            return f"{value:f}" if not isinstance(value, int) else str(value)
        case "boolean":
            return "true" if value else "false"
    return None


def test_filters_by_value(world: World) -> None:
    asked = 0
    for kind in KINDS:
        made = {}
        for value in samples(kind):
            text = literal(kind, value)
            if text is not None:
                made[text] = world.create("thing", **{kind.name: value}).id
        for text, id_ in made.items():
            page = world.records.find(world.ctx(), "thing", Query(where=f"{kind.name} == {text}", limit=200))
            assert {record.id for record in page.records} & set(made.values()) == {id_}, (kind.name, text)
            asked += 1
    assert asked > 30


def replacing(old: Any, new: Any) -> Any:
    """The merge patch that leaves nothing of an object's old members."""
    if isinstance(old, dict) and isinstance(new, dict):
        return {**dict.fromkeys(old), **{name: replacing(old.get(name), new[name]) for name in new}}
    return new


def test_history_tells_old_and_new(world: World) -> None:
    links = Links(world)
    for kind in KINDS:
        one, two = (links.real(kind, value) for value in samples(kind)[:2])
        record = world.create("thing", **{kind.name: one})
        patch = replacing(one, two)
        world.records.update(world.ctx(), "thing", record.id, {kind.name: patch}, version=record.version)
        events = world.records.history(world.ctx(), "thing", record.id).events
        changes = [event.as_json()["changes"][kind.name] for event in events if event.kind == "updated"]
        assert changes == [[one, two]], kind.name


WRONG: tuple[Any, ...] = ("\x00", "\ud800", [["x"]], {"x": {"y": "\x00"}}, -(2**70), jsontext.loads("1e400"))


def test_what_does_not_fit_is_refused_with_its_place(world: World) -> None:
    for name in NAMES:
        refused = 0
        for value in WRONG:
            try:
                world.create("thing", **{name: value})
            except Invalid as error:
                assert error.problems
                assert all((problem.pointer or "").startswith(f"/{name}") for problem in error.problems)
                refused += 1
        assert refused >= (4 if name in ("json", "list") else 5), name


def test_a_cleared_part_of_a_new_address_is_left_out(world: World) -> None:
    record = world.create(
        "thing", address={"street": None, "city": "Bern"}, object={"name": "x", "amount": None}
    )
    assert record.as_json()["address"] == {"city": "Bern"}
    assert record.as_json()["object"] == {"name": "x"}
    patch = {"address": {"city": None, "street": "Gasse 1"}}
    changed = world.records.update(world.ctx(), "thing", record.id, patch, version=1)
    assert changed.as_json()["address"] == {"street": "Gasse 1"}


def test_links_to_any_entity_keep_the_entitys_id(world: World) -> None:
    vendor = world.create("vendor", name="x").id
    record = world.create("thing", any_relation={"entity": "vendor", "id": vendor})
    entity = world.model.entities["thing"]
    column = entity.column(entity.by_name["any_relation"], "entity")
    with world.database.read() as connection:
        assert connection.execute(column.table.select().with_only_columns(column)).scalar_one() == "vendor"
    with pytest.raises(Invalid, match="Did you mean 'vendor'"):
        world.create("thing", any_relation={"entity": "vendr", "id": vendor})
    assert record.as_json()["any_relation"] == {"entity": "vendor", "id": vendor}


def test_renamed_choices_are_filtered_by_their_values(world: World) -> None:
    hot = world.create("renamed", stage="hot", tags=["new"]).id
    warm = world.create("renamed", stage="warm", tags=["it's", "new"]).id
    none = world.create("renamed").id
    for where, wanted in (
        ("stage == 'hot'", {hot}),
        ("stage == 'warm'", {warm}),
        ("stage == 'cold'", set()),
        ("stage in ['hot', 'warm']", {hot, warm}),
        ("stage.startsWith('w')", {warm}),
        ("'new' in tags", {hot, warm}),
        ("'old' in tags", set()),
        ("'it\\'s' in tags", {warm}),
        ("tags.exists(t, t == 'new')", {hot, warm}),
        ("tags == null", {none}),
        ("!('new' in tags)", {none}),
        ("tags.all(t, t == 'new')", {hot}),
    ):
        page = world.records.find(world.ctx(), "renamed", Query(where=where))
        assert {record.id for record in page.records} == wanted, where


def test_filters_by_what_is_inside(world: World) -> None:
    customer, vendor = (world.create(name, name="x").id for name in TARGETS)
    one = world.create(
        "thing", any_relation={"entity": "customer", "id": customer}, address={"city": "Bern"}
    ).id
    two = world.create("thing", any_relation={"entity": "vendor", "id": vendor}, address={"city": "Köln"}).id
    none = world.create("thing").id
    for where, wanted in (
        ("any_relation.entity == 'vendor'", {two}),
        (f"any_relation.id == '{customer}'", {one}),
        ("any_relation == null", {none}),
        ("any_relation != null", {one, two}),
        ("address.city == 'Bern'", {one}),
        ("address.city != null", {one, two}),
        ("address.street == null", {one, two, none}),
    ):
        page = world.records.find(world.ctx(), "thing", Query(where=where))
        assert {record.id for record in page.records} == wanted, where
    euro = world.create("renamed", price={"amount": 3, "currency": "EUR"}).id
    franc = world.create("renamed", price={"amount": 0, "currency": "CHF"}).id
    free = world.create("renamed").id
    for where, wanted in (
        ("price.currency == 'EUR'", {euro}),
        ("price != null", {euro, franc}),
        ("price == null", {free}),
    ):
        page = world.records.find(world.ctx(), "renamed", Query(where=where))
        assert {record.id for record in page.records} == wanted, where


def test_a_link_to_a_deleted_record_is_null_in_filters(world: World) -> None:
    customer = world.create("customer", name="x")
    linking = world.create("thing", any_relation={"entity": "customer", "id": customer.id})
    world.records.delete(world.ctx(), "customer", customer.id, version=1)
    page = world.records.find(world.ctx(), "thing", Query(where="any_relation == null"))
    assert [record.id for record in page.records] == [linking.id]
