"""What the controls of the editor have in common: a control is one property of a trigger or a step.

`x-amity.input` (see `workflows.action`) says what a property holds. Each kind of control is a module of this
package with `KINDS` and a template `fragments/builder/controls/<kind>.html`; it reads what the document holds
and writes what the form has; the rest stays.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from amity import jsontext
from amity.access.context import Context
from amity.entities.model import Entity
from amity.errors import AmityError
from amity.web.builder.flows.document import Json
from amity.web.builder.flows.scope import Place, entity_of
from amity.web.builder.rows import Form, put
from amity.workflows.documents.metaschema import HEADS

PREFIX: Final = "p"
_WORDS: Final[Mapping[str, tuple[str, str]]] = {
    "wait": ("duration", ""),
    "at_most": ("duration", ""),
    "timeout": ("duration", ""),
    "wait_until": ("expression", "date,date-time"),
    "wait_for": ("condition", ""),
    "if": ("condition", ""),
    "switch": ("expression", ""),
    "for_each": ("expression", "list,records"),
}
"""Words of steps that are no actions: their control, and the types that are offered."""
Made = dict[str, Any]
"""What a kind says about a control: attributes of `forms.Control`."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of control."""

    read: Callable[[Surrounding, str, Mapping[str, Any], Any, str], Made]
    """(around, name of the property, its schema, its value, type of its expression) -> the control."""
    write: Callable[[Surrounding, str, Mapping[str, Any]], None]
    """Put what the form has into `around.holder`."""


@dataclass
class Surrounding:
    """What controls are made and written with."""

    ctx: Context
    place: Place
    form: Form | None = None
    """What was typed just now."""
    problems: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """By the first word behind the step's pointer."""
    rules: Mapping[str, Any] = field(default_factory=dict)
    holder: Json = field(default_factory=dict)

    def entity(self, of: str) -> Entity | None:
        """The entity that a property is about: named by the property `of`, or of the record that it gives."""
        named = self.holder.get(of) if of else None
        if not of or named is None:
            return self.place.entity
        if control_of(of, self.rules.get(of, {}))[0] == "entity":
            return self.place.model.entities.get(named) if isinstance(named, str) else None
        return entity_of(self.place, named)


def control_of(word: str, rule: Mapping[str, Any]) -> tuple[str, str]:
    """Give the kind of control of a property, and for expressions the types that are offered."""
    own = rule.get("x-amity", {})
    name, type_ = str(own.get("input", "")), str(own.get("type", ""))
    if not name and word in _WORDS and rule.get("type") == "string":
        return _WORDS[word]
    match name:
        case "template" | "html":
            return ("long_template" if own.get("multiline") or name == "html" else "template"), ""
        case "expression":
            return {"boolean": "condition", "duration": "duration"}.get(type_, "expression"), type_
        case "filter":
            return "filter", ""
        case "field":
            return ("fields" if rule.get("type") == "array" else "field"), ""
        case "value":
            return "pairs", ""
        case "" | "secret":
            return _plain(rule), ""
    return name, ""


def _plain(rule: Mapping[str, Any]) -> str:
    if "oneOf" in rule or "enum" in rule:
        return "select"
    match rule.get("type"):
        case "boolean":
            return "checkbox"
        case "integer" | "number":
            return "number"
        case "array":
            items = rule.get("items", {})
            if items.get("x-amity", {}).get("input") == "account":
                return "accounts"
            return "checks" if "enum" in items else "lines" if items.get("type") == "string" else "pairs"
        case "object":
            return "pairs"
    return "text"


def sent(around: Surrounding, word: str) -> str | None:
    assert around.form is not None
    found = around.form.get(f"{PREFIX}-{word}")
    return None if found is None else found.replace("\r\n", "\n")


def insert(around: Surrounding, word: str) -> None:
    """Put a chosen name behind the text, for those without JavaScript (with it, it goes to the cursor)."""
    assert around.form is not None
    path = around.form.get(f"{PREFIX}-{word}-insert")
    if path and isinstance(around.holder.get(word, ""), str):
        around.holder[word] = f"{around.holder.get(word, '')} {{{{ {path} }}}}".strip()


def set_expression(holder: Json, word: str, text: str) -> None:
    """Set an expression; the word that says what a step is stays, also when it is empty."""
    now = holder.get(word)
    if text == str(now or ""):
        return
    if not text and word in HEADS:
        holder[word] = ""
    elif text or isinstance(now, str):
        put(holder, word, text)


def json_made(around: Surrounding, word: str, rule: Mapping[str, Any], value: Any, type_: str) -> Made:
    """Show a value as JSON, where nothing else can."""
    return {"text": "" if value is None else jsontext.dumps_bytes(value, indent=True).decode()}


def write_json(around: Surrounding, word: str, rule: Mapping[str, Any]) -> None:
    text = sent(around, word)
    if text is None:
        return
    try:
        found = jsontext.loads(text) if text.strip() else None
    except AmityError:
        found = text
    if found is None:
        around.holder.pop(word, None)
    elif found != around.holder.get(word):
        around.holder[word] = found
