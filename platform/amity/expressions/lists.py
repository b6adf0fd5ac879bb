"""SQL of membership, loops and counts: over relations, stored lists and lists that are written out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.sql.elements import ColumnElement

from amity.expressions import nested, pieces, terms
from amity.expressions.binding import SqlBinding
from amity.expressions.pieces import SQL_TYPES, Piece, known
from amity.expressions.refusals import check_name, refuse
from amity.expressions.types import DYN, ID, INT, NULL, NUMBERS, TEXT, ListType, RecordType

if TYPE_CHECKING:
    from amity.expressions.sql import Emitter

Condition = ColumnElement[bool]
Relation = tuple[SqlBinding, str, list[terms.Loop]]


def contained(emitter: Emitter, term: terms.Contained) -> tuple[Condition, tuple[Piece, ...]]:
    """Give `left in right` and the pieces whose null makes it unknown."""
    right = term.right
    if not isinstance(right.type, ListType):
        refuse(term)
    if isinstance(right.type.item, RecordType) and not right.constant:
        return _among_records(emitter, term), ()
    if term.left.type == DYN and not term.left.constant:
        left = nested.narrowed(emitter, term.left, right.type.item)
    else:
        left = emitter.value(term.left)
    if left.known and left.value is None:
        return sa.false(), ()
    sides = (left,) if left.nullable else ()
    if right.constant:
        item = right.type.item
        items = [known(value, item) for value in _plain_items(emitter, right)]
        return _in_known(emitter, left, items), sides
    if isinstance(right, terms.Listing):
        items = [emitter.value(item) for item in right.items]
        return _in_known(emitter, left, items), sides
    if isinstance(right, terms.Reference | terms.Member):
        return _in_stored(emitter, term, left, right), sides
    refuse(term)


def _plain_items(emitter: Emitter, term: terms.Term) -> list[Any]:
    item = term.type.item if isinstance(term.type, ListType) else DYN
    if item == NULL:
        return []
    if item not in SQL_TYPES and not isinstance(item, RecordType):
        refuse(term)
    return [value for value in emitter.evaluate(term) or () if value is not None]


def _in_known(emitter: Emitter, piece: Piece, items: list[Piece]) -> Condition:
    if items and all(item.known for item in items) and piece.type not in NUMBERS:
        return piece.element.in_([item.value for item in items])
    conditions = []
    for item in items:
        if item.known and item.value is None:
            continue
        # Null is in nothing, not even beside a null: the comparison may stay a plain one.
        equal = pieces.equal(piece, replace(item, nullable=False), emitter.dialect)
        conditions.append(pieces.never_unknown(equal, item) if item.nullable else equal)
    return sa.or_(*conditions) if conditions else sa.false()


def _among_records(emitter: Emitter, term: terms.Contained) -> Condition:
    left = emitter.value(term.left)
    binding, name, filters = relation(emitter, term.right)

    def build(inner: SqlBinding) -> Condition:
        same = pieces.equal(pieces.column(inner.column("id"), ID, False), left, emitter.dialect)
        return sa.and_(same, *_filtered(emitter, filters, inner))

    return binding.exists(name, build)


def _in_stored(
    emitter: Emitter, term: terms.Contained, left: Piece, stored: terms.Reference | terms.Member
) -> Condition:
    column = _stored_list(emitter, stored)
    if left.type not in (TEXT, INT):
        refuse(term)
    if emitter.dialect == "postgresql":
        kind = sa.Text() if left.type == TEXT else sa.BigInteger()
        wanted: Any = sa.func.jsonb_build_array(sa.cast(left.element, kind))
        # A null must not be found as the null within a list.
        wanted = sa.func.nullif(wanted, sa.literal_column("'[null]'::jsonb"))
        found: Condition = sa.and_(column.is_not(None), column.op("@>", is_comparison=True)(wanted))
        return found
    each = sa.func.json_each(column).table_valued("value")
    return _exists(each, each.c.value == left.element)


def _exists(each: Any, where: Condition) -> Condition:
    """Look for an element; all but the elements belongs to the queries around, however far out."""
    found: sa.Select[Any] = sa.select(sa.literal_column("1")).select_from(each).where(where)
    return sa.exists(found.correlate_except(each))


def _stored_list(emitter: Emitter, term: terms.Reference | terms.Member) -> Any:
    """Give the JSON column of a list, as `jsonb` on PostgreSQL."""
    check_name(term)
    column = emitter.owner(term).column(term.name)
    return sa.type_coerce(column, sa.types.NullType()) if emitter.dialect == "postgresql" else column


# -- loops


def relation(emitter: Emitter, term: terms.Term) -> Relation:
    """Give the record, the name of its to-many relation and the filters put on it."""
    match term:
        case terms.Reference() | terms.Member():
            check_name(term)
            return emitter.owner(term), term.name, []
        case terms.Loop(kind="filter"):
            binding, name, filters = relation(emitter, term.target)
            return binding, name, [*filters, term]
    refuse(term)


def _filtered(emitter: Emitter, filters: list[terms.Loop], inner: SqlBinding) -> list[Condition]:
    return [_body(emitter, item, inner, emitter.test) for item in filters]


def _body(
    emitter: Emitter, term: terms.Loop, inner: SqlBinding, make: Callable[[terms.Term], Condition]
) -> Condition:
    body = term.body
    assert body is not None
    return emitter.with_record(term.key, inner, lambda: make(body))


def loop(emitter: Emitter, term: terms.Loop) -> Condition:
    """Give `exists`, `all` or `exists_one` as a condition that is never unknown."""
    target = term.target
    if target.constant or isinstance(target, terms.Listing):
        return _unrolled(emitter, term)
    if not isinstance(target.type, ListType):
        refuse(term)
    if not isinstance(target.type.item, RecordType):
        return _over_stored(emitter, term)
    if term.kind == "exists_one":
        one: Condition = _relation_count(emitter, term) == sa.literal_column("1")
        return one
    binding, name, filters = relation(emitter, target)

    def build(inner: SqlBinding) -> Condition:
        make = emitter.test if term.kind == "exists" else lambda body: sa.not_(emitter.strict(body))
        return sa.and_(*_filtered(emitter, filters, inner), _body(emitter, term, inner, make))

    found = binding.exists(name, build)
    return found if term.kind == "exists" else sa.not_(found)


def count(emitter: Emitter, term: terms.Loop) -> Piece:
    """Give the number of items (that meet the condition)."""
    target = term.target
    if isinstance(target.type, ListType) and isinstance(target.type.item, RecordType) and not target.constant:
        return Piece(_relation_count(emitter, term), INT, False, scale=0)
    if (target.constant or isinstance(target, terms.Listing)) and term.body is not None:
        body = term.body
        conditions = emitter.with_items(term, lambda: emitter.test(body))
        if conditions is None:
            return known(None, INT)
        cases = [sa.case((item, sa.literal_column("1")), else_=sa.literal_column("0")) for item in conditions]
        total: Any = sum(cases, start=sa.literal_column("0", sa.BigInteger()))
        return Piece(sa.type_coerce(total, sa.BigInteger()), INT, False, scale=0)
    if term.body is None and isinstance(target, terms.Reference | terms.Member) and target.type != DYN:
        column = _stored_list(emitter, target)
        length = sa.func.jsonb_array_length if emitter.dialect == "postgresql" else sa.func.json_array_length
        return Piece(length(column, type_=sa.BigInteger()), INT, scale=0)
    refuse(term)


def _relation_count(emitter: Emitter, term: terms.Loop) -> Any:
    binding, name, filters = relation(emitter, term.target)
    if term.body is None and not filters:
        return binding.count(name, None)

    def build(inner: SqlBinding) -> Condition:
        conditions = _filtered(emitter, filters, inner)
        if term.body is not None:
            conditions.append(_body(emitter, term, inner, emitter.test))
        return sa.and_(*conditions)

    return binding.count(name, build)


def _unrolled(emitter: Emitter, term: terms.Loop) -> Condition:
    """Write out a loop over a list that is known before the query."""
    body = term.body
    if body is None or term.kind in ("map", "filter"):
        refuse(term)
    conditions = emitter.with_items(term, lambda: emitter.strict(body))
    if conditions is None:
        return sa.false()
    if term.kind == "exists":
        return sa.or_(sa.false(), *conditions)
    if term.kind == "all":
        return sa.and_(sa.true(), *conditions)
    ones = [sa.case((item, sa.literal_column("1")), else_=sa.literal_column("0")) for item in conditions]
    total: Any = sum(ones, start=sa.literal_column("0", sa.BigInteger()))
    found: Condition = total == sa.literal_column("1")
    return found


def _over_stored(emitter: Emitter, term: terms.Loop) -> Condition:
    """Loop over a stored list of texts or nested data."""
    target, body = term.target, term.body
    if body is None or not isinstance(target, terms.Reference | terms.Member) or term.kind == "exists_one":
        refuse(term)
    column = _stored_list(emitter, target)

    def condition() -> Condition:
        return emitter.test(body) if term.kind == "exists" else sa.not_(emitter.strict(body))

    if target.type == ListType(DYN):
        each, place = nested.elements(emitter, column)
        where = emitter.with_place(term.key, place, condition)
    elif target.type == ListType(TEXT):
        on_postgres = emitter.dialect == "postgresql"
        items = sa.func.jsonb_array_elements_text if on_postgres else sa.func.json_each
        each = items(column).table_valued("value")
        piece = Piece(sa.type_coerce(each.c.value, sa.Text()), TEXT, True, True)
        where = emitter.with_element(term.key, piece, condition)
    else:
        refuse(term)
    found = _exists(each, where)
    return found if term.kind == "exists" else sa.and_(column.is_not(None), sa.not_(found))
