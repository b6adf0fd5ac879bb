"""What e-mails, phones and addresses have in common: several values with a label, one of them primary."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, Final

from amity import jsontext
from amity.entities.kinds.base import ABSENT, ColumnSpec, FormData, Kind, Locale, ValueProblem
from amity.entities.kinds.lines import join_texts, read_json, split_texts
from amity.entities.kinds.parts import has_input, rows
from amity.entities.kinds.text import checked_text, type_name
from amity.entities.model import Field
from amity.expressions.types import DYN, ListType, Type

LABELS_OPTION: Final[Mapping[str, Any]] = {
    "type": "array",
    "items": {"type": "string", "minLength": 1, "maxLength": 50},
    "uniqueItems": True,
    "description": "Labels that the form proposes, such as work and home.",
}
_LONGEST_LABEL: Final = 50


class TypedListKind(Kind):
    """A list of {"value", "label", "primary"}; exactly one is primary, the first where none says so."""

    group = "Contact"
    searchable = True
    grouped = True
    option_schema: ClassVar[Mapping[str, Any]] = {"labels": LABELS_OPTION}
    default_labels: ClassVar[Sequence[str]] = ("work", "home", "other")
    item_schema: ClassVar[Mapping[str, Any]] = {"type": "string"}

    # -- what the three differ in --------------------------------------------------------------------
    def check_item(self, field: Field, value: Any) -> Any:
        """Check one value. Raises `ValueProblem`."""
        raise NotImplementedError

    def item_text(self, value: Any) -> str:
        """One value as text."""
        return str(value)

    def item_from_form(self, form: FormData, name: str) -> Any:
        """Read one value, None where it is empty."""
        return (form.get(name) or "").strip() or None

    def item_to_form(self, value: Any) -> Any:
        """Give what the input of one value shows."""
        return "" if value is None else str(value)

    def key(self, field: Field, value: Any) -> str:
        """The shadow key of the primary value."""
        raise NotImplementedError

    def nests(self, field: Field) -> bool:
        return True

    # -- schema ------------------------------------------------------------------------------------
    def labels(self, field: Field) -> Sequence[str]:
        """Labels that the form proposes."""
        given: Sequence[str] = field.options.get("labels", self.default_labels)
        return given

    def value_schema(self, field: Field) -> Mapping[str, Any]:
        members = {"value": self.item_schema, "label": {"type": "string"}, "primary": {"type": "boolean"}}
        return {
            "type": "array",
            "items": {
                "type": "object",
                "properties": members,
                "required": ["value"],
                "additionalProperties": False,
            },
        }

    def new_schema(self) -> Mapping[str, Any]:
        return {"type": "array", "x-amity": {"kind": self.name}}

    # -- values ------------------------------------------------------------------------------------
    def parse(self, field: Field, value: Any) -> list[dict[str, Any]]:
        if not isinstance(value, list | tuple):
            raise ValueProblem("type", f"This must be a list, not {type_name(value)}.")
        items = [_at(index, self._item, field, item) for index, item in enumerate(value)]
        primary = [index for index, item in enumerate(items) if item["primary"]]
        if len(primary) > 1:
            raise ValueProblem("primary", "Only one can be the primary one.", f"/{primary[1]}/primary")
        if items and not primary:
            items[0]["primary"] = True
        return items

    def _item(self, field: Field, item: Any) -> dict[str, Any]:
        if not isinstance(item, Mapping):
            raise ValueProblem(
                "type", f'This must be {{"value", "label", "primary"}}, not {type_name(item)}.'
            )
        if any(name not in ("value", "label", "primary") for name in item):
            raise ValueProblem("unknown", "An item has the members value, label and primary only.")
        if item.get("value") is None:
            raise ValueProblem("required", "An item needs its value.", "/value")
        found = {"value": _at("value", self.check_item, field, item["value"])}
        label = item.get("label")
        if label is not None:
            found["label"] = _at("label", _label, field, label)
        if not isinstance(item.get("primary", False), bool):
            raise ValueProblem("type", "This must be true or false.", "/primary")
        return {**found, "primary": item.get("primary", False)}

    def dump(self, field: Field, value: Sequence[Mapping[str, Any]]) -> list[Any]:
        return [dict(item) for item in value]

    def columns(self, field: Field) -> Sequence[ColumnSpec]:
        return (ColumnSpec("", "json"), ColumnSpec("fold", "key", indexed=True))

    def store(self, field: Field, value: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
        keys = [self.key(field, item["value"]) for item in value if item["primary"]]
        return {"": list(value), "fold": keys[0] if keys else None}

    def expression_type(self, field: Field) -> Type:
        return ListType(DYN)

    # -- text and form -----------------------------------------------------------------------------
    def to_text(self, field: Field, value: Sequence[Mapping[str, Any]]) -> str:
        simple = value and value[0]["primary"] and all("label" not in item for item in value)
        if simple and all(isinstance(item["value"], str) for item in value):
            return join_texts([item["value"] for item in value])
        return jsontext.dumps(list(value))

    def from_text(self, field: Field, text: str) -> list[Any]:
        """Read JSON, or values separated by `;` of which the first is the primary one."""
        if text.lstrip().startswith("["):
            value = read_json(text)
            plain = isinstance(value, list) and all(isinstance(item, str) for item in value)
            items: Any = [{"value": item} for item in value] if plain else value  # type: ignore[attr-defined]
        else:
            items = [{"value": part} for part in split_texts(text)]
        return self.dump(field, self.parse(field, items))

    def from_form(self, field: Field, form: FormData, name: str) -> Any:
        """Read rows of `name.0.value` and `name.0.label`; `name.primary` holds the primary row's number.

        A checkbox `name.0.primary` says the same.
        """
        if not has_input(form, name):
            return ABSENT
        chosen = form.get(f"{name}.primary")
        found = []
        for row in rows(form, name):
            value = self.item_from_form(form, f"{row}.value")
            if value is None:
                continue
            label = (form.get(f"{row}.label") or "").strip()
            primary = row == f"{name}.{chosen}" or bool(form.get(f"{row}.primary"))
            found.append({"value": value, **({"label": label} if label else {}), "primary": primary})
        if found and not any(item["primary"] for item in found):
            found[0]["primary"] = True  # the primary row was removed or emptied
        return found or None

    def to_form(self, field: Field, value: Any, locale: Locale | None = None) -> Any:
        """Give `rows` of `value`, `label` and `primary` (a bool), `blank` and the number `primary`."""
        items = [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []
        shown = [
            {"value": self.item_to_form(item.get("value")), "label": str(item.get("label") or "")}
            for item in items
        ]
        primary = [index for index, item in enumerate(items) if item.get("primary") is True]
        blank = {"value": self.item_to_form(None), "label": ""}
        return {"rows": shown, "blank": blank, "primary": str(primary[0] if primary else 0)}

    def format(self, field: Field, value: Sequence[Mapping[str, Any]], locale: Locale) -> str:
        ordered = sorted(value, key=lambda item: not item["primary"])
        return ", ".join(self.item_text(item["value"]) for item in ordered) or "0"

    def search_text(self, field: Field, value: Sequence[Mapping[str, Any]]) -> str:
        return " ".join(f"{self.item_text(item['value'])} {self.key(field, item['value'])}" for item in value)


def _label(_field: Field, value: Any) -> str:
    text = checked_text(value)
    if len(text) > _LONGEST_LABEL:
        raise ValueProblem("length", f"A label has at most {_LONGEST_LABEL} characters.")
    return text


def _at(place: int | str, check: Callable[[Field, Any], Any], field: Field, value: Any) -> Any:
    try:
        return check(field, value)
    except ValueProblem as problem:
        raise ValueProblem(problem.code, problem.message, f"/{place}{problem.pointer}") from None
