"""Rollups through the whole product: whatever happens to records, each stored figure is right."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest

from amity.definitions.documents import DefinitionChange
from amity.errors import AmityError, InUse, Invalid
from amity.records import changing, computing, rolling
from amity.settings import Settings
from amity.workspace import Workspace

NAME = {"type": "string"}
NUMBER = {"type": "number"}
INTEGER = {"type": "integer"}


def rollup(
    do: str, of: str | None = None, over: str = "lines", where: str | None = None, **schema: Any
) -> Any:
    """A property with a rollup; a number, where nothing else is said."""
    own = {"over": over, "do": do, "of": of, "where": where}
    given = {key: value for key, value in own.items() if value is not None}
    return {"type": "number", **schema, "x-amity": {"rollup": given}}


def link(to: str, inverse: str, on_delete: str = "clear") -> dict[str, Any]:
    options = {"kind": "relation", "to": to, "inverse": inverse, "on_delete": on_delete}
    return {"type": "string", "format": "uuid", "x-amity": options}


def entity(name: str, properties: dict[str, Any]) -> DefinitionChange:
    document = {"title": name.title(), "properties": properties, "x-amity": {"name": name, "display": "name"}}
    return DefinitionChange("entity", name, document)


LINE = {
    "name": NAME,
    "price": NUMBER,
    "count": INTEGER,
    "open": {"type": "boolean"},
    "due": {"type": "string", "format": "date"},
    "order": link("order", "lines", "cascade"),
    "total": {"type": "number", "x-amity": {"formula": "price * count"}},
}
ORDER = {
    "name": NAME,
    "rebate": NUMBER,
    "customer": link("customer", "orders"),
    "number": rollup("count", type="integer"),
    "still_open": rollup("count", where="open && count > 0", type="integer"),
    "sum": rollup("sum", "total"),
    "pieces": rollup("sum", "count", type="integer"),
    "first": rollup("min", "due", type="string", format="date"),
    "last": rollup("max", "name", type="string"),
    "mean": rollup("average", "price"),
    "to_pay": {"type": "number", "x-amity": {"formula": "sum - (rebate == null ? 0 : rebate)"}},
}
CUSTOMER = {
    "name": NAME,
    "turnover": rollup("sum", "to_pay", over="orders"),
    "orders_count": rollup("count", over="orders", type="integer"),
    "good": {"type": "boolean", "x-amity": {"formula": "turnover > 1000"}},
}
SHOP = [entity("line", LINE), entity("order", ORDER), entity("customer", CUSTOMER)]


@pytest.fixture
def shop(settings: Settings) -> Iterator[Workspace]:
    """Lines, orders that sum them up, and customers that sum up the orders."""
    opened = Workspace.open(settings)
    opened.definitions.apply(SHOP, opened.context(), confirm=True)
    yield opened
    opened.close()


def make(shop: Workspace, entity_name: str, /, **values: Any) -> str:
    return shop.records.create(shop.context(), entity_name, values).id


def show(shop: Workspace, name: str, key: str) -> dict[str, Any]:
    return shop.records.get(shop.context(), name, key).values


def change(shop: Workspace, name: str, key: str, /, **values: Any) -> None:
    version = show(shop, name, key)["version"]
    shop.records.update(shop.context(), name, key, values, version=version)


def assert_right(shop: Workspace) -> None:
    """Every stored value equals a recomputation, and the figures equal what Python makes of the rows."""
    for name in ("line", "order", "customer"):
        assert shop.records.recompute(shop.context(), name, {}, lambda connection, state: None) == 0, name
    every = {name: everything(shop, name) for name in ("line", "order", "customer")}
    for order in every["order"]:
        lines = [line for line in every["line"] if line["order"] == order["id"]]
        prices = [line["price"] for line in lines if line["price"] is not None]
        assert order["number"] == len(lines)
        assert order["still_open"] == sum(bool(line["open"]) and (line["count"] or 0) > 0 for line in lines)
        assert order["sum"] == sum(line["total"] or 0 for line in lines)
        assert order["pieces"] == sum(line["count"] or 0 for line in lines)
        assert order["last"] == max((line["name"] for line in lines), default=None)
        step = Decimal("0.0001")
        mean = (sum(prices) / len(prices)).quantize(step, ROUND_HALF_UP) if prices else None
        assert order["mean"] == mean
    for customer in every["customer"]:
        orders = [order for order in every["order"] if order["customer"] == customer["id"]]
        assert customer["turnover"] == sum(order["to_pay"] for order in orders)
        assert customer["good"] == (customer["turnover"] > 1000)


def everything(shop: Workspace, name: str) -> list[dict[str, Any]]:
    from amity.records.shapes import Query

    found: list[dict[str, Any]] = []
    after = None
    while True:
        page = shop.records.find(shop.context(), name, Query(limit=500, after=after))
        found += [dict(record.values) for record in page.records]
        after = page.next
        if not after:
            return found


def test_figures_follow_every_change(shop: Workspace) -> None:
    customer = make(shop, "customer", name="Ada")
    order = make(shop, "order", name="O1", customer=customer, rebate=5)
    assert (show(shop, "order", order)["number"], show(shop, "order", order)["sum"]) == (0, 0)
    assert show(shop, "order", order)["mean"] is None and show(shop, "customer", customer)["turnover"] == -5
    first = make(shop, "line", name="ink", price=100, count=2, order=order, open=True, due="2026-03-01")
    second = make(shop, "line", name="pen", price=Decimal("900.5"), count=1, order=order, due="2026-02-01")
    seen = show(shop, "order", order)
    assert (seen["number"], seen["still_open"], seen["sum"], seen["pieces"]) == (2, 1, Decimal("1100.5"), 3)
    assert (str(seen["first"]), seen["last"], seen["mean"]) == ("2026-02-01", "pen", Decimal("500.25"))
    assert seen["version"] == 1, "no save of the order itself"
    assert show(shop, "customer", customer) | {"turnover": Decimal("1095.5"), "good": True} == show(
        shop, "customer", customer
    )
    other = make(shop, "order", name="O2", customer=customer)
    change(shop, "line", second, order=other)
    assert (show(shop, "order", order)["number"], show(shop, "order", other)["sum"]) == (1, Decimal("900.5"))
    change(shop, "line", first, count=7)
    assert show(shop, "order", order)["to_pay"] == 695
    version = show(shop, "line", first)["version"]
    shop.records.delete(shop.context(), "line", first, version=version)
    assert show(shop, "order", order)["sum"] == 0
    shop.records.restore(shop.context(), "line", first)
    assert show(shop, "order", order)["sum"] == 700
    shop.records.delete(shop.context(), "order", order, version=show(shop, "order", order)["version"])
    assert show(shop, "customer", customer)["turnover"] == Decimal("900.5")
    shop.records.restore(shop.context(), "order", order)
    assert show(shop, "customer", customer)["turnover"] == Decimal("1595.5")
    assert len(shop.records.history(shop.context(), "customer", customer).events) == 1
    change(shop, "order", order, rebate=None)
    assert_right(shop)
    with pytest.raises(Invalid) as caught:
        change(shop, "order", order, sum=1)
    assert caught.value.problems[0].code == "read_only"


def test_children_saved_with_their_parent(shop: Workspace) -> None:
    lines = [{"values": {"name": f"l{number}", "price": number, "count": 1}} for number in range(4)]
    made = shop.records.create(shop.context(), "order", {"name": "O"}, children={"lines": lines})
    assert (made.values["number"], made.values["sum"], made.values["to_pay"]) == (4, 6, 6)
    assert show(shop, "order", made.id)["sum"] == 6
    assert_right(shop)


def test_bulk_takes_few_statements(shop: Workspace) -> None:
    orders = [make(shop, "order", name=f"O{number}") for number in range(30)]
    rows = [
        {"name": f"l{number}", "price": number % 7, "count": 2, "order": orders[number % 30]}
        for number in range(600)
    ]
    result = shop.records.bulk(shop.context(), "line", rows, mode="all")
    assert result.created == 600
    assert_right(shop)


def test_random_histories_by_several_writers(shop: Workspace, settings: Settings) -> None:
    """Four writers create, move, change, delete and restore at the same time."""
    customers = [make(shop, "customer", name=f"C{number}") for number in range(3)]
    orders = [make(shop, "order", name=f"O{number}", customer=customers[number % 3]) for number in range(6)]
    lines = [make(shop, "line", name=f"L{n}", price=n, count=1, order=orders[n % 6]) for n in range(12)]
    errors: list[BaseException] = []

    def write(seed: int) -> None:
        own = Workspace.open(settings)
        chance = random.Random(seed)
        try:
            for _ in range(40):
                try:
                    step(own, chance)
                except AmityError:
                    continue  # another was quicker, or it is gone already
        except BaseException as error:
            errors.append(error)
        finally:
            own.close()

    def step(own: Workspace, chance: random.Random) -> None:
        match chance.randrange(8):
            case 0 | 1:
                order = chance.choice([*orders, None])
                made = {
                    "name": "n",
                    "price": chance.randrange(99),
                    "count": chance.randrange(4),
                    "order": order,
                }
                lines.append(own.records.create(own.context(), "line", made).id)
            case 2 | 3:
                change(
                    own, "line", chance.choice(lines), count=chance.randrange(9), open=chance.random() < 0.5
                )
            case 4:
                change(own, "line", chance.choice(lines), order=chance.choice(orders))
            case 5:
                name, ids = chance.choice([("line", lines), ("order", orders)])
                key = chance.choice(ids)
                own.records.delete(own.context(), name, key, version=show(own, name, key)["version"])
            case 6:
                name, ids = chance.choice([("line", lines), ("order", orders)])
                own.records.restore(own.context(), name, chance.choice(ids))
            case _:
                values = {"rebate": chance.randrange(50), "customer": chance.choice(customers)}
                change(own, "order", chance.choice(orders), **values)

    threads = [threading.Thread(target=write, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors, errors
    assert_right(shop)


def test_new_and_changed_rollups_reach_the_records_that_are_there(
    shop: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(computing, "BATCH", 3)
    orders = [make(shop, "order", name=f"O{number}") for number in range(8)]
    rows = [{"name": "l", "price": n, "count": 2, "order": orders[n % 8]} for n in range(40)]
    shop.records.bulk(shop.context(), "line", rows)
    dearest = {**ORDER, "dearest": rollup("max", "price")}
    shop.definitions.apply([entity("order", dearest)], shop.context(), confirm=True)
    shop.definitions.run_jobs()
    assert [row["dearest"] for row in everything(shop, "order")] == [32 + number for number in range(8)]
    # A field that is summed up is converted, and another formula changes what is summed up.
    changed = {
        **LINE,
        "count": NUMBER,
        "total": {"type": "number", "x-amity": {"formula": "price * count * 2"}},
    }
    order = {**dearest, "pieces": rollup("sum", "count")}
    shop.definitions.apply([entity("line", changed), entity("order", order)], shop.context(), confirm=True)
    shop.definitions.run_jobs()
    assert everything(shop, "order")[0]["sum"] == sum(4 * n for n in range(0, 40, 8))
    assert_right(shop)


def test_names_are_followed_and_guarded(shop: Workspace) -> None:
    uses = shop.definitions.where_used("line", "open")
    assert [(use.owner, use.pointer) for use in uses] == [
        ("order", "/properties/still_open/x-amity/rollup/where")
    ]
    assert any(use.owner == "order" for use in shop.definitions.where_used("line", "order"))
    document = shop.definitions.get("entity", "line").document
    names = {"open": "waiting", "count": "quantity", "total": "amount"}
    properties = {names.get(key, key): value for key, value in document["properties"].items()}
    renamed = DefinitionChange("entity", "line", {**document, "properties": properties})
    shop.definitions.apply([renamed], shop.context(), confirm=True)
    order = shop.definitions.get("entity", "order").document["properties"]
    assert order["still_open"]["x-amity"]["rollup"]["where"] == "waiting && quantity > 0"
    assert order["sum"]["x-amity"]["rollup"]["of"] == "amount"
    key = make(shop, "order", name="O")
    make(shop, "line", name="l", price=3, quantity=2, waiting=True, order=key)
    assert (show(shop, "order", key)["sum"], show(shop, "order", key)["still_open"]) == (6, 1)
    document = shop.definitions.get("entity", "line").document
    gone = {name: value for name, value in document["properties"].items() if name != "waiting"}
    with pytest.raises(InUse, match="order would no longer work"):
        shop.definitions.apply(
            [DefinitionChange("entity", "line", {**document, "properties": gone})],
            shop.context(),
            confirm=True,
        )


@pytest.mark.parametrize(
    ("field", "word"),
    [
        (rollup("sum", "total", over="liness"), "'lines'"),
        (rollup("sum", "totl"), "'total'"),
        (rollup("sum", "name"), "no number"),
        (rollup("sum", "order"), "no figure"),
        (rollup("max", "due"), "decimal"),
        (rollup("sum"), "of"),
        (rollup("count", "total"), "leave 'of' out"),
        (rollup("count", where="open &&"), "expression"),
        (rollup("count", where="due < today()"), "without a save"),
        (rollup("count", where="order.name == 'x'"), "'order'"),
        (rollup("median", "total"), "median"),
        ({**NUMBER, "x-amity": {"rollup": {"do": "count"}}}, "over"),
        ({**NUMBER, "x-amity": {"rollup": {"over": "lines", "do": "count"}, "formula": "1.5"}}, "not both"),
        (rollup("average", "price", type="integer"), "decimal"),
    ],
)
def test_what_is_wrong_is_named(shop: Workspace, field: dict[str, Any], word: str) -> None:
    with pytest.raises(Invalid) as caught:
        shop.definitions.apply([entity("order", {**ORDER, "wrong": field})], shop.context(), confirm=True)
    (problem, *_) = caught.value.problems
    assert word in problem.message + str(problem.pointer) and "/properties/wrong" in str(problem.pointer)


def test_circles_are_named_with_their_path(shop: Workspace) -> None:
    line = {**LINE, "share": {"type": "number", "x-amity": {"formula": "weight + 1"}}}
    line |= {"weight": rollup("sum", "deep", over="parts"), "part_of": link("line", "parts")}
    line |= {"deep": {"type": "number", "x-amity": {"formula": "share * 2"}}}
    with pytest.raises(Invalid) as caught:
        shop.definitions.apply([entity("line", line)], shop.context(), confirm=True)
    message = caught.value.problems[0].message
    assert all(f"line.{name}" in message for name in ("share", "weight", "deep")) and "circle" in message


def test_many_owners_of_one_save(shop: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """More owners than one statement takes."""
    monkeypatch.setattr(rolling, "BATCH", 7)
    orders = [make(shop, "order", name=f"O{number}") for number in range(20)]
    rows = [{"name": "l", "price": n, "count": 1, "order": orders[n % 20]} for n in range(60)]
    shop.records.bulk(shop.context(), "line", rows, mode="all")
    assert_right(shop)


def test_a_formula_is_written_whatever_it_was_when_the_record_was_read(shop: Workspace) -> None:
    """Between the reading and the write of an order its sum changes, and the result is what it was before."""
    order = make(shop, "order", name="O", rebate=0)
    make(shop, "line", name="l", price=10, count=1, order=order)
    before = show(shop, "order", order)
    assert before["to_pay"] == 10
    prepare = changing.change(shop.records.machine, "order", order, {"rebate": 10}, before["version"])
    caller = shop.records.machine.caller(shop.context())
    work = prepare(caller)
    make(shop, "line", name="l", price=10, count=1, order=order)
    with shop.database.write() as connection:
        work(shop.records.machine.unit(connection, caller))
    assert (show(shop, "order", order)["sum"], show(shop, "order", order)["to_pay"]) == (20, 10)
    assert_right(shop)


def test_a_deleted_owner_is_left_by_what_moves_on(shop: Workspace) -> None:
    """A link to a deleted record reads as null and stays stored: it counts until another takes its place."""
    gone, other = make(shop, "order", name="A"), make(shop, "order", name="B")
    line = make(shop, "line", name="l", price=3, count=2, order=gone)
    shop.records.delete(shop.context(), "line", line, version=1)
    shop.records.delete(shop.context(), "order", gone, version=1)
    shop.records.restore(shop.context(), "line", line)
    change(shop, "line", line, order=None)
    assert_right(shop)
    change(shop, "line", line, order=other, count=5)
    assert show(shop, "order", other)["sum"] == 15
    assert_right(shop)
    assert shop.records.restore(shop.context(), "order", gone).values["number"] == 0
