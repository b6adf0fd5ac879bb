"""Plain comparisons stay plain in SQL, so that both databases find their indexes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles

from amity.database.engine import Database
from amity.expressions import compile, register_sqlite_functions
from tests.support.databases import DatabaseServer
from tests.unit.expressions.samples import SCOPE
from tests.unit.expressions.test_sql import BOUND
from tests.unit.expressions.world import CUSTOMER, METADATA, TableBinding

INDEXED = ("name", "nickname", "employees", "revenue", "born", "created_at", "owner", "spent")


@pytest.fixture(scope="module")
def connection(database_server: DatabaseServer) -> Iterator[sa.Connection]:
    url = database_server.create()
    database = Database(url, on_connect=[register_sqlite_functions])
    with database.write() as connection:
        METADATA.create_all(connection)
        for name in INDEXED:
            connection.execute(sa.text(f"CREATE INDEX i_{name} ON customer ({name})"))
    with database.engine.connect() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(sa.text("SET enable_seqscan = off"))
            connection.commit()
        yield connection
    database.engine.dispose()
    database_server.drop(url)


@pytest.mark.parametrize(
    ("text", "index"),
    [
        ("name == 'a'", "i_name"),
        ("name == null", "i_name"),
        ("name > 'a' && name < 'b'", "i_name"),
        ("name.startsWith('Zo')", "i_name"),
        ("name in ['a', 'b']", "i_name"),
        ("employees >= 3", "i_employees"),
        ("employees < 2.5", "i_employees"),
        ("revenue > 1000", "i_revenue"),
        ("1000 <= revenue", "i_revenue"),
        ("revenue == 33.33", "i_revenue"),
        ("revenue < 33.333", "i_revenue"),
        ("born == today()", "i_born"),
        ("born > today() - days(90)", "i_born"),
        ("created_at > now() - days(90)", "i_created_at"),
        ("owner == me", "i_owner"),
        ("owner == '0190aaaa-0000-7000-8000-000000000000' || employees == 1", "i_owner"),
        ("spent > hours(1)", "i_spent"),
        ("name == 'a' && active", "i_name"),
    ],
)
def test_an_index_is_used(text: str, index: str, connection: sa.Connection) -> None:
    dialect = connection.dialect.name
    compiled = compile(text, SCOPE, sql=True)
    conditions = [compiled.where(TableBinding.root(dialect, BOUND))]
    if not any(word in text for word in ("||", " in ", "startsWith")):
        conditions.append(compiled.sql(TableBinding.root(dialect, BOUND)))
    for condition in conditions:
        statement = sa.select(CUSTOMER.c.id).where(condition)
        explain = "EXPLAIN QUERY PLAN " if dialect == "sqlite" else "EXPLAIN "
        with connection.begin():
            rows = connection.execute(_Explain(statement, explain)).all()
        assert index in str(rows), (str(statement.compile(connection)), rows)


class _Explain(sa.Executable, sa.ClauseElement):
    """EXPLAIN of a statement."""

    inherit_cache = False

    def __init__(self, statement: sa.Select[tuple[str]], prefix: str) -> None:
        self.statement = statement
        self.prefix = prefix


@compiles(_Explain)
def _compile(element: _Explain, compiler: Any, **options: Any) -> str:
    return element.prefix + str(compiler.process(element.statement, **options))


def test_equality_with_a_known_value_is_never_is_not_distinct_from(connection: sa.Connection) -> None:
    for text in ("name == 'a'", "owner == me", "employees == 1", "revenue == 2.5", "name == manager.name"):
        compiled = compile(text, SCOPE)
        shown = str(compiled.where(TableBinding.root("postgresql", BOUND)).compile(connection))
        assert ("DISTINCT" in shown or " IS " in shown) == (text == "name == manager.name"), shown
