"""Functions over values of any type: coalesce, dyn, bool."""

from __future__ import annotations

from typing import Any, Final

import sqlalchemy as sa

from amity.expressions.scope import Function, Signature
from amity.expressions.types import ANY, BOOL, DYN, TEXT

_TRUE: Final = frozenset({"1", "t", "true", "TRUE", "True"})
_FALSE: Final = frozenset({"0", "f", "false", "FALSE", "False"})


def coalesce(*values: Any) -> Any:
    """Give the first value that is not null."""
    return next((value for value in values if value is not None), None)


def _coalesce_sql(dialect: str, *elements: Any) -> Any:
    return sa.func.coalesce(*elements)


def boolean(value: bool | str) -> bool | None:
    """Read a boolean the way CEL does."""
    if isinstance(value, bool):
        return value
    return True if value in _TRUE else False if value in _FALSE else None


FUNCTIONS: Final = (
    Function(
        "coalesce",
        (Signature((ANY, ANY), ANY, variadic=True),),
        coalesce,
        "The first value that is not null: coalesce(nickname, name).",
        sql=_coalesce_sql,
        takes_null=True,
        method=False,
    ),
    Function(
        "dyn",
        (Signature((DYN,), DYN),),
        lambda value: value,
        "The value as nested data, whose type is looked at only when it is used.",
        method=False,
    ),
    Function(
        "bool",
        (Signature((BOOL,), BOOL), Signature((TEXT,), BOOL)),
        boolean,
        "A boolean from 'true', 'false', 't', 'f', '1' or '0', else null.",
        method=False,
    ),
)
