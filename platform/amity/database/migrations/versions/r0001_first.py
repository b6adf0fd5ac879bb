"""First revision: the workspace, its definitions, accounts, records' events and the search index."""

from __future__ import annotations

from typing import Any, Final

from alembic import op
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKeyConstraint,
    Identity,
    Integer,
    PrimaryKeyConstraint,
    String,
    UniqueConstraint,
    text,
)

from amity.database.types import CodePointText, UtcDateTime, Uuid36, json_type, ordered_json_type

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# The search index is derived from `search_entry` and never written by hand. PostgreSQL: a generated
# `tsvector` whose lexemes are exactly the words of `text` (split at blanks, no parser of its own). SQLite:
# an FTS5 table over the same text, kept by triggers; its `ascii` tokenizer takes every other character as
# part of a word, so both servers have the very same words.
_POSTGRESQL: Final = (
    "ALTER TABLE search_entry ADD COLUMN vector tsvector"
    " GENERATED ALWAYS AS (array_to_tsvector(string_to_array(text, ' '))) STORED",
    "CREATE INDEX ix_search_entry_vector ON search_entry USING gin (vector)",
)

_SQLITE: Final = (
    "CREATE VIRTUAL TABLE search_words USING fts5(text, content='search_entry', content_rowid='seq',"
    " tokenize='ascii', prefix='1 2 3', detail=none)",
    "CREATE TRIGGER search_entry_added AFTER INSERT ON search_entry BEGIN"
    " INSERT INTO search_words(rowid, text) VALUES (new.seq, new.text); END",
    "CREATE TRIGGER search_entry_gone AFTER DELETE ON search_entry BEGIN"
    " INSERT INTO search_words(search_words, rowid, text) VALUES ('delete', old.seq, old.text); END",
    "CREATE TRIGGER search_entry_changed AFTER UPDATE OF text ON search_entry BEGIN"
    " INSERT INTO search_words(search_words, rowid, text) VALUES ('delete', old.seq, old.text);"
    " INSERT INTO search_words(rowid, text) VALUES (new.seq, new.text); END",
)


def upgrade() -> None:
    """Create the tables."""
    _workspace_and_definitions()
    _tables_of_entities()
    _accounts()
    _events_and_views()
    _search_index()


def _sequence() -> Column[int]:
    # SQLite counts only an INTEGER primary key by itself.
    kind: Any = BigInteger().with_variant(Integer(), "sqlite")
    return Column("seq", kind, Identity(), autoincrement=True, nullable=False)


def _workspace_and_definitions() -> None:
    op.create_table(
        "workspace",
        Column("id", Integer(), nullable=False),
        Column("name", CodePointText(), nullable=False),
        Column("revision", BigInteger(), nullable=False),
        Column("access_revision", BigInteger(), server_default="0", nullable=False),
        Column("timezone", String(64), nullable=False),
        Column("locale", String(16), nullable=False),
        Column("currency", String(3), nullable=False),
        Column("settings", json_type(), nullable=False),
        Column("created_at", UtcDateTime(), nullable=False),
        PrimaryKeyConstraint("id", name="pk_workspace"),
    )
    op.create_table(
        "definition",
        Column("kind", String(32), nullable=False),
        Column("id", String(100), nullable=False),
        Column("name", String(64), nullable=False),
        Column("version", Integer(), nullable=False),
        Column("document", ordered_json_type(), nullable=False),
        Column("updated_at", UtcDateTime(), nullable=False),
        Column("updated_by", Uuid36()),
        Column("removed_at", UtcDateTime()),
        PrimaryKeyConstraint("kind", "id", name="pk_definition"),
    )
    op.create_index(
        "uq_definition_live_name",
        "definition",
        ["kind", "name"],
        unique=True,
        sqlite_where=text("removed_at IS NULL"),
        postgresql_where=text("removed_at IS NULL"),
    )
    op.create_table(
        "definition_version",
        Column("kind", String(32), nullable=False),
        Column("id", String(100), nullable=False),
        Column("version", Integer(), nullable=False),
        Column("name", String(64), nullable=False),
        Column("document", ordered_json_type(), nullable=False),
        Column("revision", BigInteger(), nullable=False),
        Column("plan", ordered_json_type(), nullable=False),
        Column("applied_at", UtcDateTime(), nullable=False),
        Column("applied_by", Uuid36()),
        Column("removed", Boolean(), server_default=text("false"), nullable=False),
        PrimaryKeyConstraint("kind", "id", "version", name="pk_definition_version"),
    )
    op.create_table(
        "definition_job",
        Column("id", Uuid36(), nullable=False),
        Column("kind", String(32), nullable=False),
        Column("state", String(16), nullable=False),
        Column("revision", BigInteger(), nullable=False),
        Column("payload", ordered_json_type(), nullable=False),
        Column("progress", json_type(), nullable=False),
        Column("started_at", UtcDateTime(), nullable=False),
        Column("heartbeat_at", UtcDateTime(), nullable=False),
        Column("account", Uuid36()),
        Column("runner", String(160)),
        PrimaryKeyConstraint("id", name="pk_definition_job"),
    )


def _tables_of_entities() -> None:
    op.create_table(
        "stored_table",
        Column("name", String(63), nullable=False),
        Column("entity", String(100), nullable=False),
        Column("field", String(100)),
        Column("kind", String(32)),
        Column("target", String(63)),
        Column("state", String(16), nullable=False),
        Column("revision", BigInteger(), nullable=False),
        PrimaryKeyConstraint("name", name="pk_stored_table"),
    )
    op.create_index("ix_stored_table_entity", "stored_table", ["entity"])
    op.create_table(
        "stored_column",
        Column("table_name", String(63), nullable=False),
        Column("name", String(63), nullable=False),
        Column("entity", String(100), nullable=False),
        Column("field", String(100), nullable=False),
        Column("role", String(16), nullable=False),
        Column("type", String(32), nullable=False),
        Column("kind", String(32), nullable=False),
        Column("target", String(63)),
        Column("state", String(16), nullable=False),
        Column("revision", BigInteger(), nullable=False),
        PrimaryKeyConstraint("table_name", "name", name="pk_stored_column"),
    )
    op.create_index("ix_stored_column_entity", "stored_column", ["entity"])
    op.create_table(
        "parked_value",
        Column("entity", String(100), nullable=False),
        Column("field", String(100), nullable=False),
        Column("revision", BigInteger(), nullable=False),
        Column("record", Uuid36(), nullable=False),
        Column("value", json_type()),
        Column("reason", CodePointText(), nullable=False),
        PrimaryKeyConstraint("entity", "field", "revision", "record", name="pk_parked_value"),
    )


def _accounts() -> None:
    op.create_table(
        "account",
        Column("id", Uuid36(), nullable=False),
        Column("email", CodePointText(), nullable=False),
        Column("email_key", CodePointText(), nullable=False),
        Column("name", CodePointText(), nullable=False),
        Column("password_hash", CodePointText()),
        Column("state", String(16), nullable=False),
        Column("roles", json_type(), nullable=False),
        Column("employee", Uuid36()),
        Column("locale", String(16)),
        Column("timezone", String(64)),
        Column("theme", String(8)),
        Column("created_at", UtcDateTime(), nullable=False),
        Column("last_seen_at", UtcDateTime()),
        PrimaryKeyConstraint("id", name="pk_account"),
        UniqueConstraint("email_key", name="uq_account_email_key"),
    )
    op.create_table(
        "session",
        Column("key_hash", String(64), nullable=False),
        Column("account", Uuid36(), nullable=False),
        Column("created_at", UtcDateTime(), nullable=False),
        Column("last_seen_at", UtcDateTime(), nullable=False),
        Column("expires_at", UtcDateTime(), nullable=False),
        Column("agent", CodePointText()),
        ForeignKeyConstraint(["account"], ["account.id"], name="fk_session_account", ondelete="CASCADE"),
        PrimaryKeyConstraint("key_hash", name="pk_session"),
    )
    op.create_index("ix_session_account", "session", ["account"])
    op.create_table(
        "token",
        Column("id", Uuid36(), nullable=False),
        Column("key_hash", String(64), nullable=False),
        Column("account", Uuid36(), nullable=False),
        Column("name", CodePointText(), nullable=False),
        Column("created_at", UtcDateTime(), nullable=False),
        Column("expires_at", UtcDateTime()),
        Column("last_used_at", UtcDateTime()),
        Column("revoked_at", UtcDateTime()),
        ForeignKeyConstraint(["account"], ["account.id"], name="fk_token_account", ondelete="CASCADE"),
        PrimaryKeyConstraint("id", name="pk_token"),
        UniqueConstraint("key_hash", name="uq_token_key_hash"),
    )
    op.create_index("ix_token_account", "token", ["account"])
    op.create_table(
        "one_time_link",
        Column("key_hash", String(64), nullable=False),
        Column("purpose", String(16), nullable=False),
        Column("account", Uuid36()),
        Column("created_at", UtcDateTime(), nullable=False),
        Column("expires_at", UtcDateTime(), nullable=False),
        Column("used_at", UtcDateTime()),
        ForeignKeyConstraint(
            ["account"], ["account.id"], name="fk_one_time_link_account", ondelete="CASCADE"
        ),
        PrimaryKeyConstraint("key_hash", name="pk_one_time_link"),
    )
    op.create_index("ix_one_time_link_account", "one_time_link", ["account"])
    op.create_table(
        "throttle",
        Column("key", String(128), nullable=False),
        Column("failures", Integer(), nullable=False),
        Column("since", UtcDateTime(), nullable=False),
        Column("blocked_until", UtcDateTime()),
        PrimaryKeyConstraint("key", name="pk_throttle"),
    )


def _events_and_views() -> None:
    op.create_table(
        "event",
        _sequence(),
        Column("id", Uuid36(), nullable=False),
        Column("tx", BigInteger(), server_default="0", nullable=False),
        Column("at", UtcDateTime(), nullable=False),
        Column("actor", Uuid36()),
        Column("kind", String(16), nullable=False),
        Column("entity", String(100), nullable=False),
        Column("record", Uuid36(), nullable=False),
        Column("record_version", Integer(), nullable=False),
        Column("definition_version", Integer(), nullable=False),
        Column("changes", json_type(), nullable=False),
        Column("cause", json_type(), nullable=False),
        Column("cause_id", Uuid36(), nullable=False),
        PrimaryKeyConstraint("seq", name="pk_event"),
        UniqueConstraint("id", name="uq_event_id"),
    )
    op.create_index("ix_event_cause", "event", ["cause_id"])
    op.create_index("ix_event_feed", "event", ["tx", "seq"])
    op.create_index("ix_event_record", "event", ["entity", "record", "seq"])
    op.create_table(
        "saved_view",
        Column("id", Uuid36(), nullable=False),
        Column("entity", String(100), nullable=False),
        Column("account", Uuid36()),
        Column("name", CodePointText(), nullable=False),
        Column("document", json_type(), nullable=False),
        Column("updated_at", UtcDateTime(), nullable=False),
        ForeignKeyConstraint(["account"], ["account.id"], name="fk_saved_view_account", ondelete="CASCADE"),
        PrimaryKeyConstraint("id", name="pk_saved_view"),
        UniqueConstraint("entity", "account", "name", name="uq_saved_view_entity_account_name"),
    )
    op.create_table(
        "process",
        Column("id", Uuid36(), nullable=False),
        Column("role", String(16), nullable=False),
        Column("host", CodePointText(), nullable=False),
        Column("pid", Integer(), nullable=False),
        Column("started_at", UtcDateTime(), nullable=False),
        Column("heartbeat_at", UtcDateTime(), nullable=False),
        PrimaryKeyConstraint("id", name="pk_process"),
    )


def _search_index() -> None:
    op.create_table(
        "search_entry",
        _sequence(),
        Column("entity", String(100), nullable=False),
        Column("record", Uuid36(), nullable=False),
        Column("text", CodePointText(), nullable=False),
        PrimaryKeyConstraint("seq", name="pk_search_entry"),
        UniqueConstraint("record", name="uq_search_entry_record"),
    )
    for statement in _SQLITE if op.get_bind().dialect.name == "sqlite" else _POSTGRESQL:
        op.execute(statement)
