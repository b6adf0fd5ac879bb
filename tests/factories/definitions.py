"""Definitions and records to plan changes on: a workspace without gate, web and extensions."""

from __future__ import annotations

import copy
import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, ClassVar

from sqlalchemy import insert, select, update

from amity.access.context import SYSTEM, Context
from amity.database.engine import Database
from amity.database.ids import new_id
from amity.database.migrate import migrate
from amity.database.schema import event
from amity.definitions import store
from amity.definitions.documents import DefinitionChange
from amity.definitions.plan import Change, Plan
from amity.definitions.service import DefinitionService
from amity.entities import values
from amity.entities.handler import open_definitions
from amity.entities.kinds.base import Kind, ValueProblem
from amity.entities.kinds.core import amity_kinds
from amity.entities.kinds.registry import KindRegistry
from amity.entities.kinds.text import TextKind
from amity.entities.model import Entity, Field, Model
from amity.expressions import core_functions


class StarsKind(TextKind):
    """A kind as an extension brings it: it knows of no other."""

    name: ClassVar[str] = "stars"
    title: ClassVar[str] = "Stars"

    def parse(self, field: Field, value: Any) -> str:
        if not isinstance(value, str) or set(value) - {"*"}:
            raise ValueProblem("stars", "Only stars, please.")
        return value

    def samples(self, field: Field) -> Sequence[Any]:
        return ("*", "**")


def prepare(url: str) -> None:
    """Fill an empty database with the platform's tables and the workspace's row."""
    database = Database(url)
    migrate(database)
    store.initialise(database)
    database.close()


def occasion() -> Context:
    """The system, now."""
    return Context(SYSTEM, dt.datetime.now(dt.UTC), "UTC", new_id())


@dataclass
class Desk:
    """Definitions of one process on a database, and a hand for records beside the gate."""

    database: Database
    definitions: DefinitionService[Model]

    # -- definitions -------------------------------------------------------------------------------
    def plan(self, name: str, document: Mapping[str, Any] | None, **answers: Any) -> Plan:
        """Plan one entity."""
        return self.definitions.plan([DefinitionChange("entity", name, document, **answers)])

    def apply(
        self,
        name: str,
        document: Mapping[str, Any] | None,
        *,
        confirm: bool = True,
        revision: int | None = None,
        **answers: Any,
    ) -> Plan:
        """Apply one entity."""
        change = DefinitionChange("entity", name, document, **answers)
        return self.definitions.apply([change], occasion(), revision=revision, confirm=confirm)

    def document(self, name: str) -> dict[str, Any]:
        """A copy of the document in force."""
        return copy.deepcopy(dict(self.definitions.get("entity", name).document))

    def entity(self, name: str) -> Entity:
        """The entity in force."""
        return self.definitions.model.entities[name]

    # -- records -----------------------------------------------------------------------------------
    def add(self, name: str, *records: Mapping[str, Any]) -> list[str]:
        """Insert records of JSON values with an event each, as the gate does; gives their ids."""
        entity = self.entity(name)
        ids = [new_id() for _ in records]
        now = dt.datetime.now(dt.UTC)
        with self.database.write() as connection:
            connection.execute(
                insert(entity.table),
                [{"id": id_, "version": 1, "created_at": now, "updated_at": now} for id_ in ids],
            )
            for field in entity.fields:
                given = [(id_, record.get(field.name)) for id_, record in zip(ids, records, strict=True)]
                typed = [
                    (id_, self.typed(entity, field.name, value)) for id_, value in given if value is not None
                ]
                assert entity.storage is not None
                values.write(connection, entity.storage, field, typed)
            self._note(connection, entity, ids, "create")
        return ids

    def change(self, name: str, record: str, **changed: Any) -> None:
        """Change values of a record, with an event; again where the definitions moved, as the gate does."""
        for _ in range(5):
            with self.database.write() as connection:
                if self.definitions.refresh_in(connection):
                    continue
                entity = self.entity(name)
                assert entity.storage is not None
                for field, value in changed.items():
                    typed = None if value is None else self.typed(entity, field, value)
                    values.write(connection, entity.storage, entity.by_name[field], [(record, typed)])
                self._note(connection, entity, [record], "update")
                return
        raise AssertionError("the definitions move all the time")

    def delete(self, name: str, record: str) -> None:
        """Put a record into the bin."""
        entity = self.entity(name)
        with self.database.write() as connection:
            gone = update(entity.table).where(entity.table.c.id == record)
            connection.execute(gone.values(deleted_at=dt.datetime.now(dt.UTC)))
            self._note(connection, entity, [record], "delete")

    def values(self, name: str, field: str) -> list[Any]:
        """JSON values of a field in order of id; links as lists of ids."""
        entity = self.entity(name)
        found = entity.by_name[field]
        assert entity.storage is not None
        with self.database.read() as connection:
            rows = values.read(connection, entity.storage, found, limit=100_000)
        return [None if value is None else self.json(entity, field, value) for _, value in rows]

    @staticmethod
    def typed(entity: Entity, name: str, value: Any) -> Any:
        """JSON -> what `amity.entities.values` writes; links are given as `[[entity id, id], ...]`."""
        field = entity.by_name[name]
        if field.kind.to_many:
            return [values.Link(*link) for link in value]
        return field.kind.parse(field, value)

    @staticmethod
    def json(entity: Entity, name: str, value: Any) -> Any:
        """The way back."""
        field = entity.by_name[name]
        if field.kind.to_many:
            return [[link.entity, link.target] for link in value]
        return field.kind.dump(field, value)

    @staticmethod
    def _note(connection: Any, entity: Entity, ids: Sequence[str], kind: str) -> None:
        rows = [
            {
                "id": new_id(),
                "at": dt.datetime.now(dt.UTC),
                "kind": kind,
                "entity": entity.id,
                "record": id_,
                "record_version": 1,
                "definition_version": entity.version,
                "changes": {},
                "cause": {"kind": "test"},
                "cause_id": new_id(),
            }
            for id_ in ids
        ]
        connection.execute(insert(event), rows)

    def events(self) -> int:
        """How many events there are."""
        with self.database.read() as connection:
            return len(connection.execute(select(event.c.seq)).all())


@contextmanager
def desk(url: str, kinds: Sequence[Kind] = ()) -> Iterator[Desk]:
    """Open the definitions on a prepared database, like one process does."""
    database = Database(url)
    functions = {function.name: function for function in core_functions()}
    try:
        yield Desk(database, open_definitions(database, KindRegistry([*amity_kinds(), *kinds]), functions))
    finally:
        database.close()


def schema(
    properties: Mapping[str, Any], *, name: str = "thing", required: Sequence[str] = (), **options: Any
) -> dict[str, Any]:
    """An entity document."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": name.capitalize(),
        "type": "object",
        "required": list(required),
        "properties": dict(properties),
        "x-amity": {"name": name, **options},
    }


def codes(changes: Sequence[Change] | Plan) -> list[tuple[str, str]]:
    """(severity, code) of each line."""
    lines = changes.changes if isinstance(changes, Plan) else changes
    return [(str(line.severity), line.code) for line in lines]


def line(plan: Plan, code: str) -> Change:
    """The one line of a code."""
    (found,) = [item for item in plan.changes if item.code == code]
    return found
