"""Migrations: from nothing to the newest revision, once, whoever is first; a newer database is refused."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from amity.database import migrate as module
from amity.database.engine import Database
from amity.database.migrate import HEAD, migrate
from amity.database.schema import metadata
from amity.errors import SetupError

PLATFORM = Path(__file__).parents[3] / "platform"
START = """
import sys
from pathlib import Path
from amity.app import create_app
from amity.settings import Settings
create_app(Settings(home=Path(sys.argv[1]))).extensions["amity"].close()
print(sorted({"alembic", "zxcvbn", "email_validator", "granian", "pytest"} & set(sys.modules)))
"""


def test_the_constant_is_the_newest_revision() -> None:
    assert ScriptDirectory(str(Path(module.__file__).parent / "migrations")).get_current_head() == HEAD


def test_migrations_make_what_the_schema_says(database_url: str) -> None:
    database = Database(database_url)
    try:
        migrate(database)
        migrate(database)
        with database.read() as connection:
            found = compare_metadata(MigrationContext.configure(connection), metadata)
        # The search index is made of what SQLAlchemy has no words for.
        assert [change for change in found if "search_" not in str(change)] == []
    finally:
        database.close()


def test_two_first_starts_at_once(database_url: str) -> None:
    databases = [Database(database_url) for _ in range(3)]
    try:
        with ThreadPoolExecutor(3) as pool:
            list(pool.map(migrate, databases))
        with databases[0].read() as connection:
            assert connection.execute(text("SELECT count(*) FROM alembic_version")).scalar() == 1
    finally:
        for database in databases:
            database.close()


def test_a_newer_database_is_refused(database_url: str) -> None:
    database = Database(database_url)
    try:
        migrate(database)
        with database.write() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        with pytest.raises(SetupError, match="newer Amity"):
            migrate(database)
    finally:
        database.close()


def test_a_second_start_imports_nothing_heavy(tmp_path: Path) -> None:
    for expected in ("['alembic']", "[]"):
        done = subprocess.run(
            [sys.executable, "-c", START, str(tmp_path / "home")],
            env={**os.environ, "PYTHONPATH": str(PLATFORM)},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.stdout.strip() == expected, done.stderr
