"""SQL of the arithmetic operators, by the names of `arithmetic.Operation`, for both databases."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import sqlalchemy as sa

from amity.expressions.binding import Dialect
from amity.expressions.blocks import block
from amity.expressions.postgres import OPERATIONS
from amity.expressions.sqlite import FUNCTIONS, call, call_chain

_SQLITE_SWAPPED: Final = {"moment_later": "later_moment", "date_later": "later_date"}


def operate(links: Sequence[tuple[str, Any]], dialect: Dialect, type_: Any) -> Any | None:
    """Give the SQL of a chain of operations from the left; None when it cannot be computed in a query.

    Each link is the name of an operation and its right operand; the first operand has no name.
    """
    if dialect == "sqlite" and len(links) > 2:
        return call_chain(links, type_)
    (_, element), *rest = links
    for name, operand in rest:
        element = _one(name, element, operand, dialect)
        if element is None:
            return None
    return sa.type_coerce(element, type_)


def _one(name: str, left: Any, right: Any, dialect: Dialect) -> Any | None:
    if dialect == "postgresql":
        template = OPERATIONS.get(name)
        return None if template is None else block(template)(left, right)
    if name in _SQLITE_SWAPPED:
        return call(_SQLITE_SWAPPED[name], right, left)
    return call(name, left, right) if name in FUNCTIONS else None
