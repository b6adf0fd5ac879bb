"""Second revision: what the workflow engine keeps."""

from __future__ import annotations

from typing import Any

from alembic import op
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Integer,
    PrimaryKeyConstraint,
    String,
    UniqueConstraint,
    text,
)

from amity.database.types import CodePointText, UtcDateTime, Uuid36, json_type, ordered_json_type

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables of runs, of their steps and waits, and of what people are asked and told."""
    _definitions_and_requests()
    _runs()
    _mail_and_people()
    op.add_column("process", Column("machine", String(200)))


def _definitions_and_requests() -> None:
    op.create_table(
        "workflow_state",
        Column("workflow", String(100), nullable=False),
        Column("paused_at", UtcDateTime()),
        Column("paused_by", Uuid36()),
        Column("paused_why", CodePointText()),
        Column("fired_at", UtcDateTime()),
        PrimaryKeyConstraint("workflow", name="pk_workflow_state"),
    )
    op.create_table(
        "workflow_document",
        Column("workflow", String(100), nullable=False),
        Column("version", Integer(), nullable=False),
        Column("document", ordered_json_type(), nullable=False),
        PrimaryKeyConstraint("workflow", "version", name="pk_workflow_document"),
    )
    op.create_table(
        "run_request",
        Column("id", Uuid36(), nullable=False),
        Column("workflow", String(100), nullable=False),
        Column("version", Integer(), nullable=False),
        Column("entity", String(100)),
        Column("record", Uuid36()),
        Column("trigger", json_type(), nullable=False),
        Column("actor", Uuid36()),
        Column("cause_id", Uuid36(), nullable=False),
        Column("depth", Integer(), nullable=False),
        Column("requested_at", UtcDateTime(), nullable=False),
        PrimaryKeyConstraint("id", name="pk_run_request"),
    )
    op.create_index("ix_run_request_workflow", "run_request", ["workflow", "requested_at"])


def _runs() -> None:
    op.create_table(
        "run",
        Column("id", Uuid36(), nullable=False),
        Column("workflow", String(100), nullable=False),
        Column("version", Integer(), nullable=False),
        Column("entity", String(100)),
        Column("record", Uuid36()),
        Column("trigger", json_type(), nullable=False),
        Column("actor", Uuid36()),
        Column("cause_id", Uuid36(), nullable=False),
        Column("depth", Integer(), nullable=False),
        Column("state", String(16), nullable=False),
        Column("segment", Integer(), server_default="0", nullable=False),
        Column("lease", String(160)),
        Column("why", CodePointText()),
        Column("error", json_type()),
        Column("requested_at", UtcDateTime(), nullable=False),
        Column("started_at", UtcDateTime(), nullable=False),
        Column("changed_at", UtcDateTime(), nullable=False),
        Column("ended_at", UtcDateTime()),
        Column("parent", Uuid36()),
        Column("parent_key", String(200)),
        Column("writes", Integer(), server_default="0", nullable=False),
        PrimaryKeyConstraint("id", name="pk_run"),
    )
    op.create_index(
        "ix_run_active",
        "run",
        ["state", "workflow", "changed_at"],
        sqlite_where=text("state IN ('ready', 'running')"),
        postgresql_where=text("state IN ('ready', 'running')"),
    )
    op.create_index("ix_run_parent", "run", ["parent"])
    op.create_index("ix_run_record", "run", ["entity", "record", "started_at"])
    op.create_index("ix_run_started", "run", ["started_at", "id"])
    op.create_index("ix_run_state", "run", ["state", "started_at"])
    op.create_index("ix_run_workflow", "run", ["workflow", "started_at"])
    op.create_table(
        "run_step",
        Column("run", Uuid36(), nullable=False),
        Column("key", String(200), nullable=False),
        Column("step", String(100), nullable=False),
        Column("action", String(64), nullable=False),
        Column("state", String(16), nullable=False),
        Column("attempts", Integer(), nullable=False),
        Column("input", json_type()),
        Column("output", json_type()),
        Column("error", json_type()),
        Column("wait", json_type()),
        Column("started_at", UtcDateTime(), nullable=False),
        Column("ended_at", UtcDateTime()),
        PrimaryKeyConstraint("run", "key", name="pk_run_step"),
    )
    op.create_table(
        "run_wait",
        Column("run", Uuid36(), nullable=False),
        Column("key", String(200), nullable=False),
        Column("due_at", UtcDateTime()),
        Column("woken_at", UtcDateTime()),
        PrimaryKeyConstraint("run", "key", name="pk_run_wait"),
    )
    op.create_index(
        "ix_run_wait_due",
        "run_wait",
        ["due_at"],
        sqlite_where=text("woken_at IS NULL"),
        postgresql_where=text("woken_at IS NULL"),
    )
    op.create_table(
        "run_watch",
        Column("entity", String(100), nullable=False),
        Column("record", Uuid36(), nullable=False),
        Column("run", Uuid36(), nullable=False),
        Column("key", String(200), nullable=False),
        PrimaryKeyConstraint("entity", "record", "run", "key", name="pk_run_watch"),
    )
    op.create_index("ix_run_watch_run", "run_watch", ["run"])
    op.create_table(
        "feed_position",
        Column("name", String(32), nullable=False),
        Column("tx", BigInteger(), nullable=False),
        Column("seq", BigInteger(), nullable=False),
        PrimaryKeyConstraint("name", name="pk_feed_position"),
    )


def _mail_and_people() -> None:
    # SQLite counts only an INTEGER primary key by itself.
    kind: Any = BigInteger().with_variant(Integer(), "sqlite")
    op.create_table(
        "outbox",
        Column("id", Uuid36(), nullable=False),
        Column("key", String(300), nullable=False),
        Column("state", String(16), nullable=False),
        Column("run", Uuid36()),
        Column("entity", String(100)),
        Column("record", Uuid36()),
        Column("sender", CodePointText(), nullable=False),
        Column("recipients", json_type(), nullable=False),
        Column("subject", CodePointText(), nullable=False),
        Column("body", CodePointText(), nullable=False),
        Column("html", CodePointText()),
        Column("attachments", json_type(), nullable=False),
        Column("message_id", CodePointText(), nullable=False),
        Column("attempts", Integer(), server_default="0", nullable=False),
        Column("why", CodePointText()),
        Column("created_at", UtcDateTime(), nullable=False),
        Column("next_at", UtcDateTime()),
        Column("sent_at", UtcDateTime()),
        Column("sent_by", String(160)),
        PrimaryKeyConstraint("id", name="pk_outbox"),
        UniqueConstraint("key", name="uq_outbox_key"),
    )
    op.create_index("ix_outbox_run", "outbox", ["run"])
    op.create_index("ix_outbox_state", "outbox", ["state", "next_at"])
    op.create_table(
        "assignment",
        Column("id", Uuid36(), nullable=False),
        Column("run", Uuid36(), nullable=False),
        Column("key", String(200), nullable=False),
        Column("kind", String(16), nullable=False),
        Column("entity", String(100)),
        Column("record", Uuid36()),
        Column("title", CodePointText(), nullable=False),
        Column("text", CodePointText(), nullable=False),
        Column("form", json_type()),
        Column("needs_all", Boolean(), server_default=text("false"), nullable=False),
        Column("state", String(16), nullable=False),
        Column("created_at", UtcDateTime(), nullable=False),
        Column("due_at", UtcDateTime()),
        Column("closed_at", UtcDateTime()),
        PrimaryKeyConstraint("id", name="pk_assignment"),
    )
    op.create_index("ix_assignment_run", "assignment", ["run"])
    op.create_index("ix_assignment_state", "assignment", ["state", "created_at"])
    op.create_table(
        "assignment_person",
        Column("assignment", Uuid36(), nullable=False),
        Column("account", Uuid36(), nullable=False),
        Column("answer", String(16)),
        Column("values", json_type()),
        Column("comment", CodePointText()),
        Column("answered_at", UtcDateTime()),
        Column("reminded_at", UtcDateTime()),
        PrimaryKeyConstraint("assignment", "account", name="pk_assignment_person"),
    )
    op.create_index("ix_assignment_person_account", "assignment_person", ["account"])
    op.create_table(
        "notification",
        Column("seq", kind, autoincrement=True, nullable=False),
        Column("key", String(300)),
        Column("account", Uuid36(), nullable=False),
        Column("kind", String(32), nullable=False),
        Column("text", CodePointText(), nullable=False),
        Column("url", CodePointText()),
        Column("at", UtcDateTime(), nullable=False),
        Column("read_at", UtcDateTime()),
        PrimaryKeyConstraint("seq", name="pk_notification"),
        UniqueConstraint("key", name="uq_notification_key"),
    )
    op.create_index("ix_notification_account", "notification", ["account", "seq"])
    op.create_table(
        "comment",
        Column("id", Uuid36(), nullable=False),
        Column("entity", String(100), nullable=False),
        Column("record", Uuid36(), nullable=False),
        Column("account", Uuid36()),
        Column("text", CodePointText(), nullable=False),
        Column("cause", json_type(), nullable=False),
        Column("at", UtcDateTime(), nullable=False),
        PrimaryKeyConstraint("id", name="pk_comment"),
    )
    op.create_index("ix_comment_record", "comment", ["entity", "record", "at"])
