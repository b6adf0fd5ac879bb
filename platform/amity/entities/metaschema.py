"""The published meta-schema of `x-amity`: which keys there are, and what is wrong with a document's."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Final

from jsonschema.protocols import Validator

from amity import jsontext
from amity.entities.keywords import make_validator
from amity.entities.kinds.base import Kind
from amity.entities.kinds.registry import KindRegistry
from amity.entities.limits import document_problems
from amity.entities.names import did_you_mean, listed, pointer, shown
from amity.entities.structure import structure_problems
from amity.entities.wording import problems_of
from amity.errors import Problem

NAMES: Final = ("entity", "property", "choice")

LATER: Final = ("autonumber", "secret")
"""Kinds and keys that the design has a place for and this version has not."""

DRAFT: Final = "https://json-schema.org/draft/2020-12/schema"


@cache
def _read(name: str) -> dict[str, Any]:
    text = files("amity.entities").joinpath("metaschemas", f"{name}.json").read_text(encoding="utf-8")
    found: dict[str, Any] = jsontext.loads(text)
    return found


def common_keys() -> frozenset[str]:
    """Give the keys that a property of any kind may have."""
    return frozenset(_read("property")["properties"])


def base(name: str) -> dict[str, Any]:
    """Give a copy of the meta-schema `name` ("entity", "property" or "choice") as it is without kinds."""
    return copy.deepcopy(_read(name))


def options_of(kind: Kind) -> dict[str, Any]:
    """Give the JSON Schema properties of the keys that `kind` adds to a property's `x-amity`."""
    keys: dict[str, Any] = {}
    if kind.is_relation:
        keys.update(_read("property")["$defs"]["relation"]["properties"])
        if not kind.to_many:
            del keys["link_fields"]
    keys.update(kind.option_schema)
    return keys


def property_schema(kind: Kind | None) -> dict[str, Any]:
    """Give the meta-schema of a property's `x-amity` where the property is of `kind`."""
    schema = base("property")
    if kind is not None:
        schema["properties"].update(options_of(kind))
        schema["properties"]["kind"] = {**schema["properties"]["kind"], "const": kind.name}
    return schema


def published(kinds: KindRegistry) -> dict[str, dict[str, Any]]:
    """Give the documents that editors use, by name: those of `x-amity`, and `document` for a whole file."""
    schema = base("property")
    ordered = sorted(kinds, key=lambda kind: kind.name)
    keys = set(schema["properties"])
    schema["properties"]["kind"]["enum"] = [kind.name for kind in ordered]
    schema["allOf"] = []
    for kind in ordered:
        options = options_of(kind)
        keys |= options.keys()
        schema["allOf"].append(
            {
                "if": {"properties": {"kind": {"const": kind.name}}, "required": ["kind"]},
                "then": {"properties": options},
            }
        )
    # Which kind a plain property has is inferred, so that any kind's key may stand where no kind is named.
    schema["propertyNames"] = {"enum": sorted(keys)}
    del schema["additionalProperties"]
    parts = {"entity": base("entity"), "property": schema, "choice": base("choice")}
    return {**parts, "document": _document(parts)}


def _document(parts: dict[str, Any]) -> dict[str, Any]:
    """Give the meta-schema of a whole file; it carries the others, so that an editor needs this one alone."""
    return {
        "$defs": parts,
        "$schema": DRAFT,
        "$id": "urn:amity:schema:document",
        "title": "An entity document",
        "description": "A JSON Schema of an object, with x-amity on the object, its properties and choices.",
        "allOf": [{"$ref": DRAFT}],
        "type": "object",
        "required": ["properties"],
        "properties": {
            "x-amity": {"$ref": "urn:amity:schema:entity"},
            "properties": {
                "additionalProperties": {
                    "properties": {
                        "x-amity": {"$ref": "urn:amity:schema:property"},
                        "oneOf": {"items": {"properties": {"x-amity": {"$ref": "urn:amity:schema:choice"}}}},
                    }
                }
            },
        },
    }


# -- checking --------------------------------------------------------------------------------------------


def check(document: Mapping[str, Any], kinds: KindRegistry, source: str | None = None) -> list[Problem]:
    """Find what is wrong with the `x-amity` keys of a document; `source` (a file) precedes each message."""
    return placed(document_problems(document) or key_problems(document, kinds), source)


def key_problems(document: Mapping[str, Any], kinds: KindRegistry) -> list[Problem]:
    """Do what `check` does for a document whose size and nesting have been looked at."""
    by_name = {kind.name: kind for kind in kinds}
    checker = _Checker(by_name)
    checker.entity(document.get("x-amity"))
    properties = document.get("properties")
    if isinstance(properties, Mapping):
        for name, schema in properties.items():
            checker.field(schema, pointer("properties", name))
    definitions = document.get("$defs")
    if isinstance(definitions, Mapping):
        for name, schema in definitions.items():
            checker.below(schema, pointer("$defs", name))
    return checker.problems


def placed(problems: list[Problem], source: str | None) -> list[Problem]:
    """Put the file that problems come from before their messages."""
    if source is None:
        return problems
    return [
        Problem(item.code, f"{source}: {item.message}", item.pointer, item.parameter, item.index)
        for item in problems
    ]


@cache
def _fixed_validator(name: str) -> Validator:
    return make_validator(_read(name))


class _Checker:
    def __init__(self, kinds: Mapping[str, Kind]) -> None:
        self.kinds = kinds
        self.problems: list[Problem] = []
        self._validators: dict[str | None, Validator] = {}

    def entity(self, options: Any) -> None:
        if options is not None:
            self.problems += problems_of(_fixed_validator("entity").iter_errors(options), "/x-amity")

    def field(self, schema: Any, at: str) -> None:
        """Check a property that is a field, and everything below it."""
        if not isinstance(schema, Mapping):
            return
        options = schema.get("x-amity")
        if isinstance(options, Mapping) and not self._later(options, at + "/x-amity"):
            self._property(options, at + "/x-amity")
        elif options is not None and not isinstance(options, Mapping):
            self.problems += problems_of(_fixed_validator("property").iter_errors(options), at + "/x-amity")
        self._children(schema, at)

    def below(self, schema: Any, at: str) -> None:
        """Check a schema that is no field itself: nested data, `$defs`."""
        if isinstance(schema, Mapping):
            self.field(schema, at)

    def _children(self, schema: Mapping[str, Any], at: str) -> None:
        nested = schema.get("properties")
        if isinstance(nested, Mapping):
            for name, child in nested.items():
                self.below(child, at + pointer("properties", name))
        self.below(schema.get("items"), at + "/items")
        for combiner in ("oneOf", "anyOf", "allOf"):
            branches = schema.get(combiner)
            for index, branch in enumerate(branches if isinstance(branches, list) else ()):
                place = at + pointer(combiner, index)
                if isinstance(branch, Mapping) and "const" in branch:
                    self._choice(branch, place)
                else:
                    self.below(branch, place)

    def _choice(self, branch: Mapping[str, Any], at: str) -> None:
        if "x-amity" in branch:
            errors = _fixed_validator("choice").iter_errors(branch["x-amity"])
            self.problems += problems_of(errors, at + "/x-amity")

    def _later(self, options: Mapping[str, Any], at: str) -> bool:
        named = [key for key in LATER if key in options]
        place = at
        if not named and options.get("kind") in LATER:
            named, place = [options["kind"]], at + "/kind"
        elif named:
            place = at + pointer(named[0])
        if named:
            self.problems.append(
                Problem(
                    "later",
                    f"{named[0]!r} fields come with a later version of Amity; leave this out for now.",
                    place,
                )
            )
        return bool(named)

    def _property(self, options: Mapping[str, Any], at: str) -> None:
        name = options.get("kind")
        if isinstance(name, str) and name not in self.kinds:
            self.problems.append(
                Problem(
                    "kind",
                    f"There is no kind {shown(name)}.{did_you_mean(name, self.kinds)} "
                    f"The kinds are {listed(sorted(self.kinds), 60)}.",
                    at + "/kind",
                )
            )
            return
        self.problems += problems_of(self._validator(name).iter_errors(options), at)
        self._link_fields(options.get("link_fields"), at + "/link_fields")

    def _validator(self, name: Any) -> Validator:
        key = name if isinstance(name, str) else None
        if key not in self._validators:
            schema = property_schema(self.kinds[key]) if key is not None else property_schema(None)
            if key is None:  # the kind is inferred later: keys of every kind may stand here
                for kind in self.kinds.values():
                    for option, rule in options_of(kind).items():
                        schema["properties"].setdefault(option, rule)
            self._validators[key] = make_validator(schema)
        return self._validators[key]

    def _link_fields(self, fields: Any, at: str) -> None:
        if not isinstance(fields, Mapping):
            return
        for name, schema in fields.items():
            if isinstance(schema, Mapping):
                self.problems += structure_problems(schema, at + pointer(name))
                self._children(schema, at + pointer(name))
