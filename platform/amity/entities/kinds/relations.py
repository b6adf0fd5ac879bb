"""Links to many records (many-to-many), with fields on the link where they are wanted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from amity import jsontext
from amity.entities.kinds.any_relation import TO_OPTION, check_entity, checked_target, read_target
from amity.entities.kinds.base import ABSENT, ColumnSpec, FormData, Kind, Locale, ValueProblem
from amity.entities.kinds.lines import join_texts, read_json, split_texts
from amity.entities.kinds.list import filled
from amity.entities.kinds.object import checked_members, format_members
from amity.entities.kinds.parts import has_input, read_parts, rows, show_parts
from amity.entities.kinds.relation import INVERSE_OPTION, checked_id
from amity.entities.kinds.text import type_name
from amity.entities.model import Field
from amity.expressions.types import DYN, ListType, RecordType, Type

_IDS = ("0190b6a2-7c1e-7000-8000-3f2a9c5d1e77", "0190b6a2-7c1e-7000-8000-3f2a9c5d1e78")


def is_polymorphic(field: Field) -> bool:
    """Tell whether records of several entities may be linked: items then say `entity`."""
    to = field.options.get("to", "any")
    return to == "any" if isinstance(to, str) else len(to) != 1


def is_plain(field: Field) -> bool:
    """Tell whether an item is just an id: one target entity, no fields on the link."""
    return not is_polymorphic(field) and not field.link_fields and not field.parts


class RelationsKind(Kind):
    """Links to many records, in order. The value is a list of ids, or of objects with the link's fields."""

    name = "relations"
    title = "Links to many records"
    icon = "link"
    group = "Relations"
    is_relation = True
    to_many = True
    sortable = False
    grouped = True
    option_schema: ClassVar[Mapping[str, Any]] = {
        "to": TO_OPTION,
        "inverse": INVERSE_OPTION,
        "link_fields": {
            "type": "object",
            "additionalProperties": {"type": "object"},
            "description": "Fields on the link itself, each with its schema, e.g. the role of a participant.",
        },
    }

    def nests(self, field: Field) -> bool:
        return not is_plain(field)

    def infer(self, schema: Mapping[str, Any]) -> int:
        options = schema.get("x-amity")
        linked = isinstance(options, Mapping) and "to" in options
        return 50 if linked and schema.get("type") == "array" else 0

    def value_schema(self, field: Field) -> Mapping[str, Any]:
        return {"type": "array"}

    def new_schema(self) -> Mapping[str, Any]:
        return {"type": "array", "x-amity": {"kind": self.name}}

    def problems(self, field: Field) -> Sequence[ValueProblem]:
        found = []
        if "to" not in field.options:
            message = "Say with `to` which entity is linked (or a list of them, or any)."
            found.append(ValueProblem("required", message, "/x-amity/to"))
        for name in field.options.get("link_fields", ()):
            if name in ("id", "entity") or "." in name:
                message = f"A field of a link cannot be called {name!r}."
                found.append(ValueProblem("reserved", message, f"/x-amity/link_fields/{name}"))
        for part in field.parts:
            if part.kind.is_relation or part.kind.computed or part.kind.name in ("file", "image"):
                message = f"A {part.kind.name} cannot stand on a link; make it a field of the entity."
                found.append(ValueProblem("nested", message, f"/x-amity/link_fields/{part.name}"))
        return found

    def part_schemas(
        self, schema: Mapping[str, Any], options: Mapping[str, Any]
    ) -> Mapping[str, Mapping[str, Any]]:
        fields = options.get("link_fields", {})
        return fields if isinstance(fields, Mapping) else {}

    # -- values ------------------------------------------------------------------------------------
    def parse(self, field: Field, value: Any) -> list[Any]:
        if not isinstance(value, list | tuple):
            raise ValueProblem("type", f"This must be a list of links, not {type_name(value)}.")
        found: list[Any] = []
        seen: set[tuple[str | None, str]] = set()
        for index, item in enumerate(value):
            try:
                link = self._item(field, item)
            except ValueProblem as problem:
                raise ValueProblem(problem.code, problem.message, f"/{index}{problem.pointer}") from None
            key = (None, link) if isinstance(link, str) else (link.get("entity"), link["id"])
            if key in seen:
                raise ValueProblem("duplicate", "This record is linked twice.", f"/{index}")
            seen.add(key)
            found.append(link)
        return found

    def _item(self, field: Field, item: Any) -> Any:
        if is_plain(field):
            return checked_id(item)
        if not isinstance(item, Mapping):
            shape = '{"entity", "id"}' if is_polymorphic(field) else '{"id"} and the fields of the link'
            raise ValueProblem("type", f"This must be an object with {shape}, not {type_name(item)}.")
        rest = {
            key: member for key, member in item.items() if key not in ("entity", "id") and member is not None
        }
        if is_polymorphic(field):
            target: dict[str, str] = checked_target(item)
            check_entity(field, target["entity"])
        elif "entity" in item:
            raise ValueProblem("unknown", "The field says which entity is linked; leave it out.", "/entity")
        else:
            target = {"id": self._own_id(item)}
        known = {part.name for part in field.parts} or {part.name for part in field.link_fields}
        for name in rest:
            if name not in known:
                allowed = ", ".join(sorted(known)) or "none"
                raise ValueProblem("unknown", f"The link has no field {name!r}; there are: {allowed}.")
        return {**target, **checked_members(field.parts, rest)}

    def _own_id(self, item: Mapping[str, Any]) -> str:
        try:
            return checked_id(item.get("id"))
        except ValueProblem as problem:
            raise ValueProblem(problem.code, problem.message, "/id") from None

    def dump(self, field: Field, value: Sequence[Any]) -> list[Any]:
        return [dict(item) if isinstance(item, Mapping) else item for item in value]

    def columns(self, field: Field) -> Sequence[ColumnSpec]:
        return ()

    def store(self, field: Field, value: Any) -> Mapping[str, Any]:
        return {}

    def load(self, field: Field, stored: Mapping[str, Any]) -> Any:
        return None

    def expression_type(self, field: Field) -> Type:
        if is_polymorphic(field) or not field.targets:
            return ListType(DYN)
        return ListType(RecordType(field.targets[0]))

    # -- text and form -----------------------------------------------------------------------------
    def to_text(self, field: Field, value: Sequence[Any]) -> str:
        """Ids, or `entity/id`, separated by `; `; JSON where the links have fields of their own."""
        if not value or any(isinstance(item, Mapping) and item.keys() - {"entity", "id"} for item in value):
            return jsontext.dumps(list(value))
        return join_texts([_written(item) for item in value])

    def from_text(self, field: Field, text: str) -> list[Any]:
        if text.lstrip().startswith("["):
            return self.parse(field, read_json(text))
        return self.parse(field, [_read(field, part) for part in split_texts(text)])

    def from_form(self, field: Field, form: FormData, name: str) -> Any:
        """Read `name` (one or many ids), or rows of `name.0.id` and the link's fields.

        With several target entities an id is written `entity/id`.
        """
        if not has_input(form, name):
            return ABSENT
        if is_plain(field):
            return [text for text in form.getlist(name) if text]
        found: list[Any] = [_target(field, text) for text in form.getlist(name) if text]
        for row in rows(form, name):
            text = form.get(f"{row}.id")
            if text:
                own = {
                    key: member
                    for key, member in read_parts(field.parts, form, row).items()
                    if member is not None
                }
                found.append({**_target(field, text), **filled(own)})
        return found

    def to_form(self, field: Field, value: Any, locale: Locale | None = None) -> Any:
        """Give the list of ids, or `rows` and `blank` with `id` and what the inputs of the link show."""
        items = value if isinstance(value, list | tuple) else []
        if is_plain(field):
            return [item for item in items if isinstance(item, str)]
        blank = {"id": "", **show_parts(field.parts, None, locale)}
        shown = []
        for item in items:
            members = item if isinstance(item, Mapping) else {}
            id, entity = str(members.get("id") or ""), members.get("entity")
            text = f"{entity}/{id}" if entity else id
            shown.append({"id": text, **show_parts(field.parts, members, locale)})
        return {"rows": shown, "blank": blank}

    def format(self, field: Field, value: Sequence[Any], locale: Locale) -> str:
        """Ids and the values on the links; pages show labels instead of ids."""
        shown = []
        for item in value:
            own = format_members(field.parts, item, locale) if isinstance(item, Mapping) else ""
            id = item if isinstance(item, str) else item["id"]
            shown.append(f"{id} ({own})" if own else id)
        return ", ".join(shown) or "0"

    def search_text(self, field: Field, value: Any) -> str:
        return ""

    def samples(self, field: Field) -> Sequence[Any]:
        if is_plain(field):
            return (list(_IDS[:1]), list(_IDS))
        own = {part.name: part.kind.samples(part)[0] for part in field.parts}
        entity = {"entity": "customer"} if is_polymorphic(field) else {}
        items = [{**entity, "id": _IDS[0], **own}, {**entity, "id": _IDS[1]}]
        return (items[:1], items)


def _written(item: Any) -> str:
    if isinstance(item, str):
        return item
    return f"{item['entity']}/{item['id']}" if "entity" in item else str(item["id"])


def _read(field: Field, text: str) -> Any:
    if is_polymorphic(field):
        return read_target(text)
    return text if is_plain(field) else {"id": text}


def _target(field: Field, text: str) -> dict[str, Any]:
    if not is_polymorphic(field):
        return {"id": text}
    entity, slash, id = text.partition("/")
    return {"entity": entity, "id": id} if slash else {"entity": None, "id": text}
