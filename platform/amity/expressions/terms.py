"""The checked tree: every name resolved, every part typed; what Python and SQL are made from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from amity.expressions.arithmetic import Operation
from amity.expressions.scope import Function, Name, Signature
from amity.expressions.types import BOOL, DECIMAL, DYN, INT, NULL, TEXT, ListType, Type


@dataclass(frozen=True, slots=True)
class Term:
    """A typed part of an expression; `at` is the offset of its token, counted from 0.

    `constant`: depends on no record, its value is known before a query runs (now, today, me included).
    """

    type: Type
    nullable: bool
    constant: bool
    at: int


@dataclass(frozen=True, slots=True)
class Value(Term):
    """A literal."""

    value: Any


@dataclass(frozen=True, slots=True)
class Reference(Term):
    """A name of the scope."""

    name: str
    info: Name


@dataclass(frozen=True, slots=True)
class Variable(Term):
    """The variable of a loop; `key` is how the environment of the loop's body holds it."""

    key: str


@dataclass(frozen=True, slots=True)
class Member(Term):
    """A field of a record."""

    target: Term
    name: str
    info: Name


@dataclass(frozen=True, slots=True)
class Item(Term):
    """A member of nested data or an item of a list."""

    target: Term
    index: Term


@dataclass(frozen=True, slots=True)
class Apply(Term):
    """A function call; the arguments already have the types of the signature."""

    function: Function
    signature: Signature
    arguments: tuple[Term, ...]


@dataclass(frozen=True, slots=True)
class Not(Term):
    """`!operand`."""

    operand: Term


@dataclass(frozen=True, slots=True)
class Junction(Term):
    """`&&` or `||` over two or more."""

    operator: str
    items: tuple[Term, ...]


@dataclass(frozen=True, slots=True)
class Compare(Term):
    """`== < <= > >=` (`!=` is `Not` of `==`)."""

    operator: str
    left: Term
    right: Term


@dataclass(frozen=True, slots=True)
class Contained(Term):
    """`left in right`, right a list or nested data."""

    left: Term
    right: Term


@dataclass(frozen=True, slots=True)
class Operate(Term):
    """Arithmetic or joining by one operation of `arithmetic`."""

    operation: Operation
    left: Term
    right: Term


@dataclass(frozen=True, slots=True)
class Negate(Term):
    """`-operand`."""

    operand: Term


@dataclass(frozen=True, slots=True)
class Choose(Term):
    """`condition ? yes : no`."""

    condition: Term
    yes: Term
    no: Term


@dataclass(frozen=True, slots=True)
class Has(Term):
    """`has(operand)`: it is not null."""

    operand: Term


@dataclass(frozen=True, slots=True)
class Listing(Term):
    """A list written out."""

    items: tuple[Term, ...]


@dataclass(frozen=True, slots=True)
class MapTerm(Term):
    """A map written out."""

    entries: tuple[tuple[Term, Term], ...]


@dataclass(frozen=True, slots=True)
class Loop(Term):
    """`target.kind(key, body)`: exists, all, exists_one, count, filter or map; a bare count has no body."""

    kind: str
    target: Term
    key: str
    body: Term | None


@dataclass(frozen=True, slots=True)
class Convert(Term):
    """The operand as another type: integer to decimal, record to id, nested data to what it must be."""

    operand: Term


def literal(value: object, at: int) -> Value:
    """Make the term of a written value."""
    types: dict[type, Type] = {type(None): NULL, bool: BOOL, int: INT, str: TEXT}
    return Value(types.get(type(value), DECIMAL), value is None, True, at, value)


def convert(term: Term, wanted: Type) -> Term:
    """Bring a term to the type it must have here."""
    if term.type == wanted or wanted == DYN:
        return term
    if term.type == NULL and isinstance(term, Value):
        return Value(wanted, True, True, term.at, None)
    if isinstance(term.type, ListType) and isinstance(wanted, ListType):
        if isinstance(term, Listing):
            items = tuple(convert(item, wanted.item) for item in term.items)
            return Listing(wanted, term.nullable, term.constant, term.at, items)
        return term
    nullable = term.nullable or term.type == DYN
    return Convert(wanted, nullable, term.constant, term.at, term)


def children(term: Term) -> tuple[Term, ...]:
    """Give the terms directly below a term."""
    match term:
        case Member(target=one) | Has(operand=one) | Not(operand=one) | Negate(operand=one):
            return (one,)
        case Convert(operand=one):
            return (one,)
        case Item(target=one, index=two):
            return (one, two)
        case Compare(left=one, right=two) | Contained(left=one, right=two) | Operate(left=one, right=two):
            return (one, two)
        case Apply(arguments=items) | Junction(items=items) | Listing(items=items):
            return items
        case Choose():
            return (term.condition, term.yes, term.no)
        case MapTerm():
            return tuple(part for entry in term.entries for part in entry)
        case Loop():
            return (term.target,) if term.body is None else (term.target, term.body)
    return ()
