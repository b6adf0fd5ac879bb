"""`me` in expressions: the account, and the employee record that is linked to it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from amity.entities.model import Entity
from amity.records.caller import Caller

if TYPE_CHECKING:
    from amity.records.machine import Machine

PERSON_ENTITY = "employee"


class Linked:
    """A record as expressions see it, read when it is first asked for; whatever is not there is null.

    `identity` is what it equals (for `me` the account), `key` the record's id.
    """

    def __init__(
        self, machine: Machine, caller: Caller, entity: Entity | None, identity: str | None, key: str | None
    ) -> None:
        self.machine = machine
        self.caller = caller
        self.entity = entity
        self.key = key
        self._identity = identity
        self._values: Mapping[str, Any] | None = None

    @property
    def id(self) -> str | None:
        """The id by which it is compared."""
        return self._identity

    def get(self, name: str, /) -> Any:
        """Give the value of a field, a linked record for a to-one relation."""
        if self._values is None:
            self._values = self._read()
        value = self._values.get(name)
        field = None if self.entity is None else self.entity.by_name.get(name)
        if value is None or field is None or not field.kind.is_relation or field.kind.to_many:
            return value
        target = self.caller.model.by_id.get(field.targets[0]) if len(field.targets) == 1 else None
        return value if target is None else Linked(self.machine, self.caller, target, value, value)

    def _read(self) -> Mapping[str, Any]:
        if self.entity is None or self.key is None:
            return {}
        selection = self.machine.codec(self.caller, self.entity).selection(None, full=False)
        table = self.entity.table
        statement = select(*selection.columns).where(table.c.id == self.key, table.c.deleted_at.is_(None))
        with self.machine.database.read() as connection:
            row = connection.execute(statement).first()
        return {} if row is None else selection.load(row)


def bound_values(machine: Machine, caller: Caller) -> Mapping[str, Any]:
    """`now`, `today` and `me` of a caller."""
    if caller.bound is None:
        ctx = caller.ctx
        employee = caller.model.entities.get(PERSON_ENTITY)
        me = Linked(machine, caller, employee, ctx.actor.account, ctx.actor.employee)
        caller.bound = {"now": ctx.now, "today": ctx.today, "me": me}
    return caller.bound
