"""A quick yes: JSON Schema compiled to Python functions that say whether a value is valid.

jsonschema stays the judge and words every error (`amity.entities.keywords`); it takes a tenth of a
millisecond per field, though, and nearly all records are valid. So valid ones are let through by these
functions, and only what they do not accept goes to jsonschema. A test proves that both agree.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Sized
from decimal import Decimal
from typing import Any, Final

from jsonschema import Draft202012Validator

from amity.entities.formats import FORMATS
from amity.entities.keywords import is_integer, is_multiple, is_number, json_key, matches
from amity.entities.schema import Reader, Refused

Accepts = Callable[[Any], bool]

_IGNORED: Final = frozenset({"$defs", "definitions", "then", "else", "$comment"})
"""Keywords that say nothing by themselves."""


class Unsupported(Exception):
    """A schema that is left to jsonschema: a rare keyword, or recursion."""


def compile_acceptor(schema: Any, document: Mapping[str, Any]) -> Accepts | None:
    """Compile `schema`, whose `$ref`s reach into `document`; None where only jsonschema can say."""
    try:
        return _Compiler(document).compile(schema, ())
    except Unsupported:
        return None


def _all(checks: Sequence[Accepts]) -> Accepts:
    if not checks:
        return lambda value: True
    if len(checks) == 1:
        return checks[0]
    if len(checks) == 2:
        first, second = checks
        return lambda value: first(value) and second(value)

    def accepts(value: Any) -> bool:
        for check in checks:  # noqa: SIM110  (a generator would cost more than the checks)
            if not check(value):
                return False
        return True

    return accepts


class _Compiler:
    def __init__(self, document: Mapping[str, Any]) -> None:
        self.reader = Reader(document)

    def compile(self, schema: Any, stack: tuple[str, ...]) -> Accepts:
        if isinstance(schema, bool):
            return lambda value: schema
        checks = []
        for keyword, given in schema.items():
            make = _SIMPLE.get(keyword)
            if make is not None:
                checks.append(make(given))
            elif keyword in _COMPOUND:
                checks.append(_COMPOUND[keyword](self, given, schema, stack))
            elif keyword in Draft202012Validator.VALIDATORS and keyword not in _IGNORED:
                raise Unsupported(keyword)
        return _all(checks)

    def reference(self, given: str, schema: Mapping[str, Any], stack: tuple[str, ...]) -> Accepts:
        try:
            target, where = self.reader.resolve(given, "")
        except Refused as refused:
            raise Unsupported(given) from refused
        if where in stack:
            raise Unsupported("recursion")
        return self.compile(target, (*stack, where))

    def every(self, given: Sequence[Any], schema: Mapping[str, Any], stack: tuple[str, ...]) -> Accepts:
        return _all([self.compile(part, stack) for part in given])

    def some(self, given: Sequence[Any], schema: Mapping[str, Any], stack: tuple[str, ...]) -> Accepts:
        parts = [self.compile(part, stack) for part in given]
        return lambda value: any(part(value) for part in parts)

    def exactly_one(self, given: Sequence[Any], schema: Mapping[str, Any], stack: tuple[str, ...]) -> Accepts:
        values = [part["const"] for part in given if isinstance(part, Mapping) and "const" in part]
        plain = all(isinstance(part, Mapping) and part.keys() <= _CHOICE for part in given)
        if plain and len(values) == len(given) and len({json_key(value) for value in values}) == len(values):
            return _enum(values)
        parts = [self.compile(part, stack) for part in given]
        return lambda value: sum(part(value) for part in parts) == 1

    def negation(self, given: Any, schema: Mapping[str, Any], stack: tuple[str, ...]) -> Accepts:
        inner = self.compile(given, stack)
        return lambda value: not inner(value)

    def condition(self, given: Any, schema: Mapping[str, Any], stack: tuple[str, ...]) -> Accepts:
        test = self.compile(given, stack)
        yes, no = self.compile(schema.get("then", True), stack), self.compile(schema.get("else", True), stack)
        return lambda value: yes(value) if test(value) else no(value)

    def items(self, given: Any, schema: Mapping[str, Any], stack: tuple[str, ...]) -> Accepts:
        if "prefixItems" in schema:
            raise Unsupported("prefixItems")
        item = self.compile(given, stack)
        return lambda value: not isinstance(value, list) or all(map(item, value))

    def properties(
        self, given: Mapping[str, Any], schema: Mapping[str, Any], stack: tuple[str, ...]
    ) -> Accepts:
        checks = {name: self.compile(child, stack) for name, child in given.items()}

        def accepts(value: Any) -> bool:
            if isinstance(value, dict):
                for name, child in value.items():
                    check = checks.get(name)
                    if check is not None and not check(child):
                        return False
            return True

        return accepts

    def additional(self, given: Any, schema: Mapping[str, Any], stack: tuple[str, ...]) -> Accepts:
        if "patternProperties" in schema:
            raise Unsupported("patternProperties")
        known = frozenset(schema.get("properties", ()))
        inner = self.compile(given, stack)
        return lambda value: (
            not isinstance(value, dict) or all(name in known or inner(child) for name, child in value.items())
        )


_CHOICE: Final = frozenset({"const", "title", "description", "x-amity"})

_COMPOUND: Final[Mapping[str, Callable[[_Compiler, Any, Mapping[str, Any], tuple[str, ...]], Accepts]]] = {
    "$ref": _Compiler.reference,
    "allOf": _Compiler.every,
    "anyOf": _Compiler.some,
    "oneOf": _Compiler.exactly_one,
    "not": _Compiler.negation,
    "if": _Compiler.condition,
    "items": _Compiler.items,
    "properties": _Compiler.properties,
    "additionalProperties": _Compiler.additional,
}


# -- keywords that look at nothing but the value ---------------------------------------------------------


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


_TYPES: Final[Mapping[str, Accepts]] = {
    "string": _is_text,
    "number": lambda value: is_number(None, value),
    "integer": lambda value: type(value) is int or is_integer(None, value),
    "boolean": lambda value: value is True or value is False,
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "null": lambda value: value is None,
}


def _type(given: Any) -> Accepts:
    if isinstance(given, str):
        return _TYPES[given]
    checks = [_TYPES[name] for name in given]
    return lambda value: any(check(value) for check in checks)


def _enum(given: Sequence[Any]) -> Accepts:
    texts = frozenset(value for value in given if isinstance(value, str))
    others = frozenset(json_key(value) for value in given if not isinstance(value, str))
    if not others:
        return lambda value: isinstance(value, str) and value in texts
    return lambda value: value in texts if isinstance(value, str) else json_key(value) in others


def _length(low: int | Decimal, high: int | Decimal | None, kind: type[Sized]) -> Accepts:
    if high is None:
        return lambda value: not isinstance(value, kind) or len(value) >= low
    return lambda value: not isinstance(value, kind) or len(value) <= high


def _bound(compare: Callable[[Any], bool]) -> Accepts:
    return lambda value: not is_number(None, value) or compare(value)


def _format(given: str) -> Accepts:
    check = FORMATS.get(given)
    if check is None:
        return lambda value: True
    return lambda value: not isinstance(value, str) or check(value)


def _unique(given: Any) -> Accepts:
    if not given:
        return lambda value: True
    return lambda value: not isinstance(value, list) or len({json_key(item) for item in value}) == len(value)


def _required(given: Sequence[str]) -> Accepts:
    names = frozenset(given)
    return lambda value: not isinstance(value, dict) or names <= value.keys()


def _dependent(given: Mapping[str, Sequence[str]]) -> Accepts:
    pairs = [(trigger, frozenset(names)) for trigger, names in given.items()]
    return lambda value: (
        not isinstance(value, dict)
        or all(trigger not in value or names <= value.keys() for trigger, names in pairs)
    )


_SIMPLE: Final[Mapping[str, Callable[[Any], Accepts]]] = {
    "type": _type,
    "enum": _enum,
    "const": lambda given: _enum([given]),
    "minLength": lambda given: _length(given, None, str),
    "maxLength": lambda given: _length(0, given, str),
    "minItems": lambda given: _length(given, None, list),
    "maxItems": lambda given: _length(0, given, list),
    "minProperties": lambda given: _length(given, None, dict),
    "maxProperties": lambda given: _length(0, given, dict),
    "minimum": lambda given: _bound(lambda value: value >= given),
    "maximum": lambda given: _bound(lambda value: value <= given),
    "exclusiveMinimum": lambda given: _bound(lambda value: value > given),
    "exclusiveMaximum": lambda given: _bound(lambda value: value < given),
    "multipleOf": lambda given: _bound(lambda value: is_multiple(value, given)),
    "pattern": lambda given: lambda value: not isinstance(value, str) or matches(given, value),
    "format": _format,
    "uniqueItems": _unique,
    "required": _required,
    "dependentRequired": _dependent,
}
