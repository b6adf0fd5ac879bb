"""Alembic's environment: it gets its open connection from `amity.database.migrate`."""

from __future__ import annotations

from alembic import context

from amity.database import schema_workflows
from amity.database.schema import metadata

assert schema_workflows.run.metadata is metadata  # its tables are part of the whole

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,
    render_as_batch=False,
)
with context.begin_transaction():
    context.run_migrations()
