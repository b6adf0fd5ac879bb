"""One module per revision of the platform's own tables.

Start one with `.venv/bin/alembic revision --rev-id 0002 -m "what it adds"`, which fills in
`script.py.mako`; then change `database.schema` alike and raise `migrate.HEAD`. The rules:

1. A revision is frozen once it is on main. It spells out its tables, columns and names; it never imports
   `amity.database.schema`, and of Amity only the column types of `database.types`. A later change of a
   table is a later revision.
2. What the revisions make together is exactly `database.schema.metadata`, the names of constraints and
   indexes included, on SQLite and on PostgreSQL: `tests/unit/database/test_migrate.py` compares.
3. One transaction for all, on both databases: no `CONCURRENTLY`, no commit, no `batch_alter_table` (it
   rebuilds the table, which breaks foreign keys, triggers and the search index). SQLite can add a column
   with a constant default; anything else is a new table or a new column, filled and read from then on.
4. Processes of the version before may still be running: only add in one version, remove in a later one. A
   new column is nullable or has a server default.
5. Large tables (`event`, `search_entry`, tables of entities) are not rewritten and not scanned here: what
   has to go through them is a job of the worker (`definitions.jobs`).
6. No downgrades: the way back is the backup that is made before.
"""
