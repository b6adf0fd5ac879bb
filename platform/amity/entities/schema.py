"""Reading JSON Schema for forms: `$ref` followed, `allOf` merged, null taken out, choices found.

Validation never looks at the outcome: the document itself stays its authority (`amity.entities.validation`).
So merging may drop what a form cannot show, but never what a value must meet.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from amity.entities.limits import MAX_EXPANSION
from amity.entities.names import did_you_mean, pointer, shown
from amity.errors import Problem

Schema = Mapping[str, Any]

_ANNOTATIONS: Final = frozenset(
    {"title", "description", "default", "examples", "deprecated", "readOnly", "writeOnly", "$comment"}
)
_SCALARS: Final = frozenset({"string", "number", "integer", "boolean"})
_COMBINERS: Final = ("anyOf", "oneOf")
_TYPED_KEYWORDS: Final[tuple[tuple[str, frozenset[str]], ...]] = (
    ("object", frozenset({"properties", "patternProperties", "additionalProperties", "propertyNames"})),
    ("array", frozenset({"items", "prefixItems", "minItems", "maxItems", "uniqueItems", "contains"})),
    ("string", frozenset({"minLength", "maxLength", "pattern", "format", "contentEncoding"})),
    ("number", frozenset({"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"})),
)
MAX_CHAIN: Final = 60
"""`$ref`s that lead to each other, one after the other."""

_MAX_FORM_DEPTH: Final = 4
"""Objects within objects that a form still shows; deeper ones are edited as JSON."""


class Refused(Exception):
    """A part of a schema that cannot be an entity's, with its place."""

    def __init__(self, code: str, message: str, at: str) -> None:
        super().__init__(message)
        self.problem = Problem(code, message, at)


@dataclass(frozen=True, slots=True)
class Shape:
    """A property as forms see it."""

    schema: Schema
    """Without `$ref`, `allOf`, null among the types, and `x-amity`."""
    nullable: bool = False
    """Whether the schema says itself that null is a value."""
    as_json: str | None = None
    """Why there is no form for it, as the end of a sentence; None where there is one."""


@dataclass(slots=True)
class Reader:
    """Reads the schemas of one document; `$ref` reaches no farther than the document itself."""

    document: Schema
    expanded: int = 0

    def shape(self, schema: Any, at: str) -> Shape:
        """Read the schema at pointer `at` of the document. Raises `Refused`."""
        if schema is False:
            raise Refused("schema", "`false` allows no value at all; leave the property out instead.", at)
        merged = self.flat(schema, at, ())
        nullable = admits_null(merged)
        flat = clean(merged)
        if flat is None:
            raise Refused("schema", "Null is the only value allowed here; give another type.", at)
        flat.pop("x-amity", None)
        return Shape(flat, nullable, formless(flat))

    def flat(self, schema: Any, at: str, stack: tuple[str, ...]) -> dict[str, Any]:
        """Follow `$ref` and merge `allOf`, in the schema and in all below it that a form can show."""
        self.expanded += 1
        if self.expanded > MAX_EXPANSION:
            raise Refused(
                "too_large",
                f"With its $refs followed the document has more than {MAX_EXPANSION:,} schemas.",
                at,
            )
        if isinstance(schema, bool):
            return {} if schema else {"not": {}}
        merged = {key: value for key, value in schema.items() if key not in ("$ref", "allOf", "$defs")}
        if "$ref" in schema:
            target, where = self.resolve(schema["$ref"], at)
            if where in stack:  # recursion: what stands here is edited as JSON
                return {key: merged[key] for key in merged if key in _ANNOTATIONS or key == "x-amity"}
            if len(stack) > MAX_CHAIN:
                raise Refused(
                    "too_deep", f"More than {MAX_CHAIN} schemas refer to each other in a chain.", at
                )
            merged = merge(self.flat(target, where, (*stack, where)), merged)
        for index, part in enumerate(schema.get("allOf", ())):
            merged = merge(merged, self.flat(part, at + pointer("allOf", index), stack), outer_wins=False)
        return self._children(merged, at, stack)

    def _children(self, merged: dict[str, Any], at: str, stack: tuple[str, ...]) -> dict[str, Any]:
        if isinstance(merged.get("properties"), Mapping):
            merged["properties"] = {
                name: self.flat(child, at + pointer("properties", name), stack)
                for name, child in merged["properties"].items()
            }
        if isinstance(merged.get("items"), Mapping):
            merged["items"] = self.flat(merged["items"], at + "/items", stack)
        for combiner in _COMBINERS:
            if combiner in merged:
                merged[combiner] = [
                    self.flat(branch, at + pointer(combiner, index), stack)
                    for index, branch in enumerate(merged[combiner])
                ]
        return merged

    def resolve(self, reference: str, at: str) -> tuple[Any, str]:
        """Find what a `$ref` names: (schema, its pointer). Nothing is ever fetched."""
        place = at + "/$ref"
        if not reference.startswith("#"):
            raise Refused(
                "remote_ref",
                f"$ref {shown(reference)} points outside the document, and nothing is fetched; "
                "copy that schema into $defs and refer to '#/$defs/...'.",
                place,
            )
        target: Any = self.document
        if reference not in ("#", "#/"):
            if not reference.startswith("#/"):
                raise Refused(
                    "ref", f"$ref {shown(reference)}: anchors are not known, write '#/$defs/<name>'.", place
                )
            for part in reference[2:].split("/"):
                target = self._step(target, part, reference, place)
        if not isinstance(target, Mapping | bool):
            raise Refused("ref", f"$ref {shown(reference)} does not lead to a schema.", place)
        return target, reference[1:]

    def _step(self, target: Any, part: str, reference: str, place: str) -> Any:
        key = _unescaped(part)
        if isinstance(target, Mapping) and key in target:
            return target[key]
        if isinstance(target, list) and key.isascii() and key.isdigit() and int(key) < len(target):
            return target[int(key)]
        known = list(target) if isinstance(target, Mapping) else []
        raise Refused(
            "ref", f"$ref {shown(reference)} leads nowhere: no {shown(key)}.{did_you_mean(key, known)}", place
        )


def _unescaped(part: str) -> str:
    if "%" in part:
        from urllib.parse import unquote

        part = unquote(part)
    return part.replace("~1", "/").replace("~0", "~")


# -- merging ---------------------------------------------------------------------------------------------


def merge(inner: Schema, outer: Schema, *, outer_wins: bool = True) -> dict[str, Any]:
    """Join two schemas that both hold, as far as a form needs it.

    Annotations are taken from `outer` where `outer_wins`, else from `inner`.
    """
    result = dict(inner)
    for key, value in outer.items():
        if key not in result:
            result[key] = value
        elif key in _JOIN:
            result[key] = _JOIN[key](result[key], value)
        elif key in _ANNOTATIONS:
            if outer_wins:
                result[key] = value
        elif key == "x-amity" and isinstance(value, Mapping) and isinstance(result[key], Mapping):
            result[key] = {**result[key], **value} if outer_wins else {**value, **result[key]}
        # Anything else that both say (two patterns, two oneOf) stays with the validator.
    return result


def _types(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value)


def _join_types(one: Any, two: Any) -> Any:
    other = _types(two)
    both = [name for name in _types(one) if name in other]
    if not both and {*_types(one), *other} == {"number", "integer"}:
        both = ["integer"]
    if not both:
        return one
    return both[0] if len(both) == 1 else both


def _join_properties(one: Any, two: Any) -> Any:
    result = dict(one)
    for name, schema in two.items():
        known = result.get(name)
        both = isinstance(known, Mapping) and isinstance(schema, Mapping)
        result[name] = merge(known, schema) if both else schema  # type: ignore[arg-type]
    return result


def _join_enum(one: Any, two: Any) -> Any:
    return [value for value in one if value in two] or one


_JOIN: Final[Mapping[str, Callable[[Any, Any], Any]]] = {
    "type": _join_types,
    "properties": _join_properties,
    "required": lambda one, two: list(dict.fromkeys([*one, *two])),
    "enum": _join_enum,
    "minLength": max, "minItems": max, "minProperties": max, "minimum": max, "exclusiveMinimum": max,
    "maxLength": min, "maxItems": min, "maxProperties": min, "maximum": min, "exclusiveMaximum": min,
    "uniqueItems": lambda one, two: one or two,
    "readOnly": lambda one, two: one or two,
}  # fmt: skip


# -- null ------------------------------------------------------------------------------------------------


def admits_null(schema: Any) -> bool:
    """Tell whether a flat schema says that null is allowed."""
    if not isinstance(schema, Mapping):
        return False
    if "type" in schema and "null" not in _types(schema["type"]):
        return False
    if "enum" in schema:
        return None in schema["enum"]
    if "const" in schema:
        return schema["const"] is None
    for combiner in _COMBINERS:
        if combiner in schema:
            return any(admits_null(branch) for branch in schema[combiner])
    return "type" in schema


def without_null(schema: Schema) -> dict[str, Any] | None:
    """Take null out of a flat schema; None where nothing else is allowed."""
    result = dict(schema)
    if "type" in result:
        types = [name for name in _types(result["type"]) if name != "null"]
        if "number" in types and "integer" in types:
            types.remove("integer")
        if not types:
            return None
        result["type"] = types[0] if len(types) == 1 else types
    if "enum" in result:
        result["enum"] = [value for value in result["enum"] if value is not None]
        if not result["enum"]:
            return None
    if "const" in result and result["const"] is None:
        return None
    if result.get("default", 0) is None:
        del result["default"]
    for combiner in _COMBINERS:
        if combiner in result:
            branches = [kept for branch in result[combiner] if (kept := without_null(branch)) is not None]
            if not branches:
                return None
            _replace_combiner(result, combiner, branches)
    return _typed(result)


def clean(schema: Schema, depth: int = 0) -> dict[str, Any] | None:
    """Take null out of a flat schema and of its members and items; None where nothing else is allowed.

    What is nested too deeply for a form becomes a schema that allows anything, and so is edited as JSON.
    """
    if depth > _MAX_FORM_DEPTH:
        return {key: schema[key] for key in ("title", "description") if key in schema}
    result = without_null(schema)
    if result is None:
        return None
    if isinstance(result.get("const"), str) and "enum" not in result:
        result["enum"] = [result["const"]]
    if isinstance(result.get("properties"), Mapping):
        children = {name: clean(child, depth + 1) for name, child in result["properties"].items()}
        result["properties"] = {name: child or {} for name, child in children.items()}
    if isinstance(result.get("items"), Mapping):
        result["items"] = clean(result["items"], depth + 1) or {}
    return result


def _replace_combiner(result: dict[str, Any], combiner: str, branches: list[dict[str, Any]]) -> None:
    """Put one branch, or several alike, into the schema itself; keep lists of choices."""
    del result[combiner]
    if len(branches) == 1 and "const" not in branches[0]:
        joined = merge(branches[0], result)
        result.clear()
        result.update(joined)
    elif all("const" in branch for branch in branches):
        result["oneOf"] = branches
    elif all(set(branch) <= {"enum", "type", "title"} and "enum" in branch for branch in branches):
        values: list[Any] = []
        for value in (value for branch in branches for value in branch["enum"]):
            if value not in values:
                values.append(value)
        result["enum"] = values
    else:
        types = {name for branch in branches for name in _types(_typed(branch).get("type", []))}
        if "type" in result:
            return  # the branches only narrow what the schema itself describes
        if types == {"integer", "number"}:
            types = {"number"}
        if len(types) == 1 and types <= _SCALARS and all("type" in _typed(branch) for branch in branches):
            result["type"] = types.pop()
        else:
            result[combiner] = branches


def _typed(schema: Schema) -> dict[str, Any]:
    """Say the type that the other keywords imply."""
    result = dict(schema)
    if "type" in result:
        return result
    values = result.get("enum", [result["const"]] if "const" in result else None)
    if values is None and "oneOf" in result and all("const" in branch for branch in result["oneOf"]):
        values = [branch["const"] for branch in result["oneOf"]]
    if values:
        kinds = {_type_of(value) for value in values}
        if kinds == {"integer", "number"}:
            kinds = {"number"}
        if len(kinds) == 1:
            result["type"] = kinds.pop()
        return result
    for name, keywords in _TYPED_KEYWORDS:
        if keywords & result.keys():
            result["type"] = name
            break
    return result


def _type_of(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, str):
        return "string"
    if isinstance(value, int):
        return "integer"
    if isinstance(value, Mapping):
        return "object"
    return "array" if isinstance(value, list) else "number"


# -- forms -----------------------------------------------------------------------------------------------


def formless(schema: Schema) -> str | None:
    """Say why a flat schema has no form of its own and is edited as JSON; None where it has one.

    Members and items are asked for themselves: one without a form does not take the form from the others.
    """
    if isinstance(schema.get("type"), list):
        return f"it may be of several types ({', '.join(schema['type'])})"
    for combiner in _COMBINERS:
        if combiner in schema and not choices_of(schema):
            return f"{combiner} allows unlike values"
    kind = schema.get("type")
    if kind is None:
        return "any value is allowed" if "not" not in schema else "`not` says only what it is not"
    if kind == "object" and schema.get("patternProperties"):
        return "patternProperties lets its members have any names"
    if kind == "object" and not schema.get("properties"):
        return "its members have no names of their own"
    if kind == "array" and schema.get("prefixItems"):
        return "prefixItems makes it a tuple"
    if kind == "array" and not schema.get("items"):
        return "its items may be anything"
    return None


def choices_of(schema: Schema) -> Sequence[Schema]:
    """Give the choices of a flat schema as `{const, title, x-amity}`; empty where it is no list of texts.

    A list of choices (`"type": "array"`) gives those of its items. An empty text is no choice: it is null.
    """
    if schema.get("type") == "array":
        items = schema.get("items")
        return choices_of(items) if isinstance(items, Mapping) and items.get("type") != "array" else ()
    found: list[Schema] = []
    if "oneOf" in schema and all("const" in branch for branch in schema["oneOf"]):
        found = list(schema["oneOf"])
    elif "enum" in schema:
        found = [{"const": value} for value in schema["enum"]]
    elif "const" in schema:
        found = [{"const": schema["const"]}]
    if not all(isinstance(choice["const"], str) for choice in found):
        return ()
    return [choice for choice in found if choice["const"] != ""]
