"""The platform's own tables as they are today; tables of entities are made at runtime.

A change here needs a revision in `migrations/versions`, whose docstring has the rules.
"""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Identity,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    UniqueConstraint,
    text,
)

from amity.database.types import CodePointText, UtcDateTime, Uuid36, json_type, ordered_json_type

metadata: Final = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _sequence() -> Column[int]:
    # SQLite counts only an INTEGER primary key by itself.
    kind: Any = BigInteger().with_variant(Integer(), "sqlite")
    return Column("seq", kind, Identity(), primary_key=True, autoincrement=True)


workspace: Final = Table(
    "workspace",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", CodePointText, nullable=False),
    Column("revision", BigInteger, nullable=False),
    Column("access_revision", BigInteger, nullable=False, server_default="0"),
    Column("timezone", String(64), nullable=False),
    Column("locale", String(16), nullable=False),
    Column("currency", String(3), nullable=False),
    Column("settings", json_type(), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
)
"""One row. `revision` counts applied definition changes, `access_revision` changes of accounts' rights."""

definition: Final = Table(
    "definition",
    metadata,
    Column("kind", String(32), primary_key=True),
    Column("id", String(100), primary_key=True),
    Column("name", String(64), nullable=False),
    Column("version", Integer, nullable=False),
    Column("document", ordered_json_type(), nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Column("updated_by", Uuid36),
    Column("removed_at", UtcDateTime),
)
"""The definitions in force. A removed one keeps its row, so that it can be restored."""
Index(
    "uq_definition_live_name",
    definition.c.kind,
    definition.c.name,
    unique=True,
    sqlite_where=text("removed_at IS NULL"),
    postgresql_where=text("removed_at IS NULL"),
)

definition_version: Final = Table(
    "definition_version",
    metadata,
    Column("kind", String(32), primary_key=True),
    Column("id", String(100), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("name", String(64), nullable=False),
    Column("document", ordered_json_type(), nullable=False),
    Column("revision", BigInteger, nullable=False),
    Column("plan", ordered_json_type(), nullable=False),
    Column("applied_at", UtcDateTime, nullable=False),
    Column("applied_by", Uuid36),
    Column("removed", Boolean, nullable=False, server_default=text("false")),
)
"""Every definition that was ever applied: who, when, with which plan."""

stored_table: Final = Table(
    "stored_table",
    metadata,
    Column("name", String(63), primary_key=True),
    Column("entity", String(100), nullable=False, index=True),
    Column("field", String(100)),
    Column("kind", String(32)),
    Column("target", String(63)),
    Column("state", String(16), nullable=False),
    Column("revision", BigInteger, nullable=False),
)
"""Tables made at runtime: one per entity (`field` null) and one per many-to-many field.

`kind` is the field's kind, `target` the table that links point to (null: tables of several entities),
`state` and `revision` as in `stored_column`.
"""

stored_column: Final = Table(
    "stored_column",
    metadata,
    Column("table_name", String(63), primary_key=True),
    Column("name", String(63), primary_key=True),
    Column("entity", String(100), nullable=False, index=True),
    Column("field", String(100), nullable=False),
    Column("role", String(16), nullable=False),
    Column("type", String(32), nullable=False),
    Column("kind", String(32), nullable=False),
    Column("target", String(63)),
    Column("state", String(16), nullable=False),
    Column("revision", BigInteger, nullable=False),
)
"""Columns of those tables, never renamed, never retyped.

`role` is the kind's own name of the column ("" the value, "fold" the shadow key, ...), `type` a storage
type's name, `target` the table that a foreign key points to, `state`: building (a running apply fills it),
live, parked (gone, restorable), purging (being emptied) or purged (empty, may be reused for the same type).
`revision` is the one that put it into this state.
"""

parked_value: Final = Table(
    "parked_value",
    metadata,
    Column("entity", String(100), primary_key=True),
    Column("field", String(100), primary_key=True),
    Column("revision", BigInteger, primary_key=True),
    Column("record", Uuid36, primary_key=True),
    Column("value", json_type()),
    Column("reason", CodePointText, nullable=False),
)
"""Values that a conversion could not carry over, one row a record."""

definition_job: Final = Table(
    "definition_job",
    metadata,
    Column("id", Uuid36, primary_key=True),
    Column("kind", String(32), nullable=False),
    Column("state", String(16), nullable=False),
    Column("revision", BigInteger, nullable=False),
    Column("payload", ordered_json_type(), nullable=False),
    Column("progress", json_type(), nullable=False),
    Column("started_at", UtcDateTime, nullable=False),
    Column("heartbeat_at", UtcDateTime, nullable=False),
    Column("account", Uuid36),
    Column("runner", String(160)),
)
"""A running apply or index build: what a killed process leaves behind is resumed or cleaned from here."""

account: Final = Table(
    "account",
    metadata,
    Column("id", Uuid36, primary_key=True),
    Column("email", CodePointText, nullable=False),
    Column("email_key", CodePointText, nullable=False, unique=True),
    Column("name", CodePointText, nullable=False),
    Column("password_hash", CodePointText),
    Column("state", String(16), nullable=False),
    Column("roles", json_type(), nullable=False),
    Column("employee", Uuid36),
    Column("locale", String(16)),
    Column("timezone", String(64)),
    Column("theme", String(8)),
    Column("created_at", UtcDateTime, nullable=False),
    Column("last_seen_at", UtcDateTime),
)
"""People who sign in. `state`: invited, active, deactivated. `email_key` is the folded address."""

session: Final = Table(
    "session",
    metadata,
    Column("key_hash", String(64), primary_key=True),
    Column("account", Uuid36, ForeignKey("account.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("created_at", UtcDateTime, nullable=False),
    Column("last_seen_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("agent", CodePointText),
)

token: Final = Table(
    "token",
    metadata,
    Column("id", Uuid36, primary_key=True),
    Column("key_hash", String(64), nullable=False, unique=True),
    Column("account", Uuid36, ForeignKey("account.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("name", CodePointText, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime),
    Column("last_used_at", UtcDateTime),
    Column("revoked_at", UtcDateTime),
)
"""API tokens; only the SHA-256 of a token is kept."""

one_time_link: Final = Table(
    "one_time_link",
    metadata,
    Column("key_hash", String(64), primary_key=True),
    Column("purpose", String(16), nullable=False),
    Column("account", Uuid36, ForeignKey("account.id", ondelete="CASCADE"), index=True),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("used_at", UtcDateTime),
)
"""Links that work once: `setup` (first admin, no account yet), `invite`, `reset`."""

throttle: Final = Table(
    "throttle",
    metadata,
    Column("key", String(128), primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("since", UtcDateTime, nullable=False),
    Column("blocked_until", UtcDateTime),
)

event: Final = Table(
    "event",
    metadata,
    _sequence(),
    Column("id", Uuid36, nullable=False, unique=True),
    Column("tx", BigInteger, nullable=False, server_default="0"),
    Column("at", UtcDateTime, nullable=False),
    Column("actor", Uuid36),
    Column("kind", String(16), nullable=False),
    Column("entity", String(100), nullable=False),
    Column("record", Uuid36, nullable=False),
    Column("record_version", Integer, nullable=False),
    Column("definition_version", Integer, nullable=False),
    Column("changes", json_type(), nullable=False),
    Column("cause", json_type(), nullable=False),
    Column("cause_id", Uuid36, nullable=False),
    Index("ix_event_record", "entity", "record", "seq"),
    Index("ix_event_cause", "cause_id"),
    Index("ix_event_feed", "tx", "seq"),
)
"""Every change of a record. `changes` is `{field id: [old, new]}`; `entity` is the entity's id.

`tx` is the writing transaction's id on PostgreSQL (0 on SQLite): the feed orders by (tx, seq) and stops
before the oldest transaction still running, so that no event is ever skipped. `cause_id` joins all events
of one request; `cause` says what it was: `{"kind": "form"|"api"|"import"|"bulk"|"cascade"|...}`.
"""

search_entry: Final = Table(
    "search_entry",
    metadata,
    _sequence(),
    Column("entity", String(100), nullable=False),
    Column("record", Uuid36, nullable=False, unique=True),
    Column("text", CodePointText, nullable=False),
)
"""The words of each live record, split by blanks; what searches it is derived from it by the database
itself (see the migration `r0001_first`).
"""

saved_view: Final = Table(
    "saved_view",
    metadata,
    Column("id", Uuid36, primary_key=True),
    Column("entity", String(100), nullable=False),
    Column("account", Uuid36, ForeignKey("account.id", ondelete="CASCADE")),
    Column("name", CodePointText, nullable=False),
    Column("document", json_type(), nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    UniqueConstraint("entity", "account", "name"),
)
"""Filters that people saved for themselves; shared views live in the entity's definition."""

process: Final = Table(
    "process",
    metadata,
    Column("id", Uuid36, primary_key=True),
    Column("role", String(16), nullable=False),
    Column("host", CodePointText, nullable=False),
    Column("pid", Integer, nullable=False),
    Column("started_at", UtcDateTime, nullable=False),
    Column("heartbeat_at", UtcDateTime, nullable=False),
    Column("machine", String(200)),
)
"""Web and worker processes that are alive, by their heartbeat. `machine` names where `pid` is counted."""
