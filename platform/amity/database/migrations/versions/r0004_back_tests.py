"""Fourth revision: back-tests that work beside the requests, and what they found."""

from __future__ import annotations

from alembic import op
from sqlalchemy import Boolean, Column, Integer, PrimaryKeyConstraint, String

from amity.database.types import CodePointText, UtcDateTime, Uuid36, json_type, ordered_json_type

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table of back-tests."""
    op.create_table(
        "back_test",
        Column("id", Uuid36(), nullable=False),
        Column("workflow", String(100), nullable=False),
        Column("document", ordered_json_type(), nullable=False),
        Column("since", UtcDateTime(), nullable=False),
        Column("until", UtcDateTime(), nullable=False),
        Column("samples", Integer(), nullable=False),
        Column("state", String(16), nullable=False),
        Column("cancel", Boolean(), nullable=False),
        Column("attempts", Integer(), nullable=False),
        Column("account", Uuid36()),
        Column("asked_at", UtcDateTime(), nullable=False),
        Column("started_at", UtcDateTime()),
        Column("ended_at", UtcDateTime()),
        Column("runner", Uuid36()),
        Column("progress", json_type(), nullable=False),
        Column("result", json_type()),
        Column("why", CodePointText()),
        PrimaryKeyConstraint("id", name="pk_back_test"),
    )
    op.create_index("ix_back_test_workflow", "back_test", ["workflow", "asked_at"])
