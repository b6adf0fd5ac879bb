"""Figures of a column in SQL, the same on both databases: sum, average, smallest, largest."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final

from sqlalchemy import BigInteger, ColumnElement, Numeric, cast, func
from sqlalchemy.types import TypeEngine

_STEP: Final = Decimal("0.000001")


def figure_columns(figure: str, column: ColumnElement[Any], dialect: str) -> list[ColumnElement[Any]]:
    """Give what to select for `sum`, `avg` (the sum and the count), `min` or `max`."""
    kind: TypeEngine[Any] = column.type
    if figure in ("min", "max"):
        return [getattr(func, figure)(column, type_=kind)]
    total: ColumnElement[Any] = func.sum(column, type_=kind)
    if isinstance(kind, BigInteger) and dialect == "postgresql":
        total = cast(func.sum(column), Numeric(30, 0))
    return [total, func.count(column)] if figure == "avg" else [total]


def average(total: Any, count: int) -> Decimal | None:
    """Give an average, rounded half up to six decimals; of nothing it is null."""
    return (Decimal(total) / count).quantize(_STEP, ROUND_HALF_UP) if count else None
