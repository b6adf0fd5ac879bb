"""Checks of calls: functions by their signatures, and the loops and tests the language itself knows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

from amity.expressions import nodes, terms
from amity.expressions.errors import ExpressionError, shorten
from amity.expressions.limits import MAX_MACRO_DEPTH
from amity.expressions.scope import CLOCK, Function, Signature, nearest
from amity.expressions.types import (
    ANY,
    BOOL,
    DYN,
    INT,
    NULL,
    ListType,
    RecordType,
    Type,
    a,
    assignable,
    common,
)

if TYPE_CHECKING:
    from amity.expressions.checker import Checker

LOOPS: Final = frozenset({"exists", "all", "exists_one", "count", "filter", "map"})
BUILT_IN: Final = (*sorted(LOOPS), "has", "now", "today", "size")
_UNKNOWN_SIZE: Final = 50
_RELATION_SIZE: Final = 20


def check_call(checker: Checker, node: nodes.Call) -> terms.Term:
    """Check a call of whatever kind."""
    if node.name == "has" and node.target is None:
        return _has(checker, node)
    if node.target is not None and node.name in LOOPS:
        return _loop(checker, node, node.target)
    if node.target is None and node.name in ("now", "today"):
        if node.arguments:
            raise ExpressionError(f"{node.name}() takes nothing between its brackets.", node.at + 1)
        return checker.reference(node.name, CLOCK[node.name], node.at, node.end)
    given = node.arguments if node.target is None else (node.target, *node.arguments)
    arguments = tuple(checker.check(argument) for argument in given)
    if node.name == "size" and len(arguments) == 1 and isinstance(arguments[0].type, ListType):
        target = arguments[0]
        return terms.Loop(INT, target.nullable, target.constant, node.at, "count", target, "", None)
    return _apply(checker, node, arguments)


def _apply(checker: Checker, node: nodes.Call, arguments: tuple[terms.Term, ...]) -> terms.Term:
    functions = checker.scope.functions
    function = functions.get(node.name)
    if function is None or (node.target is not None and not function.method):
        close = nearest(node.name, [*functions, *BUILT_IN])
        raise ExpressionError(
            f"'{shorten(node.name)}()' is not a known function.", node.at + 1, nearest=close
        )
    for fits in (_exactly, assignable):
        for signature in function.signatures:
            call = _match(function, signature, arguments, node, fits)
            if call is not None:
                _validate(call)
                return call
    shapes = " or ".join(
        f"{function.name}({', '.join(map(str, signature.parameters))})" for signature in function.signatures
    )
    given = ", ".join(str(argument.type) for argument in arguments) or "nothing"
    raise ExpressionError(
        f"{function.name}() does not go with ({given}).", node.at + 1, hint=f"It takes {shapes}."
    )


def _validate(call: terms.Apply) -> None:
    """Let the function refuse what is written out."""
    if call.function.validate is None:
        return
    written = [item.value if isinstance(item, terms.Value) else None for item in call.arguments]
    problem = call.function.validate(*written)
    if problem is not None:
        raise ExpressionError(f"{call.function.name}(): {problem}.", call.at + 1)


def _exactly(given: Type, wanted: Type) -> bool:
    return given in (wanted, NULL) or wanted == ANY


def _match(
    function: Function,
    signature: Signature,
    arguments: tuple[terms.Term, ...],
    node: nodes.Call,
    fits: Callable[[Type, Type], bool],
) -> terms.Apply | None:
    """Make the call if the arguments go with the signature, else None."""
    parameters = list(signature.parameters)
    if signature.variadic and len(arguments) > len(parameters):
        parameters += [parameters[-1]] * (len(arguments) - len(parameters))
    if len(parameters) != len(arguments):
        return None
    free = common(
        argument.type for argument, parameter in zip(arguments, parameters, strict=True) if parameter == ANY
    )
    if free is None:
        return None
    for argument, parameter in zip(arguments, parameters, strict=True):
        if not fits(argument.type, parameter):
            return None
    wanted = [free if parameter == ANY else parameter for parameter in parameters]
    converted = tuple(
        terms.convert(argument, parameter) for argument, parameter in zip(arguments, wanted, strict=True)
    )
    result = free if signature.result == ANY else signature.result
    constant = all(argument.constant for argument in converted)
    return terms.Apply(result, True, constant, node.at, function, signature, converted)


def _has(checker: Checker, node: nodes.Call) -> terms.Term:
    if len(node.arguments) != 1 or not isinstance(
        node.arguments[0], nodes.Identifier | nodes.Select | nodes.Index
    ):
        raise ExpressionError("has() takes one field, for example has(manager.email).", node.at + 1)
    operand = checker.check(node.arguments[0])
    return terms.Has(BOOL, False, operand.constant, node.at, operand)


def _loop(checker: Checker, node: nodes.Call, over: nodes.Node) -> terms.Term:
    target = checker.check(over)
    if not isinstance(target.type, ListType) and target.type not in (DYN, NULL):
        raise ExpressionError(f"{node.name}() needs a list, not {a(target.type)}.", node.at + 1)
    arguments = node.arguments
    if node.name == "count" and not arguments:
        return terms.Loop(INT, target.nullable, target.constant, node.at, "count", target, "", None)
    if node.name == "map" and len(arguments) == 3:
        target = _body(checker, node, target, (arguments[0], arguments[1]), "filter")
        arguments = (arguments[0], arguments[2])
    return _body(checker, node, target, arguments, node.name)


def _body(
    checker: Checker, node: nodes.Call, target: terms.Term, arguments: Sequence[nodes.Node], kind: str
) -> terms.Term:
    """Check the body of a loop with its variable in sight."""
    if len(arguments) != 2 or not isinstance(arguments[0], nodes.Identifier):
        raise ExpressionError(
            f"{node.name}() takes a name and a condition.",
            node.at + 1,
            hint=f"For example {node.name}(x, x.amount > 0).",
        )
    name = arguments[0].name
    if checker.loops >= MAX_MACRO_DEPTH:
        raise ExpressionError(f"loops are nested deeper than {MAX_MACRO_DEPTH} levels.", node.at + 1)
    key = f"@{checker.loops}{name}"
    item = target.type.item if isinstance(target.type, ListType) else DYN
    variable = terms.Variable(item, not isinstance(item, RecordType), target.constant, node.at, key)
    before, weight = checker.variables, checker.weight
    checker.variables = {**before, name: variable}
    checker.variable_paths[key] = checker.path(target)
    checker.weight = weight * max(_size(target), 1)
    checker.loops += 1
    try:
        body = checker.check(arguments[1]) if kind == "map" else checker.condition(arguments[1])
    finally:
        checker.variables, checker.weight = before, weight
        checker.loops -= 1
    types: dict[str, Type] = {"count": INT, "filter": ListType(item), "map": ListType(body.type)}
    constant = target.constant and body.constant
    nullable = kind in types and target.nullable
    return terms.Loop(types.get(kind, BOOL), nullable, constant, node.at, kind, target, key, body)


def _size(term: terms.Term) -> int:
    """Estimate how many items a loop runs over."""
    match term:
        case terms.Listing():
            return len(term.items)
        case terms.MapTerm():
            return len(term.entries)
        case terms.Loop():
            return _size(term.target)
        case terms.Operate():
            return _size(term.left) + _size(term.right)
        case terms.Choose():
            return max(_size(term.yes), _size(term.no))
    if isinstance(term.type, ListType) and isinstance(term.type.item, RecordType):
        return _RELATION_SIZE
    return _UNKNOWN_SIZE
