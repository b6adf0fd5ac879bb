"""Diagnosis for operators: home, database, extensions, processes, files. Looks and changes nothing."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from sqlalchemy import select, text

from amity.database.engine import Database
from amity.database.migrate import HEAD, current_revision
from amity.database.processes import alive
from amity.database.schema import workspace
from amity.errors import AmityError
from amity.settings import KEY_FILE, Settings

LITTLE_SPACE: Final = 500 * 1024 * 1024


class State(StrEnum):
    """How a thing is: good, to be looked at, or in the way of working."""

    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at; `advice` says what to do where it is not good."""

    state: State
    what: str
    advice: str = ""


def examine(settings: Settings) -> list[Finding]:
    """Look at everything; one part that cannot be looked at does not hide the others."""
    findings = list(_home(settings))
    database = Database(settings.database_url, pool_size=1)
    try:
        if _is_missing(database):
            # Merely connecting would make the file.
            missing = Finding(State.WARNING, "There is no database yet.", "`amity serve` makes it.")
            return [*findings, missing, *_files()]
        database.check()
        parts: list[Callable[[], Iterator[Finding]]] = [
            lambda: _database(database),
            lambda: _extensions(settings, database),
            lambda: _processes(database),
        ]
        for part in parts:
            findings += _guarded(part)
    except AmityError as error:
        findings.append(Finding(State.PROBLEM, error.message, error.hint or ""))
    finally:
        database.close()
    return [*findings, *_files()]


def _guarded(part: Callable[[], Iterator[Finding]]) -> list[Finding]:
    try:
        return list(part())
    except AmityError as error:
        return [Finding(State.PROBLEM, error.message, error.hint or "")]


def _is_missing(database: Database) -> bool:
    return database.dialect == "sqlite" and not Path(database.url.database or "").exists()


def _home(settings: Settings) -> Iterator[Finding]:
    home = settings.home.absolute()
    if not home.is_dir():
        yield Finding(State.WARNING, f"The home {home} does not exist yet.", "`amity serve` makes it.")
        return
    if os.access(home, os.W_OK | os.X_OK):
        yield Finding(State.OK, f"The home is {home}.")
    else:
        yield Finding(State.PROBLEM, f"The home {home} cannot be written.", "Give this user the right to.")
    free = shutil.disk_usage(home).free
    if free < LITTLE_SPACE:
        yield Finding(State.WARNING, f"Only {free // 2**20} MB are free on its disk.", "Free some space.")
    key = home / KEY_FILE
    if key.exists() and stat.S_IMODE(key.stat().st_mode) & 0o077:
        yield Finding(State.WARNING, f"Others can read {key}.", f"chmod 600 {key}")


def _database(database: Database) -> Iterator[Finding]:
    shown = database.url.render_as_string(hide_password=True)
    question = "SELECT sqlite_version()" if database.dialect == "sqlite" else "SHOW server_version"
    with database.read() as connection:
        version = connection.execute(text(question)).scalar()
    yield Finding(State.OK, f"The database is {shown} ({database.dialect} {version}).")
    revision = current_revision(database)
    if revision is None:
        yield Finding(State.WARNING, "It is empty.", "`amity serve` sets it up.")
        return
    if revision != HEAD:
        yield Finding(
            State.WARNING,
            f"Its tables have revision {revision}, not {HEAD}.",
            "`amity serve` brings it up to date.",
        )
    with database.read() as connection:
        state = connection.execute(select(workspace.c.revision)).scalar()
    yield Finding(State.OK, f"The definitions have revision {state}.")
    if database.dialect == "sqlite":
        yield from _damage(database)


def _damage(database: Database) -> Iterator[Finding]:
    with database.read() as connection:
        lines = connection.exec_driver_sql("PRAGMA quick_check(3)").scalars().all()
    if lines != ["ok"]:
        what = f"The file {database.url.database} is damaged: {'; '.join(map(str, lines))}"
        yield Finding(State.PROBLEM, what, "Stop Amity and put the last backup back.")


def _extensions(settings: Settings, database: Database) -> Iterator[Finding]:
    from amity.plugins import Plugins

    if current_revision(database) is None:
        return
    with database.read() as connection:
        kept = connection.execute(select(workspace.c.settings)).scalar() or {}
    disabled = {name for name, state in kept.get("extensions", {}).items() if not state.get("enabled", True)}
    for extension in Plugins(settings.home, disabled).extensions:
        if extension.state == "failed":
            yield Finding(
                State.PROBLEM,
                f"The extension {extension.name} is set aside: {extension.reason}",
                f"Mend it, or: amity extension disable {extension.name}",
            )
        else:
            yield Finding(State.OK, f"The extension {extension.name} is {extension.state}.")


def _processes(database: Database) -> Iterator[Finding]:
    if current_revision(database) is None:
        return
    found = alive(database)
    for process in found:
        since = process.started_at.strftime("%Y-%m-%d %H:%M UTC")
        yield Finding(
            State.OK, f"A {process.role} process runs as {process.pid} on {process.host} since {since}."
        )
    if any(process.role == "web" for process in found) and not any(p.role == "worker" for p in found):
        yield Finding(State.WARNING, "No background worker runs.", "Start `amity worker`.")


def _files() -> Iterator[Finding]:
    from amity.web import assets

    if lost := assets.missing():
        advice = "In a checkout: make assets. Else install Amity again."
        yield Finding(State.PROBLEM, f"Browser files are missing: {', '.join(lost)}.", advice)
    else:
        yield Finding(State.OK, "The browser files are there.")
