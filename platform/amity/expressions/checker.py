"""Names and types: turns a syntax tree into a checked tree, or says what is wrong and where."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from amity.expressions import nodes, terms
from amity.expressions.arithmetic import operation
from amity.expressions.calls import check_call
from amity.expressions.errors import ExpressionError, shorten
from amity.expressions.limits import MAX_STEPS
from amity.expressions.scope import CLOCK, Name, Origin, Scope, nearest
from amity.expressions.types import (
    BOOL,
    DECIMAL,
    DURATION,
    DYN,
    ID,
    INT,
    NULL,
    ORDERED,
    TEXT,
    ListType,
    RecordType,
    Type,
    a,
    assignable,
    common,
    comparable,
)

Path = tuple[Origin, ...]
"""The hops of a field path, from the root on."""

_UUID: Final = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


@dataclass(frozen=True, slots=True)
class Occurrence:
    """A token that names a field, or a text compared with it (`choice`); offsets from 0."""

    start: int
    end: int
    origin: Origin
    text: str
    choice: bool = False


@dataclass
class Checker:
    """Checks one expression; afterwards `paths`, `bound` and `occurrences` say what it uses."""

    scope: Scope
    paths: set[Path] = field(default_factory=set)
    bound: set[str] = field(default_factory=set)
    occurrences: list[Occurrence] = field(default_factory=list)
    variables: dict[str, terms.Variable] = field(default_factory=dict)
    variable_paths: dict[str, Path] = field(default_factory=dict)
    loops: int = 0
    weight: int = 1
    steps: int = 0

    def check(self, node: nodes.Node) -> terms.Term:
        """Give the checked term of a node."""
        self.steps += self.weight
        if self.steps > MAX_STEPS:
            raise ExpressionError("the loops of the expression take too many steps.", node.at + 1)
        match node:
            case nodes.Literal():
                return terms.literal(node.value, node.at)
            case nodes.Identifier():
                return self._identifier(node)
            case nodes.Select():
                return self._select(node)
            case nodes.Index():
                return self._index(node)
            case nodes.Call():
                return check_call(self, node)
            case nodes.ListNode():
                return self._list(node)
            case nodes.MapNode():
                return self._map(node)
            case nodes.Unary():
                return self._unary(node)
            case nodes.Binary():
                return self._binary(node)
            case nodes.Logic():
                items = tuple(self.condition(item) for item in node.items)
                return terms.Junction(BOOL, False, _constant(items), node.at, node.operator, items)
            case nodes.Conditional():
                return self._conditional(node)
        raise AssertionError(f"unknown node {node!r}")  # pragma: no cover

    # -- names

    def _identifier(self, node: nodes.Identifier) -> terms.Term:
        variable = self.variables.get(node.name)
        if variable is not None:
            self.paths.add(self.variable_paths[variable.key])
            return variable
        info = self.scope.lookup(node.name)
        if info is None:
            raise self._unknown(node)
        return self.reference(node.name, info, node.at, node.end)

    def reference(self, name: str, info: Name, at: int, end: int) -> terms.Reference:
        """Make and note the use of a name of the scope."""
        if info.bound:
            self.bound.add(name)
        if info.origin is not None:
            self.occurrences.append(Occurrence(at, end, info.origin, name))
        term = terms.Reference(info.type, info.nullable, info.bound, at, name, info)
        if info.origin is not None or not info.bound:
            self.paths.add(self.path(term))
        return term

    def _unknown(self, node: nodes.Identifier) -> ExpressionError:
        if node.name in CLOCK or node.name in self.scope.functions:
            return ExpressionError(
                f"'{shorten(node.name)}' is a function.",
                node.at + 1,
                hint=f"Write '{shorten(node.name)}(...)'.",
            )
        close = nearest(node.name, [*self.scope.names(), *self.variables])
        return ExpressionError(f"'{shorten(node.name)}' is not a known name.", node.at + 1, nearest=close)

    def path(self, term: terms.Term) -> Path:
        """Give the hops of a field path, () for what is not one."""
        match term:
            case terms.Reference():
                return (term.info.origin or (None, term.name),)
            case terms.Member():
                return (*self.path(term.target), term.info.origin or (None, term.name))
            case terms.Variable():
                return self.variable_paths[term.key]
            case terms.Loop(kind="filter") | terms.Item():
                return self.path(term.target)
        return ()

    def _select(self, node: nodes.Select) -> terms.Term:
        target = self.check(node.target)
        if isinstance(target.type, RecordType):
            return self.member(target, node.name, node.at, node.end)
        if target.type in (DYN, NULL):
            key = terms.Value(TEXT, False, True, node.at, node.name)
            return terms.Item(DYN, True, target.constant, node.at, target, key)
        hint = None
        if isinstance(target.type, ListType):
            hint = f"Say which one, for example exists(x, x.{shorten(node.name)} == ...)."
        raise ExpressionError(
            f"{a(target.type)} has no field '{shorten(node.name)}'.", node.at + 1, hint=hint
        )

    def member(self, target: terms.Term, name: str, at: int, end: int) -> terms.Term:
        """Resolve a field of a record."""
        info = self.scope.member(target.type, name)
        if info is None:
            close = nearest(name, self.scope.member_names(target.type))
            raise ExpressionError(f"{a(target.type)} has no field '{shorten(name)}'.", at + 1, nearest=close)
        if info.origin is not None:
            self.occurrences.append(Occurrence(at, end, info.origin, name))
        nullable = not isinstance(info.type, ListType) or info.nullable
        term = terms.Member(info.type, nullable, target.constant, at, target, name, info)
        path = self.path(term)
        if len(path) > 1 or not isinstance(target, terms.Item | terms.Apply):
            self.paths.add(path)
        return term

    def _index(self, node: nodes.Index) -> terms.Term:
        target, index = self.check(node.target), self.check(node.index)
        constant = target.constant and index.constant
        if isinstance(target.type, ListType):
            if not assignable(index.type, INT) and index.type != DECIMAL:
                raise ExpressionError(f"a list is indexed by an integer, not {a(index.type)}.", node.at + 1)
            return terms.Item(target.type.item, True, constant, node.at, target, index)
        if target.type in (DYN, NULL):
            return terms.Item(DYN, True, constant, node.at, target, index)
        raise ExpressionError(f"{a(target.type)} has no items.", node.at + 1)

    # -- literals

    def _list(self, node: nodes.ListNode) -> terms.Term:
        items = tuple(self.check(item) for item in node.items)
        item = common(term.type for term in items)
        # An empty list fits any list; unlike values make it a list of nested data.
        type_ = ListType(DYN if item is None else item)
        items = tuple(terms.convert(term, type_.item) for term in items)
        return terms.Listing(type_, False, _constant(items), node.at, items)

    def _map(self, node: nodes.MapNode) -> terms.Term:
        entries = tuple((self.check(key), self.check(value)) for key, value in node.entries)
        seen: set[object] = set()
        for key, _ in entries:
            if key.type not in (TEXT, INT, BOOL, DYN):
                raise ExpressionError(f"{a(key.type)} cannot be a key.", key.at + 1)
            if isinstance(key, terms.Value):
                if (key.type, key.value) in seen:
                    raise ExpressionError(f"the key '{shorten(str(key.value))}' is repeated.", key.at + 1)
                seen.add((key.type, key.value))
        flat = [term for entry in entries for term in entry]
        return terms.MapTerm(DYN, False, _constant(flat), node.at, entries)

    # -- operators

    def condition(self, node: nodes.Node) -> terms.Term:
        """Check an expression that must be a condition."""
        term = self.check(node)
        if term.type not in (BOOL, DYN, NULL):
            hint = "Compare it with something, for example '!= null'."
            raise ExpressionError(f"a condition is needed here, not {a(term.type)}.", term.at + 1, hint=hint)
        return term

    def _unary(self, node: nodes.Unary) -> terms.Term:
        if node.operator == "!":
            operand = self.condition(node.operand)
            return terms.Not(BOOL, False, operand.constant, node.at, operand)
        operand = self.check(node.operand)
        if operand.type not in (INT, DECIMAL, DURATION, DYN, NULL):
            raise ExpressionError(f"'-' does not go with {a(operand.type)}.", node.at + 1)
        return terms.Negate(operand.type, True, operand.constant, node.at, operand)

    def _conditional(self, node: nodes.Conditional) -> terms.Term:
        condition = self.condition(node.condition)
        yes, no = self.check(node.yes), self.check(node.no)
        type_ = common((yes.type, no.type))
        if type_ is None:
            raise ExpressionError(
                f"both sides of ':' must be alike, not {yes.type} and {no.type}.", node.at + 1
            )
        yes, no = terms.convert(yes, type_), terms.convert(no, type_)
        constant = _constant((condition, yes, no))
        return terms.Choose(type_, yes.nullable or no.nullable, constant, node.at, condition, yes, no)

    def _binary(self, node: nodes.Binary) -> terms.Term:
        left, right = self.check(node.left), self.check(node.right)
        if node.operator == "in":
            return self._contained(node, left, right)
        if node.operator in ("==", "!=", "<", "<=", ">", ">="):
            return self._compare(node, left, right)
        constant = left.constant and right.constant
        if NULL in (left.type, right.type):
            type_ = right.type if left.type == NULL else left.type
            return terms.Value(type_, True, True, node.at, None)
        found = operation(node.operator, left.type, right.type)
        if found is None:
            raise ExpressionError(
                f"'{node.operator}' does not go with {a(left.type)} and {a(right.type)}.", node.at + 1
            )
        return terms.Operate(found.result, True, constant, node.at, found, left, right)

    def _compare(self, node: nodes.Binary, left: terms.Term, right: terms.Term) -> terms.Term:
        self._note_choice(node.left, node.right, right)
        self._note_choice(node.right, node.left, left)
        left, right = self._as_id(left, right), self._as_id(right, left)
        constant = left.constant and right.constant
        if not comparable(left.type, right.type):
            raise _incomparable(node, left.type, right.type)
        if node.operator in ("==", "!="):
            equal = terms.Compare(BOOL, False, constant, node.at, "==", left, right)
            return equal if node.operator == "==" else terms.Not(BOOL, False, constant, node.at, equal)
        for side in (left, right):
            if isinstance(side, terms.MapTerm) or side.type not in (*ORDERED, NULL):
                raise ExpressionError(f"{a(side.type)} has no order: use == or !=.", node.at + 1)
        if left.type == NULL and right.type == NULL:
            raise ExpressionError("null has no order.", node.at + 1)
        return terms.Compare(BOOL, False, constant, node.at, node.operator, left, right)

    def _contained(self, node: nodes.Binary, left: terms.Term, right: terms.Term) -> terms.Term:
        if isinstance(node.right, nodes.ListNode) and isinstance(right, terms.Listing):
            for item in node.right.items:
                self._note_choice(item, node.left, left)
            converted = tuple(self._as_id(item, left) for item in right.items)
            type_ = ListType(common(item.type for item in converted) or DYN)
            right = terms.Listing(type_, False, right.constant, right.at, converted)
        else:
            self._note_choice(node.left, node.right, right)
        if isinstance(right.type, ListType):
            if not comparable(left.type, right.type.item):
                raise _incomparable(node, left.type, right.type)
        elif right.type not in (DYN, NULL):
            raise ExpressionError(f"'in' needs a list on its right, not {a(right.type)}.", node.at + 1)
        constant = left.constant and right.constant
        return terms.Contained(BOOL, False, constant, node.at, left, right)

    def _note_choice(self, written: nodes.Node, other: nodes.Node, term: terms.Term) -> None:
        """Remember a text that is compared with a field, for the day a choice is renamed."""
        if isinstance(written, nodes.Literal) and isinstance(written.value, str):
            del other
            path = self.path(term)
            if path and path[-1][0] is not None:
                self.occurrences.append(
                    Occurrence(written.at, written.end, path[-1], written.value, choice=True)
                )

    def _as_id(self, term: terms.Term, other: terms.Term) -> terms.Term:
        """Read a written text as an id where it is compared with an id or a record."""
        wants_id = other.type == ID or isinstance(other.type, RecordType)
        if isinstance(other.type, ListType):
            wants_id = other.type.item == ID or isinstance(other.type.item, RecordType)
        if not wants_id or not isinstance(term, terms.Value) or term.type != TEXT:
            return term
        if not _UUID.fullmatch(term.value):
            raise ExpressionError(
                f"'{shorten(term.value)}' is not an id.", term.at + 1, hint="An id has the form of a UUID."
            )
        return terms.Value(ID, False, True, term.at, term.value.lower())


def _constant(items: Sequence[terms.Term]) -> bool:
    return all(item.constant for item in items)


def _incomparable(node: nodes.Binary, left: Type, right: Type) -> ExpressionError:
    pair = {str(left), str(right)}
    hint = None
    if pair == {"date", "date-time"}:
        hint = "Use date(...) or timestamp(...) to bring both to one type."
    elif "text" in pair and len(pair & {"date", "date-time"}) == 1:
        hint = "Write date('2026-01-31') or timestamp('2026-01-31T09:00:00Z')."
    message = f"{a(left)} and {a(right)} cannot be compared."
    return ExpressionError(message, node.at + 1, hint=hint)
