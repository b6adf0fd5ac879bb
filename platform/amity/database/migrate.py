"""Bring the platform's own tables to the newest revision.

Alembic is imported where there is something to do: a start of an up-to-date workspace saves the time.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection, inspect, text

from amity.database.engine import Database
from amity.errors import SetupError

if TYPE_CHECKING:
    from alembic.config import Config
    from alembic.script import ScriptDirectory

HEAD: Final = "0004"
"""The newest revision; a test compares it with the folder `migrations`."""

MIGRATION_LOCK: Final = 0x616D6967


def migrate(database: Database) -> None:
    """Upgrade to the newest revision; several processes may call it at once.

    Raises `SetupError` where the database was made by a newer Amity.
    """
    with database.read() as connection:
        if _current(connection) == HEAD:
            return
    with database.write() as connection:
        if database.dialect == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATION_LOCK})
        _upgrade(connection)


def current_revision(database: Database) -> str | None:
    """Give the revision of the platform's tables; None where there are none yet."""
    with database.read() as connection:
        return _current(connection)


def _upgrade(connection: Connection) -> None:
    from alembic import command

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
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return found


def _configuration() -> Config:
    from alembic.config import Config

    configuration = Config()
    configuration.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    configuration.set_main_option("path_separator", "os")
    return configuration


def _script() -> ScriptDirectory:
    from alembic.script import ScriptDirectory

    return ScriptDirectory.from_config(_configuration())
