"""Bring the platform's own tables to the newest revision."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from amity.database.engine import Database
from amity.errors import SetupError

MIGRATION_LOCK = 0x616D6967


def migrate(database: Database) -> None:
    """Upgrade to the newest revision; several processes may call it at once.

    Raises `SetupError` where the database was made by a newer Amity.
    """
    with database.read() as connection:
        if _current(connection) == _script().get_current_head():
            return
    with database.write() as connection:
        if database.dialect == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATION_LOCK})
        _upgrade(connection)


def _upgrade(connection: Connection) -> None:
    script, current = _script(), _current(connection)
    known = {revision.revision for revision in script.walk_revisions()}
    if current is not None and current not in known:
        raise SetupError(
            f"This database was made by a newer Amity (revision {current}).",
            hint="Install that version again; a downgrade would lose data.",
        )
    configuration = _configuration()
    configuration.attributes["connection"] = connection
    command.upgrade(configuration, "head")


def _current(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _configuration() -> Config:
    configuration = Config()
    configuration.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    configuration.set_main_option("path_separator", "os")
    return configuration


def _script() -> ScriptDirectory:
    return ScriptDirectory.from_config(_configuration())
