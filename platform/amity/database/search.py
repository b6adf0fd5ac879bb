"""The search index inside each database: derived from `search_entry`, never written by hand.

PostgreSQL: a generated `tsvector` whose lexemes are exactly the words of `text` (split at blanks, no
parser of its own), with a GIN index. SQLite: an FTS5 table over the same text, kept by triggers; its `ascii`
tokenizer takes every other character as part of a word, so both servers have the very same words.
"""

from __future__ import annotations

from typing import Final

from amity.database.engine import Dialect

_POSTGRESQL: Final = (
    "ALTER TABLE search_entry ADD COLUMN vector tsvector"
    " GENERATED ALWAYS AS (array_to_tsvector(string_to_array(text, ' '))) STORED",
    "CREATE INDEX ix_search_entry_vector ON search_entry USING gin (vector)",
)

_SQLITE: Final = (
    "CREATE VIRTUAL TABLE search_words USING fts5(text, content='search_entry', content_rowid='seq',"
    " tokenize='ascii', prefix='1 2 3', detail=none)",
    "CREATE TRIGGER search_entry_added AFTER INSERT ON search_entry BEGIN"
    " INSERT INTO search_words(rowid, text) VALUES (new.seq, new.text); END",
    "CREATE TRIGGER search_entry_gone AFTER DELETE ON search_entry BEGIN"
    " INSERT INTO search_words(search_words, rowid, text) VALUES ('delete', old.seq, old.text); END",
    "CREATE TRIGGER search_entry_changed AFTER UPDATE OF text ON search_entry BEGIN"
    " INSERT INTO search_words(search_words, rowid, text) VALUES ('delete', old.seq, old.text);"
    " INSERT INTO search_words(rowid, text) VALUES (new.seq, new.text); END",
)


def statements(dialect: Dialect) -> tuple[str, ...]:
    """Give the DDL that follows the creation of `search_entry`."""
    return _SQLITE if dialect == "sqlite" else _POSTGRESQL
