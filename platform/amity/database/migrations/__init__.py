"""Alembic revisions of the platform's own tables, and how they are run."""
