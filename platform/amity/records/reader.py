"""Reading records by id or by a finished statement: rows -> typed values -> what the caller may see."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, Select, bindparam, select

from amity.entities.model import SYSTEM_FIELDS, Entity, Field
from amity.errors import Invalid, NotFound
from amity.expressions import nearest
from amity.records.batches import chunks
from amity.records.caller import Caller
from amity.records.codec import EntityCodec, Selection, is_polymorphic
from amity.records.conditions import policy_condition
from amity.records.links import links_of, read_links, value_of
from amity.records.machine import Machine
from amity.records.shapes import Record, Target
from amity.records.targets import read_labels


class Reader:
    """Reads records of one entity on one connection for one caller."""

    def __init__(self, machine: Machine, caller: Caller, connection: Connection, entity: Entity) -> None:
        self.machine = machine
        self.caller = caller
        self.connection = connection
        self.entity = entity
        self.codec: EntityCodec = machine.codec(caller, entity)

    def readable(self, asked: Sequence[str] | None = None) -> list[str] | None:
        """Names to read: the asked ones, or all that the caller may see (None for every field).

        Raises `Invalid` (parameter `fields`) for a name that is none or may not be read.
        """
        allowed = self.caller.decide(self.entity, "read").readable
        if asked is None and allowed is None:
            return None
        known = [
            *SYSTEM_FIELDS,
            *(name for name in self.entity.by_name if allowed is None or name in allowed),
        ]
        if asked is None:
            return known
        for name in asked:
            if name not in known:
                close = nearest(name, known)
                hint = f" Did you mean '{close}'?" if close else ""
                message = f"{self.entity.title} has no field {name[:64]!r}.{hint}"
                raise Invalid.parameter("fields", "unknown", message)
        return list(asked)

    def stored(
        self, ids: Sequence[str], *, deleted: bool = False, everyone: bool = False
    ) -> dict[str, dict[str, Any]]:
        """Typed values as they are stored, hidden fields and dead links included, for the gate's own use.

        Only records that the caller may read, or all (`everyone`) for consequences that the system draws.
        """
        selection = self.codec.selection(None)
        table = self.entity.table
        condition = None
        if not everyone:
            condition = policy_condition(self.machine, self.caller, self.entity, "read")
        found: dict[str, dict[str, Any]] = {}
        for some in chunks(ids):
            dead = table.c.deleted_at
            statement = select(*selection.columns).where(table.c.id.in_(some))
            statement = statement.where(dead.is_not(None) if deleted else dead.is_(None))
            if condition is not None:
                statement = statement.where(condition)
            for row in self.connection.execute(statement):
                values = selection.load(row)
                found[values["id"]] = values
        self._add_links(selection, found, None)
        return found

    def _add_links(
        self, selection: Selection, rows: dict[str, dict[str, Any]], labels: dict[Target, str] | None
    ) -> None:
        """Fill in to-many fields; with `labels` only the links to those targets."""
        if not selection.to_many:
            return
        links = read_links(self.connection, self.entity, self.caller.model, selection.to_many, list(rows))
        if labels is not None:
            labels.update(
                read_labels(
                    self.machine,
                    self.caller,
                    self.connection,
                    {
                        link.target
                        for by_source in links.values()
                        for some in by_source.values()
                        for link in some
                    }
                    - labels.keys(),
                )
            )
        for field in selection.to_many:
            polymorphic = is_polymorphic(field)
            for identity, values in rows.items():
                own = links[field.name].get(identity, [])
                if labels is not None:
                    own = [link for link in own if link.target in labels]
                values[field.name] = value_of(field, own, polymorphic=polymorphic)

    def present(
        self, selection: Selection, rows: Iterable[Sequence[Any]]
    ) -> tuple[list[Record], dict[Target, str]]:
        """Make records out of rows: links to what is deleted or unreadable read as null."""
        loaded = [selection.load(row) for row in rows]
        labels: dict[Target, str] = {}
        self.mask(selection.relations, loaded, labels)
        self._add_links(selection, {values["id"]: values for values in loaded}, labels)
        dump = self.codec.dump
        return [Record(self.entity.name, values, dump) for values in loaded], labels

    def mask(
        self, relations: Sequence[Field], rows: Sequence[dict[str, Any]], labels: dict[Target, str]
    ) -> None:
        """Null the links to what the caller cannot see; collect the labels of what he can."""
        if not relations or not rows:
            return
        model = self.caller.model
        wanted: set[Target] = set()
        for field in relations:
            for values in rows:
                wanted.update(link.target for link in links_of(model, field, values[field.name]))
        labels.update(read_labels(self.machine, self.caller, self.connection, wanted - labels.keys()))
        for field in relations:
            for values in rows:
                links = links_of(model, field, values[field.name])
                if links and links[0].target not in labels:
                    values[field.name] = None

    def one(self, identity: str, names: Sequence[str] | None) -> tuple[Record, dict[Target, str]]:
        """Read one record. Raises `NotFound` where it is absent, deleted or unreadable."""
        selection, statement = self._by_id(names)
        row = self.connection.execute(statement, {"key": identity}).first()
        if row is None:
            raise not_found(self.entity, identity)
        records, labels = self.present(selection, [row])
        return records[0], labels

    def _by_id(self, names: Sequence[str] | None) -> tuple[Selection, Select[Any]]:
        """The statement that reads one record; made once where the policy adds nothing."""

        def make() -> tuple[Selection, Select[Any]]:
            selection = self.codec.selection(names)
            table = self.entity.table
            statement = select(*selection.columns)
            return selection, statement.where(table.c.id == bindparam("key"), table.c.deleted_at.is_(None))

        key = ("by id", self.entity.id, None if names is None else tuple(names))
        selection, statement = self.machine.revision(self.caller.model).keep(key, make)
        condition = policy_condition(self.machine, self.caller, self.entity, "read")
        return selection, statement if condition is None else statement.where(condition)

    def several(
        self, ids: Sequence[str], names: Sequence[str] | None
    ) -> tuple[list[Record], dict[Target, str]]:
        """Read those records that are live and readable, in no order, and the labels of what they link to."""
        selection = self.codec.selection(names)
        table = self.entity.table
        condition = policy_condition(self.machine, self.caller, self.entity, "read")
        rows: list[Sequence[Any]] = []
        for some in chunks(ids):
            statement = select(*selection.columns).where(table.c.id.in_(some), table.c.deleted_at.is_(None))
            rows += self.connection.execute(statement if condition is None else statement.where(condition))
        return self.present(selection, rows)

    def exists(self, identity: str) -> bool:
        """Tell whether a record is live and readable."""
        table = self.entity.table
        statement = select(table.c.id).where(table.c.id == identity, table.c.deleted_at.is_(None))
        condition = policy_condition(self.machine, self.caller, self.entity, "read")
        if condition is not None:
            statement = statement.where(condition)
        return self.connection.execute(statement).first() is not None


def not_found(entity: Entity, identity: str) -> NotFound:
    """The error for a record that is absent, deleted or unreadable: one and the same."""
    return NotFound(f"There is no {entity.title} {identity[:40]!r}, or you may not see it.")
