"""A link to one record of any entity."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from sqlalchemy import ColumnElement

from amity.entities.kinds.base import ColumnSpec, Kind, ValueProblem
from amity.entities.kinds.json_sql import json_texts, renamed
from amity.entities.kinds.relation import INVERSE_OPTION, ON_DELETE_OPTION, checked_id
from amity.entities.kinds.text import checked_text, type_name
from amity.entities.model import Field
from amity.expressions.types import DYN, Type

TO_OPTION: Mapping[str, Any] = {
    "anyOf": [
        {"type": "string"},
        {"type": "array", "items": {"type": "string"}, "minItems": 1, "uniqueItems": True},
    ],
    "description": "The entity, or a list of entities, or any: what may be linked.",
}
_ID = "0190b6a2-7c1e-7000-8000-3f2a9c5d1e77"


def checked_target(value: Any) -> dict[str, str]:
    """Give {"entity", "id"} with the id in lower case. Raises `ValueProblem`."""
    if not isinstance(value, Mapping):
        raise ValueProblem("type", f'This must be {{"entity", "id"}}, not {type_name(value)}.')
    for name in ("entity", "id"):
        if value.get(name) is None:
            raise ValueProblem("required", f"A link needs its {name}.", f"/{name}")
    for name, check in (("entity", checked_text), ("id", checked_id)):
        try:
            check(value[name])
        except ValueProblem as problem:
            raise ValueProblem(problem.code, problem.message, f"/{name}") from None
    if not value["entity"]:
        raise ValueProblem("required", "A link needs the name of an entity.", "/entity")
    return {"entity": value["entity"], "id": value["id"].lower()}


def check_entity(field: Field, name: str) -> None:
    """See that the field may link records of an entity, as far as it knows. Raises `ValueProblem`."""
    if not field.entity_ids:
        return  # not brought together with other entities yet
    allowed = [field.entity_names[id_] for id_ in field.targets if id_ in field.entity_names]
    allowed = allowed or list(field.entity_ids)
    if name not in allowed:
        near = difflib.get_close_matches(name[:100], allowed, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        listed = ", ".join(sorted(allowed)[:20])
        raise ValueProblem(
            "entity", f"{name[:60]!r} cannot be linked; allowed are {listed}.{hint}", "/entity"
        )


def read_target(text: str) -> dict[str, str]:
    """Read `entity/id`, as CSV files and forms write a link to any entity. Raises `ValueProblem`."""
    entity, slash, id = text.strip().partition("/")
    if not slash:
        raise ValueProblem("format", f"This must be an entity and an id, such as customer/{_ID}.")
    return checked_target({"entity": entity, "id": id})


class AnyRelationKind(Kind):
    """A link to one record of any entity: {"entity", "id"}.

    `entity` is the entity's name in JSON and typed values; the column keeps its id, which no rename changes.
    """

    name = "any_relation"
    title = "Link to any record"
    icon = "link-plus"
    group = "Relations"
    is_relation = True
    sortable = False
    option_schema: ClassVar[Mapping[str, Any]] = {
        "to": TO_OPTION,
        "on_delete": ON_DELETE_OPTION,
        "inverse": INVERSE_OPTION,
    }

    def infer(self, schema: Mapping[str, Any]) -> int:
        options = schema.get("x-amity")
        linked = isinstance(options, Mapping) and "to" in options
        return 50 if linked and schema.get("type") == "object" else 0

    def value_schema(self, field: Field) -> Mapping[str, Any]:
        members = {"entity": {"type": "string"}, "id": {"type": "string", "format": "uuid"}}
        return {
            "type": "object",
            "properties": members,
            "required": ["entity", "id"],
            "additionalProperties": False,
        }

    def new_schema(self) -> Mapping[str, Any]:
        return {"type": "object", "x-amity": {"kind": self.name}}

    def parse(self, field: Field, value: Any) -> dict[str, str]:
        target = checked_target(value)
        if len(value) > 2:
            raise ValueProblem("unknown", "A link has the members entity and id only.")
        check_entity(field, target["entity"])
        return target

    def dump(self, field: Field, value: Mapping[str, str]) -> dict[str, str]:
        return dict(value)

    def columns(self, field: Field) -> Sequence[ColumnSpec]:
        return (ColumnSpec("", "uuid", indexed=True), ColumnSpec("entity", "text"))

    def store(self, field: Field, value: Mapping[str, str]) -> Mapping[str, Any]:
        return {"": value["id"], "entity": field.entity_ids.get(value["entity"], value["entity"])}

    def load(self, field: Field, stored: Mapping[str, Any]) -> dict[str, str] | None:
        if stored[""] is None:
            return None
        return {"entity": field.entity_names.get(stored["entity"], stored["entity"]), "id": stored[""]}

    def sql(self, field: Field, columns: Mapping[str, ColumnElement[Any]]) -> ColumnElement[Any]:
        entity = renamed(columns["entity"], field.entity_names)
        return json_texts({"entity": entity, "id": columns[""]}, columns[""])

    def expression_type(self, field: Field) -> Type:
        return DYN

    def to_text(self, field: Field, value: Mapping[str, str]) -> str:
        return f"{value['entity']}/{value['id']}"

    def from_text(self, field: Field, text: str) -> dict[str, str]:
        return read_target(text)

    def search_text(self, field: Field, value: Any) -> str:
        return ""

    def samples(self, field: Field) -> Sequence[Any]:
        return ({"entity": "customer", "id": _ID}, {"entity": "vendor", "id": _ID})
