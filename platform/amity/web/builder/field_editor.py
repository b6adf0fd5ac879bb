"""The editor of one field in the designer: from its schema to inputs, and from what was sent back to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from werkzeug.datastructures import MultiDict

from amity import jsontext
from amity.entities.kinds.base import Kind
from amity.entities.kinds.registry import KindRegistry
from amity.entities.metaschema import common_keys
from amity.errors import AmityError
from amity.web.builder import document as documents
from amity.web.builder.document import Json

LIMITS: Final = {
    "minLength": ("integer", "Shortest"),
    "maxLength": ("integer", "Longest"),
    "pattern": ("string", "Pattern"),
    "minimum": ("number", "Smallest"),
    "maximum": ("number", "Largest"),
    "minItems": ("integer", "Fewest entries"),
    "maxItems": ("integer", "Most entries"),
}
"""Limits that the schema itself states, with their type and what the designer calls them."""
_LIMITS_OF: Final[Mapping[str, Sequence[str]]] = {
    "string": ("minLength", "maxLength", "pattern"),
    "number": ("minimum", "maximum"),
    "integer": ("minimum", "maximum"),
    "array": ("minItems", "maxItems"),
}
_OWN_INPUTS: Final = frozenset({"to", "inverse", "on_delete", "unique", "kind", "id", "link_fields"})
ON_DELETE: Final = (
    ("clear", "Empty the link"),
    ("refuse", "Refuse to delete"),
    ("cascade", "Delete along"),
)
FREE_CHOICES: Final = 2
"""Empty rows for new choices."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One row of the choices."""

    id: str = ""
    value: str = ""
    title: str = ""
    color: str = ""


@dataclass(frozen=True, slots=True)
class OptionInput:
    """An input made from a JSON Schema: a limit or an option of the kind."""

    name: str
    label: str
    type: str
    value: str
    help: str = ""
    choices: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class FieldEditor:
    """All that the editor of the selected field shows."""

    name: str
    title: str
    kind: str
    is_new: bool
    required: bool
    unique: bool
    can_be_unique: bool
    help: str
    default: str
    visible: str
    is_choice: bool
    choices: tuple[Choice, ...]
    is_relation: bool
    many: bool
    to: tuple[str, ...]
    inverse: str
    on_delete: str
    options: tuple[OptionInput, ...]
    problems: tuple[str, ...] = field(default=())


def read(
    document: Json, name: str, kinds: KindRegistry, *, is_new: bool, problems: Sequence[str]
) -> FieldEditor:
    """Make the editor of a field."""
    schema: Json = documents.properties(document)[name]
    own = schema.get("x-amity", {}) if isinstance(schema.get("x-amity"), dict) else {}
    kind = kinds.of(schema)
    to = own.get("to", ())
    return FieldEditor(
        name=name,
        title=str(schema.get("title", "")),
        kind=kind.name,
        is_new=is_new,
        required=name in document.get("required", []),
        unique=documents.unique_alone(document, name) or own.get("unique") is True,
        can_be_unique=kind.filterable and not kind.to_many,
        help=str(own.get("help", "")),
        default="" if schema.get("default") is None else _shown(schema["default"]),
        visible=str(own.get("visible", "")),
        is_choice=kind.name in ("choice", "choices"),
        choices=(*_choices(schema), *(Choice() for _ in range(FREE_CHOICES))),
        is_relation=kind.is_relation,
        many=kind.to_many,
        to=(to,) if isinstance(to, str) else tuple(to),
        inverse=str(own.get("inverse", "")),
        on_delete=str(own.get("on_delete", "clear")),
        options=(*_limit_inputs(schema, kind), *_kind_inputs(own, kind)),
        problems=tuple(problems),
    )


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else jsontext.dumps(value)


def _choice_holder(schema: Json) -> Json:
    items = schema.get("items")
    return items if isinstance(items, dict) else schema


def _choices(schema: Json) -> list[Choice]:
    holder = _choice_holder(schema)
    rows = []
    for item in holder.get("oneOf", []):
        if isinstance(item, dict) and "const" in item:
            own = item.get("x-amity", {})
            rows.append(
                Choice(
                    str(own.get("id", "")),
                    str(item["const"]),
                    str(item.get("title", item["const"])),
                    str(own.get("color", "")),
                )
            )
    rows += [Choice("", str(value), str(value)) for value in holder.get("enum", [])]
    return rows


def _limit_inputs(schema: Json, kind: Kind) -> list[OptionInput]:
    json_type = schema.get("type")
    if kind.is_relation or kind.name in ("choice", "choices") or not isinstance(json_type, str):
        return []
    names = [name for name in _LIMITS_OF.get(json_type, ()) if name not in kind.option_schema]
    return [
        OptionInput(f"limit-{name}", LIMITS[name][1], LIMITS[name][0], _text(schema.get(name)))
        for name in names
    ]


def _kind_inputs(own: Mapping[str, Any], kind: Kind) -> list[OptionInput]:
    inputs = []
    for name, schema in kind.option_schema.items():
        if name in _OWN_INPUTS:
            continue
        choices = tuple((str(value), str(value)) for value in schema.get("enum", ()))
        json_type = schema.get("type", "json")
        label = str(schema.get("title", name.replace("_", " ").capitalize()))
        inputs.append(
            OptionInput(
                f"option-{name}",
                label,
                json_type if isinstance(json_type, str) else "json",
                _text(own.get(name)),
                str(schema.get("description", "")),
                choices,
            )
        )
    return inputs


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else ""
    return value if isinstance(value, str) else jsontext.dumps(value)


# -- back to the document ------------------------------------------------------------------------------


def write(document: Json, name: str, form: MultiDict[str, str], kinds: KindRegistry, *, is_new: bool) -> str:
    """Put what the editor sent into the document; gives the field's name, which may be another now."""
    found = documents.properties(document)
    if name not in found or "f-title" not in form:
        return name
    schema: Json = found[name]
    before = kinds.of(schema)
    title = form.get("f-title", "").strip()
    wanted = form.get("f-kind", before.name)
    if wanted != before.name and wanted in kinds:
        schema = found[name] = _of_other_kind(schema, kinds.get(wanted))
    kind = kinds.of(schema)
    old_title = str(schema.get("title", ""))
    schema["title"] = title
    _put(documents.options(schema), "help", form.get("f-help", "").strip() or None)
    _put(documents.options(schema), "visible", form.get("f-visible", "").strip() or None)
    if wanted == before.name:
        _write_default(schema, form)
        _write_limits(schema, kind, form)
        _write_options(documents.options(schema), kind, form)
        if kind.name in ("choice", "choices"):
            _write_choices(schema, form)
        if kind.is_relation:
            _write_relation(documents.options(schema), form)
    documents.set_required(document, name, "f-required" in form)
    documents.set_unique(document, name, "f-unique" in form and kind.filterable and not kind.to_many)
    documents.options(schema).pop("unique", None)
    new_name = form.get("f-name", name).strip() or name
    if is_new and new_name == name and name.startswith(documents.slug(old_title)) and title != old_title:
        new_name = documents.free_name(document, documents.slug(title))
    return documents.rename_field(document, name, new_name)


def _of_other_kind(schema: Json, kind: Kind) -> Json:
    """The schema of a new field of that kind, with what the old one keeps: title, id, help, condition."""
    fresh: Json = {"title": schema.get("title", ""), **dict(kind.new_schema())}
    own = {**fresh.get("x-amity", {}), "kind": kind.name}
    kept = schema.get("x-amity", {})
    own |= {key: kept[key] for key in common_keys() if key in kept and key != "kind"}
    fresh["x-amity"] = own
    if kind.name in ("choice", "choices") and (rows := _choices(schema)):
        _choice_holder(fresh)["oneOf"] = [{"const": row.value, "title": row.title} for row in rows]
    return fresh


def _put(holder: Json, name: str, value: Any) -> None:
    if value is None:
        holder.pop(name, None)
    else:
        holder[name] = value


def _write_default(schema: Json, form: MultiDict[str, str]) -> None:
    text = form.get("f-default", "")
    if not text:
        schema.pop("default", None)
    elif schema.get("type") == "string":
        schema["default"] = text
    else:
        schema["default"] = _json_or_text(text)


def _json_or_text(text: str) -> Any:
    try:
        return jsontext.loads(text)
    except AmityError:
        return text


def _write_limits(schema: Json, kind: Kind, form: MultiDict[str, str]) -> None:
    for item in _limit_inputs(schema, kind):
        text = form.get(item.name, item.value).strip()
        _put(schema, item.name.removeprefix("limit-"), _typed(item.type, text))


def _write_options(own: Json, kind: Kind, form: MultiDict[str, str]) -> None:
    for item in _kind_inputs(own, kind):
        sent = form.get(item.name, "" if item.type == "boolean" else item.value).strip()
        _put(own, item.name.removeprefix("option-"), _typed(item.type, sent))


def _typed(json_type: str, text: str) -> Any:
    """What was typed as a value of that type; text that is none stays text, validation then names it."""
    if not text:
        return None
    match json_type:
        case "boolean":
            return text == "true"
        case "integer":
            return int(text) if text.lstrip("-").isdecimal() else text
        case "number":
            try:
                number = Decimal(text)
            except InvalidOperation:
                return text
            return int(number) if number == number.to_integral_value() else number
        case "string":
            return text
        case _:
            return _json_or_text(text)


def _write_choices(schema: Json, form: MultiDict[str, str]) -> None:
    rows: list[Json] = []
    numbers = sorted(
        {
            int(key.split("-")[1])
            for key in form
            if key.startswith("choice-") and key.split("-")[1].isdecimal()
        }
    )
    for number in numbers:
        title = form.get(f"choice-{number}-title", "").strip()
        value = form.get(f"choice-{number}-value", "").strip() or documents.slug(title) if title else ""
        value = form.get(f"choice-{number}-value", "").strip() or value
        if not value or f"choice-{number}-remove" in form:
            continue
        row: Json = {"const": value, "title": title or value}
        own = {
            key: text for key in ("id", "color") if (text := form.get(f"choice-{number}-{key}", "").strip())
        }
        if own:
            row["x-amity"] = own
        rows.append(row)
    holder = _choice_holder(schema)
    holder.pop("enum", None)
    holder["oneOf"] = rows


def _write_relation(own: Json, form: MultiDict[str, str]) -> None:
    chosen = [name for name in form.getlist("f-to") if name]
    if chosen:
        own["to"] = chosen[0] if len(chosen) == 1 else chosen
    _put(own, "inverse", form.get("f-inverse", "").strip() or None)
    if "f-on_delete" in form:
        own["on_delete"] = form["f-on_delete"]
