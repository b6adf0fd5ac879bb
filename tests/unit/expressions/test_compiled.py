"""What compiled expressions give, refer to and refuse."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from amity.errors import Invalid
from amity.expressions import BOOL, DECIMAL, TEXT, ExpressionError, compile
from tests.unit.expressions.samples import SCOPE, Row

NOW = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
TEAM = Row("t1", name="North")
BOSS = Row("e1", name="Ann", email=None, team=TEAM)
ENV: dict[str, Any] = {
    "id": "c1",
    "name": "Zoë",
    "nickname": None,
    "stage": "active",
    "active": None,
    "employees": 12,
    "revenue": Decimal("1200.50"),
    "rate": Decimal(0),
    "born": dt.date(2024, 2, 29),
    "created_at": dt.datetime(2025, 12, 1, tzinfo=dt.UTC),
    "spent": 90_000_000,
    "owner": "a1",
    "address": {"city": "Berlin", "lines": ["a", "b"], "floor": 3},
    "tags": ["red", "blue"],
    "manager": BOSS,
    "interactions": [
        Row("i1", at=NOW - dt.timedelta(days=10), channel="phone"),
        Row("i2", at=NOW - dt.timedelta(days=200), channel="mail"),
    ],
    "now": NOW,
    "today": NOW.date(),
    "me": Row("a1", team=TEAM),
}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("revenue > 1000 && stage == 'active'", True),
        ("nickname == null", True),
        ("nickname != 'x'", True),
        ("nickname < 'x'", False),
        ("!(nickname < 'x')", True),
        ("active", None),
        ("!active", True),
        ("active || true", True),
        ("revenue / rate", None),
        ("revenue / 0 == null", True),
        ("1 / 3", Decimal("0.333333")),
        ("2 / 3", Decimal("0.666667")),
        ("-1 / 2000000", Decimal("-0.000001")),
        ("7 % -3", 1),
        ("employees + 0.5", Decimal("12.5")),
        ("revenue * 1000000000000", None),
        ("manager.name", "Ann"),
        ("manager.team == me.team", True),
        ("manager.email.contains('x')", None),
        ("!manager.email.contains('x')", True),
        ("owner == me", True),
        ("manager.team.name + ' ' + name", "North Zoë"),
        ("has(manager.email)", False),
        ("interactions.exists(i, i.at > now() - days(90))", True),
        ("interactions.all(i, i.at > now() - days(90))", False),
        ("interactions.count(i, i.channel == 'phone')", 1),
        ("size(interactions)", 2),
        ("interactions.count()", 2),
        ("manager.team == null ? 'none' : manager.team.name", "North"),
        ("born + days(366)", dt.date(2025, 3, 1)),
        ("born - hours(1)", dt.date(2024, 2, 28)),
        ("date(2025, 2, 29)", None),
        ("today() - born", 731 * 86_400_000_000),
        ("(now() - created_at) / days(1)", Decimal("90.5")),
        ("address.city == 'Berlin'", True),
        ("address.floor + 1", 4),
        ("address.city + 1", None),
        ("address.lines[1]", "b"),
        ("address.none.deeper", None),
        ("address.floor.deeper", None),
        ("address.floor[0]", None),
        ("address.lines['0']", None),
        ("address.lines[5]", None),
        ("address.lines[-1]", None),
        ("'red' in tags", True),
        ("stage in ['lead', 'active']", True),
        ("nickname in ['a', null]", False),
        ("fold(name)", "zoe"),
        ("string(revenue)", "1200.5"),
        ("string(spent)", "90s"),
        ("string(created_at)", "2025-12-01T00:00:00Z"),
        ("coalesce(nickname, name)", "Zoë"),
        ("round(2.345, 2)", Decimal("2.35")),
        ("round(-2.5)", -3),
        ("floor(-2.5)", -3),
        ("ceil(-2.5)", -2),
        ("min(employees, 3.5)", Decimal("3.5")),
        ("`name`", "Zoë"),
    ],
)
def test_values(text: str, expected: Any) -> None:
    found = compile(text, SCOPE).evaluate(ENV)
    assert found == expected
    assert type(found) is type(expected)


def test_condition_of_null_is_false() -> None:
    compiled = compile("active", SCOPE, expect=BOOL)
    assert compiled.evaluate(ENV) is None
    assert compiled.condition(ENV) is False


def test_references_are_the_longest_paths() -> None:
    compiled = compile("manager != null && manager.team.name == name && owner == me && now() != null", SCOPE)
    assert compiled.references == {
        (("customer", "manager"), ("employee", "team"), ("team", "name")),
        (("customer", "name"),),
        (("customer", "owner"),),
    }
    assert compiled.bound == {"me", "now"}


def test_references_reach_through_loops() -> None:
    compiled = compile("interactions.exists(i, i.by.team == me.team)", SCOPE)
    assert compiled.references == {
        (("customer", "interactions"), ("interaction", "by"), ("employee", "team")),
        ((None, "me"), ("employee", "team")),
    }


@pytest.mark.parametrize(
    ("text", "column", "nearest"),
    [
        ("nme == 'a'", 1, "name"),
        ("manager.emial == 'a'", 9, "email"),
        ("name == 5", 6, None),
        ("1 +", 4, None),
        ("starstWith(name, 'a')", 1, "startsWith"),
        ("interactions.exists(i, i.chanel == 'a')", 26, "channel"),
        ("now > created_at", 1, None),
        ("name && true", 1, None),
        ("created_at > '2026-01-01'", 12, None),
        ("'abc", 1, None),
        ("name = 'a'", 6, None),
        ("", 1, None),
        ("owner == 'nobody'", 10, None),
        ("interactions.at == null", 14, None),
        ("'\ud800' == name", 2, None),
        ("1.0000001 < 2.0", 1, None),
        ("9223372036854775808", 1, None),
    ],
)
def test_errors_name_the_column_and_the_nearest_name(text: str, column: int, nearest: str | None) -> None:
    with pytest.raises(ExpressionError) as caught:
        compile(text, SCOPE)
    assert caught.value.column == column
    assert caught.value.nearest == nearest
    assert isinstance(caught.value, Invalid)
    assert caught.value.problem(parameter="where").as_json()["parameter"] == "where"


def test_expected_types_are_checked_and_integers_become_decimals() -> None:
    with pytest.raises(ExpressionError, match="must give text, not a decimal"):
        compile("revenue", SCOPE, expect=TEXT)
    compiled = compile("employees", SCOPE, expect=DECIMAL)
    assert compiled.type == DECIMAL
    assert isinstance(compiled.evaluate(ENV), Decimal)
