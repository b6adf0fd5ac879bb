"""Which processes of this workspace are alive: each writes its heartbeat, anyone may look.

A process that was killed leaves its row behind; on its own machine it is known to be gone at once, elsewhere
after `GONE_AFTER` without a heartbeat. The next one that starts removes the row.
"""

from __future__ import annotations

import datetime as dt
import logging
import os
import socket
import threading
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from sqlalchemy import delete, insert, select, update

from amity.database.engine import Database
from amity.database.ids import new_id
from amity.database.schema import process
from amity.errors import AmityError

log = logging.getLogger(__name__)

BEAT_SECONDS: Final = 5.0
GONE_AFTER: Final = dt.timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Process:
    """A process that was heard of lately. `role` is "web" or "worker"; times are UTC."""

    id: str
    role: str
    host: str
    pid: int
    started_at: dt.datetime
    heartbeat_at: dt.datetime


def alive(database: Database, role: str | None = None) -> list[Process]:
    """List the processes with a recent heartbeat, oldest first."""
    columns = [process.c[name] for name in ("id", "role", "host", "pid", "started_at", "heartbeat_at")]
    query = select(*columns, process.c.machine).where(process.c.heartbeat_at > _now() - GONE_AFTER)
    if role is not None:
        query = query.where(process.c.role == role)
    with database.read() as connection:
        rows = connection.execute(query.order_by(process.c.started_at)).all()
    here = machine()
    return [Process(*row[:-1]) for row in rows if row.machine != here or _runs_here(row.pid)]


def machine() -> str:
    """Name what process numbers are counted in: this start of this machine, and the container on it."""
    parts = []
    for path in ("/proc/sys/kernel/random/boot_id", "/proc/self/ns/pid"):
        try:
            found = Path(path)
            parts.append(str(found.readlink()) if found.is_symlink() else found.read_text().strip())
        except OSError:
            return ""  # not known: then heartbeats alone count
    return " ".join(parts)


def _runs_here(pid: int) -> bool:
    """Whether a process number is in use; a killed one whose parent has not looked yet counts as gone."""
    if not machine():
        return True
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return not stat.rpartition(")")[2].split()[0].startswith("Z")


class Presence:
    """Keeps this process's heartbeat going in a thread of its own, from `with` to its end.

    A database that is away for a while is only logged: the process lives on and its row comes back.
    """

    def __init__(self, database: Database, role: str, *, every: float = BEAT_SECONDS) -> None:
        self._database = database
        self._role = role
        self._every = every
        self._started_at = _now()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"amity-presence-{role}", daemon=True)
        self.id = new_id()

    def __enter__(self) -> Self:
        self.beat()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()
        try:
            with self._database.write() as connection:
                connection.execute(delete(process).where(process.c.id == self.id))
        except AmityError as gone:
            log.warning("the last heartbeat could not be taken back: %s", gone.message)

    def beat(self) -> None:
        """Write one heartbeat; the first one also clears away those who are gone."""
        now = _now()
        with self._database.write() as connection:
            changed = connection.execute(
                update(process).where(process.c.id == self.id).values(heartbeat_at=now)
            )
            if changed.rowcount:
                return
            connection.execute(delete(process).where(process.c.heartbeat_at < now - GONE_AFTER))
            connection.execute(
                insert(process).values(
                    id=self.id,
                    role=self._role,
                    host=socket.gethostname(),
                    pid=os.getpid(),
                    machine=machine(),
                    started_at=self._started_at,
                    heartbeat_at=now,
                )
            )

    def _run(self) -> None:
        while not self._stop.wait(self._every):
            try:
                self.beat()
            except AmityError as error:
                log.warning("no heartbeat: %s", error.message)


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)
