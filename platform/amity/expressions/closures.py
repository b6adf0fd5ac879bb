"""The checked tree as Python closures: built once, then called with an environment for each record."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any, Final

from amity.expressions import terms
from amity.expressions.arithmetic import decimal, duration, integer
from amity.expressions.limits import MAX_RESULT_LIST
from amity.expressions.loops import loop
from amity.expressions.types import (
    BOOL,
    DATE,
    DATETIME,
    DECIMAL,
    DURATION,
    DYN,
    ID,
    INT,
    TEXT,
    TIME,
    Environment,
    ListType,
    RecordType,
    Type,
)
from amity.expressions.values import at, contains, holds, ordered, same

Closure = Callable[[Any], Any]
_ORDER: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_NOTHING: Final[Environment] = {}


def build(term: terms.Term) -> Closure:
    """Make the closure of a term; what depends on no name at all is computed here, once."""
    fixed: set[int] = set()
    _find_fixed(term, fixed)
    return _Builder(fixed).build(term)


def truth(term: terms.Term, closure: Closure) -> Closure:
    """Make the closure that gives a plain bool: null, and nested data other than true, are False."""
    if term.type == BOOL and not term.nullable:
        return closure
    return lambda env: closure(env) is True


def _find_fixed(term: terms.Term, fixed: set[int]) -> bool:
    """Note which terms have the same value in every environment."""
    below = [_find_fixed(child, fixed) for child in terms.children(term)]
    if not all(below) or isinstance(term, terms.Reference | terms.Variable):
        return False
    fixed.add(id(term))
    return True


class _Builder:
    def __init__(self, fixed: set[int]) -> None:
        self._fixed = fixed

    def build(self, term: terms.Term) -> Closure:
        closure = self._build(term)
        if id(term) in self._fixed and not isinstance(term, terms.Value):
            value = closure(_NOTHING)
            return lambda env: value
        return closure

    def _build(self, term: terms.Term) -> Closure:
        method: Callable[[Any], Closure] = getattr(self, f"_{type(term).__name__.lower()}")
        return method(term)

    def _value(self, term: terms.Value) -> Closure:
        value = term.value
        return lambda env: value

    def _reference(self, term: terms.Reference) -> Closure:
        name = term.name
        if isinstance(term.type, ListType) and isinstance(term.type.item, RecordType):
            return lambda env: env.get(name) or ()
        return lambda env: env.get(name)

    def _variable(self, term: terms.Variable) -> Closure:
        key = term.key
        return lambda env: env.get(key)

    def _member(self, term: terms.Member) -> Closure:
        target, name = self.build(term.target), term.name
        if isinstance(term.type, ListType) and isinstance(term.type.item, RecordType):
            return lambda env: () if (record := target(env)) is None else record.get(name) or ()
        return lambda env: None if (record := target(env)) is None else record.get(name)

    def _item(self, term: terms.Item) -> Closure:
        target, index = self.build(term.target), self.build(term.index)
        return lambda env: at(target(env), index(env))

    def _apply(self, term: terms.Apply) -> Closure:
        python = term.signature.python or term.function.python
        arguments = [self.build(argument) for argument in term.arguments]
        if term.function.takes_null:
            return lambda env: python(*[argument(env) for argument in arguments])
        if len(arguments) == 1:
            (only,) = arguments
            return lambda env: None if (a := only(env)) is None else python(a)
        if len(arguments) == 2:
            one, two = arguments
            return lambda env: None if (a := one(env)) is None or (b := two(env)) is None else python(a, b)

        def call(env: Environment) -> Any:
            values = [argument(env) for argument in arguments]
            return None if None in values else python(*values)

        return call

    def _not(self, term: terms.Not) -> Closure:
        operand = term.operand
        if isinstance(operand, terms.Compare) and operand.operator == "==" and _plain(operand):
            left, right = self.build(operand.left), self.build(operand.right)
            return lambda env: left(env) != right(env)
        condition = truth(operand, self.build(operand))
        return lambda env: not condition(env)

    def _junction(self, term: terms.Junction) -> Closure:
        items = [truth(item, self.build(item)) for item in term.items]
        if len(items) == 2:
            one, two = items
            if term.operator == "&&":
                return lambda env: one(env) and two(env)
            return lambda env: one(env) or two(env)
        if term.operator == "&&":
            return lambda env: all(item(env) for item in items)
        return lambda env: any(item(env) for item in items)

    def _compare(self, term: terms.Compare) -> Closure:
        left, right = self.build(term.left), self.build(term.right)
        if term.operator == "==":
            if _plain(term):
                return _equal(term, left, right)
            return lambda env: same(left(env), right(env))
        compare = _ORDER[term.operator]
        if DYN in (term.left.type, term.right.type):
            return lambda env: ordered(compare, left(env), right(env))
        if isinstance(term.right, terms.Value) and term.right.value is not None:
            return _against(term.operator, left, term.right.value)
        return lambda env: False if (a := left(env)) is None or (b := right(env)) is None else compare(a, b)

    def _contained(self, term: terms.Contained) -> Closure:
        left, right = self.build(term.left), self.build(term.right)
        if isinstance(term.right, terms.Listing) and id(term.right) in self._fixed and _hashable(term):
            known = frozenset(value for value in right(_NOTHING) if value is not None)
            return lambda env: left(env) in known
        return lambda env: contains(right(env), left(env))

    def _operate(self, term: terms.Operate) -> Closure:
        left, right, python = self.build(term.left), self.build(term.right), term.operation.python
        return lambda env: None if (a := left(env)) is None or (b := right(env)) is None else python(a, b)

    def _negate(self, term: terms.Negate) -> Closure:
        operand = self.build(term.operand)
        fit: dict[Type, Callable[[Any], Any]] = {INT: integer, DECIMAL: decimal, DURATION: duration}
        if term.type in fit:
            check = fit[term.type]
            return lambda env: None if (a := operand(env)) is None else check(-a)
        return lambda env: _negative(operand(env))

    def _choose(self, term: terms.Choose) -> Closure:
        condition = truth(term.condition, self.build(term.condition))
        yes, no = self.build(term.yes), self.build(term.no)
        return lambda env: yes(env) if condition(env) else no(env)

    def _has(self, term: terms.Has) -> Closure:
        operand = self.build(term.operand)
        return lambda env: operand(env) is not None

    def _listing(self, term: terms.Listing) -> Closure:
        items = [self.build(item) for item in term.items]
        return lambda env: [item(env) for item in items]

    def _mapterm(self, term: terms.MapTerm) -> Closure:
        entries = [(self.build(key), self.build(value)) for key, value in term.entries]

        def mapping(env: Environment) -> dict[Any, Any] | None:
            """Make the map; null where a key cannot be one."""
            keys = [key(env) for key, _ in entries]
            if not all(isinstance(key, str | int) for key in keys):
                return None
            return {key: value(env) for key, (_, value) in zip(keys, entries, strict=True)}

        return mapping

    def _convert(self, term: terms.Convert) -> Closure:
        operand, wanted = self.build(term.operand), term.type
        if term.operand.type == INT and wanted == DECIMAL:
            return lambda env: None if (a := operand(env)) is None else Decimal(a)
        if isinstance(term.operand.type, RecordType):
            return lambda env: None if (a := operand(env)) is None else a.id
        return lambda env: narrow(operand(env), wanted)

    def _loop(self, term: terms.Loop) -> Closure:
        target = self.build(term.target)
        if term.body is None:
            return lambda env: None if (items := target(env)) is None else len(items)
        body = self.build(term.body)
        if term.kind != "map":
            body = truth(term.body, body)
        return loop(term.kind, target, term.key, body)


def _plain(term: terms.Compare) -> bool:
    """Tell whether Python's == means the same as ours for both sides."""
    return not any(
        side.type == DYN or isinstance(side.type, ListType | RecordType) for side in (term.left, term.right)
    )


def _equal(term: terms.Compare, left: Closure, right: Closure) -> Closure:
    if isinstance(term.right, terms.Value):
        value = term.right.value
        if isinstance(term.left, terms.Reference):
            name = term.left.name
            return lambda env: env.get(name) == value
        return lambda env: left(env) == value
    return lambda env: left(env) == right(env)


def _against(sign: str, left: Closure, value: Any) -> Closure:
    """Compare with a literal: the hottest of all closures."""
    if sign == "<":
        return lambda env: (a := left(env)) is not None and a < value
    if sign == "<=":
        return lambda env: (a := left(env)) is not None and a <= value
    if sign == ">":
        return lambda env: (a := left(env)) is not None and a > value
    return lambda env: (a := left(env)) is not None and a >= value


def _hashable(term: terms.Contained) -> bool:
    """Tell whether a set decides `in` as `same` would: both sides of one plain type."""
    item = term.right.type.item if isinstance(term.right.type, ListType) else DYN
    plain = (BOOL, INT, DECIMAL, TEXT, DATE, DATETIME, TIME, DURATION, ID)
    return item in plain and term.left.type in plain


def _negative(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return None
    return integer(-value) if isinstance(value, int) else decimal(-value)


def narrow(value: Any, wanted: Type) -> Any:
    """Give nested data as the wanted type, None when it is something else."""
    if value is None or wanted == DYN:
        return value
    if isinstance(wanted, ListType):
        if not isinstance(value, Sequence) or isinstance(value, str) or len(value) > MAX_RESULT_LIST:
            return None
        return [narrow(item, wanted.item) for item in value]
    if isinstance(wanted, RecordType):
        return value if hasattr(value, "get") else None
    if wanted == BOOL:
        return value if isinstance(value, bool) else None
    return value if holds(value, wanted) else None
