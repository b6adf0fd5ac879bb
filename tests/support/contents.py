"""Everything that a workspace holds, to see that something changed nothing."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import MetaData, select

from amity.workspace import Workspace


def contents(workspace: Workspace) -> dict[str, list[str]]:
    """Give the rows of every table of the database, whoever owns it, as texts."""
    metadata, found = MetaData(), {}
    with workspace.database.read() as connection:
        metadata.reflect(connection)
        for table in metadata.sorted_tables:
            found[table.name] = sorted(map(repr, connection.execute(select(table)).all()))
    return found


def files(folder: Path) -> dict[str, tuple[int, int]]:
    """Give size and time of change of all files below a folder, without those of the database itself."""
    return {
        str(path.relative_to(folder)): (path.stat().st_size, path.stat().st_mtime_ns)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.startswith("amity.db")
    }
