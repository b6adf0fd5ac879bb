"""A small workspace for tests of records: entities out of documents, their tables, a gate and people.

The storage is made directly, without the store of definitions, so that these tests need nothing above the
records layer.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import Column, Connection, Index, Integer, MetaData, String, Table, delete, event, text

from amity.access.context import Actor, Context
from amity.access.policy import Decision, Policy, RolePolicy, Verb
from amity.database import schema
from amity.database.engine import Database
from amity.database.ids import new_id
from amity.database.migrate import migrate
from amity.database.types import UtcDateTime, Uuid36, json_type
from amity.entities.kinds.core import amity_kinds
from amity.entities.kinds.registry import KindRegistry
from amity.entities.linking import link
from amity.entities.loader import load
from amity.entities.model import Entity, Model, Storage
from amity.entities.storage_types import storage_type
from amity.entities.validation import compile_validator
from amity.expressions import core_functions, register_sqlite_functions
from amity.records.service import Records

KINDS = KindRegistry(amity_kinds())
FUNCTIONS = {function.name: function for function in core_functions()}
NOW = dt.datetime(2026, 3, 14, 9, 26, 53, 589793, tzinfo=dt.UTC)

PERSON: dict[str, Any] = {
    "title": "Person",
    "type": "object",
    "required": ["name"],
    "properties": {
        "name": {"type": "string", "title": "Name", "minLength": 1, "maxLength": 200},
        "email": {"type": "string", "title": "E-mail", "format": "email"},
        "age": {"type": "integer", "title": "Age", "minimum": 0},
        "stage": {
            "title": "Stage",
            "oneOf": [{"const": "lead", "title": "Lead"}, {"const": "active", "title": "Active"}],
            "default": "lead",
        },
        "revenue": {"type": "number", "title": "Revenue", "x-amity": {"kind": "decimal"}},
        "born": {"type": "string", "title": "Born", "format": "date"},
        "met": {"type": "string", "title": "Met", "format": "date-time"},
        "vip": {"type": "boolean", "title": "VIP"},
        "boss": {
            "type": "string", "format": "uuid", "title": "Boss",
            "x-amity": {"kind": "relation", "to": "person", "on_delete": "clear", "inverse": "reports"},
        },
        "company": {
            "type": "string", "format": "uuid", "title": "Company",
            "x-amity": {"kind": "relation", "to": "company", "on_delete": "refuse", "inverse": "people"},
        },
    },
    "x-amity": {"name": "person", "plural": "People", "display": "name", "unique": [["email"]]},
}  # fmt: skip
COMPANY: dict[str, Any] = {
    "title": "Company",
    "type": "object",
    "required": ["name"],
    "properties": {
        "name": {"type": "string", "title": "Name"},
        "city": {"type": "string", "title": "City"},
    },
    "x-amity": {"name": "company", "plural": "Companies", "display": "name"},
}
VISIT: dict[str, Any] = {
    "title": "Visit",
    "type": "object",
    "required": ["subject", "person"],
    "properties": {
        "subject": {"type": "string", "title": "Subject"},
        "at": {"type": "string", "title": "At", "format": "date-time"},
        "person": {
            "type": "string", "format": "uuid", "title": "Person",
            "x-amity": {"kind": "relation", "to": "person", "on_delete": "cascade", "inverse": "visits"},
        },
        "guests": {
            "type": "array", "title": "Guests",
            "x-amity": {
                "kind": "relations", "to": ["person", "company"], "inverse": "visited",
                "link_fields": {"role": {"type": "string", "title": "Role"}},
            },
        },
        "tags": {
            "type": "array", "title": "Tags",
            "x-amity": {"kind": "relations", "to": "tag", "inverse": "visits"},
        },
        "about": {
            "type": "object", "title": "About",
            "x-amity": {"kind": "any_relation", "inverse": "topics"},
        },
    },
    "x-amity": {"name": "visit", "plural": "Visits", "display": "subject"},
}  # fmt: skip
TAG: dict[str, Any] = {
    "title": "Tag",
    "type": "object",
    "required": ["name"],
    "properties": {"name": {"type": "string", "title": "Name"}},
    "x-amity": {"name": "tag", "plural": "Tags", "display": "name", "unique": [["name"]]},
}
DOCUMENTS: tuple[dict[str, Any], ...] = (PERSON, COMPANY, VISIT, TAG)


def build_model(documents: Sequence[Mapping[str, Any]] = DOCUMENTS, revision: int = 1) -> Model:
    """Read documents into a model with storage."""
    entities = link([load(document, KINDS, version=1) for document in documents])
    finished = []
    for entity in entities:
        entity = replace(entity, storage=_storage(entity), validate=compile_validator(entity))
        finished.append(entity)
    ordered = sorted(finished, key=lambda entity: entity.plural)
    return Model(revision, {entity.name: entity for entity in ordered})


def _storage(entity: Entity) -> Storage:
    columns = {}
    links = {}
    for item in entity.fields:
        if item.kind.to_many:
            links[item.id] = _link_table(f"l_{entity.id}_{item.id}")
            continue
        for spec in item.kind.columns(item):
            name = f"f_{item.id}" + (f"__{spec.role}" if spec.role else "")
            columns[item.id, spec.role] = Column(name, item.kind.column_type(spec) or storage_type(spec.type))
    system = [
        Column("id", Uuid36, primary_key=True),
        Column("version", Integer, nullable=False),
        Column("created_at", UtcDateTime, nullable=False),
        Column("created_by", Uuid36),
        Column("updated_at", UtcDateTime, nullable=False),
        Column("updated_by", Uuid36),
        Column("owner", Uuid36),
        Column("deleted_at", UtcDateTime),
        Column("extra", json_type()),
    ]
    table = Table(f"e_{entity.id}", MetaData(), *system, *columns.values())
    for number, names in enumerate(entity.unique):
        unique = [columns[entity.by_name[name].id, ""] for name in names]
        alive = text("deleted_at IS NULL")
        name = f"uq_{entity.id}_{number}"
        Index(name, *unique, unique=True, sqlite_where=alive, postgresql_where=alive)
    return Storage(table, columns, links)


def _link_table(name: str) -> Table:
    return Table(
        name,
        MetaData(),
        Column("id", Uuid36, primary_key=True),
        Column("source", Uuid36, nullable=False, index=True),
        Column("target_entity", String(64), nullable=False),
        Column("target", Uuid36, nullable=False, index=True),
        Column("position", Integer),
        Column("data", json_type()),
    )


def create_tables(database: Database, model: Model) -> None:
    """Make the tables of a model."""
    with database.write() as connection:
        for entity in model:
            assert entity.storage is not None
            entity.table.metadata.create_all(connection)
            for link in entity.storage.links.values():
                link.metadata.create_all(connection)


def empty_tables(world: World) -> None:
    """Take all records, events and search entries out again."""
    with world.database.write() as connection:
        for entity in world.model:
            assert entity.storage is not None
            for link in entity.storage.links.values():
                connection.execute(delete(link))
            connection.execute(delete(entity.table))
        connection.execute(delete(schema.event))
        connection.execute(delete(schema.search_entry))


@dataclass
class Definitions:
    """Stands in for the store: a model that a test may exchange."""

    model: Model
    newer: Model | None = None
    """A model that another process made: in force at the next look."""

    def refresh(self) -> Model:
        """Take over what another process did."""
        if self.newer is not None:
            self.model, self.newer = self.newer, None
        return self.model

    def refresh_in(self, connection: Connection) -> bool:
        """Tell whether the definitions moved."""
        return self.newer is not None


@dataclass(frozen=True)
class Rules:
    """A policy out of decisions by (verb or "*", entity name); everything else is allowed."""

    decisions: Mapping[tuple[str, str], Decision] = field(default_factory=dict)

    def decide(self, actor: Actor, verb: Verb, entity: Entity) -> Decision:
        """See `Policy`."""
        if actor.is_system:
            return Decision(True)
        for key in ((verb, entity.name), ("*", entity.name)):
            if key in self.decisions:
                return self.decisions[key]
        return Decision(True)


def person(name: str = "Ada", **more: Any) -> Actor:
    """Make an actor with the role staff."""
    return Actor(account=new_id(), name=name, roles=frozenset({"staff"}), **more)


@dataclass
class World:
    """A database with entities, and somebody who works with them."""

    database: Database
    definitions: Definitions
    records: Records
    actor: Actor

    @property
    def model(self) -> Model:
        """The entities in force."""
        return self.definitions.model

    def ctx(self, actor: Actor | None = None, **more: Any) -> Context:
        """Make the context of a new request."""
        details = {"now": NOW, "timezone": "UTC", "cause_id": new_id(), "cause": {"kind": "test"}, **more}
        return Context(actor=actor or self.actor, **details)

    def under(self, policy: Policy, **more: Any) -> World:
        """The same world under another policy."""
        return replace(self, records=make_records(self.database, self.definitions, policy, **more))

    def create(self, entity: str, /, **values: Any) -> Any:
        """Create a record as the usual person."""
        return self.records.create(self.ctx(), entity, values)

    @contextmanager
    def statements(self) -> Iterator[list[str]]:
        """Collect the SQL statements of a block, without BEGIN and the like."""
        found: list[str] = []

        def note(_c: Any, _cur: Any, statement: str, *_: Any) -> None:
            if not statement.startswith(("BEGIN", "SAVEPOINT", "RELEASE", "ROLLBACK")):
                found.append(statement)

        event.listen(self.database.engine, "before_cursor_execute", note)
        try:
            yield found
        finally:
            event.remove(self.database.engine, "before_cursor_execute", note)


def make_records(database: Database, definitions: Any, policy: Policy, **more: Any) -> Records:
    """Make a gate."""
    return Records(database, definitions, policy, FUNCTIONS, secret="s" * 32, **more)


def prepared(documents: Sequence[Mapping[str, Any]] = DOCUMENTS) -> Callable[[str], None]:
    """A function that fills an empty database with the tables for `documents`."""

    def prepare(url: str) -> None:
        database = open_database(url)
        migrate(database)
        create_tables(database, build_model(documents))
        database.close()

    return prepare


def open_database(url: str) -> Database:
    """Open a database as a workspace does."""
    return Database(url, on_connect=[register_sqlite_functions])


def open_world(url: str, documents: Sequence[Mapping[str, Any]] = DOCUMENTS) -> World:
    """Open a prepared database."""
    database = open_database(url)
    definitions = Definitions(build_model(documents))
    return World(database, definitions, make_records(database, definitions, RolePolicy()), person())
