"""How deep the SQL of an expression nests: SQLite's parser has a stack of 100 places and fails beyond.

The weights are the places that one level takes, measured with SQLite 3.40 and rounded up; the limit leaves
room for the query around. PostgreSQL could go deeper: both refuse alike, so that what works on one database
works on the other.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from amity.expressions import terms
from amity.expressions.errors import ExpressionError

LIMIT: Final = 72
_WEIGHTS: Final[dict[type[terms.Term], int]] = {
    terms.Not: 2,
    terms.Junction: 3,
    terms.Has: 3,
    terms.Compare: 4,
    terms.Member: 4,
    terms.Negate: 6,
    terms.Operate: 6,
    terms.Choose: 6,
    terms.Apply: 7,
    terms.Item: 2,
    terms.Contained: 8,
    terms.Loop: 12,
}


def check_nesting(term: terms.Term) -> None:
    """Refuse an expression whose SQL would nest too deeply."""
    if weight(term) > LIMIT:
        raise ExpressionError(
            "the expression is nested too deeply for a query.",
            term.at + 1,
            hint="Split it, or store a part of it as a formula.",
        )


def weight(term: terms.Term) -> int:
    """Give the places on the parser's stack that the SQL of a term takes."""
    if term.constant:
        return 0
    if isinstance(term, terms.Operate):
        below: Iterator[terms.Term] = (operand for _, operand in chain(term))
    else:
        below = iter(terms.children(term))
    return _WEIGHTS.get(type(term), 0) + max(map(weight, below), default=0)


_CHAINS: Final = {
    name: family
    for family in ("integers", "decimals", "durations")
    for name in (f"add_{family}", f"subtract_{family}", f"multiply_{family}")
} | {"join_texts": "texts"}


def chain(term: terms.Operate) -> list[tuple[str, terms.Term]]:
    """Give `a + b - c` as [("", a), ("add", b), ("subtract", c)]: one level, however long it is.

    Only what computes alike joins a chain; everything else is a chain of two.
    """
    family = _CHAINS.get(term.operation.name)
    links: list[tuple[str, terms.Term]] = []
    at: terms.Term = term
    while (
        isinstance(at, terms.Operate)
        and not (at.constant and links)
        and (at is term or (family is not None and _CHAINS.get(at.operation.name) == family))
    ):
        links.append((at.operation.name, at.right))
        at = at.left
    return [("", at), *reversed(links)]
