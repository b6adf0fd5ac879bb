"""${message.rstrip(".").capitalize()}.

The rules for revisions stand in `migrations/versions/__init__.py`.
"""

from __future__ import annotations

from alembic import op

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = None
depends_on = None


def upgrade() -> None:
    """What it adds, in a sentence."""
    ${upgrades if upgrades else "op.create_table()"}
