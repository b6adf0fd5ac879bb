"""Random well-typed expressions agree in Python, SQLite and PostgreSQL on every row."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from amity.expressions import ExpressionError
from tests.unit.expressions.test_sql import check, connection  # noqa: F401
from tests.unit.expressions.world import DATES, FINE, INTEGERS, MOMENTS, SMALL, SPANS, TEXTS, TIMES

Texts = st.SearchStrategy[str]
Rule = Callable[[dict[str, Texts]], Texts]


def quoted(value: str) -> str:
    return "'" + "".join(f"\\U{ord(character):08x}" for character in value) + "'"


def _written(*values: Any) -> Texts:
    return st.sampled_from([value for value in values if value is not None])


def join(pattern: str, *parts: Texts) -> Texts:
    """Fill a pattern's `{}` with random parts."""
    return st.tuples(*parts).map(lambda filled: pattern.format(*filled))


def moment(value: dt.datetime) -> str:
    return f"timestamp('{value.replace(tzinfo=None).isoformat()}Z')"


LEAVES: dict[str, Texts] = {
    "bool": st.sampled_from(["active", "true", "false"]),
    "int": st.one_of(
        st.sampled_from(["employees", "manager.team.size", "size(tags)", "size(interactions)"]),
        _written(*INTEGERS).map(str),
        st.integers(-1000, 1000).map(str),
    ),
    "decimal": st.one_of(
        st.sampled_from(["revenue", "rate", "manager.salary"]),
        st.sampled_from([*SMALL, *FINE]).map(lambda shown: shown if "." in shown else f"{shown}.0"),
        st.decimals(-1_000_000, 1_000_000, places=6, allow_nan=False).map(lambda value: f"{value:f}"),
    ),
    "text": st.one_of(
        st.sampled_from(["name", "nickname", "stage", "manager.name", "manager.team.name"]),
        _written(*TEXTS).map(quoted),
        st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=4).map(quoted),
    ),
    "date": st.one_of(
        st.sampled_from(["born", "today()"]),
        _written(*DATES).map(lambda value: f"date('{value.isoformat()}')"),
        st.dates().map(lambda value: f"date('{value.isoformat()}')"),
    ),
    "moment": st.one_of(
        st.sampled_from(["created_at", "now()"]), _written(*MOMENTS).map(moment), st.datetimes().map(moment)
    ),
    "time": st.one_of(
        st.just("opens"),
        _written(*TIMES).map(lambda value: f"time('{value.isoformat(timespec='microseconds')}')"),
    ),
    "span": st.one_of(
        st.just("spent"),
        _written(*SPANS).map(lambda value: f"duration('{value}us')"),
        st.integers(-10**17, 10**17).map(lambda value: f"duration('{value}us')"),
    ),
    "record": st.sampled_from(["manager", "me", "null", "owner"]),
}  # fmt: skip

RULES: dict[str, list[Rule]] = {
    "int": [
        lambda t: join("({} {} {})", t["int"], st.sampled_from("+-*%"), t["int"]),
        lambda t: join("-{}", t["int"]),
        lambda t: join("{}({})", st.sampled_from(["int", "round", "floor", "ceil"]), t["decimal"]),
        lambda t: join("{}({})", st.sampled_from(["year", "month", "weekday", "getDayOfYear"]), t["date"]),
        lambda t: join("{}({})", st.sampled_from(["year", "weekday", "hour", "int", "second"]), t["moment"]),
        lambda t: join("{}({})", st.sampled_from(["hour", "second", "getMilliseconds"]), t["time"]),
        lambda t: join("{}({})", st.sampled_from(["getHours", "getSeconds", "getMilliseconds"]), t["span"]),
        lambda t: join("size({})", t["text"]),
        lambda t: join("abs({})", t["int"]),
        lambda t: join("interactions.count(i, {})", t["bool"]),
        lambda t: join("({} ? {} : {})", t["bool"], t["int"], t["int"]),
        lambda t: join("{}({}, {})", st.sampled_from(["min", "max", "coalesce"]), t["int"], t["int"]),
    ],
    "decimal": [
        lambda t: join("({} {} {})", t["decimal"], st.sampled_from("+-*/"), t["decimal"]),
        lambda t: join("({} {} {})", t["int"], st.sampled_from("+-*/"), t["decimal"]),
        lambda t: join("({} / {})", t["int"], t["int"]),
        lambda t: join("({} / {})", t["span"], t["span"]),
        lambda t: join("-{}", t["decimal"]),
        lambda t: join("round({}, {})", t["decimal"], st.one_of(st.integers(-1, 7).map(str), t["int"])),
        lambda t: join("decimal({})", t["int"]),
        lambda t: join("abs({})", t["decimal"]),
        lambda t: join("({} ? {} : {})", t["bool"], t["decimal"], t["int"]),
        lambda t: join("{}({}, {})", st.sampled_from(["min", "max", "coalesce"]), t["decimal"], t["int"]),
    ],
    "text": [
        lambda t: join("({} + {})", t["text"], t["text"]),
        lambda t: join("string({})", st.one_of(*(t[name] for name in ("int", "decimal", "bool", "date")))),
        lambda t: join("string({})", st.one_of(*(t[name] for name in ("moment", "time", "span")))),
        lambda t: join("({} ? {} : {})", t["bool"], t["text"], t["text"]),
        lambda t: join("{}({}, {})", st.sampled_from(["min", "max", "coalesce"]), t["text"], t["text"]),
        lambda t: st.sampled_from(["fold(name)", "fold(manager.name)"]),
    ],
    "date": [
        lambda t: join("({} {} {})", t["date"], st.sampled_from("+-"), t["span"]),
        lambda t: join("date({})", t["moment"]),
        lambda t: join("{}({}, {})", st.sampled_from(["min", "max", "coalesce"]), t["date"], t["date"]),
    ],
    "moment": [
        lambda t: join("({} {} {})", t["moment"], st.sampled_from("+-"), t["span"]),
        lambda t: join("timestamp({})", st.one_of(t["date"], t["int"])),
        lambda t: join("({} ? {} : {})", t["bool"], t["moment"], t["moment"]),
    ],
    "time": [lambda t: join("time({})", t["moment"])],
    "span": [
        lambda t: join("({} {} {})", t["span"], st.sampled_from("+-"), t["span"]),
        lambda t: join("({} * {})", t["span"], t["int"]),
        lambda t: join("({} - {})", t["moment"], t["moment"]),
        lambda t: join("({} - {})", t["date"], t["date"]),
        lambda t: join("{}({})", st.sampled_from(["seconds", "hours", "days", "weeks"]), t["int"]),
        lambda t: join("-{}", t["span"]),
    ],
    "record": [lambda t: join("({} ? manager : null)", t["bool"])],
    "bool": [
        *(
            (lambda t, name=name: join(  # type: ignore[misc]
                "({} {} {})", t[name], st.sampled_from(["==", "!=", "<", "<=", ">", ">="]), t[name]
            ))
            for name in ("int", "decimal", "text", "date", "moment", "time", "span", "bool")
        ),
        lambda t: join("({} {} {})", t["int"], st.sampled_from(["==", "!=", "<", ">="]), t["decimal"]),
        lambda t: join("({} {} {})", t["record"], st.sampled_from(["==", "!="]), t["record"]),
        lambda t: join("!{}", t["bool"]),
        lambda t: join("({} {} {})", t["bool"], st.sampled_from(["&&", "||"]), t["bool"]),
        lambda t: join("({} && {} && !{})", t["bool"], t["bool"], t["bool"]),
        lambda t: join("({} ? {} : {})", t["bool"], t["bool"], t["bool"]),
        lambda t: join("{}.contains({})", t["text"], t["text"]),
        lambda t: join("{}.{}({})", t["text"], st.sampled_from(["startsWith", "endsWith"]), t["text"]),
        lambda t: join("({} in [{}, {}])", t["text"], t["text"], t["text"]),
        lambda t: join("({} in [{}, {}, null])", t["decimal"], t["decimal"], t["int"]),
        lambda t: join("({} in tags)", t["text"]),
        lambda t: join("(address.city {} {})", st.sampled_from(["==", "!=", "<", ">="]),
                       st.one_of(LEAVES["text"], LEAVES["decimal"], LEAVES["int"].filter(str.isidentifier))),
        lambda t: join("emails.{}(e, e.value == {} || {})",
                       st.sampled_from(["exists", "all"]), LEAVES["text"], t["bool"]),
        lambda t: join("({} == null)", st.one_of(*(t[name] for name in ("int", "decimal", "text", "span")))),
        lambda t: join("coalesce({}, {})", t["bool"], t["bool"]),
        lambda t: join("interactions.{}(i, {})", st.sampled_from(["exists", "all", "exists_one"]), t["bool"]),
        lambda t: join("interactions.exists(i, i.channel == {} || i.at < {})", t["text"], t["moment"]),
        lambda t: join("manager.customers.{}(c, c.name == {} && {})",
                       st.sampled_from(["exists", "all"]), t["text"], t["bool"]),
        lambda t: join("tags.{}(t, t < {})", st.sampled_from(["exists", "all"]), t["text"]),
        lambda t: join("[{}, {}].exists(x, x == {})", LEAVES["text"], LEAVES["text"], t["text"]),
        lambda t: join("[{}].all(x, x == {} || {})", LEAVES["int"], t["int"], t["bool"]),
        lambda t: st.sampled_from(["has(name)", "has(manager.team)", "has(born)"]),
    ],
}  # fmt: skip


def grown(depth: int) -> dict[str, Texts]:
    """Give random texts of expressions by type, at most so deep."""
    if depth == 0:
        return LEAVES
    below = grown(depth - 1)
    return {
        name: st.one_of(leaves, *(st.deferred(lambda rule=rule: rule(below)) for rule in RULES[name]))  # type: ignore[misc]
        for name, leaves in LEAVES.items()
    }


EXPRESSIONS = grown(3)
ANY_EXPRESSION = st.one_of(EXPRESSIONS["bool"], EXPRESSIONS["bool"], *EXPRESSIONS.values())


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(text=ANY_EXPRESSION)
def test_random_expressions_agree(text: str, connection: sa.Connection) -> None:  # noqa: F811
    try:
        check(text, connection)
    except ExpressionError as error:
        # Only size may stand against a well-typed expression: loops within loops, too long, too deep.
        assert any(word in error.message for word in ("nested", "too", "characters", "plain fields")), error
