"""Third revision: whose turn it is where steps give records to people one after the other."""

from __future__ import annotations

from alembic import op
from sqlalchemy import Column, PrimaryKeyConstraint, String

from amity.database.types import Uuid36

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table of turns."""
    op.create_table(
        "rotation",
        Column("workflow", String(100), nullable=False),
        Column("step", String(200), nullable=False),
        Column("account", Uuid36()),
        PrimaryKeyConstraint("workflow", "step", name="pk_rotation"),
    )
