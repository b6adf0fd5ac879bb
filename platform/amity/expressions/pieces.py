"""Values on their way into SQL: elements with what the compiler must know about them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.types import TypeDecorator, TypeEngine

from amity.database.types import (
    CodePointText,
    IsoDate,
    IsoTime,
    Microseconds,
    ScaledDecimal,
    UtcDateTime,
    Uuid36,
)
from amity.expressions.binding import Dialect
from amity.expressions.limits import INT_MAX, INT_MIN
from amity.expressions.sqlite import call, canonical
from amity.expressions.types import (
    BOOL,
    DATE,
    DATETIME,
    DECIMAL,
    DURATION,
    ID,
    INT,
    TEXT,
    TIME,
    RecordType,
    Type,
)


class ExactDecimal(TypeDecorator[Decimal]):
    """A computed decimal: NUMERIC on PostgreSQL, text with six decimals on SQLite."""

    impl = sa.Numeric
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(sa.Numeric() if dialect.name == "postgresql" else sa.Text())

    def process_bind_param(self, value: Decimal | int | None, dialect: sa.Dialect) -> Any:
        if value is None:
            return None
        return Decimal(value) if dialect.name == "postgresql" else canonical(value)

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> Decimal | None:
        return None if value is None else Decimal(value)


SQL_TYPES: Final[Mapping[Type, TypeEngine[Any]]] = {
    BOOL: sa.Boolean(),
    INT: sa.BigInteger(),
    DECIMAL: ExactDecimal(),
    TEXT: CodePointText(),
    DATE: IsoDate(),
    DATETIME: UtcDateTime(),
    TIME: IsoTime(),
    DURATION: Microseconds(),
    ID: Uuid36(),
}


@dataclass(frozen=True, slots=True)
class Piece:
    """An element with its type.

    `simple` elements (columns, parameters) are cheap to repeat. `scale`: the element is an integer that
    stands for a decimal times 10^scale (columns on SQLite; integers have scale 0); None for the text or
    NUMERIC form. `value` is the value where `known`.
    """

    element: ColumnElement[Any]
    type: Type
    nullable: bool = True
    simple: bool = False
    scale: int | None = None
    known: bool = False
    value: Any = None


def known(value: Any, type_: Type) -> Piece:
    """Make the piece of a value that is known when the statement is built."""
    if isinstance(type_, RecordType):
        value, type_ = (None if value is None else value.id), ID
    if value is None:
        return Piece(_typed_null(type_), type_, True, True, known=True)
    if type_ == BOOL:
        return Piece(sa.true() if value else sa.false(), BOOL, False, True, known=True, value=bool(value))
    scale = 0 if type_ == INT else None
    element = sa.literal(value, SQL_TYPES[type_])
    return Piece(element, type_, False, True, scale, True, value)


def _typed_null(type_: Type) -> Any:
    """Give a null that PostgreSQL can choose functions and operators by."""
    stored = sa.Text() if type_ == TEXT else SQL_TYPES.get(type_)
    return sa.null() if stored is None else sa.cast(sa.null(), stored)


def column(element: ColumnElement[Any], type_: Type, nullable: bool) -> Piece:
    """Make the piece of a stored field."""
    scale = 0 if type_ == INT else None
    if type_ == DECIMAL and isinstance(element.type, ScaledDecimal):
        scale = element.type.scale
    return Piece(element, ID if isinstance(type_, RecordType) else type_, nullable, True, scale)


def plain(piece: Piece, dialect: Dialect) -> Any:
    """Give the element as functions and operators take it: on SQLite a decimal as text."""
    if piece.type == DECIMAL and dialect == "sqlite" and piece.scale is not None and not piece.known:
        stored = sa.type_coerce(piece.element, sa.BigInteger())
        return call("unscale", stored, sa.literal_column(str(piece.scale)), type_=ExactDecimal())
    return piece.element


def as_decimal(piece: Piece, dialect: Dialect) -> Piece:
    """Bring an integer to a decimal."""
    if piece.type == DECIMAL:
        return piece
    if piece.known:
        return known(None if piece.value is None else Decimal(piece.value), DECIMAL)
    if dialect == "postgresql":
        return Piece(sa.cast(piece.element, sa.Numeric), DECIMAL, piece.nullable, False)
    return Piece(piece.element, DECIMAL, piece.nullable, piece.simple, 0)


def equal(left: Piece, right: Piece, dialect: Dialect) -> ColumnElement[bool]:
    """Compare for equality, null equal to null; where one side is never null, null gives unknown."""
    if left.known and left.value is None:
        return right.element.is_(None)
    if right.known and right.value is None:
        return left.element.is_(None)
    if left.type in (INT, DECIMAL):
        return _numbers("==", left, right, dialect)
    return _equal(left.element, right.element, left.nullable and right.nullable)


def _equal(left: Any, right: Any, nullable: bool) -> ColumnElement[bool]:
    compared: ColumnElement[bool] = left.is_not_distinct_from(right) if nullable else left == right
    return compared


def never_unknown(condition: ColumnElement[bool], *sides: Piece) -> ColumnElement[bool]:
    """Make a comparison false where a side is null; columns stay as an index wants them."""
    if not sides:
        return condition
    if all(side.simple for side in sides):
        return sa.and_(condition, *(side.element.is_not(None) for side in sides))
    return sa.func.coalesce(condition, sa.false(), type_=sa.Boolean())


_SIGNS: Final[Mapping[str, Callable[[Any, Any], Any]]] = {
    "==": lambda left, right: left == right,
    "<": lambda left, right: left < right,
    "<=": lambda left, right: left <= right,
    ">": lambda left, right: left > right,
    ">=": lambda left, right: left >= right,
}
FLIPPED: Final = {"==": "==", "<": ">", "<=": ">=", ">": "<", ">=": "<="}


def order(sign: str, left: Piece, right: Piece, dialect: Dialect) -> ColumnElement[bool]:
    """Compare by order; a null on a side gives unknown."""
    if (left.known and left.value is None) or (right.known and right.value is None):
        return sa.false()
    if left.type in (INT, DECIMAL):
        return _numbers(sign, left, right, dialect)
    one, two = left.element, right.element
    if left.type == BOOL:
        # SQLAlchemy orders no constants, only parameters.
        one, two = (
            sa.literal(side.value, sa.Boolean()) if side.known else side.element for side in (left, right)
        )
    if left.type == TEXT and dialect == "postgresql":
        one, two = _by_code_point(left), _by_code_point(right)
    compared: ColumnElement[bool] = _SIGNS[sign](one, two)
    return compared


def _by_code_point(piece: Piece) -> Any:
    if piece.known or (isinstance(piece.element.type, CodePointText) and piece.simple):
        return piece.element
    return sa.collate(piece.element, "C")


def _numbers(sign: str, left: Piece, right: Piece, dialect: Dialect) -> ColumnElement[bool]:
    if left.known:
        left, right, sign = right, left, FLIPPED[sign]
    nullable = left.nullable and right.nullable
    if right.known and _scale_of(left) is not None:
        return _against(sign, left, Decimal(right.value))
    if dialect == "postgresql":
        one, two = _native(left), _native(right)
        return _equal(one, two, nullable) if sign == "==" else _SIGNS[sign](one, two)
    if left.scale is not None and right.scale is not None:
        scale = max(left.scale, right.scale)
        one, two = (_raised(piece, scale) for piece in (left, right))
        return _equal(one, two, nullable) if sign == "==" else _SIGNS[sign](one, two)
    one, two = (plain(as_decimal(piece, dialect), dialect) for piece in (left, right))
    if sign == "==":
        # A decimal has one way to be written, so equal texts are equal numbers.
        one, two = (
            sa.literal(canonical(side.value), sa.Text()) if side.known else sa.type_coerce(element, sa.Text())
            for side, element in ((left, one), (right, two))
        )
        return _equal(one, two, nullable)
    compared: ColumnElement[bool] = _SIGNS[sign](
        call("compare", one, two, type_=sa.Integer()), sa.literal_column("0")
    )
    return compared


def _native(piece: Piece) -> Any:
    """Give a number of PostgreSQL, which compares exactly whatever the scales."""
    return sa.type_coerce(piece.element, sa.Numeric()) if piece.type == DECIMAL else piece.element


def _scale_of(piece: Piece) -> int | None:
    """Give the scale of a stored number on either database, None for a computed one."""
    if piece.type == INT:
        return 0
    stored = piece.element.type
    return stored.scale if isinstance(stored, ScaledDecimal) else piece.scale


def _raised(piece: Piece, scale: int) -> Any:
    """Give a scaled integer at a larger scale.

    Beyond 64 bits SQLite goes on with an approximate number; that is far from any number of 15 digits on
    the other side and compares with it as it should.
    """
    stored = sa.type_coerce(piece.element, sa.BigInteger())
    factor = scale - (piece.scale or 0)
    return stored * sa.literal_column(str(10**factor), sa.BigInteger()) if factor else stored


def _against(sign: str, left: Piece, value: Decimal) -> ColumnElement[bool]:
    """Compare a stored number with a known one, as a plain comparison at the column's own scale."""
    scale = _scale_of(left) or 0
    exact = value.scaleb(scale)
    low, high = exact.to_integral_value(ROUND_FLOOR), exact.to_integral_value(ROUND_CEILING)
    beyond = (INT_MIN, INT_MAX) if left.type == INT else (-(10**18), 10**18)
    if low != high:
        if sign == "==":
            return sa.false()
        sign, exact = ("<=", low) if sign in ("<", "<=") else (">=", high)
    if not beyond[0] <= exact <= beyond[1]:
        meets = sign != "==" and (sign in ("<", "<=")) == (exact > 0)
        return left.element.is_not(None) if meets else sa.false()
    bound: Any = int(exact) if left.type == INT else exact.scaleb(-scale)
    compared: ColumnElement[bool] = _SIGNS[sign](left.element, sa.literal(bound, _bound_type(left)))
    return compared


def _bound_type(left: Piece) -> TypeEngine[Any]:
    stored = left.element.type
    if left.type == INT:
        return sa.BigInteger()
    return stored if isinstance(stored, ScaledDecimal) else ScaledDecimal(left.scale or 0)
