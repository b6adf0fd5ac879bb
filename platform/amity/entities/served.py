"""The document as served, exported and kept: as it was written, with the ids in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from amity.entities.metaschema import DRAFT
from amity.entities.model import Field


def served_document(
    document: Mapping[str, Any], name: str, id_: str, fields: Sequence[Field]
) -> dict[str, Any]:
    """Give a copy of `document` with name and ids written in and answered `renamed_from`s taken out."""
    result: dict[str, Any] = _copied(document)
    if "$schema" in result:
        result["$schema"] = DRAFT
    options = result.get("x-amity", {})
    options.pop("renamed_from", None)
    rest = {key: value for key, value in options.items() if key not in ("name", "id")}
    result["x-amity"] = {"name": name, "id": id_, **rest}
    for field in fields:
        schema = result["properties"][field.name]
        if not isinstance(schema, dict):
            schema = result["properties"][field.name] = {}
        own = schema.get("x-amity", {})
        own.pop("renamed_from", None)
        rest = {key: value for key, value in own.items() if key != "id"}
        schema["x-amity"] = {"id": field.id, **rest}
        _write_choice_ids(schema, field)
    return result


def _copied(value: Any) -> Any:
    """Copy JSON; what stands in two places becomes two things (`copy.deepcopy` keeps it one)."""
    if isinstance(value, Mapping):
        return {key: _copied(child) for key, child in value.items()}
    return [_copied(child) for child in value] if isinstance(value, list) else value


def _write_choice_ids(schema: dict[str, Any], field: Field) -> None:
    """Ids of choices stand on `oneOf` entries; an `enum` has no place for them, its values are the ids."""
    if not field.choices:
        return
    holder = schema["items"] if schema.get("type") == "array" and "items" in schema else schema
    by_value = {choice.value: choice for choice in field.choices}
    if any(choice.id != choice.value for choice in field.choices) and "enum" in holder:
        holder["oneOf"] = [{"const": value} for value in holder.pop("enum") if value is not None]
    for combiner in ("oneOf", "anyOf"):
        for branch in holder.get(combiner, ()):
            known = by_value.get(branch["const"]) if isinstance(branch, dict) and "const" in branch else None
            if known is not None:
                own = branch.get("x-amity", {})
                rest = {key: value for key, value in own.items() if key != "id"}
                branch["x-amity"] = {"id": known.id, **rest}
