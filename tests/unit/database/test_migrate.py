"""Migrations: from nothing to the newest revision, once, whoever is first; a newer database is refused."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text

from amity.database import migrate as module
from amity.database import schema_workflows
from amity.database.engine import Database
from amity.database.migrate import HEAD, migrate
from amity.database.schema_workflows import metadata
from amity.errors import SetupError

REPOSITORY = Path(__file__).parents[3]
PLATFORM = REPOSITORY / "platform"
MIGRATIONS = Path(module.__file__).parent / "migrations"
START = """
import sys
from pathlib import Path
from amity.app import create_app
from amity.settings import Settings
create_app(Settings(home=Path(sys.argv[1]))).extensions["amity"].close()
print(sorted({"alembic", "zxcvbn", "email_validator", "granian", "pytest"} & set(sys.modules)))
"""


assert schema_workflows.run.metadata is metadata


def test_the_constant_is_the_newest_revision() -> None:
    assert ScriptDirectory(str(MIGRATIONS)).get_current_head() == HEAD


def test_migrations_make_what_the_schema_says(database_url: str) -> None:
    """Column for column and name for name: what a fresh `create_all` of today's schema would make."""
    database = Database(database_url)
    try:
        migrate(database)
        migrate(database)
        with database.write() as connection:
            found = compare_metadata(MigrationContext.configure(connection), metadata)
            # The search index is made of what SQLAlchemy has no words for.
            assert [change for change in found if "search_" not in str(change)] == []
            migrated = _described(connection)
            if database.dialect == "sqlite":
                connection.execute(text("DROP TABLE search_words"))
            metadata.drop_all(connection)
            metadata.create_all(connection)
            assert migrated == _described(connection)
    finally:
        database.close()


def _described(connection: Connection) -> dict[str, Any]:
    inspector = inspect(connection)

    def ordered(items: Sequence[Mapping[str, Any]]) -> list[str]:
        # The condition of a partial index comes as an expression, which has no telling repr.
        texts = [str({name: _plain(part) for name, part in sorted(item.items())}) for item in items]
        return sorted(item for item in texts if "search_entry_vector" not in item)

    return {
        table: {
            "columns": [
                repr({**column, "type": column["type"].compile(connection.dialect)})
                for column in inspector.get_columns(table)
                if column["name"] != "vector"
            ],
            "primary key": inspector.get_pk_constraint(table),
            "foreign keys": ordered(inspector.get_foreign_keys(table)),
            "unique": ordered(inspector.get_unique_constraints(table)),
            "checks": ordered(inspector.get_check_constraints(table)),
            "indexes": ordered(inspector.get_indexes(table)),
        }
        for table in metadata.tables
    }


def _plain(part: Any) -> Any:
    if isinstance(part, Mapping):
        return {name: str(value) for name, value in part.items()}
    return part


def test_revisions_do_not_change_with_the_schema() -> None:
    """A revision that imported it would make tomorrow's tables in yesterday's step."""
    for path in sorted((MIGRATIONS / "versions").glob("r*.py")):
        source = path.read_text(encoding="utf-8")
        imported = {
            f"{node.module}.{name.name}"
            for node in ast.walk(ast.parse(source))
            if isinstance(node, ast.ImportFrom)
            for name in node.names
            if str(node.module).startswith("amity")
        }
        assert all(name.startswith("amity.database.types.") for name in imported), (path.name, imported)


def test_the_template_makes_a_revision(tmp_path: Path) -> None:
    folder = shutil.copytree(MIGRATIONS, tmp_path / "migrations")
    configuration = Config(toml_file=REPOSITORY / "pyproject.toml")
    configuration.set_main_option("script_location", str(folder))
    command.revision(configuration, "add a thing", rev_id="9999")
    made = folder / "versions" / "r9999_add_a_thing.py"
    compile(made.read_text(encoding="utf-8"), str(made), "exec")
    assert ScriptDirectory(str(folder)).get_current_head() == "9999"


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
