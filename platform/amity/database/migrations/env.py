"""Alembic's environment: it gets its open connection from `amity.database.migrate`."""

from __future__ import annotations

from alembic import context

from amity.database import schema_workflows  # noqa: F401 (its tables belong to the metadata)
from amity.database.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,
    render_as_batch=False,
)
with context.begin_transaction():
    context.run_migrations()
