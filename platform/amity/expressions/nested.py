"""SQL of members of nested data (JSON columns), where both databases and Python agree: texts and booleans.

A member has no fixed type, so a text is taken from it only where it is a text. Numbers are left out: SQLite
reads them as binary floating point.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa
from sqlalchemy.sql.elements import ColumnElement

from amity.expressions import pieces, terms
from amity.expressions.blocks import block
from amity.expressions.pieces import SQL_TYPES, Piece
from amity.expressions.refusals import check_name, refuse
from amity.expressions.types import BOOL, DYN, NULL, TEXT, Type

if TYPE_CHECKING:
    from amity.expressions.sql import Emitter

_SQLITE: Final = {
    TEXT: "CASE json_type({0}, {1}) WHEN 'text' THEN json_extract({0}, {1}) END",
    BOOL: "CASE json_type({0}, {1}) WHEN 'true' THEN 1 WHEN 'false' THEN 0 END",
}
_POSTGRES: Final = {
    TEXT: "CASE jsonb_typeof({0}) WHEN 'string' THEN {0} #>> '{{}}' END",
    BOOL: "CASE jsonb_typeof({0}) WHEN 'boolean' THEN CAST({0} AS BOOLEAN) END",
}
"""The operand is repeated: it is a column and its path, never an expression."""


def narrowed(emitter: Emitter, term: terms.Term, type_: Type) -> Piece:
    """Give nested data as a text or boolean, null where it is something else."""
    if type_ not in _SQLITE:
        refuse(term)
    column, keys = _way(emitter, term)
    if emitter.dialect == "sqlite":
        element = block(_SQLITE[type_])(column, sa.literal(_path(keys), sa.Text()))
    else:
        element = block(_POSTGRES[type_])(_member(column, keys))
    return Piece(sa.type_coerce(element, SQL_TYPES[type_]), type_)


def is_null(emitter: Emitter, term: terms.Term) -> ColumnElement[bool]:
    """Tell whether there is nothing, or the null of JSON."""
    column, keys = _way(emitter, term)
    found: Any
    if emitter.dialect == "sqlite":
        found = block("json_extract({0}, {1})")(column, sa.literal(_path(keys), sa.Text()))
    else:
        found = block("nullif({0}, CAST('null' AS JSONB))")(_member(column, keys))
    return sa.type_coerce(found, sa.Text()).is_(None)


def compare(emitter: Emitter, term: terms.Compare) -> ColumnElement[bool]:
    """Compare nested data with a text, a boolean or null; never unknown."""
    data, other, sign = term.left, term.right, term.operator
    if data.type != DYN or data.constant:
        data, other, sign = other, data, pieces.FLIPPED[sign]
    if other.type == NULL:
        return is_null(emitter, data) if sign == "==" else sa.false()
    left, right = narrowed(emitter, data, other.type), emitter.value(other)
    if right.known and right.value is None:
        return is_null(emitter, data) if sign == "==" else sa.false()
    if sign != "==":
        found = pieces.order(sign, left, right, emitter.dialect)
    else:
        found = left.element == right.element
        if right.nullable and not right.simple:
            refuse(term)
        if right.nullable:
            found = sa.or_(found, sa.and_(is_null(emitter, data), right.element.is_(None)))
    return sa.func.coalesce(found, sa.false(), type_=sa.Boolean())


def _way(emitter: Emitter, term: terms.Term) -> tuple[Any, list[str | int]]:
    """Give the column that nested data begins in, and the keys from there."""
    keys: list[str | int] = []
    while isinstance(term, terms.Item):
        key = emitter.evaluate(term.index) if term.index.constant else None
        if isinstance(key, bool) or not isinstance(key, str | int) or not _plain(key):
            refuse(term)
        keys.append(key)
        term = term.target
    if term.type != DYN or not isinstance(term, terms.Reference | terms.Member):
        refuse(term)
    check_name(term)
    return emitter.owner(term).column(term.name), keys[::-1]


def _plain(key: str | int) -> bool:
    """Tell whether a key can be written into a path of SQLite (and means the same on PostgreSQL)."""
    if isinstance(key, int):
        return 0 <= key < 2**31
    return key != "" and key.isprintable() and not set(key) & set("\"\\'")


def _path(keys: list[str | int]) -> str:
    """Write the keys as a path, which both databases read alike."""
    return "$" + "".join(f"[{key}]" if isinstance(key, int) else f'."{key}"' for key in keys)


def _member(column: Any, keys: list[str | int]) -> Any:
    """Give the member as `jsonb`.

    A strict path, because the operator `->` takes a single value for a list of one; silent, because a
    member that is not there is null.
    """
    member = "jsonb_path_query_first({0}, CAST({1} AS JSONPATH), CAST('{{}}' AS JSONB), true)"
    return block(member)(column, sa.literal(f"strict {_path(keys)}", sa.Text()))
