"""Many records into the bin and back: as a whole, in batches, each with exactly what was its."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from amity.access.policy import Decision
from amity.errors import Invalid, NotFound
from amity.records import deletion
from amity.records.shapes import Query
from tests.factories.worlds import Rules, World, empty_tables, open_world, person, prepared
from tests.support.databases import DatabaseServer


def relation(kind: str, effect: str, inverse: str) -> dict[str, Any]:
    schema = {"type": "array"} if kind == "relations" else {"type": "string", "format": "uuid"}
    options = {"kind": kind, "to": "node", "on_delete": effect, "inverse": inverse}
    return {**schema, "title": inverse.capitalize(), "x-amity": options}


NODE = {
    "title": "Node",
    "type": "object",
    "properties": {
        "name": {"type": "string", "title": "Name"},
        "code": {"type": "string", "title": "Code"},
        "parent": relation("relation", "cascade", "parts"),
        "needs": relation("relation", "refuse", "needed"),
        "likes": relation("relation", "clear", "liked"),
        "friends": relation("relations", "clear", "friend_of"),
    },
    "x-amity": {"name": "node", "plural": "Nodes", "display": "name", "unique": [["code"]]},
}
LEAF = {
    "title": "Leaf",
    "type": "object",
    "properties": {
        "name": {"type": "string", "title": "Name"},
        "node": relation("relation", "cascade", "leaves"),
    },
    "x-amity": {"name": "leaf", "plural": "Leaves", "display": "name"},
}
LINKS = ("parent", "needs", "likes")


@pytest.fixture(scope="module")
def graph_world(database_server: DatabaseServer) -> Iterator[World]:
    url = database_server.create()
    prepared((NODE, LEAF))(url)
    world = open_world(url, (NODE, LEAF))
    yield world
    world.database.close()
    database_server.drop(url)


@pytest.fixture
def graph(graph_world: World) -> Iterator[World]:
    """Nodes that hang on each other in every way, and leaves."""
    yield graph_world
    empty_tables(graph_world)


def everything(world: World) -> dict[str, dict[str, Any]]:
    """What people see of all live records, without versions and times."""
    return {
        record.id: {
            name: sorted(value, key=str) if isinstance(value, list) else value
            for name, value in record.as_json().items()
            if name not in ("version", "updated_at", "updated_by")
        }
        for entity in ("node", "leaf")
        for record in world.records.find(world.ctx(), entity, Query(limit=500)).records
    }


def grow(world: World, chance: random.Random) -> tuple[list[str], dict[str, dict[str, Any]]]:
    """A random graph, cycles included; gives the ids of its nodes and what each node and leaf links."""
    size = chance.randint(3, 14)
    rows = [{"name": f"N{number}"} for number in range(size)]
    nodes = [key for key in world.records.bulk(world.ctx(), "node", rows).ids if key is not None]
    links: dict[str, dict[str, Any]] = {}
    for key in nodes:
        own: dict[str, Any] = {
            name: chance.choice(nodes) for name in LINKS if chance.random() < {"needs": 0.2}.get(name, 0.35)
        }
        own["friends"] = chance.sample(nodes, chance.randint(0, 2))
        links[key] = own
    changes = [{"id": key, "version": 1, **own} for key, own in links.items()]
    assert not world.records.bulk(world.ctx(), "node", changes).errors
    leaves = [{"name": "L", "node": chance.choice(nodes)} for _ in range(chance.randint(0, 6))]
    made = world.records.bulk(world.ctx(), "leaf", leaves).ids
    links |= {key: row for key, row in zip(made, leaves, strict=True) if key is not None}
    return nodes, links


def expected(links: dict[str, dict[str, Any]], chosen: list[str], stale: set[str]) -> set[str]:
    """What goes, worked out one record at a time."""

    def closure(root: str) -> set[str]:
        found = {root}
        while (
            more := {key for key, own in links.items() if found & {own.get("parent"), own.get("node")}}
            - found
        ):
            found |= more
        return found

    good = [key for key in chosen if key not in stale]
    while True:
        gone = set().union(*map(closure, good)) if good else set()
        needed = {own["needs"] for key, own in links.items() if "needs" in own and key not in gone}
        still = [key for key in good if not closure(key) & needed]
        if still == good:
            return gone
        good = still


@pytest.mark.parametrize("seed", range(25))
def test_what_goes_and_what_comes_back(graph: World, seed: int) -> None:
    chance = random.Random(seed)
    nodes, links = grow(graph, chance)
    before = everything(graph)
    versions = {key: graph.records.get(graph.ctx(), "node", key).version for key in nodes}
    chosen = chance.sample(nodes, chance.randint(1, len(nodes)))
    stale = {key for key in chosen if chance.random() < 0.15}
    rows: list[tuple[str, int | None]] = [(key, versions[key] + (key in stale)) for key in chosen]
    gone = expected(links, chosen, stale)
    told = graph.records.deletion_of(graph.ctx(), "node", chosen)
    assert set(told.ids) == set(chosen)

    ctx = graph.ctx()
    result = graph.records.delete_many(ctx, "node", rows)
    assert before.keys() - everything(graph).keys() == gone
    assert set(result.ids) <= set(chosen)
    assert {chosen[problem.index] for problem in result.errors} == set(chosen) - gone
    assert len(result.ids) + result.along == len(gone)
    for left in everything(graph).values():
        assert not gone & {left.get(name) for name in (*LINKS, "node")}

    # One event for each record that went, all under the one cause.
    events = [item for item in graph.records.feed(graph.ctx(), limit=500).events if item.kind == "deleted"]
    assert {item.record for item in events} == gone and len(events) == len(gone)
    assert graph.records.deleted_by(ctx, "node", ctx.cause_id) == result.ids

    if seed % 2:
        back = graph.records.restore_many(graph.ctx(), "node", result.ids)
        assert not back.errors and set(back.ids) == set(result.ids) and back.along == result.along
    else:
        for key in chance.sample(result.ids, len(result.ids)):
            graph.records.restore(graph.ctx(), "node", key)
    assert everything(graph) == before


def test_a_single_delete_and_a_batch_of_one_are_the_same(graph: World) -> None:
    for seed in range(6):
        outcomes = []
        for many in (False, True):
            chance = random.Random(seed)
            nodes, _ = grow(graph, chance)
            names = {key: number for number, key in enumerate(everything(graph))}
            key = chance.choice(nodes)
            try:
                if many:
                    row = (key, None)
                    graph.records.delete_many(graph.ctx(), "node", [row], mode="all")
                else:
                    version = graph.records.get(graph.ctx(), "node", key).version
                    graph.records.delete(graph.ctx(), "node", key, version=version)
                outcomes.append(sorted(names[left] for left in everything(graph)))
            except Exception as error:
                outcomes.append([str(error)])
            empty_tables(graph)
        assert outcomes[0] == outcomes[1]


def test_all_means_none_where_one_cannot_go(graph: World) -> None:
    a, b, c = (graph.create("node", name=name) for name in "abc")
    graph.create("node", name="d", needs=b.id)
    rows: list[tuple[str, int | None]] = [(a.id, 1), (b.id, 1), (c.id, 7), ("nonsense", 1), (a.id, 1)]
    with pytest.raises(Invalid) as caught:
        graph.records.delete_many(graph.ctx(), "node", rows, mode="all")
    codes = [(problem.index, problem.code) for problem in caught.value.problems]
    assert codes == [(3, "not_found"), (4, "duplicate")]
    with pytest.raises(Invalid, match="d") as caught:
        graph.records.delete_many(graph.ctx(), "node", rows[:3], mode="all")
    codes = [(problem.index, problem.code) for problem in caught.value.problems]
    assert codes == [(1, "in_use"), (2, "stale")]
    assert len(everything(graph)) == 4
    each = graph.records.delete_many(graph.ctx(), "node", rows)
    assert each.ids == [a.id]
    assert [problem.index for problem in each.errors] == [1, 2, 3, 4]


def test_a_chosen_record_stands_in_nobodys_way(graph: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where the one that needs another goes in a later transaction than the one that is needed."""
    monkeypatch.setattr(deletion, "CHUNK", 2)
    nodes = [graph.create("node", name="0")]
    for number in range(1, 7):
        nodes.append(graph.create("node", name=str(number), needs=nodes[-1].id))
    result = graph.records.delete_many(graph.ctx(), "node", [(node.id, 1) for node in nodes])
    assert not result.errors and len(result.ids) == 7
    back = graph.records.restore_many(graph.ctx(), "node", result.ids)
    assert not back.errors and len(everything(graph)) == 7


def test_unique_values_that_were_taken_meanwhile_stay_in_the_bin(graph: World) -> None:
    nodes = [graph.create("node", name=str(number), code=f"taken-{number}") for number in range(4)]
    graph.create("leaf", name="leaf", node=nodes[1].id)
    ids = [node.id for node in nodes]
    graph.records.delete_many(graph.ctx(), "node", [(key, None) for key in ids])
    other = graph.create("node", name="other", code="taken-1")
    result = graph.records.restore_many(graph.ctx(), "node", [*ids, other.id])
    assert result.ids == [ids[0], ids[2], ids[3]]
    assert [(problem.index, problem.code) for problem in result.errors] == [(1, "invalid"), (4, "not_found")]
    assert "taken-1" not in str(result.errors[1]) and "unique" in result.errors[0].message
    assert graph.records.find(graph.ctx(), "leaf").records == []


def test_undo_of_a_request_takes_back_that_request_only(graph: World) -> None:
    one, two = graph.create("node", name="one"), graph.create("node", name="two")
    ctx = graph.ctx()
    graph.records.delete_many(ctx, "node", [(one.id, 1), (two.id, 1)])
    graph.records.restore(graph.ctx(), "node", two.id)
    graph.records.delete(graph.ctx(), "node", two.id, version=3)
    assert graph.records.deleted_by(graph.ctx(person("Eve")), "node", ctx.cause_id) == []
    assert graph.records.deleted_by(ctx, "node", "nonsense") == []
    ids = graph.records.deleted_by(graph.ctx(), "node", ctx.cause_id)
    assert ids == [one.id, two.id]
    result = graph.records.restore_many(graph.ctx(), "node", ids, cause=ctx.cause_id)
    assert result.ids == [one.id] and [problem.code for problem in result.errors] == ["not_found"]


def test_rights_hold_for_each_record_and_for_what_goes_along(graph: World) -> None:
    kept = graph.create("node", name="kept")
    parent = graph.create("node", name="parent")
    graph.create("node", name="kept", parent=parent.id)
    free, hidden = graph.create("node", name="free"), graph.create("node", name="hidden")
    rules = Rules({
        ("delete", "node"): Decision(True, "name != 'kept'"),
        ("read", "node"): Decision(True, "name != 'hidden'"),
    })  # fmt: skip
    rows: list[tuple[str, int | None]] = [(item.id, 1) for item in (kept, parent, free, hidden)]
    records = graph.under(rules).records
    result = records.delete_many(graph.ctx(), "node", rows)
    assert result.ids == [free.id]
    assert [problem.code for problem in result.errors] == ["forbidden", "forbidden", "not_found"]
    graph.records.delete_many(graph.ctx(), "node", [(kept.id, 1), (parent.id, 1)])
    back = records.restore_many(graph.ctx(), "node", [kept.id, parent.id, free.id])
    assert back.ids == [free.id]
    assert [problem.code for problem in back.errors] == ["forbidden", "forbidden"]
    with pytest.raises(NotFound):
        graph.under(Rules({("*", "node"): Decision(False)})).records.delete_many(graph.ctx(), "node", rows)


def test_statements_do_not_grow_with_the_records(graph: World) -> None:
    def counted(count: int, act: Callable[[list[str]], Any]) -> int:
        rows = [{"name": f"N{number}"} for number in range(count)]
        ids = [key for key in graph.records.bulk(graph.ctx(), "node", rows).ids if key]
        others = [{"name": "part", "parent": key, "likes": key, "friends": [key]} for key in ids] + [
            {"name": "fan", "likes": key, "friends": [key]} for key in ids
        ]
        assert not graph.records.bulk(graph.ctx(), "node", others).errors
        graph.records.bulk(graph.ctx(), "leaf", [{"name": "leaf", "node": key} for key in ids])
        return int(act(ids))

    def deleting(ids: list[str]) -> int:
        with graph.statements() as statements:
            assert not graph.records.delete_many(graph.ctx(), "node", [(key, 1) for key in ids]).errors
        return len(statements)

    def restoring(ids: list[str]) -> int:
        graph.records.delete_many(graph.ctx(), "node", [(key, 1) for key in ids])
        with graph.statements() as statements:
            assert not graph.records.restore_many(graph.ctx(), "node", ids).errors
        return len(statements)

    def telling(ids: list[str]) -> int:
        with graph.statements() as statements:
            graph.records.deletion_of(graph.ctx(), "node", ids)
        return len(statements)

    for act in (deleting, restoring, telling):
        assert counted(5, act) == counted(100, act), act


def test_the_call_is_checked(graph: World) -> None:
    too_many = [("x", None)] * 10_001
    with pytest.raises(Invalid, match="at most 10000"):
        graph.records.delete_many(graph.ctx(), "node", too_many)
    with pytest.raises(Invalid, match="at most 10000"):
        graph.records.restore_many(graph.ctx(), "node", ["x"] * 10_001)
    with pytest.raises(Invalid, match="allowed are all and each"):
        graph.records.delete_many(graph.ctx(), "node", [], mode="some")  # type: ignore[arg-type]
    assert graph.records.delete_many(graph.ctx(), "node", []).ids == []
    with pytest.raises(NotFound):
        graph.records.deletion_of(graph.ctx(), "node", [])
