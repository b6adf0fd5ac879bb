"""Whether a JSON Schema can be relied on: `$ref`s, patterns and bounds, everywhere in the document.

jsonschema would fetch a remote `$ref`, recurse for ever on a schema that contains itself in place, and ignore
what other drafts said with other words. All of that is found here, before the schema is used.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from amity.entities.names import pointer, shown
from amity.entities.schema import MAX_CHAIN, Reader, Refused
from amity.entities.structure import IN_PLACE, children, keyed_children
from amity.errors import Problem
from amity.patterns import PatternError, compile_pattern

MAX_WEIGHT: Final = 5_000
"""Schemas that may be tried on one value."""

_FOREIGN: Final[Mapping[str, str]] = {
    "dependencies": "write 'dependentRequired' or 'dependentSchemas'",
    "additionalItems": "write 'items' beside 'prefixItems'",
    "$recursiveRef": "write '$ref'",
    "$dynamicRef": "write '$ref'",
    "$recursiveAnchor": "leave it out",
    "$dynamicAnchor": "leave it out and refer to '#/$defs/...'",
    "$anchor": "leave it out and refer to '#/$defs/...'",
    "$vocabulary": "leave it out",
}
_BOUNDS: Final = (
    ("minLength", "maxLength"),
    ("minItems", "maxItems"),
    ("minProperties", "maxProperties"),
    ("minContains", "maxContains"),
    ("minimum", "maximum"),
)


def soundness_problems(document: Mapping[str, Any]) -> list[Problem]:
    """Find what keeps a schema, valid by itself, from being used."""
    found = _Walk(document)
    found.walk(document, "")
    for schema, at in () if found.problems else found.schemas:
        found.weigh(schema, at, ())
        if found.problems:
            break
    return found.problems


class _Walk:
    def __init__(self, document: Mapping[str, Any]) -> None:
        self.reader = Reader(document)
        self.problems: list[Problem] = []
        self.schemas: list[tuple[Mapping[str, Any], str]] = []
        self.weights: dict[str, int] = {}

    def walk(self, schema: Any, at: str) -> None:
        """Look at a schema and all schemas inside it."""
        if not isinstance(schema, Mapping):
            return
        self.schemas.append((schema, at))
        self._reference(schema, at)
        self._keywords(schema, at)
        self._bounds(schema, at)
        for child, place in children(schema, at):
            self.walk(child, place)

    def weigh(self, schema: Any, at: str, stack: tuple[str, ...]) -> int:
        """Count the schemas that one value is tried on; a schema that contains itself in place is refused."""
        if at in self.weights:
            return self.weights[at]
        if at in stack:
            self._add("recursion", "This schema contains itself without end.", at)
            return 0
        if len(stack) > MAX_CHAIN:
            self._add("too_deep", f"More than {MAX_CHAIN} schemas refer to each other in a chain.", at)
            return 0
        weight = 1
        if isinstance(schema, Mapping):
            inner = (*stack, at)
            if "$ref" in schema:
                target, where = self.reader.resolve(schema["$ref"], at)
                weight += self.weigh(target, where, inner)
            for key, child, place in keyed_children(schema, at):
                if key in IN_PLACE:
                    weight += self.weigh(child, place, inner)
        if weight > MAX_WEIGHT and not self.problems:
            self._add("too_large", f"More than {MAX_WEIGHT:,} schemas would be tried on one value.", at)
        self.weights[at] = weight
        return weight

    def _reference(self, schema: Mapping[str, Any], at: str) -> None:
        if "$ref" not in schema:
            return
        try:
            self.reader.resolve(schema["$ref"], at)
        except Refused as refused:
            self.problems.append(refused.problem)

    def _keywords(self, schema: Mapping[str, Any], at: str) -> None:
        for key, instead in _FOREIGN.items():
            if key in schema:
                self._add("keyword", f"{key!r} has no meaning here: {instead}.", at + pointer(key))
        if at and "$id" in schema:
            self._add("keyword", "'$id' may stand at the top only: leave it out here.", at + "/$id")
        patterns = [(schema["pattern"], at + "/pattern")] if isinstance(schema.get("pattern"), str) else []
        for text in schema.get("patternProperties", ()):
            patterns.append((text, at + pointer("patternProperties", text)))
        for text, place in patterns:
            try:
                compile_pattern(text)
            except PatternError as error:
                self._add("pattern", f"The pattern {shown(text)} cannot be used: {error}.", place)

    def _bounds(self, schema: Mapping[str, Any], at: str) -> None:
        for low, high in _BOUNDS:
            if low in schema and high in schema and schema[low] > schema[high]:
                message = f"No value can meet this: {low} {schema[low]} is more than {high} {schema[high]}."
                self._add("bounds", message, at + pointer(low))

    def _add(self, code: str, message: str, at: str) -> None:
        self.problems.append(Problem(code, message, at))
