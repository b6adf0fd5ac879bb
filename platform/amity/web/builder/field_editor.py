"""The editor of one field in the designer: from its schema to inputs, and from what was sent back to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from amity import jsontext
from amity.entities.formulas import kind_can_be_computed
from amity.entities.kinds.base import Kind
from amity.entities.kinds.registry import KindRegistry
from amity.entities.metaschema import common_keys, options_of
from amity.errors import AmityError
from amity.web.builder import choices_editor, default_editor, nested_editor, rollup_editor
from amity.web.builder import document as documents
from amity.web.builder.choices_editor import ChoiceRow
from amity.web.builder.document import Json, own_options
from amity.web.builder.nested_editor import NestedEditor
from amity.web.builder.places import countries, currencies
from amity.web.builder.rollup_editor import RollupEditor, Summed
from amity.web.builder.rows import Form, kind_of, put, set_option, ticked, typed
from amity.web.context import locale
from amity.web.forms import Input
from amity.web.texts import gettext as _

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
_UNLIMITED: Final = frozenset({"choice", "choices", "date", "datetime", "time", "duration", "file", "image"})
"""Kinds whose texts have a form of their own: a length says nothing about them."""
_OWN_INPUTS: Final = frozenset({"to", "inverse", "on_delete", "unique", "kind", "id", "link_fields"})
_TITLES: Final = {
    "currency": "Currency",
    "scale": "Decimals",
    "region": "Country of numbers without one",
    "labels": "Labels to choose from",
    "inverse_title": "Title of that list",
}
_PLACES: Final = frozenset({"currency", "region"})
"""Options that are chosen from a list of names and need no word about codes."""
ON_DELETE: Final = (
    ("clear", "Empty the link"),
    ("refuse", "Refuse to delete"),
    ("cascade", "Delete along"),
)


@dataclass(frozen=True, slots=True)
class OptionInput:
    """An input made from a JSON Schema: a limit or an option of the kind."""

    name: str
    label: str
    type: str
    """boolean, integer, number, string, texts (a list, one a line) or json."""
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
    default: Input | None
    default_text: str
    """The default as JSON where the field is not right yet and has no input."""
    visible: str
    required_when: str
    formula: str
    can_be_computed: bool
    rollup: RollupEditor | None
    is_choice: bool
    choices: tuple[ChoiceRow, ...]
    is_relation: bool
    many: bool
    one_target: bool
    """Whether the kind links one entity and not several."""
    to: tuple[str, ...]
    inverse: str
    on_delete: str
    options: tuple[OptionInput, ...]
    nested: NestedEditor | None
    problems: tuple[str, ...] = ()


def read(
    document: Json,
    name: str,
    kinds: KindRegistry,
    *,
    is_new: bool,
    problems: Sequence[str],
    sound: bool = True,
    inside: frozenset[str] = frozenset(),
    lists: Sequence[Summed] = (),
) -> FieldEditor:
    """Make the editor of a field.

    `sound` says whether its schema can be loaded, `inside` which names it has inside where it is in force,
    `lists` what it could sum up.
    """
    schema: Json = documents.properties(document)[name]
    own = own_options(schema)
    kind = kind_of(kinds, schema)
    return FieldEditor(
        name=name,
        title=_shown_title(schema),
        kind=kind.name,
        is_new=is_new,
        required=_is_required(document, name),
        unique=_is_unique(document, name),
        can_be_unique=kind.filterable and not kind.to_many,
        help=_shown(own.get("help")),
        default=default_editor.read(schema, kind, kinds) if sound else None,
        default_text="" if sound or not default_editor.has_default(kind) else _shown(schema.get("default")),
        visible=_shown(own.get("visible")),
        required_when=_shown(own.get("required_when")),
        formula=_shown(own.get("formula")),
        can_be_computed="formula" in own or kind_can_be_computed(kind),
        rollup=rollup_editor.read(schema, lists) if kind_can_be_computed(kind) else None,
        is_choice=kind.name in choices_editor.KINDS,
        choices=choices_editor.read(schema) if kind.name in choices_editor.KINDS else (),
        is_relation=kind.is_relation,
        many=kind.to_many,
        one_target=kind.name == "relation",
        to=_targets(own),
        inverse=_shown(own.get("inverse")),
        on_delete=str(own.get("on_delete", "clear")),
        options=(*_limit_inputs(schema, kind), *_kind_inputs(own, kind)),
        nested=nested_editor.read(schema, kind, kinds, inside),
        problems=tuple(problems),
    )


def _shown(value: Any) -> str:
    """A value as an input shows it: texts as they are, all else as JSON."""
    if value is None:
        return ""
    return value if isinstance(value, str) else jsontext.dumps(value)


def _shown_title(schema: Json) -> str:
    return _shown(schema.get("title"))


def _is_required(document: Json, name: str) -> bool:
    return name in documents.required(document)


def _is_unique(document: Json, name: str) -> bool:
    schema = documents.properties(document)[name]
    return documents.unique_alone(document, name) or own_options(schema).get("unique") is True


def _targets(own: Mapping[str, Any]) -> tuple[str, ...]:
    to = own.get("to", ())
    if isinstance(to, str):
        return (to,)
    return tuple(map(str, to)) if isinstance(to, list) else ()


def _limit_inputs(schema: Json, kind: Kind) -> list[OptionInput]:
    json_type = schema.get("type")
    if kind.is_relation or kind.name in _UNLIMITED or not isinstance(json_type, str):
        return []
    names = [name for name in _LIMITS_OF.get(json_type, ()) if name not in kind.option_schema]
    return [
        OptionInput(f"limit-{name}", LIMITS[name][1], LIMITS[name][0], _text(schema.get(name)))
        for name in names
    ]


def _kind_inputs(own: Mapping[str, Any], kind: Kind) -> list[OptionInput]:
    inputs = []
    for name, schema in options_of(kind).items():
        if name in _OWN_INPUTS:
            continue
        value = own.get(name)
        option_type = _type_of(schema, value)
        inputs.append(
            OptionInput(
                f"option-{name}",
                str(schema.get("title") or _TITLES.get(name) or name.replace("_", " ").capitalize()),
                option_type,
                "\n".join(value) if option_type == "texts" and value else _text(value),
                "" if name in _PLACES else str(schema.get("description", "")),
                _choices_of(name, schema, _text(value)),
            )
        )
    return inputs


def _type_of(schema: Mapping[str, Any], value: Any) -> str:
    given = schema.get("type", "string" if "$ref" in schema or "enum" in schema else "json")
    if given == "array" and dict(schema.get("items", {})).get("type") == "string":
        plain = value is None or (isinstance(value, list) and all(isinstance(item, str) for item in value))
        return "texts" if plain else "json"
    return given if given in ("boolean", "integer", "number", "string") else "json"


def _choices_of(name: str, schema: Mapping[str, Any], value: str) -> tuple[tuple[str, str], ...]:
    """What an option can be, where that is a list: currencies and countries have names."""
    found = tuple((str(item), str(item)) for item in schema.get("enum", ()))
    if name == "currency":
        found = (("record", _("each record has its own")), *currencies(locale().language))
    elif name == "region":
        found = countries(locale().language)
    if found and value and value not in {code for code, _title in found}:
        found = ((value, value), *found)
    return found


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else ""
    return _shown(value)


# -- what was sent ---------------------------------------------------------------------------------------
def write(document: Json, name: str, form: Form, kinds: KindRegistry, *, is_new: bool) -> str:
    """Put what the editor sent into the document; gives the name that the field has now."""
    schema: Json = documents.properties(document)[name]
    if "f-title" not in form:
        return name
    before = kind_of(kinds, schema)
    old_title = _shown_title(schema)
    title = typed(form, "f-title", old_title)
    wanted = form.get("f-kind", before.name)
    if wanted != before.name and wanted in kinds:
        schema = documents.properties(document)[name] = _of_other_kind(schema, kinds.get(wanted))
    else:
        _write_own(schema, before, kinds, form)
    if title is not None:
        put(schema, "title", title)
    for key in ("help", "visible", "required_when", "formula"):
        text = typed(form, f"f-{key}", _shown(own_options(schema).get(key)))
        if text is not None:
            set_option(schema, key, text)
    _write_flags(document, name, kind_of(kinds, schema), form)
    new_name = typed(form, "f-name", name) or name
    if is_new and new_name == name and title and name.startswith(documents.slug(old_title)):
        new_name = documents.free_name(document, documents.slug(title), but=name)
    return documents.rename_field(document, name, new_name)


def _write_own(schema: Json, kind: Kind, kinds: KindRegistry, form: Form) -> None:
    """Write what only this kind has."""
    if "f-default-text" in form:
        text = typed(form, "f-default-text", _shown(schema.get("default")))
        if text is not None:
            put(schema, "default", text if schema.get("type") == "string" else _json_or_text(text))
    else:
        default_editor.write(schema, kind, kinds, form)
    for item in _limit_inputs(schema, kind):
        _write_input(schema, item, form)
    own = dict(own_options(schema))
    for item in _kind_inputs(own, kind):
        _write_input(own, item, form)
    if own != own_options(schema):
        put(schema, "x-amity", own)
    if kind.name in choices_editor.KINDS:
        choices_editor.write(schema, form)
    if kind.is_relation:
        _write_relation(schema, kind, form)
    if kind_can_be_computed(kind):
        rollup_editor.write(schema, form)
    nested_editor.write(schema, kind, kinds, form)


def _of_other_kind(schema: Json, kind: Kind) -> Json:
    """The schema of a new field of that kind, with what the old one keeps: title, id, help, condition."""
    fresh: Json = {"title": schema.get("title", ""), **dict(kind.new_schema())}
    kept = own_options(schema)
    own = {**own_options(fresh), "kind": kind.name}
    own |= {key: kept[key] for key in common_keys() if key in kept and key != "kind"}
    fresh["x-amity"] = own
    if kind.name in choices_editor.KINDS and (rows := choices_editor.as_choices(choices_editor.read(schema))):
        choices_editor.holder_of(fresh)["oneOf"] = rows
    return fresh


def _write_flags(document: Json, name: str, kind: Kind, form: Form) -> None:
    required = ticked(form, "f-required", _is_required(document, name))
    if required is not None:
        documents.set_required(document, name, required)
    if not kind.filterable or kind.to_many:
        documents.set_unique(document, name, False)
        return
    unique = ticked(form, "f-unique", _is_unique(document, name))
    if unique is not None:
        documents.set_unique(document, name, unique)
        set_option(documents.properties(document)[name], "unique", None)


def _write_input(holder: Json, item: OptionInput, form: Form) -> None:
    name = item.name.partition("-")[2]
    if item.type == "boolean":
        state = ticked(form, item.name, item.value == "true")
        if state is not None:
            put(holder, name, state or None)
        return
    text = typed(form, item.name, item.value)
    if text is not None:
        put(holder, name, _typed(item.type, text))


def _json_or_text(text: str) -> Any:
    try:
        return jsontext.loads(text) if text else None
    except AmityError:
        return text


def _typed(option_type: str, text: str) -> Any:
    """What was typed as a value of that type; text that is none stays text, validation then names it."""
    if not text:
        return None
    match option_type:
        case "integer":
            return int(text) if text.lstrip("-").isdecimal() else text
        case "number":
            try:
                number = Decimal(text)
            except InvalidOperation:
                return text
            return int(number) if number.is_finite() and number == number.to_integral_value() else number
        case "string":
            return text
        case "texts":
            return list(dict.fromkeys(line.strip() for line in text.splitlines() if line.strip()))
        case _:
            return _json_or_text(text)


def _write_relation(schema: Json, kind: Kind, form: Form) -> None:
    own = own_options(schema)
    chosen = list(dict.fromkeys(name for name in form.getlist("f-to") if name))
    if "f-to-shown" in form and sorted(chosen) != sorted(_targets(own)):
        set_option(schema, "to", chosen[0] if len(chosen) == 1 else chosen)
    inverse = typed(form, "f-inverse", _shown(own.get("inverse")))
    if inverse is not None:
        set_option(schema, "inverse", inverse)
    on_delete = typed(form, "f-on_delete", str(own.get("on_delete", "clear")))
    if on_delete is not None:
        set_option(schema, "on_delete", on_delete)
