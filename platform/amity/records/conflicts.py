"""Two people changed one record: both sides and the common ground, field by field."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, select

from amity.database.schema import event
from amity.entities.model import Entity
from amity.errors import Stale
from amity.records.caller import Caller
from amity.records.history import Teller
from amity.records.machine import Machine
from amity.records.reader import Reader


def stale(
    machine: Machine,
    caller: Caller,
    connection: Connection,
    entity: Entity,
    identity: str,
    patch: Mapping[str, Any],
    version: int,
) -> Stale:
    """The error for an update that names an older version.

    `details`: `yours` (what was to be saved), `theirs` (what is stored now), `base` (what it was in the
    version that was seen), each by field name for the fields that either side touched; the present `version`.
    Raises `NotFound` where the record is gone.
    """
    reader = Reader(machine, caller, connection, entity)
    record, _ = reader.one(identity, reader.readable())
    theirs = record.as_json()
    base, who = _earlier(machine, caller, connection, entity, identity, version)
    yours = {name: value for name, value in patch.items() if name in theirs}
    names = [name for name in theirs if name in entity.by_name and (name in yours or name in base)]
    details = {
        "version": record.version,
        "yours": {name: yours.get(name, base.get(name, theirs[name])) for name in names},
        "theirs": {name: theirs[name] for name in names},
        "base": {name: base.get(name, theirs[name]) for name in names},
        "changed_by": who,
    }
    return Stale(
        f"This {entity.title} was changed by somebody else since you opened it.",
        hint="Look at both versions and choose field by field.",
        details=details,
    )


def _earlier(
    machine: Machine, caller: Caller, connection: Connection, entity: Entity, identity: str, version: int
) -> tuple[dict[str, Any], str | None]:
    """Values at `version` of the fields that changed since, and who made the last change."""
    statement = (
        select(event)
        .where(event.c.entity == entity.id, event.c.record == identity, event.c.record_version > version)
        .order_by(event.c.seq)
    )
    page = Teller(machine, caller, connection).page(connection.execute(statement).all(), None)
    base: dict[str, Any] = {}
    who = None
    for item in page.events:
        who = item.actor
        for name, (old, _) in item.changes.items():
            base.setdefault(name, old)
    return base, who
