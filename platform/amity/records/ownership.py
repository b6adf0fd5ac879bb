"""Who owns a record: a change of the owner, with its event, inside a unit."""

from __future__ import annotations

from typing import Final

from sqlalchemy import select

from amity.entities.model import Entity
from amity.errors import Forbidden
from amity.records import events
from amity.records.codec import is_polymorphic
from amity.records.deletion import allowed_among, bump
from amity.records.links import read_links, value_of
from amity.records.listeners import Change
from amity.records.reader import not_found
from amity.records.unit import Unit

OWNER: Final = "owner"
"""The system field; in the changes of an event it stands under its own name."""


def give_to(unit: Unit, entity: Entity, identity: str, account: str | None) -> bool:
    """Make an account the owner of a record; False where it is already. Raises `NotFound`, `Forbidden`."""
    codec = unit.machine.codec(unit.caller, entity)
    selection = codec.selection(None, full=False)
    table = entity.table
    row = unit.connection.execute(
        select(*selection.columns)
        .where(table.c.id == identity, table.c.deleted_at.is_(None))
        .with_for_update(of=table)
    ).first()
    if row is None or not allowed_among(unit, entity, "read", [identity]):
        raise not_found(entity, identity)
    if not allowed_among(unit, entity, "update", [identity]):
        raise Forbidden(
            f"You may not change this {entity.title}.", hint="Ask an administrator for the right."
        )
    old = selection.load(row)
    links = read_links(unit.connection, entity, unit.model, selection.to_many, [identity])
    for field in selection.to_many:
        old[field.name] = value_of(
            field, links[field.name].get(identity, []), polymorphic=is_polymorphic(field)
        )
    if old[OWNER] == account:
        return False
    version = old["version"] + 1
    bump(unit, entity, [identity], owner=account)
    event = events.event_row(unit, entity, "updated", identity, version, {OWNER: [old[OWNER], account]})
    events.write_events(unit, [event])
    new = {
        **old,
        OWNER: account,
        "version": version,
        "updated_at": unit.ctx.now,
        "updated_by": unit.ctx.actor.account,
    }
    for listener in unit.listening(entity):
        listener.written(unit, entity, [Change(event["id"], "updated", identity, old, new)])
    return True
