"""SQL of members of nested data (JSON columns): as texts, booleans and numbers.

A member has no fixed type, so a text is taken from it only where it is a text. Numbers stay exact: SQLite
itself would read them as binary floating point.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa
from sqlalchemy.sql.elements import ColumnElement

from amity.expressions import pieces, terms
from amity.expressions.blocks import block
from amity.expressions.pieces import SQL_TYPES, Piece
from amity.expressions.refusals import check_name, refuse
from amity.expressions.types import BOOL, DECIMAL, DYN, INT, NULL, TEXT, Type

if TYPE_CHECKING:
    from amity.expressions.sql import Emitter

_SQLITE: Final = {
    TEXT: "CASE json_type({0}, {1}) WHEN 'text' THEN json_extract({0}, {1}) END",
    BOOL: "CASE json_type({0}, {1}) WHEN 'true' THEN 1 WHEN 'false' THEN 0 END",
    # With two paths the answer is JSON, which shows the number as it was written.
    DECIMAL: "amity_json_number(json_extract({0}, {1}, {1}))",
}
_POSTGRES: Final = {
    TEXT: "CASE jsonb_typeof({0}) WHEN 'string' THEN {0} #>> '{{}}' END",
    BOOL: "CASE jsonb_typeof({0}) WHEN 'boolean' THEN CAST({0} AS BOOLEAN) END",
    DECIMAL: "CASE jsonb_typeof({0}) WHEN 'number' THEN CAST({0} #>> '{{}}' AS NUMERIC) END",
}
"""The operand is repeated: it is a column and its path, never an expression."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where nested data lies: a JSON column, on SQLite a path into it (None: the whole), and further keys."""

    column: Any
    path: Any = None
    keys: tuple[str | int, ...] = ()


def narrowed(emitter: Emitter, term: terms.Term, type_: Type) -> Piece:
    """Give nested data as a text, boolean or number, null where it is something else."""
    type_ = DECIMAL if type_ == INT else type_
    if type_ not in _SQLITE:
        refuse(term)
    place = _place(emitter, term)
    if emitter.dialect == "sqlite":
        element = block(_SQLITE[type_])(place.column, _path(place))
    else:
        element = block(_POSTGRES[type_])(_member(place))
    return Piece(sa.type_coerce(element, SQL_TYPES[type_]), type_)


def is_null(emitter: Emitter, term: terms.Term) -> ColumnElement[bool]:
    """Tell whether there is nothing, or the null of JSON."""
    found: Any
    if isinstance(term, terms.Reference | terms.Member):
        check_name(term)
        found = emitter.owner(term).column(term.name)
        return sa.type_coerce(found, sa.Text()).is_(None)
    place = _place(emitter, term)
    if emitter.dialect == "sqlite":
        found = block("json_extract({0}, {1})")(place.column, _path(place))
    else:
        found = block("nullif({0}, CAST('null' AS JSONB))")(_member(place))
    return sa.type_coerce(found, sa.Text()).is_(None)


def elements(emitter: Emitter, column: Any) -> tuple[Any, Place]:
    """Give the table of the items of a stored list, and where one item lies."""
    if emitter.dialect == "sqlite":
        each: Any = sa.func.json_each(column).table_valued("fullkey")
        return each, Place(column, each.c.fullkey)
    each = sa.func.jsonb_array_elements(column).table_valued("value")
    return each, Place(each.c.value)


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
        found = pieces.equal(left, replace(right, nullable=False), emitter.dialect)
        if right.nullable and not right.simple:
            refuse(term)
        if right.nullable:
            found = sa.or_(found, sa.and_(is_null(emitter, data), right.element.is_(None)))
    return sa.func.coalesce(found, sa.false(), type_=sa.Boolean())


def _place(emitter: Emitter, term: terms.Term) -> Place:
    """Find where nested data lies: go up to the column, or to the variable of a loop over a column."""
    keys: list[str | int] = []
    while isinstance(term, terms.Item):
        key = emitter.evaluate(term.index) if term.index.constant else None
        if isinstance(key, bool) or not isinstance(key, str | int) or not _plain(key):
            refuse(term)
        keys.append(key)
        term = term.target
    if isinstance(term, terms.Variable) and term.key in emitter.places:
        return replace(emitter.places[term.key], keys=tuple(reversed(keys)))
    if not isinstance(term, terms.Reference | terms.Member):
        refuse(term)
    check_name(term)
    column = emitter.owner(term).column(term.name)
    if not isinstance(column.type, sa.JSON | sa.types.NullType):
        refuse(term)
    return Place(column, None, tuple(reversed(keys)))


def _plain(key: str | int) -> bool:
    """Tell whether a key can be written into a path of SQLite (and means the same on PostgreSQL)."""
    if isinstance(key, int):
        return 0 <= key < 2**31
    return key != "" and key.isprintable() and not set(key) & set("\"\\'")


def _written(keys: tuple[str | int, ...]) -> str:
    """Write keys as a path, which both databases read alike."""
    return "".join(f"[{key}]" if isinstance(key, int) else f'."{key}"' for key in keys)


def _path(place: Place) -> Any:
    """Give the path for SQLite."""
    if place.path is None:
        return sa.literal(f"${_written(place.keys)}", sa.Text())
    return block("({0} || {1})")(place.path, sa.literal(_written(place.keys), sa.Text()))


def _member(place: Place) -> Any:
    """Give the member as `jsonb`.

    A strict path, because the operator `->` takes a single value for a list of one; silent, because a
    member that is not there is null.
    """
    member = "jsonb_path_query_first({0}, CAST({1} AS JSONPATH), CAST('{{}}' AS JSONB), true)"
    return block(member)(place.column, sa.literal(f"strict ${_written(place.keys)}", sa.Text()))
