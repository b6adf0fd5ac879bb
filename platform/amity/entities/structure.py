"""Whether something is a JSON Schema at all: the draft 2020-12 meta-schema, as a table.

jsonschema's own check of a schema costs milliseconds per property, much time for a large document. This one
says the same (a test compares them) in a fraction of it, with messages that name what is meant.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import Any, Final

from amity.entities.limits import MAX_PROBLEMS, holdable
from amity.entities.names import did_you_mean, listed, pointer, shown
from amity.errors import Problem

TYPES: Final = ("string", "number", "integer", "boolean", "object", "array", "null")

SINGLE: Final = frozenset(
    {"items", "contains", "additionalProperties", "propertyNames", "not", "if", "then", "else",
     "unevaluatedItems", "unevaluatedProperties", "contentSchema"}
)  # fmt: skip
LISTS: Final = frozenset({"allOf", "anyOf", "oneOf", "prefixItems"})
MAPS: Final = frozenset({"properties", "patternProperties", "$defs", "definitions", "dependentSchemas"})
IN_PLACE: Final = frozenset({"allOf", "anyOf", "oneOf", "not", "if", "then", "else", "dependentSchemas"})
"""Keywords whose schemas look at the same value; the others look at a part of it."""

_COUNTS: Final = frozenset(
    {"minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties", "minContains",
     "maxContains"}
)  # fmt: skip
_NUMBERS: Final = frozenset({"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"})
_TEXTS: Final = frozenset(
    {"title", "description", "$comment", "format", "pattern", "contentEncoding", "contentMediaType", "$ref",
     "$id", "$schema"}
)  # fmt: skip
_FLAGS: Final = frozenset({"uniqueItems", "deprecated", "readOnly", "writeOnly"})


def structure_problems(schema: Any, at: str = "") -> list[Problem]:
    """Find what in `schema` is not draft 2020-12, at most `MAX_PROBLEMS` things."""
    problems: list[Problem] = []
    waiting: list[tuple[Any, str]] = [(schema, at)]
    while waiting and len(problems) < MAX_PROBLEMS:
        value, place = waiting.pop()
        if isinstance(value, bool):
            continue
        if not isinstance(value, Mapping):
            message = f"{shown(value)} is no JSON Schema: that is an object, true or false."
            problems.append(Problem("type", message, place))
            continue
        for key, given in value.items():
            check = _CHECKS.get(key)
            if check is not None:
                problems.extend(check(given, place + pointer(key)))
        waiting.extend(reversed(list(children(value, place))))
    return problems[:MAX_PROBLEMS]


def children(schema: Mapping[str, Any], at: str) -> Iterator[tuple[Any, str]]:
    """Give the schemas inside a schema, each with its pointer."""
    for _, child, place in keyed_children(schema, at):
        yield child, place


def keyed_children(schema: Mapping[str, Any], at: str) -> Iterator[tuple[str, Any, str]]:
    """Give (keyword, schema, pointer) of the schemas inside a schema."""
    for key, value in schema.items():
        if key in SINGLE:
            if not isinstance(value, list):  # what that is wrong with, `_no_list` has said
                yield key, value, at + pointer(key)
        elif key in LISTS and isinstance(value, list):
            for index, child in enumerate(value):
                yield key, child, at + pointer(key, index)
        elif key in MAPS and isinstance(value, Mapping):
            for name, child in value.items():
                yield key, child, at + pointer(key, name)


def _no_list(value: Any, at: str) -> Iterator[Problem]:
    if isinstance(value, list):
        hint = " A list of schemas for items is called 'prefixItems' in draft 2020-12."
        message = f"A list is no JSON Schema.{hint if at.endswith('/items') else ''}"
        yield Problem("type", message, at)


def _list(value: Any, at: str) -> Iterator[Problem]:
    if not isinstance(value, list) or not value:
        yield Problem("type", f"{shown(value)} is not a list of at least one schema.", at)


def _map(value: Any, at: str) -> Iterator[Problem]:
    if not isinstance(value, Mapping):
        yield Problem("type", f"{shown(value)} is not an object of schemas by name.", at)


def _type(value: Any, at: str) -> Iterator[Problem]:
    names = value if isinstance(value, list) else [value]
    for index, name in enumerate(names):
        if not isinstance(name, str) or name not in TYPES:
            hint = did_you_mean(name, TYPES) if isinstance(name, str) else ""
            place = at if names is not value else f"{at}/{index}"
            message = f"{shown(name)} is no type; the types are {listed(TYPES)}.{hint}"
            yield Problem("enum", message, place)
    if isinstance(value, list) and (
        not value or any(name in value[:index] for index, name in enumerate(value))
    ):
        yield Problem("type", "A list of types has at least one, each once.", at)


def _count(value: Any, at: str) -> Iterator[Problem]:
    if not _is_number(value) or value < 0 or value != int(value):
        yield Problem("type", f"{shown(value)} is not a whole number of 0 or more.", at)


def _number(value: Any, at: str) -> Iterator[Problem]:
    if not _is_number(value):
        yield Problem("type", f"{shown(value)} is not a number.", at)


def _step(value: Any, at: str) -> Iterator[Problem]:
    if not _is_number(value) or value <= 0:
        yield Problem("type", f"{shown(value)} is not a number greater than 0.", at)


def _text(value: Any, at: str) -> Iterator[Problem]:
    if not isinstance(value, str):
        yield Problem("type", f"{shown(value)} is not a text.", at)


def _flag(value: Any, at: str) -> Iterator[Problem]:
    if not isinstance(value, bool):
        yield Problem("type", f"{shown(value)} is neither true nor false.", at)


def _values(value: Any, at: str) -> Iterator[Problem]:
    if not isinstance(value, list):
        yield Problem("type", f"{shown(value)} is not a list of values.", at)


def _names(value: Any, at: str) -> Iterator[Problem]:
    if not isinstance(value, list):
        yield Problem("type", f"{shown(value)} is not a list of names.", at)
        return
    seen = set()
    for index, name in enumerate(value):
        if not isinstance(name, str):
            yield Problem("type", f"{shown(name)} is not a name.", f"{at}/{index}")
        elif name in seen:
            yield Problem("duplicate", f"{shown(name)} stands there twice.", f"{at}/{index}")
        else:
            seen.add(name)


def _dependent(value: Any, at: str) -> Iterator[Problem]:
    if not isinstance(value, Mapping):
        yield Problem("type", f"{shown(value)} is not an object of lists of names.", at)
        return
    for name, names in value.items():
        yield from _names(names, at + pointer(name))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool) and holdable(value)


_CHECKS: Final[Mapping[str, Callable[[Any, str], Iterator[Problem]]]] = {
    **dict.fromkeys(SINGLE, _no_list),
    **dict.fromkeys(LISTS, _list),
    **dict.fromkeys(MAPS, _map),
    **dict.fromkeys(_COUNTS, _count),
    **dict.fromkeys(_NUMBERS, _number),
    **dict.fromkeys(_TEXTS, _text),
    **dict.fromkeys(_FLAGS, _flag),
    "type": _type,
    "multipleOf": _step,
    "required": _names,
    "dependentRequired": _dependent,
    "enum": _values,
    "examples": _values,
}
