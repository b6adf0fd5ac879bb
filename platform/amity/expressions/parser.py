"""Tokens to a syntax tree, by precedence climbing within bounds of nesting and number of nodes."""

from __future__ import annotations

from typing import Any, Final

from amity.expressions import nodes
from amity.expressions.errors import ExpressionError, shorten
from amity.expressions.lexer import Token, tokens
from amity.expressions.limits import INT_MAX, MAX_NESTING, MAX_NODES

_PRECEDENCE: Final = {
    **dict.fromkeys(("<", "<=", ">", ">=", "==", "!=", "in"), 3),
    **dict.fromkeys(("+", "-"), 4),
    **dict.fromkeys(("*", "/", "%"), 5),
}
_CONDITIONAL, _OR, _AND, _UNARY = 0, 1, 2, 6


def parse(text: str) -> nodes.Node:
    """Read an expression, or raise `ExpressionError`."""
    return _Parser(text).whole()


class _Parser:
    def __init__(self, text: str) -> None:
        self._tokens = tokens(text)
        self._position = 0
        self._token = self._tokens[0]
        self._nesting = 0
        self._count = 0

    def whole(self) -> nodes.Node:
        if self._token.kind == "end":
            raise ExpressionError("the expression is empty.", 1)
        node = self._expression()
        if self._token.kind != "end":
            raise self._unexpected()
        return node

    # -- tokens

    def _advance(self) -> Token:
        token = self._token
        self._position += 1
        self._token = self._tokens[self._position]
        return token

    def _is(self, operator: str) -> bool:
        return self._token.kind == "operator" and self._token.value == operator

    def _take(self, operator: str) -> Token | None:
        return self._advance() if self._is(operator) else None

    def _expect(self, operator: str, opened: Token) -> Token:
        token = self._take(operator)
        if token is None:
            raise self._unexpected(f"'{operator}' is missing for the '{opened.value}' at {opened.at + 1}.")
        return token

    def _unexpected(self, hint: str | None = None) -> ExpressionError:
        token = self._token
        if token.kind == "end":
            return ExpressionError("the expression ends too early.", token.at + 1, hint=hint)
        if token.kind == "operator" and token.value == "{":
            hint = hint or "Message types of CEL do not exist here."
        shown = "a value" if token.kind == "literal" else f"'{shorten(token.value)}'"
        return ExpressionError(f"{shown} is not expected here.", token.at + 1, hint=hint)

    # -- nodes

    def _make(self, kind: Any, token: Token, below: tuple[nodes.Node, ...], *parts: Any) -> Any:
        """Count and measure a node; `below` are its children."""
        self._count += 1
        depth = 1 + max((node.depth for node in below), default=0)
        if self._count > MAX_NODES:
            raise ExpressionError(
                f"the expression has too many parts, at most {MAX_NODES} are allowed.", token.at + 1
            )
        if depth > MAX_NESTING:
            raise _too_deep(token)
        return kind(token.at, token.end, depth, *parts)

    # -- grammar

    def _expression(self) -> nodes.Node:
        self._nesting += 1
        if self._nesting > MAX_NESTING:
            raise _too_deep(self._token)
        first = self._logic("||")
        token = self._take("?")
        if token is None:
            self._nesting -= 1
            return first
        yes = self._logic("||")
        self._expect(":", token)
        no = self._expression()
        self._nesting -= 1
        node: nodes.Node = self._make(nodes.Conditional, token, (first, yes, no), first, yes, no)
        return node

    def _logic(self, operator: str) -> nodes.Node:
        """Read `a || b || ...` or `a && b && ...` into one flat node."""
        first = self._logic("&&") if operator == "||" else self._binary(3)
        if not self._is(operator):
            return first
        items = [first]
        token = self._token
        while self._take(operator):
            items.append(self._logic("&&") if operator == "||" else self._binary(3))
        node: nodes.Node = self._make(nodes.Logic, token, tuple(items), operator, tuple(items))
        return node

    def _binary(self, lowest: int) -> nodes.Node:
        left = self._unary()
        while self._token.kind == "operator":
            strength = _PRECEDENCE.get(self._token.value, -1)
            if strength < lowest:
                break
            token = self._advance()
            right = self._binary(strength + 1)
            left = self._make(nodes.Binary, token, (left, right), token.value, left, right)
        return left

    def _unary(self) -> nodes.Node:
        signs = []
        while self._is("!") or self._is("-"):
            signs.append(self._advance())
        first = self._token
        if signs and signs[-1].value == "-" and first.kind == "literal" and _is_number(first.value):
            sign = signs.pop()
            self._advance()
            node = self._postfix(self._literal(Token("literal", -first.value, sign.at, first.end)))
        else:
            node = self._postfix(self._primary())
        for sign in reversed(signs):
            node = self._make(nodes.Unary, sign, (node,), sign.value, node)
        return node

    def _postfix(self, node: nodes.Node) -> nodes.Node:
        while True:
            if dot := self._take("."):
                name = self._token
                if name.kind not in ("name", "literal") and not self._is("in"):
                    raise self._unexpected("A field name follows a point.")
                if name.kind == "literal":
                    raise self._unexpected("A field name follows a point.")
                self._advance()
                if opened := self._take("("):
                    arguments = self._items(")", opened)
                    below = (node, *arguments)
                    node = self._make(nodes.Call, name, below, node, name.value, arguments)
                else:
                    node = self._make(nodes.Select, name, (node,), node, name.value)
                del dot
            elif opened := self._take("["):
                index = self._expression()
                self._expect("]", opened)
                node = self._make(nodes.Index, opened, (node, index), node, index)
            else:
                return node

    def _primary(self) -> nodes.Node:
        token = self._token
        if token.kind == "literal":
            return self._literal(self._advance())
        if token.kind == "name":
            self._advance()
            node: nodes.Node
            if opened := self._take("("):
                arguments = self._items(")", opened)
                node = self._make(nodes.Call, token, arguments, None, token.value, arguments)
            else:
                node = self._make(nodes.Identifier, token, (), token.value)
            return node
        if opened := self._take("("):
            inner = self._expression()
            self._expect(")", opened)
            return inner
        if opened := self._take("["):
            items = self._items("]", opened)
            node = self._make(nodes.ListNode, opened, items, items)
            return node
        if opened := self._take("{"):
            return self._map(opened)
        raise self._unexpected()

    def _literal(self, token: Token) -> nodes.Node:
        value = token.value
        if isinstance(value, int) and not isinstance(value, bool) and not -INT_MAX - 1 <= value <= INT_MAX:
            raise ExpressionError("the integer does not fit into 64 bits.", token.at + 1)
        node: nodes.Node = self._make(nodes.Literal, token, (), value)
        return node

    def _items(self, closing: str, opened: Token) -> tuple[nodes.Node, ...]:
        """Read expressions up to the closing bracket; a comma before it is allowed."""
        items: list[nodes.Node] = []
        while not self._is(closing):
            items.append(self._expression())
            if not self._take(","):
                break
        self._expect(closing, opened)
        return tuple(items)

    def _map(self, opened: Token) -> nodes.Node:
        entries: list[tuple[nodes.Node, nodes.Node]] = []
        while not self._is("}"):
            key = self._expression()
            self._expect(":", opened)
            entries.append((key, self._expression()))
            if not self._take(","):
                break
        self._expect("}", opened)
        below = tuple(node for entry in entries for node in entry)
        node: nodes.Node = self._make(nodes.MapNode, opened, below, tuple(entries))
        return node


def _is_number(value: Any) -> bool:
    return value is not None and not isinstance(value, str | bool)


def _too_deep(token: Token) -> ExpressionError:
    return ExpressionError(f"the expression is nested deeper than {MAX_NESTING} levels.", token.at + 1)
