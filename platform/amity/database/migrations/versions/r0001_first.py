"""First revision: all platform tables."""

from __future__ import annotations

from alembic import op

from amity.database import search
from amity.database.engine import Dialect
from amity.database.schema import metadata

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    metadata.create_all(op.get_bind())
    dialect: Dialect = "sqlite" if op.get_bind().dialect.name == "sqlite" else "postgresql"
    for statement in search.statements(dialect):
        op.execute(statement)
