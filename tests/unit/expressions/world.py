"""The small world of `samples` in a database, with rows at every edge, and a binding to its tables.

Targets may be deleted: then they are null on a path and missing in a list, in Python and in SQL alike.
"""

from __future__ import annotations

import datetime as dt
import itertools
import random
import uuid
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any, Final

import sqlalchemy as sa

from amity.database.types import (
    CodePointText,
    IsoDate,
    IsoTime,
    Microseconds,
    ScaledDecimal,
    UtcDateTime,
    Uuid36,
    json_type,
)
from amity.expressions import Compiled, SqlBinding
from tests.unit.expressions.samples import ENTITIES, Row

METADATA: Final = sa.MetaData()


def _table(name: str, *columns: sa.Column[Any]) -> sa.Table:
    return sa.Table(
        name, METADATA, sa.Column("id", Uuid36, primary_key=True), *columns, sa.Column("deleted", sa.Boolean)
    )


CUSTOMER: Final = _table(
    "customer",
    *(sa.Column(name, CodePointText) for name in ("name", "nickname", "stage", "email")),
    *(sa.Column(f"{name}_fold", CodePointText) for name in ("name", "nickname", "stage", "email")),
    sa.Column("active", sa.Boolean),
    sa.Column("employees", sa.BigInteger),
    sa.Column("revenue", ScaledDecimal(2)),
    sa.Column("rate", ScaledDecimal(6)),
    sa.Column("born", IsoDate),
    sa.Column("created_at", UtcDateTime),
    sa.Column("opens", IsoTime),
    sa.Column("spent", Microseconds),
    sa.Column("owner", Uuid36),
    sa.Column("tags", json_type()),
    sa.Column("address", json_type()),
    sa.Column("emails", json_type()),
    sa.Column("manager", Uuid36),
)
EMPLOYEE: Final = _table(
    "employee",
    sa.Column("name", CodePointText),
    sa.Column("name_fold", CodePointText),
    sa.Column("email", CodePointText),
    sa.Column("email_fold", CodePointText),
    sa.Column("salary", ScaledDecimal(0)),
    sa.Column("team", Uuid36),
)
TEAM: Final = _table(
    "team",
    sa.Column("name", CodePointText),
    sa.Column("name_fold", CodePointText),
    sa.Column("size", sa.BigInteger),
)
INTERACTION: Final = _table(
    "interaction",
    sa.Column("customer", Uuid36),
    sa.Column("at", UtcDateTime),
    sa.Column("channel", CodePointText),
    sa.Column("by", Uuid36),
)
TABLES: Final = {"customer": CUSTOMER, "employee": EMPLOYEE, "team": TEAM, "interaction": INTERACTION}
TO_ONE: Final = {
    ("customer", "manager"): "employee",
    ("employee", "team"): "team",
    ("interaction", "by"): "employee",
}
TO_MANY: Final = {
    ("customer", "interactions"): ("interaction", "customer"),
    ("employee", "customers"): ("customer", "manager"),
}

TEXTS: Final = (
    None, "", "a", "A", "ab", "b%_\\", "zoe", "Zoë", "Zoe\u0308", "ß", "İ", "漢字", "😀😁", "\uffff",
    "Ä" * 250, " ", "10", "red", "line\nbreak", "'\"", "active", "\U0010ffff",
)  # fmt: skip
INTEGERS: Final = (None, 0, 1, -1, 2, -3, 7, 100, 2**31, 2**53 + 1, 2**63 - 1, -(2**63), 10**15, -(10**15))
SMALL: Final = ("0", "0.01", "-0.01", "1", "-1", "2.5", "-2.5", "0.05", "100.10", "33.33", "9999999999999.99")
FINE: Final = (
    "0",
    "0.000001",
    "-0.000001",
    "1",
    "3",
    "-7.5",
    "0.333333",
    "0.5",
    "999999999.999999",
    "2.000001",
)
DATES: Final = (
    None, dt.date(1, 1, 1), dt.date(9999, 12, 31), dt.date(2024, 2, 29), dt.date(1969, 12, 31),
    dt.date(2026, 3, 1), dt.date(1900, 3, 1),
)  # fmt: skip
MOMENTS: Final = (
    None,
    dt.datetime(1, 1, 1, tzinfo=dt.UTC),
    dt.datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=dt.UTC),
    dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC),
    dt.datetime(2024, 2, 29, 23, 59, 59, 1, tzinfo=dt.UTC),
    dt.datetime(1969, 12, 31, 23, 59, 59, 500000, tzinfo=dt.UTC),
    dt.datetime(1970, 1, 1, tzinfo=dt.UTC),
    dt.datetime(2026, 3, 29, 1, 30, tzinfo=dt.UTC),
)
TIMES: Final = (None, dt.time(), dt.time(9, 30), dt.time(23, 59, 59, 999999), dt.time(12, 0, 0, 500000))
SPANS: Final = (
    None, 0, 1, -1, 86_400_000_000, -86_400_000_001, 90_000_000, 315_576_000_000_000_000, -(10**17),
)  # fmt: skip
LISTS: Final = (None, [], ["red"], ["red", "blue"], ["", "a"], ["Zoë"], [None, "a"])
DATA: Final = (
    None, {}, {"city": "a"}, {"city": None}, {"city": "Zoë", "street": {"name": "red"}}, {"city": 5},
    {"city": True, "street": [1]}, {"city": False}, {"city": ["a"], "0": "a"}, {"city": ["b", "a"]},
    {"city": "null"}, {"city": {"0": "a"}}, ["a"], {"a b": "x", "city": ""},
    {"city": Decimal("12.50")}, {"city": -7}, {"city": Decimal("0.1234567")}, {"city": Decimal(10**20)},
    {"city": 100},
)  # fmt: skip
EMAILS: Final = (
    None, [], [{"value": "a", "primary": True}], [{"value": "b", "primary": False}, {"value": "a"}], ["a"],
    [5, None],
    [{"value": 5}, {"value": Decimal("5.50"), "size": [1]}], [["a"]], [{"value": Decimal("0.1234567")}],
)  # fmt: skip
NOW: Final = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)


class World:
    """All rows, as records for Python and as rows for the databases; the same in every run."""

    def __init__(self) -> None:
        self.random = random.Random(2026)
        self.rows: dict[str, list[dict[str, Any]]] = {}
        self.rows["team"] = [
            {"name": name, "size": size}
            for name, size in zip(TEXTS[1:6], (1, None, 0, 5, 2**40), strict=True)
        ]
        self.rows["employee"] = [
            {
                "name": self._any(TEXTS),
                "email": self._any(TEXTS),
                "salary": self._any((None, Decimal(0), Decimal(10**14), Decimal(2500))),
                "team": self._any((None, *self._ids("team"))),
            }
            for _ in range(10)
        ]
        self.rows["customer"] = [self._customer(number) for number in range(70)]
        self.rows["interaction"] = [
            {
                "customer": self._any(self._ids("customer")),
                "at": self._any(MOMENTS),
                "channel": self._any(TEXTS[:8]),
                "by": self._any((None, *self._ids("employee"))),
            }
            for _ in range(60)
        ]
        for entity, rows in self.rows.items():
            for number, row in enumerate(rows):
                row["id"] = self._ids(entity)[number]
                row["deleted"] = entity != "customer" and number % 4 == 3
        self.records = {
            entity: {row["id"]: Row(row["id"], **row) for row in rows} for entity, rows in self.rows.items()
        }
        self._link()

    def _any(self, values: Sequence[Any]) -> Any:
        return self.random.choice(values)

    def _ids(self, entity: str) -> list[str]:
        count = {"team": 5, "employee": 10, "customer": 70, "interaction": 60}[entity]
        return [str(uuid.uuid5(uuid.NAMESPACE_URL, f"{entity}{number}")) for number in range(count)]

    def _customer(self, number: int) -> dict[str, Any]:
        if number == 0:
            return dict.fromkeys(
                column.name for column in CUSTOMER.columns if not column.name.endswith("_fold")
            )
        return {
            **{name: self._any(TEXTS) for name in ("name", "nickname", "stage", "email")},
            "active": self._any((None, True, False)),
            "employees": self._any(INTEGERS),
            "revenue": self._any((None, *map(Decimal, SMALL))),
            "rate": self._any((None, *map(Decimal, FINE))),
            "born": self._any(DATES),
            "created_at": self._any(MOMENTS),
            "opens": self._any(TIMES),
            "spent": self._any(SPANS),
            "owner": self._any((None, *self._ids("employee"))),
            "tags": self._any(LISTS),
            "address": self._any(DATA),
            "emails": self._any(EMAILS),
            "manager": self._any((None, *self._ids("employee"))),
        }

    def _link(self) -> None:
        """Put records in the place of ids, leaving out deleted ones."""
        for (entity, name), target in TO_ONE.items():
            for record in self.records[entity].values():
                found = self.records[target].get(record.values[name])
                record.values[name] = None if found is None or found.values["deleted"] else found
        for (entity, name), (target, back) in TO_MANY.items():
            for record in self.records[entity].values():
                record.values[name] = [
                    self.records[target][row["id"]]
                    for row in self.rows[target]
                    if row[back] == record.id and not row["deleted"]
                ]

    def fill(self, connection: sa.Connection, fold: Callable[[str], str]) -> None:
        """Create the tables and insert all rows."""
        METADATA.create_all(connection)
        for entity, rows in self.rows.items():
            table = TABLES[entity]
            folds = [column.name for column in table.columns if column.name.endswith("_fold")]
            connection.execute(
                table.insert(),
                [
                    row | {name: _fold(row[name.removesuffix("_fold")], fold) for name in folds}
                    for row in rows
                ],
            )

    def environments(self) -> dict[str, dict[str, Any]]:
        """Give what each customer's expressions are evaluated in."""
        me = self.records["employee"][self._ids("employee")[0]]
        bound = {"now": NOW, "today": NOW.date(), "me": me}
        return {
            id_: {**record.values, "id": id_, **bound} for id_, record in self.records["customer"].items()
        }


def _fold(value: str | None, fold: Callable[[str], str]) -> str | None:
    return None if value is None else fold(value)


class TableBinding:
    """Binds expressions to the tables, hop by hop with correlated subqueries."""

    _numbers = itertools.count()

    def __init__(
        self, dialect: str, entity: str, read: Callable[[Any], Any], columns: Any, env: dict[str, Any]
    ) -> None:
        self.dialect: Any = dialect
        self._entity = entity
        self._read = read
        self._columns = columns
        self._env = env

    @classmethod
    def root(cls, dialect: str, env: dict[str, Any]) -> TableBinding:
        """Bind to the customers of a query."""
        return cls(dialect, "customer", lambda column: column, CUSTOMER.c, env)

    def column(self, name: str) -> Any:
        if (self._entity, name) in TO_ONE:
            return self._target(name, lambda alias: alias.c.id)
        return self._read(self._columns[name])

    def folded(self, name: str) -> Any:
        return self._read(self._columns[f"{name}_fold"])

    def _target(self, name: str, pick: Callable[[Any], Any]) -> Any:
        target = TABLES[TO_ONE[self._entity, name]].alias(f"t{next(self._numbers)}")
        link = self._columns[name]
        return self._read(
            sa.select(pick(target))
            .where(target.c.id == link, sa.not_(target.c.deleted))
            .correlate_except(target)
            .scalar_subquery()
        )

    def hop(self, name: str) -> SqlBinding:
        entity = TO_ONE[self._entity, name]
        alias = TABLES[entity].alias(f"t{next(self._numbers)}")
        link = self._columns[name]

        def read(element: Any) -> Any:
            return self._read(
                sa.select(element)
                .where(alias.c.id == link, sa.not_(alias.c.deleted))
                .correlate_except(alias)
                .scalar_subquery()
            )

        return TableBinding(self.dialect, entity, read, alias.c, self._env)

    def _many(self, name: str, build: Callable[[SqlBinding], Any] | None, what: Any) -> Any:
        entity, back = TO_MANY[self._entity, name]
        alias = TABLES[entity].alias(f"t{next(self._numbers)}")
        inner = TableBinding(self.dialect, entity, lambda column: column, alias.c, self._env)
        where = [alias.c[back] == self.column("id"), sa.not_(alias.c.deleted)]
        if build is not None:
            where.append(build(inner))
        return sa.select(what).select_from(alias).where(*where).correlate_except(alias)

    def exists(self, name: str, build: Callable[[SqlBinding], Any] | None) -> Any:
        return sa.exists(self._many(name, build, sa.literal_column("1")))

    def count(self, name: str, build: Callable[[SqlBinding], Any] | None) -> Any:
        return self._many(name, build, sa.func.count()).scalar_subquery()

    def value(self, name: str) -> Any:
        return self._env.get(name)


def select(compiled: Compiled, dialect: str, env: dict[str, Any]) -> sa.Select[Any]:
    """Give id and value for each customer, and for conditions whether WHERE takes it."""
    value = compiled.sql(TableBinding.root(dialect, env))
    columns = [CUSTOMER.c.id, value.label("value")]
    if compiled.type.name == "boolean":
        where = sa.type_coerce(compiled.where(TableBinding.root(dialect, env)), sa.Boolean())
        columns.append(sa.func.coalesce(where, sa.false(), type_=sa.Boolean()).label("taken"))
    return sa.select(*columns)


assert set(TABLES) == set(ENTITIES)
