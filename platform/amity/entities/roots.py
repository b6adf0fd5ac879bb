"""Documents whose properties do not stand at the top: a `$ref` or `allOf` there is followed and merged."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from amity.entities.names import pointer
from amity.entities.schema import Reader, Refused, merge

_MERGED: Final = frozenset(
    {"type", "title", "description", "properties", "required", "$defs", "$schema", "$id", "$comment",
     "x-amity", "additionalProperties", "$ref", "allOf", "examples"}
)  # fmt: skip


def hoisted(document: Mapping[str, Any]) -> Mapping[str, Any]:
    """Give the document with all properties at the top, itself where they already stand there.

    Ids are written beside properties, so each field needs a place of its own. Raises `Refused`.
    """
    if "$ref" not in document and not any(
        isinstance(part, Mapping) and ("properties" in part or "$ref" in part)
        for part in document.get("allOf", ())
    ):
        return document
    reader = Reader(document)
    result = {key: value for key, value in document.items() if key not in ("$ref", "allOf")}
    kept: list[Any] = []
    if "$ref" in document:
        result = merge(_part(reader, {"$ref": document["$ref"]}, "", kept, ()), result)
    for index, part in enumerate(document.get("allOf", ())):
        result = merge(result, _part(reader, part, pointer("allOf", index), kept, ()), outer_wins=False)
    if kept:
        result["allOf"] = kept
    return result


def _part(reader: Reader, part: Any, at: str, kept: list[Any], stack: tuple[str, ...]) -> dict[str, Any]:
    """Give what of a part can be merged into the top; the rest goes to `kept`, for validation."""
    if not isinstance(part, Mapping) or not ("$ref" in part or "properties" in part or "allOf" in part):
        kept.append(part)
        return {}
    merged = {key: value for key, value in part.items() if key in _MERGED and key not in ("$ref", "allOf")}
    rest = {key: value for key, value in part.items() if key not in _MERGED}
    if rest:
        kept.append(rest)
    if "$ref" in part:
        target, where = reader.resolve(part["$ref"], at)
        if where in stack or where == "":
            raise Refused("recursion", "This $ref leads back to itself.", at + "/$ref")
        merged = merge(_part(reader, target, where, kept, (*stack, where)), merged)
    for index, inner in enumerate(part.get("allOf", ())):
        place = at + pointer("allOf", index)
        merged = merge(merged, _part(reader, inner, place, kept, stack), outer_wins=False)
    return merged
