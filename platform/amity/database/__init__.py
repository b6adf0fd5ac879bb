"""Engines, transactions and column types: the same behaviour on SQLite and on PostgreSQL."""
