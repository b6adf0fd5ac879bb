"""The tables of the workflow engine: what waits, what runs, what was done, what people are asked."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, String, Table, text

from amity.database.schema import metadata
from amity.database.types import CodePointText, UtcDateTime, Uuid36, json_type, ordered_json_type

workflow_state: Final = Table(
    "workflow_state",
    metadata,
    Column("workflow", String(100), primary_key=True),
    Column("paused_at", UtcDateTime),
    Column("paused_by", Uuid36),
    Column("paused_why", CodePointText),
    Column("fired_at", UtcDateTime),
)
"""What changes about a workflow without a new version. The row `*` is the switch that pauses all.

`fired_at` is the last moment up to which its clock (schedule, relative date) has been worked off.
"""

workflow_document: Final = Table(
    "workflow_document",
    metadata,
    Column("workflow", String(100), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("document", ordered_json_type(), nullable=False),
)
"""Documents that runs are pinned to. Renames of fields are followed here, so that an old version goes on."""

run_request: Final = Table(
    "run_request",
    metadata,
    Column("id", Uuid36, primary_key=True),
    Column("workflow", String(100), nullable=False),
    Column("version", Integer, nullable=False),
    Column("entity", String(100)),
    Column("record", Uuid36),
    Column("trigger", json_type(), nullable=False),
    Column("actor", Uuid36),
    Column("cause_id", Uuid36, nullable=False),
    Column("depth", Integer, nullable=False),
    Column("requested_at", UtcDateTime, nullable=False),
    Index("ix_run_request_workflow", "workflow", "requested_at"),
)
"""Runs that were asked for and have not begun. The id is made of the event and the workflow, so none doubles.

`trigger`: `{"on", "event"?, "old"?, "new"?, "input"?, "at"?}`, records as `{field id: event value}`.
"""

run: Final = Table(
    "run",
    metadata,
    Column("id", Uuid36, primary_key=True),
    Column("workflow", String(100), nullable=False),
    Column("version", Integer, nullable=False),
    Column("entity", String(100)),
    Column("record", Uuid36),
    Column("trigger", json_type(), nullable=False),
    Column("actor", Uuid36),
    Column("cause_id", Uuid36, nullable=False),
    Column("depth", Integer, nullable=False),
    Column("state", String(16), nullable=False),
    Column("segment", Integer, nullable=False, server_default="0"),
    Column("lease", String(160)),
    Column("why", CodePointText),
    Column("error", json_type()),
    Column("requested_at", UtcDateTime, nullable=False),
    Column("started_at", UtcDateTime, nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
    Column("ended_at", UtcDateTime),
    Column("parent", Uuid36, index=True),
    Column("parent_key", String(200)),
    Column("writes", Integer, nullable=False, server_default="0"),
    Index("ix_run_started", "started_at", "id"),
    Index("ix_run_workflow", "workflow", "started_at"),
    Index("ix_run_record", "entity", "record", "started_at"),
    Index("ix_run_state", "state", "started_at"),
)
"""Every run. `state`: ready, running, waiting, done, failed, cancelled.

A run is worked on in segments: from its start, or from where something woke it, to its end or its next wait.
Segments are handed to the durable engine as `<id>:<segment>`. `ready` means that a segment waits for a
process; `lease` is the process that works on it (null: none): every write of a segment checks it, so a
process that was taken for dead writes nothing more. `parent` is the run that called this one, `parent_key`
its step. `writes` counts the records that it changed. The id is that of the request.
"""
Index(
    "ix_run_active",
    run.c.state,
    run.c.workflow,
    run.c.changed_at,
    sqlite_where=text("state IN ('ready', 'running')"),
    postgresql_where=text("state IN ('ready', 'running')"),
)

run_step: Final = Table(
    "run_step",
    metadata,
    Column("run", Uuid36, primary_key=True),
    Column("key", String(200), primary_key=True),
    Column("step", String(100), nullable=False),
    Column("action", String(64), nullable=False),
    Column("state", String(16), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("input", json_type()),
    Column("output", json_type()),
    Column("error", json_type()),
    Column("wait", json_type()),
    Column("started_at", UtcDateTime, nullable=False),
    Column("ended_at", UtcDateTime),
)
"""What a run did: one row a step and turn of a loop. `state`: running, done, skipped, waiting, failed.

The row is written in the transaction of the step's own effect: it is the checkpoint. `wait` is
`{"kind": "wait"|"retry"|"action"|"condition"|"turns", ...}`: why it waits, and for `action` the `state` that
the action gave as `Waiting.state`; for `turns` the `items` of a loop.
"""

run_wait: Final = Table(
    "run_wait",
    metadata,
    Column("run", Uuid36, primary_key=True),
    Column("key", String(200), primary_key=True),
    Column("due_at", UtcDateTime),
    Column("woken_at", UtcDateTime),
)
"""Steps that wait. `due_at` null: only something else wakes them; `woken_at`: something did."""
Index(
    "ix_run_wait_due",
    run_wait.c.due_at,
    sqlite_where=text("woken_at IS NULL"),
    postgresql_where=text("woken_at IS NULL"),
)

run_watch: Final = Table(
    "run_watch",
    metadata,
    Column("entity", String(100), primary_key=True),
    Column("record", Uuid36, primary_key=True),
    Column("run", Uuid36, primary_key=True),
    Column("key", String(200), primary_key=True),
    Index("ix_run_watch_run", "run"),
)
"""What wakes a waiting step: a change of the record, or of a record of that entity that points to it."""

feed_position: Final = Table(
    "feed_position",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("tx", BigInteger, nullable=False),
    Column("seq", BigInteger, nullable=False),
)
"""How far a worker has read the feed of events, to be gone on with after a kill."""

outbox: Final = Table(
    "outbox",
    metadata,
    Column("id", Uuid36, primary_key=True),
    Column("key", String(300), nullable=False, unique=True),
    Column("state", String(16), nullable=False),
    Column("run", Uuid36, index=True),
    Column("entity", String(100)),
    Column("record", Uuid36),
    Column("sender", CodePointText, nullable=False),
    Column("recipients", json_type(), nullable=False),
    Column("subject", CodePointText, nullable=False),
    Column("body", CodePointText, nullable=False),
    Column("html", CodePointText),
    Column("attachments", json_type(), nullable=False),
    Column("message_id", CodePointText, nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("why", CodePointText),
    Column("created_at", UtcDateTime, nullable=False),
    Column("next_at", UtcDateTime),
    Column("sent_at", UtcDateTime),
    Column("sent_by", String(160)),
    Index("ix_outbox_state", "state", "next_at"),
)
"""E-mails on their way. `state`: waiting, sending, sent, failed, uncertain (the process died while it sent:
it may have arrived, so nobody sends it again but a person), cancelled. `key` is the step's idempotency key.
"""

assignment: Final = Table(
    "assignment",
    metadata,
    Column("id", Uuid36, primary_key=True),
    Column("run", Uuid36, nullable=False, index=True),
    Column("key", String(200), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("entity", String(100)),
    Column("record", Uuid36),
    Column("title", CodePointText, nullable=False),
    Column("text", CodePointText, nullable=False),
    Column("form", json_type()),
    Column("needs_all", Boolean, nullable=False, server_default=text("false")),
    Column("state", String(16), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("due_at", UtcDateTime),
    Column("closed_at", UtcDateTime),
    Index("ix_assignment_state", "state", "created_at"),
)
"""What people are asked: `kind` approval or input.

`state`: open, approved, refused, answered, expired, cancelled.
"""

assignment_person: Final = Table(
    "assignment_person",
    metadata,
    Column("assignment", Uuid36, primary_key=True),
    Column("account", Uuid36, primary_key=True, index=True),
    Column("answer", String(16)),
    Column("values", json_type()),
    Column("comment", CodePointText),
    Column("answered_at", UtcDateTime),
    Column("reminded_at", UtcDateTime),
)

notification: Final = Table(
    "notification",
    metadata,
    Column("seq", BigInteger().with_variant(Integer(), "sqlite"), primary_key=True, autoincrement=True),
    Column("key", String(300), unique=True),
    Column("account", Uuid36, nullable=False),
    Column("kind", String(32), nullable=False),
    Column("text", CodePointText, nullable=False),
    Column("url", CodePointText),
    Column("at", UtcDateTime, nullable=False),
    Column("read_at", UtcDateTime),
    Index("ix_notification_account", "account", "seq"),
)

comment: Final = Table(
    "comment",
    metadata,
    Column("id", Uuid36, primary_key=True),
    Column("entity", String(100), nullable=False),
    Column("record", Uuid36, nullable=False),
    Column("account", Uuid36),
    Column("text", CodePointText, nullable=False),
    Column("cause", json_type(), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Index("ix_comment_record", "entity", "record", "at"),
)

rotation: Final = Table(
    "rotation",
    metadata,
    Column("workflow", String(100), primary_key=True),
    Column("step", String(200), primary_key=True),
    Column("account", Uuid36),
)
"""Who had the last turn of a step that gives records to people one after the other."""

back_test: Final = Table(
    "back_test",
    metadata,
    Column("id", Uuid36, primary_key=True),
    Column("workflow", String(100), nullable=False),
    Column("document", ordered_json_type(), nullable=False),
    Column("since", UtcDateTime, nullable=False),
    Column("until", UtcDateTime, nullable=False),
    Column("samples", Integer, nullable=False),
    Column("state", String(16), nullable=False),
    Column("cancel", Boolean, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("account", Uuid36),
    Column("asked_at", UtcDateTime, nullable=False),
    Column("started_at", UtcDateTime),
    Column("ended_at", UtcDateTime),
    Column("runner", Uuid36),
    Column("progress", json_type(), nullable=False),
    Column("result", json_type()),
    Column("why", CodePointText),
    Index("ix_back_test_workflow", "workflow", "asked_at"),
)
"""Back-tests that wait, run, or have ended, with what they found. `workflow` is a name: drafts have no id.

`state`: waiting, running, done, cancelled, failed. `runner` is the process (`process.id`) that works on it.
"""
