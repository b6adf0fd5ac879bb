"""Why a part of an expression cannot be computed in a query."""

from __future__ import annotations

from typing import NoReturn

from amity.expressions import terms
from amity.expressions.errors import ExpressionError, shorten


def check_name(term: terms.Reference | terms.Member) -> None:
    """Refuse a name that cannot be part of a query."""
    if not term.info.filterable:
        why = f": it {term.info.why_not}" if term.info.why_not else ""
        raise ExpressionError(f"'{shorten(term.name)}' is not filterable{why}.", term.at + 1)


def refuse(term: terms.Term) -> NoReturn:
    """Say that a part of the expression cannot be computed by both databases alike."""
    match term:
        case terms.Apply():
            what = f"{term.function.name}()"
        case terms.Loop():
            what = f"{term.kind}()"
        case terms.Reference() | terms.Member():
            what = f"'{shorten(term.name)}'"
        case _:
            what = f"this part ({term.type})"
    raise ExpressionError(f"{what} is not filterable: the databases cannot compute it alike.", term.at + 1)
