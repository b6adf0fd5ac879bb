"""The checked tree as SQL that agrees with the closures on every value.

A condition is made in one of two forms. The *plain* form may be unknown where it should be false, which is
the same under WHERE, AND and OR, and leaves comparisons as an index wants them. The *strict* form is never
unknown: it stands under NOT and wherever a condition is a value. What depends on no record is computed in
Python while the statement is built and becomes a parameter.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.sql.elements import ColumnElement, Grouping

from amity.expressions import lists, nested, pieces, terms
from amity.expressions.binding import SqlBinding
from amity.expressions.closures import build
from amity.expressions.errors import ExpressionError
from amity.expressions.loops import Frame, items_of
from amity.expressions.nesting import chain
from amity.expressions.operators import operate
from amity.expressions.pieces import SQL_TYPES, Piece, known
from amity.expressions.refusals import check_name, refuse
from amity.expressions.types import (
    BOOL,
    DECIMAL,
    DURATION,
    DYN,
    ID,
    INT,
    TEXT,
    Environment,
    ListType,
    RecordType,
    Type,
)

Condition = ColumnElement[bool]
MAX_PIECES: Final = 1_000
"""Parts of the SQL of one expression (loops over written-out lists are unrolled)."""
_NEGATIONS: Final[Mapping[Type, str]] = {
    INT: "subtract_integers",
    DECIMAL: "subtract_decimals",
    DURATION: "subtract_durations",
}


class Bound:
    """The environment of what is known before the query: bound names only."""

    def __init__(self, binding: SqlBinding) -> None:
        self._binding = binding

    def get(self, name: str, /) -> Any:
        """Give the value of a bound name."""
        return self._binding.value(name)


class Emitter:
    """Makes the SQL of one expression for one binding."""

    def __init__(self, binding: SqlBinding) -> None:
        self._root = binding
        self.dialect = binding.dialect
        self._env: Environment = Bound(binding)
        self._records: dict[str, SqlBinding] = {}
        self._elements: dict[str, Piece] = {}
        self.places: dict[str, nested.Place] = {}
        """Where the variable of a loop over stored nested data lies."""
        self._count = 0

    # -- values

    def value(self, term: terms.Term) -> Piece:
        """Give a term as a value, null where it is null."""
        self._count += 1
        if self._count > MAX_PIECES:
            raise ExpressionError("the expression is too large for a query.", term.at + 1)
        if term.constant and not _reads_elements(term, self._elements):
            return self._known(term)
        match term:
            case terms.Reference():
                return self._column(self._root, term)
            case terms.Variable():
                return self._variable(term)
            case terms.Member():
                return self._column(self.record(term.target), term)
            case terms.Operate():
                return self._operate(term)
            case terms.Negate():
                return self._negate(term)
            case terms.Choose() if term.type != BOOL or term.nullable:
                return self._choose(term)
            case terms.Apply():
                return self._apply(term)
            case terms.Convert():
                return self._convert(term)
            case terms.Loop(kind="count"):
                return self._count_of(term)
        if term.type == BOOL:
            return Piece(Grouping(self.strict(term)), BOOL, False)
        refuse(term)

    def _known(self, term: terms.Term) -> Piece:
        if term.type not in SQL_TYPES and not isinstance(term.type, RecordType) and term.type.name != "null":
            refuse(term)
        match term:
            case terms.Value():
                value = term.value
            case terms.Variable():
                value = self._env.get(term.key)
            case _:
                value = build(term)(self._env)
        if isinstance(value, str) and "\0" in value:
            raise ExpressionError("a text in a query cannot hold U+0000.", term.at + 1)
        return known(value, term.type)

    def _column(self, binding: SqlBinding, term: terms.Reference | terms.Member) -> Piece:
        check_name(term)
        if term.type == DYN or (isinstance(term.type, ListType) and isinstance(term.type.item, RecordType)):
            refuse(term)
        return pieces.column(binding.column(term.name), term.type, term.nullable)

    def _variable(self, term: terms.Variable) -> Piece:
        if term.key in self._elements:
            return self._elements[term.key]
        if isinstance(term.type, RecordType):
            return pieces.column(self._records[term.key].column("id"), ID, False)
        refuse(term)

    def _operate(self, term: terms.Operate) -> Piece:
        if term.type not in SQL_TYPES:
            refuse(term)
        decimals = term.operation.name.endswith("_decimals")
        decimals = decimals or (term.operation.name == "divide" and term.left.type != DURATION)
        links = []
        for name, operand in chain(term):
            piece = self.value(operand)
            links.append((name, pieces.as_decimal(piece, self.dialect) if decimals else piece))
        if any(piece.known and piece.value is None for _, piece in links):
            return known(None, term.type)
        elements = [(name, pieces.plain(piece, self.dialect)) for name, piece in links]
        element = operate(elements, self.dialect, SQL_TYPES[term.type])
        if element is None:
            refuse(term)
        return Piece(element, term.type, scale=0 if term.type == INT else None)

    def _negate(self, term: terms.Negate) -> Piece:
        name = _NEGATIONS.get(term.type)
        if name is None:
            refuse(term)
        operand = self.value(term.operand)
        links = [("", known(0, term.type).element), (name, pieces.plain(operand, self.dialect))]
        element: Any = operate(links, self.dialect, SQL_TYPES[term.type])
        return Piece(element, term.type, scale=0 if term.type == INT else None)

    def _choose(self, term: terms.Choose) -> Piece:
        if term.type not in SQL_TYPES and not isinstance(term.type, RecordType):
            refuse(term)
        yes, no = self.value(term.yes), self.value(term.no)
        one, two = (pieces.plain(side, self.dialect) for side in (yes, no))
        type_ = ID if isinstance(term.type, RecordType) else term.type
        element = sa.case((self.test(term.condition), one), else_=two)
        return Piece(
            sa.type_coerce(element, SQL_TYPES[type_]), type_, term.nullable, scale=0 if type_ == INT else None
        )

    def _apply(self, term: terms.Apply) -> Piece:
        function, arguments = term.function, term.arguments
        if function.name == "fold" and isinstance(arguments[0], terms.Reference | terms.Member):
            return self._folded(arguments[0])
        sql = term.signature.sql or function.sql
        if sql is None or term.type not in SQL_TYPES:
            refuse(term)
        given = [pieces.plain(self.value(argument), self.dialect) for argument in arguments]
        element = sql(self.dialect, *given)
        if element is None:
            refuse(term)
        element = sa.type_coerce(Grouping(element), SQL_TYPES[term.type])
        return Piece(element, term.type, scale=0 if term.type == INT else None)

    def _folded(self, term: terms.Reference | terms.Member) -> Piece:
        check_name(term)
        if not term.info.folded:
            refuse(term)
        binding = self._root if isinstance(term, terms.Reference) else self.record(term.target)
        return Piece(binding.folded(term.name), TEXT, term.nullable, True)

    def _convert(self, term: terms.Convert) -> Piece:
        if term.operand.type == DYN:
            return nested.narrowed(self, term.operand, term.type)
        operand = self.value(term.operand)
        if term.operand.type == INT and term.type == DECIMAL:
            return pieces.as_decimal(operand, self.dialect)
        if isinstance(term.operand.type, RecordType) and term.type == ID:
            return operand
        refuse(term)

    # -- conditions

    def strict(self, term: terms.Term) -> Condition:
        """Give a condition that is true or false, never unknown."""
        match term:
            case terms.Junction() if not term.constant:
                return self._junction(term, self.strict)
            case terms.Compare() if not term.constant:
                condition, sides = self._compare(term)
                return pieces.never_unknown(condition, *sides)
            case terms.Contained() if not term.constant:
                condition, sides = lists.contained(self, term)
                return pieces.never_unknown(condition, *sides)
            case terms.Choose() if term.type == BOOL and not term.constant:
                yes, no = self.strict(term.yes), self.strict(term.no)
                return sa.type_coerce(sa.case((self.test(term.condition), yes), else_=no), sa.Boolean())
            case terms.Not() | terms.Has() | terms.Loop():
                return self.test(term)
        if term.constant and not _reads_elements(term, self._elements):
            return self._fixed(term)
        if term.type == DYN:
            return nested.narrowed(self, term, BOOL).element.is_(sa.true())
        piece = self.value(term)
        if piece.simple:
            return piece.element.is_(sa.true())
        return (
            sa.func.coalesce(piece.element, sa.false(), type_=sa.Boolean())
            if piece.nullable
            else piece.element
        )

    def test(self, term: terms.Term) -> Condition:
        """Give a condition that may be unknown instead of false: for WHERE and within AND and OR."""
        self._count += 1
        if term.constant and not _reads_elements(term, self._elements):
            return self._fixed(term)
        match term:
            case terms.Junction():
                return self._junction(term, self.test)
            case terms.Not():
                return self._not(term)
            case terms.Compare():
                return self._compare(term)[0]
            case terms.Contained():
                return lists.contained(self, term)[0]
            case terms.Has():
                return self._has(term)
            case terms.Loop() if term.kind != "count":
                return lists.loop(self, term)
            case terms.Reference() | terms.Member() | terms.Choose() | terms.Item():
                return self.strict(term)
        return self.value(term).element

    def _fixed(self, term: terms.Term) -> Condition:
        return sa.true() if build(term)(self._env) is True else sa.false()

    def _junction(self, term: terms.Junction, make: Callable[[terms.Term], Condition]) -> Condition:
        items = [make(item) for item in term.items]
        return sa.and_(*items) if term.operator == "&&" else sa.or_(*items)

    def _not(self, term: terms.Not) -> Condition:
        operand = term.operand
        if isinstance(operand, terms.Not):
            return self.strict(operand.operand)
        return sa.not_(self.strict(operand))

    def _has(self, term: terms.Has) -> Condition:
        operand = term.operand
        if operand.type == DYN:
            return sa.not_(nested.is_null(self, operand))
        if isinstance(operand, terms.Reference | terms.Member) and not _is_plain(operand.type):
            check_name(operand)
            if isinstance(operand.type, ListType) and isinstance(operand.type.item, RecordType):
                return sa.true()
            return self.owner(operand).column(operand.name).is_not(None)
        return self.value(operand).element.is_not(None)

    def _compare(self, term: terms.Compare) -> tuple[Condition, tuple[Piece, ...]]:
        """Give the plain comparison and the pieces whose null makes it unknown."""
        if DYN in (term.left.type, term.right.type):
            return nested.compare(self, term), ()
        for side in (term.left, term.right):
            if isinstance(side.type, ListType):
                return self._compare_list(term), ()
        left, right = self.value(term.left), self.value(term.right)
        if term.operator == "==":
            condition = pieces.equal(left, right, self.dialect)
            if left.nullable and right.nullable:
                return condition, ()
        else:
            condition = pieces.order(term.operator, left, right, self.dialect)
        return condition, tuple(side for side in (left, right) if side.nullable)

    def _compare_list(self, term: terms.Compare) -> Condition:
        """A list can be compared with null only."""
        for one, other in ((term.left, term.right), (term.right, term.left)):
            if other.type.name == "null" and isinstance(one, terms.Reference | terms.Member):
                return sa.not_(self._has(terms.Has(BOOL, False, False, term.at, one)))
        refuse(term)

    # -- records and lists

    def owner(self, term: terms.Reference | terms.Member) -> SqlBinding:
        """Give the record whose field a term is."""
        return self._root if isinstance(term, terms.Reference) else self.record(term.target)

    def record(self, term: terms.Term) -> SqlBinding:
        """Give the binding of a record reached through to-one relations."""
        match term:
            case terms.Reference() if not term.constant:
                check_name(term)
                return self._root.hop(term.name)
            case terms.Member():
                check_name(term)
                return self.record(term.target).hop(term.name)
            case terms.Variable() if term.key in self._records:
                return self._records[term.key]
        refuse(term)

    def _count_of(self, term: terms.Loop) -> Piece:
        return lists.count(self, term)

    def evaluate(self, term: terms.Term) -> Any:
        """Compute what depends on no record."""
        return build(term)(self._env)

    def with_record(self, key: str, binding: SqlBinding, make: Callable[[], Condition]) -> Condition:
        """Make a condition while a loop's variable stands for a record of a query."""
        self._records[key] = binding
        try:
            return make()
        finally:
            del self._records[key]

    def with_element(self, key: str, piece: Piece, make: Callable[[], Condition]) -> Condition:
        """Make a condition while a loop's variable stands for an element of a stored list."""
        self._elements[key] = piece
        try:
            return make()
        finally:
            del self._elements[key]

    def with_place(self, key: str, place: nested.Place, make: Callable[[], Condition]) -> Condition:
        """Make a condition while a loop's variable stands for nested data in a stored list."""
        self.places[key] = place
        try:
            return make()
        finally:
            del self.places[key]

    def with_items(self, term: terms.Loop, make: Callable[[], Condition]) -> list[Condition] | None:
        """Make a condition for each item of a list that is written out or known; None for no list."""
        if isinstance(term.target, terms.Listing) and not term.target.constant:
            return [self._with_item(term.key, item, make) for item in term.target.items]
        outer = self._env
        items = items_of(self.evaluate(term.target))
        if items is None:
            return None
        conditions = []
        for item in items:
            frame = Frame(outer, term.key)
            frame.value = item
            self._env = frame
            try:
                conditions.append(make())
            finally:
                self._env = outer
        return conditions

    def _with_item(self, key: str, item: terms.Term, make: Callable[[], Condition]) -> Condition:
        piece = self.value(item)
        if not piece.simple:
            # Repeated in the body, whole expressions would let the statement grow without bound.
            raise ExpressionError("a loop in a query takes lists of plain fields and values.", item.at + 1)
        return self.with_element(key, piece, make)


def _is_plain(type_: Type) -> bool:
    return type_ in SQL_TYPES or isinstance(type_, RecordType)


def _reads_elements(term: terms.Term, elements: Mapping[str, Piece]) -> bool:
    """Tell whether a term that seems constant depends on an element of a stored list."""
    return bool(elements) and (
        (isinstance(term, terms.Variable) and term.key in elements)
        or any(_reads_elements(child, elements) for child in terms.children(term))
    )
