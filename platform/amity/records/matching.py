"""What people type into a search box, as a condition on the search index.

Every word must be found, the last one may be unfinished. All that is not a letter or digit separates words,
so no operator of the databases' search languages ever gets through.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, bindparam, cast, column, literal_column, select, table
from sqlalchemy.types import Text, UserDefinedType

from amity.access.policy import Decision
from amity.database.engine import Dialect
from amity.database.schema import search_entry
from amity.entities.model import Entity
from amity.records.words import MAX_QUERY_WORDS, mark, words

WORDS: Final = "words"
"""Name of the parameter that holds the search."""

search_words = table("search_words", column("rowid"), column("text"), column("rank"))


class TsQuery(UserDefinedType[str]):
    """PostgreSQL's type of a search."""

    cache_ok = True

    def get_col_spec(self, **kw: object) -> str:
        """The name in SQL."""
        return "tsquery"


def asked_words(text: str) -> list[str]:
    """The words of a search, at most twelve."""
    return words(text, MAX_QUERY_WORDS)


def marks_for(entity: Entity, decision: Decision) -> list[str] | None:
    """Marks of the fields that may be searched; None where all of them may."""
    fields = [field for field in entity.fields if field.kind.searchable]
    if all(decision.can_read(field.name) for field in fields):
        return None
    return [mark(field.id) for field in fields if decision.can_read(field.name)]


def match_text(dialect: Dialect, asked: Sequence[str], marks: Sequence[str] | None) -> str:
    """The search in the database's own language; words hold letters and digits only."""
    return (_fts5 if dialect == "sqlite" else _tsquery)(asked, [""] if marks is None else marks)


def _fts5(asked: Sequence[str], marks: Sequence[str]) -> str:
    groups = []
    for index, word in enumerate(asked):
        star = "*" if index == len(asked) - 1 else ""
        groups.append("(" + " OR ".join(f'"{prefix}{word}"{star}' for prefix in marks) + ")")
    return " AND ".join(groups)


def _tsquery(asked: Sequence[str], marks: Sequence[str]) -> str:
    groups = []
    for index, word in enumerate(asked):
        star = ":*" if index == len(asked) - 1 else ""
        groups.append("(" + " | ".join(f"'{prefix}{word}'{star}" for prefix in marks) + ")")
    return " & ".join(groups)


def matches(dialect: Dialect) -> ColumnElement[bool]:
    """The condition on `search_entry`; its parameter `words` takes what `match_text` gives."""
    if dialect == "sqlite":
        found = fts5_matches()
        return search_entry.c.seq.in_(select(search_words.c.rowid).where(found))
    vector: ColumnElement[Any] = literal_column("search_entry.vector")
    return vector.op("@@", is_comparison=True)(wanted_words())


def fts5_matches() -> ColumnElement[bool]:
    """The condition on SQLite's `search_words`."""
    index: ColumnElement[Any] = literal_column("search_words")
    return index.op("MATCH", is_comparison=True)(bindparam(WORDS, type_=Text()))


def wanted_words() -> ColumnElement[str]:
    """What is searched, as PostgreSQL's `tsquery`."""
    return cast(bindparam(WORDS, type_=Text()), TsQuery())


def found_in(entity: Entity, dialect: Dialect) -> ColumnElement[bool]:
    """The condition on an entity's table: its record matches the search."""
    statement = select(search_entry.c.record).where(search_entry.c.entity == entity.id, matches(dialect))
    return entity.table.c.id.in_(statement)
