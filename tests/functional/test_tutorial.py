"""The tutorial on imports is run command by command, on both databases."""

from __future__ import annotations

import csv
import json
import re
import shlex
from collections import defaultdict
from decimal import Decimal
from pathlib import Path

import pytest

from tests.support.databases import DatabaseServer
from tests.support.servers import amity

REPOSITORY = Path(__file__).resolve().parents[2]
TUTORIAL = REPOSITORY / "docs" / "tutorial" / "import-northwind.md"
DATA = REPOSITORY.parent / "shared" / "data"

COMMAND = re.compile(r"^\$ (.+)$", re.MULTILINE)
CREATED = re.compile(r"(\d+) created, (\d+) updated, (\d+) unchanged, (\d+) failed")
EXPECTED = {
    "northwind-home": {
        "customer": 93,
        "vendor": 29,
        "employee": 9,
        "category": 8,
        "shipper": 3,
        "product": 77,
        "order": 830,
        "order_line": 2155,
    },
    "chinook-home": {"employee": 8, "customer": 59, "invoice": 412, "invoice_line": 2240},
}

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not (DATA / "northwind").is_dir(), reason="the Northwind files are not here"),
]


class Reader:
    """Somebody who types the tutorial's commands, one after the other."""

    def __init__(self, folder: Path, server: DatabaseServer) -> None:
        self.folder, self.server = folder, server
        self.homes: dict[str, str] = {}
        self.home = ""
        for name, source in (("northwind", DATA), ("chinook", DATA), ("docs", REPOSITORY)):
            (folder / name).symlink_to(source / name)

    def type(self, text: str) -> str:
        """Run one command line; gives what it printed."""
        if text.startswith("export AMITY_HOME="):
            self.home = text.partition("=")[2]
            self.homes[self.home] = self.server.create()
            return ""
        words = shlex.split(text)
        assert words[0] == "amity", text
        done = amity(*words[1:], home=self.folder / self.home, database_url=self.homes[self.home])
        assert done.returncode == 0, f"{text}\n{done.stdout}\n{done.stderr}"
        return done.stdout


def commands() -> list[str]:
    """All commands of the tutorial but the one that serves for ever."""
    text = TUTORIAL.read_text(encoding="utf-8")
    return [command for command in COMMAND.findall(text) if command != "amity serve"]


def test_tutorial_brings_both_companies_in(database_server: DatabaseServer, tmp_path: Path) -> None:
    reader = Reader(tmp_path, database_server)
    created: dict[str, dict[str, int]] = {}
    imports: list[tuple[str, str]] = []
    for command in commands():
        output = reader.type(command)
        found = CREATED.search(output)
        if found is None:
            continue
        entity = shlex.split(command)[2]
        if "--dry-run" in command:
            assert int(found[1]) == EXPECTED[reader.home][entity]
            assert reader.type(f"amity export {entity}").count("\n") == 1, "a dry run wrote records"
        else:
            created.setdefault(reader.home, {})[entity] = int(found[1])
            imports.append((reader.home, command))
    assert created == EXPECTED

    for home, command in imports:
        reader.home = home
        again = CREATED.search(reader.type(command))
        assert again is not None and again[1] == "0" and again[2] == "0" and again[4] == "0", command

    managers_are_linked(reader)
    totals_are_exact(reader)
    for url in reader.homes.values():
        database_server.drop(url)


def totals_are_exact(reader: Reader) -> None:
    """Formulas of lines, rollups of orders and of customers, to the last digit what the files say."""
    reader.home = "northwind-home"
    customer = json.loads((REPOSITORY / "entities" / "customer.json").read_text(encoding="utf-8"))
    rollup = {"over": "orders", "do": "sum", "of": "total"}
    customer["properties"]["turnover"] = {"type": "number", "x-amity": {"rollup": rollup}}
    file = reader.folder / "customer.json"
    file.write_text(json.dumps(customer), encoding="utf-8")
    reader.type(f"amity apply {file} --yes")
    lines = rows(reader, "northwind/order_details.csv")
    by_order: dict[str, Decimal] = defaultdict(Decimal)
    for line in lines:
        price, share = Decimal(line["UnitPrice"]), 1 - Decimal(line["Discount"])
        by_order[line["OrderID"]] += price * int(line["Quantity"]) * share
    assert sum(by_order.values()) == Decimal("1265793.0395")
    orders = exported(reader, "order")
    assert {row["number"]: Decimal(row["total"]) for row in orders} == by_order
    by_customer: dict[str, Decimal] = defaultdict(Decimal)
    for row in orders:
        by_customer[row["customer"]] += Decimal(row["total"])
    customers = exported(reader, "customer")
    assert {row["id"]: Decimal(row["turnover"]) for row in customers} == {
        row["id"]: by_customer[row["id"]] for row in customers
    }
    assert sum(Decimal(row["turnover"]) for row in customers) == Decimal("1265793.0395")

    reader.home = "chinook-home"
    invoices = exported(reader, "invoice")
    assert all(row["total"] == row["lines_total"] for row in invoices)
    assert sum(Decimal(row["lines_total"]) for row in invoices) == Decimal("2328.60")
    wanted: dict[str, Decimal] = defaultdict(Decimal)
    for row in rows(reader, "chinook/invoices.csv"):
        wanted[row["BillingCountry"]] += Decimal(row["Total"])
    found: dict[str, Decimal] = defaultdict(Decimal)
    for row in invoices:
        found[json.loads(row["billing_address"])["country"]] += Decimal(row["lines_total"])
    assert sorted(found.values()) == sorted(wanted.values())


def rows(reader: Reader, file: str) -> list[dict[str, str]]:
    """Read a file of the data."""
    with (reader.folder / file).open(encoding="utf-8-sig", newline="") as source:
        return list(csv.DictReader(source))


def exported(reader: Reader, entity: str) -> list[dict[str, str]]:
    """Export all records of an entity."""
    return list(csv.DictReader(reader.type(f"amity export {entity}").splitlines()))


def managers_are_linked(reader: Reader) -> None:
    """Each employee has the manager that the file names."""
    for home, file, columns in (
        ("northwind-home", "northwind/employees.csv", ("EmployeeID", "ReportsTo")),
        ("chinook-home", "chinook/employees.csv", ("EmployeeId", "ReportsTo")),
    ):
        reader.home = home
        with (reader.folder / file).open(encoding="utf-8-sig", newline="") as source:
            wanted = {row[columns[0]]: row[columns[1]] for row in csv.DictReader(source)}
        exported = list(csv.DictReader(reader.type("amity export employee").splitlines()))
        number = {row["id"]: row["number"] for row in exported}
        assert {row["number"]: number.get(row["manager"], "") for row in exported} == wanted
