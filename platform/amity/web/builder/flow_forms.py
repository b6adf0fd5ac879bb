"""Forms out of JSON Schemas: the options of a trigger, the parameters of a step, in the inputs of people.

`x-amity.input` (see `workflows.action`) says what a property holds; a control is one input or a small editor
for it. Controls read what the document holds and write what the form has; the rest stays.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from amity import jsontext
from amity.access.context import Context
from amity.entities.model import Entity
from amity.errors import AmityError
from amity.web import forms as entity_forms
from amity.web.builder import condition_editor, flow_values, nested_editor
from amity.web.builder.condition_editor import ConditionEditor
from amity.web.builder.flow_document import Json
from amity.web.builder.flow_scope import Place, Subject, about, entity_of
from amity.web.builder.nested_editor import NestedEditor
from amity.web.builder.rows import Form, numbers, put
from amity.web.context import locale, workspace
from amity.web.staff.options import relation_choices
from amity.web.texts import gettext as _
from amity.workflows.documents.metaschema import HEADS

PREFIX: Final = "p"
UNITS: Final = ("minutes", "hours", "days", "weeks")
ALL_UNITS: Final = frozenset({"seconds", *UNITS})
OWN: Final = "~"
"""Choice of a list that stands for "something else, written as an expression"."""
_DURATION: Final = re.compile(r"(seconds|minutes|hours|days|weeks)\(([0-9]{1,7})\)")
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
_LATER: Final = frozenset({"id", "retry", "timeout", "on_failure"})
"""Words that stand under "More"."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A row of name and value."""

    number: int
    name: str = ""
    value: str = ""


@dataclass(frozen=True, slots=True)
class FieldValue:
    """A field with the value that a step gives it: by its own input, or by an expression."""

    name: str
    title: str
    by: str
    """value or expression."""
    text: str
    input: entity_forms.Input | None
    offered: Sequence[tuple[str, Sequence[Subject]]]


@dataclass(frozen=True, slots=True)
class TableRow:
    """A row of a decision table; `cells` by column."""

    number: int
    when: str
    cells: Sequence[str]


@dataclass(frozen=True, slots=True)
class Control:
    """One property as it is shown (`fragments/builder/control.html`); `kind` says what counts."""

    name: str
    kind: str
    title: str
    help: str = ""
    required: bool = False
    text: str = ""
    checked: bool = False
    later: bool = False
    options: Sequence[tuple[str, str]] = ()
    chosen: frozenset[str] = frozenset()
    subjects: Sequence[tuple[str, Sequence[Subject]]] = ()
    condition: ConditionEditor | None = None
    values: Sequence[FieldValue] = ()
    pairs: Sequence[Pair] = ()
    columns: Sequence[str] = ()
    table: Sequence[TableRow] = ()
    nested: NestedEditor | None = None
    problems: Sequence[str] = ()
    amount: str = ""
    empty: str = ""
    """What an empty choice means."""
    unit: str = ""


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
        case "" | "cron" | "secret" | "sort":
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
            return "checks" if "enum" in items else "lines"
        case "object":
            return "json"
    return "text"


# -- reading -------------------------------------------------------------------------------------------
def controls(around: Surrounding, required: Sequence[str], hidden: frozenset[str]) -> list[Control]:
    """Make the controls of an object, in the order of its schema."""
    made = []
    for word, rule in around.rules.items():
        if word in hidden or (word == "required" and "fields" in around.rules):
            continue
        if word == "retry":
            made += _retry(around, rule)
            continue
        made.append(_control(around, word, rule, word in required))
    return made


def _control(around: Surrounding, word: str, rule: Mapping[str, Any], required: bool) -> Control:
    kind, type_ = control_of(word, rule)
    if "$comment" in str(rule.get("oneOf", "")):
        kind = "failure"
    base = {
        "name": f"{PREFIX}-{word}",
        "kind": kind,
        "title": _(str(rule.get("title") or word.replace("_", " ").capitalize())),
        "help": _(str(rule["description"])) if rule.get("description") else "",
        "required": required,
        "later": word in _LATER,
        "problems": around.problems.get(word, ()),
    }
    value = around.holder.get(word)
    made = _READ.get(kind, _read_text)(around, word, rule, value, type_)
    return Control(**{**base, **made})


Made = dict[str, Any]


def _read_text(around: Surrounding, word: str, rule: Mapping[str, Any], value: Any, type_: str) -> Made:
    if value is not None and not isinstance(value, str):
        return {"kind": "json", "text": jsontext.dumps(value)}
    return {"text": value or ""}


def _read_number(around: Surrounding, word: str, rule: Mapping[str, Any], value: Any, type_: str) -> Made:
    shown = value if value is not None else rule.get("default", "")
    return {"text": shown if isinstance(shown, str) else jsontext.dumps(shown)}


def _read_checkbox(around: Surrounding, word: str, rule: Mapping[str, Any], value: Any, type_: str) -> Made:
    return {"checked": bool(rule.get("default", False) if value is None else value)}


def _read_template(around: Surrounding, word: str, rule: Mapping[str, Any], value: Any, type_: str) -> Made:
    return {
        **_read_text(around, word, rule, value, type_),
        "subjects": condition_editor.grouped(
            [item for item in around.place.subjects if item.category != "records"]
        ),
    }


def _read_select(around: Surrounding, word: str, rule: Mapping[str, Any], value: Any, type_: str) -> Made:
    if "enum" in rule:
        options = [(str(item), str(item)) for item in rule["enum"]]
    else:
        options = [(str(item["const"]), _(str(item.get("title", item["const"])))) for item in rule["oneOf"]]
    return _selected(str(rule.get("default", "") if value is None else value), options)


def _selected(text: str, options: list[tuple[str, str]]) -> Made:
    """Offer what the document holds, also where it is none of the options: nobody chose another one."""
    if text and text not in dict(options):
        options = [*options, (text, text)]
    return {"kind": "select", "options": options, "text": text}


def _read_failure(around: Surrounding, word: str, rule: Mapping[str, Any], value: Any, type_: str) -> Made:
    options = [(str(item.get("const", "steps")), _(str(item["title"]))) for item in rule["oneOf"]]
    return _selected("steps" if isinstance(value, list) else str(value or "stop"), options)


def _read_expression(around: Surrounding, word: str, rule: Mapping[str, Any], value: Any, type_: str) -> Made:
    wanted = tuple(filter(None, type_.split(",")))
    subjects = around.place.of_type(*wanted)
    if not wanted:
        subjects = [item for item in subjects if item.category not in ("other", "records")]
    text = str(value or "")
    empty = _("(the record of the workflow)") if type_ == "record" else _("(none)")
    by_hand = bool(text) and text not in {item.path for item in subjects}
    if around.form is not None and around.form.get(f"{PREFIX}-{word}-path") == OWN:
        by_hand = True
    return {"text": text, "subjects": condition_editor.grouped(subjects), "checked": by_hand, "empty": empty}


def _read_condition(around: Surrounding, word: str, rule: Mapping[str, Any], value: Any, type_: str) -> Made:
    subjects: Sequence[Subject] = around.place.subjects
    if control_of(word, rule)[0] == "filter":
        subjects = about(around.entity(str(rule["x-amity"].get("of", ""))))
    name = f"{PREFIX}-{word}"
    editor = condition_editor.make(
        around.ctx, name, str(value or ""), subjects, locale().timezone, around.form
    )
    return {"kind": "condition", "condition": editor}


def _read_duration(around: Surrounding, word: str, rule: Mapping[str, Any], value: Any, type_: str) -> Made:
    text = str(value or "")
    found = _DURATION.fullmatch(text.replace(" ", ""))
    unit = found[1] if found else "days" if not text else OWN
    if around.form is not None and around.form.get(f"{PREFIX}-{word}-unit") == OWN:
        unit = OWN
    return {"text": text, "amount": found[2] if found else "", "unit": unit, "options": _units(unit)}


def _units(now: str) -> list[tuple[str, str]]:
    titles = {
        "seconds": _("seconds"), "minutes": _("minutes"), "hours": _("hours"), "days": _("days"),
        "weeks": _("weeks"),
    }  # fmt: skip
    units = UNITS if now != "seconds" else ("seconds", *UNITS)
    return [*((unit, titles[unit]) for unit in units), (OWN, _("as an expression …"))]


def _read_entity(around: Surrounding, word: str, rule: Mapping[str, Any], value: Any, type_: str) -> Made:
    return _choice(value, [(item.name, item.title) for item in around.place.model])


def _read_field(around: Surrounding, word: str, rule: Mapping[str, Any], value: Any, type_: str) -> Made:
    own = rule.get("x-amity", {})
    entity = around.entity(str(own.get("of", "")))
    fields = [
        item
        for item in (entity.fields if entity else ())
        if item.kind.name in own.get("kinds", (item.kind.name,))
    ]
    if word == "field" and not own.get("of") and not own.get("kinds"):  # the trigger "date"
        fields = [item for item in fields if str(item.kind.expression_type(item)) in ("date", "date-time")]
    return _choice(value, [(item.name, item.title) for item in fields])


def _read_fields(around: Surrounding, word: str, rule: Mapping[str, Any], value: Any, type_: str) -> Made:
    entity = around.entity(str(rule["x-amity"].get("of", "")))
    chosen = frozenset(map(str, value)) if isinstance(value, list) else frozenset()
    return {
        "kind": "checks",
        "options": [(item.name, item.title) for item in (entity.fields if entity else ())],
        "chosen": chosen,
    }


def _read_checks(around: Surrounding, word: str, rule: Mapping[str, Any], value: Any, type_: str) -> Made:
    chosen = frozenset(map(str, value)) if isinstance(value, list) else frozenset()
    options = [(str(item), _(str(item).replace("_", " ").capitalize())) for item in rule["items"]["enum"]]
    return {"options": options, "chosen": chosen}


def _read_account(around: Surrounding, word: str, rule: Mapping[str, Any], value: Any, type_: str) -> Made:
    return _choice(value, _people())


def _read_accounts(around: Surrounding, word: str, rule: Mapping[str, Any], value: Any, type_: str) -> Made:
    chosen = [str(item) for item in value] if isinstance(value, list) else []
    known = _people()
    extra = [(item, item) for item in chosen if item not in dict(known)]
    return {"kind": "checks", "options": [*known, *extra], "chosen": frozenset(chosen)}


def _people() -> list[tuple[str, str]]:
    found = sorted(workspace().accounts.all(), key=lambda item: item.name.casefold())
    return [(item.email, f"{item.name} ({item.email})") for item in found]


def _read_workflow(around: Surrounding, word: str, rule: Mapping[str, Any], value: Any, type_: str) -> Made:
    found = [
        (item.name, str(item.document.get("title", item.name)))
        for item in workspace().workflows.list()
        if (item.document.get("trigger") or {}).get("on") == "called"
    ]
    return _choice(value, found)


def _read_letter(around: Surrounding, word: str, rule: Mapping[str, Any], value: Any, type_: str) -> Made:
    letters = workspace().workflows.registry.letters
    return _choice(value, [(letter.name, letter.title) for letter in letters])


def _choice(value: Any, options: list[tuple[str, str]]) -> Made:
    text = value if isinstance(value, str) else ""
    if text and text not in dict(options):
        options = [*options, (text, text)]
    return {"kind": "choice", "text": text, "options": options}


def _read_lines(around: Surrounding, word: str, rule: Mapping[str, Any], value: Any, type_: str) -> Made:
    return {"kind": "lines", "text": "\n".join(map(str, value)) if isinstance(value, list) else ""}


def _read_json(around: Surrounding, word: str, rule: Mapping[str, Any], value: Any, type_: str) -> Made:
    return {"text": "" if value is None else jsontext.dumps_bytes(value, indent=True).decode()}


def _read_pairs(around: Surrounding, word: str, rule: Mapping[str, Any], value: Any, type_: str) -> Made:
    members = {} if value is None else value
    if not isinstance(members, dict) or not all(map(flow_values.is_line, members.values())):
        return {"kind": "json", **_read_json(around, word, rule, value, type_)}
    pairs = [
        Pair(number, name, flow_values.line(item)) for number, (name, item) in enumerate(members.items())
    ]
    return {"pairs": [*pairs, Pair(len(pairs))]}


def _read_table(around: Surrounding, word: str, rule: Mapping[str, Any], value: Any, type_: str) -> Made:
    rows = value if isinstance(value, list) else []
    if not all(_is_table_row(row) for row in rows):
        return {"kind": "json", **_read_json(around, word, rule, value, type_)}
    columns = list(dict.fromkeys(name for row in rows for name in row.get("then", {})))
    if not columns and word == "table":  # of an action that wants an account
        columns = ["account"]
    table = [
        TableRow(
            number,
            str(row.get("when", "")),
            [flow_values.line(row["then"].get(name)) for name in columns],
        )
        for number, row in enumerate(rows)
    ]
    table.append(TableRow(len(table), "", [""] * len(columns)))
    return {"columns": columns, "table": table}


def _is_table_row(row: Any) -> bool:
    return (
        isinstance(row, dict)
        and isinstance(row.get("then"), dict)
        and all(map(flow_values.is_line, row["then"].values()))
    )


def _read_form(around: Surrounding, word: str, rule: Mapping[str, Any], value: Any, type_: str) -> Made:
    kinds = workspace().kinds
    editor = nested_editor.read(_asked(around, word), kinds.get("object"), kinds, frozenset())
    return {"nested": editor}


def _asked(around: Surrounding, word: str) -> Json:
    found = around.holder.get(word)
    schema: Json = {"type": "object", "properties": found if isinstance(found, dict) else {}}
    if isinstance(around.holder.get("required"), list) and "required" in around.rules:
        schema["required"] = list(around.holder["required"])
    return schema


def _read_values(around: Surrounding, word: str, rule: Mapping[str, Any], value: Any, type_: str) -> Made:
    entity = around.entity(str(rule["x-amity"].get("of", "entity")))
    given = value if isinstance(value, dict) else {}
    fields = {item.name: item for item in (entity.fields if entity else ())}
    surroundings = entity_forms.Surroundings(
        locale=locale(),
        visible=lambda item: True,
        required=lambda item: False,
        choices=lambda item, now: relation_choices(around.ctx, item, now),
    )
    rows = []
    for name, item in given.items():
        known = fields.get(name)
        computed = isinstance(item, dict) and set(item) == {"expression"}
        by = "expression" if computed or known is None else "value"
        if around.form is not None:
            by = around.form.get(f"{PREFIX}-{word}-by-{name}", by)
        shown = item if not computed else None
        rows.append(
            FieldValue(
                name,
                known.title if known else name,
                by,
                str(item["expression"]) if computed else "",
                None
                if known is None or by == "expression"
                else entity_forms.make_input(known, shown, surroundings, prefix=f"{PREFIX}-{word}-v-"),
                condition_editor.grouped(around.place.subjects) if by == "expression" else (),
            )
        )
    free = [
        (item.name, item.title)
        for item in fields.values()
        if item.name not in given and not item.read_only and not item.kind.computed
    ]
    return {"values": rows, "options": free}


def _retry(around: Surrounding, rule: Mapping[str, Any]) -> list[Control]:
    held = around.holder.get("retry")
    inner = Surrounding(
        around.ctx, around.place, around.form, {}, rule["properties"], held if isinstance(held, dict) else {}
    )
    made = []
    for word, part in rule["properties"].items():
        control = _control(inner, word, part, False)
        made.append(Control(f"{PREFIX}-retry-{word}", "number", control.title, text=control.text, later=True))
    return made


_READ: Final = {
    "number": _read_number,
    "checkbox": _read_checkbox,
    "template": _read_template,
    "long_template": _read_template,
    "select": _read_select,
    "failure": _read_failure,
    "expression": _read_expression,
    "condition": _read_condition,
    "filter": _read_condition,
    "duration": _read_duration,
    "entity": _read_entity,
    "field": _read_field,
    "fields": _read_fields,
    "checks": _read_checks,
    "account": _read_account,
    "accounts": _read_accounts,
    "workflow": _read_workflow,
    "mail_template": _read_letter,
    "lines": _read_lines,
    "expressions": _read_lines,
    "json": _read_json,
    "pairs": _read_pairs,
    "table": _read_table,
    "form": _read_form,
    "values": _read_values,
}


# -- writing -------------------------------------------------------------------------------------------
def write(around: Surrounding, hidden: frozenset[str]) -> None:
    """Put what the form has into the object."""
    for word, rule in around.rules.items():
        if word in hidden:
            continue
        if word == "retry":
            _write_retry(around, rule)
            continue
        kind = control_of(word, rule)[0]
        if "$comment" in str(rule.get("oneOf", "")):
            kind = "failure"
        _WRITE.get(kind, _write_text)(around, word, rule)


def _sent(around: Surrounding, word: str) -> str | None:
    assert around.form is not None
    found = around.form.get(f"{PREFIX}-{word}")
    return None if found is None else found.replace("\r\n", "\n")


def _write_text(around: Surrounding, word: str, rule: Mapping[str, Any]) -> None:
    text = _sent(around, word)
    now = around.holder.get(word)
    if text is None or (isinstance(now, str) and text == now):
        return
    if now is not None and not isinstance(now, str):
        _write_json(around, word, rule)
    else:
        put(around.holder, word, text.strip())
        _insert(around, word)


def _write_select(around: Surrounding, word: str, rule: Mapping[str, Any]) -> None:
    text = _sent(around, word)
    now = around.holder.get(word)
    if text is not None and text != str(rule.get("default", "") if now is None else now):
        put(around.holder, word, text)


def _write_choice(around: Surrounding, word: str, rule: Mapping[str, Any]) -> None:
    text = _sent(around, word)
    now = around.holder.get(word)
    if text is not None and text != (now if isinstance(now, str) else ""):
        put(around.holder, word, text)


def _write_template(around: Surrounding, word: str, rule: Mapping[str, Any]) -> None:
    _write_text(around, word, rule)
    _insert(around, word)


def _insert(around: Surrounding, word: str) -> None:
    """Put a chosen name behind the text, for those without JavaScript (with it, it goes to the cursor)."""
    assert around.form is not None
    path = around.form.get(f"{PREFIX}-{word}-insert")
    if path and isinstance(around.holder.get(word, ""), str):
        around.holder[word] = f"{around.holder.get(word, '')} {{{{ {path} }}}}".strip()


def _write_number(around: Surrounding, word: str, rule: Mapping[str, Any]) -> None:
    text = _sent(around, word)
    if text is None or (word not in around.holder and text == jsontext.dumps(rule.get("default"))):
        return
    found = flow_values.value(text.strip())
    put(around.holder, word, found)


def _write_checkbox(around: Surrounding, word: str, rule: Mapping[str, Any]) -> None:
    assert around.form is not None
    if f"has-{PREFIX}-{word}" not in around.form:
        return
    wanted = f"{PREFIX}-{word}" in around.form
    if wanted != bool(around.holder.get(word, rule.get("default", False))):
        around.holder[word] = wanted


def _set_expression(holder: Json, word: str, text: str) -> None:
    """Set an expression; the word that says what a step is stays, also when it is empty."""
    now = holder.get(word)
    if text == str(now or ""):
        return
    if not text and word in HEADS:
        holder[word] = ""
    elif text or isinstance(now, str):
        put(holder, word, text)


def _write_expression(around: Surrounding, word: str, rule: Mapping[str, Any]) -> None:
    assert around.form is not None
    path = around.form.get(f"{PREFIX}-{word}-path")
    if path is None:
        return
    if path != OWN:
        _set_expression(around.holder, word, path)
    elif (text := _sent(around, word)) is not None:
        _set_expression(around.holder, word, text.strip())


def _write_condition(around: Surrounding, word: str, rule: Mapping[str, Any]) -> None:
    assert around.form is not None
    subjects: Sequence[Subject] = around.place.subjects
    if control_of(word, rule)[0] == "filter":
        subjects = about(around.entity(str(rule["x-amity"].get("of", ""))))
    now = str(around.holder.get(word) or "")
    text = condition_editor.take(around.form, f"{PREFIX}-{word}", now, subjects, locale().timezone)
    _set_expression(around.holder, word, text)


def _write_duration(around: Surrounding, word: str, rule: Mapping[str, Any]) -> None:
    assert around.form is not None
    unit = around.form.get(f"{PREFIX}-{word}-unit")
    if unit is None:
        return
    if unit == OWN:
        text = _sent(around, word)
        if text is not None:
            _set_expression(around.holder, word, text.strip())
        return
    amount = around.form.get(f"{PREFIX}-{word}-amount", "").strip()
    number = amount.isascii() and amount.isdigit() and len(amount) < 8
    _set_expression(around.holder, word, f"{unit}({int(amount)})" if number and unit in ALL_UNITS else amount)


def _write_failure(around: Surrounding, word: str, rule: Mapping[str, Any]) -> None:
    text = _sent(around, word)
    if text is None:
        return
    if text == "steps":
        if not isinstance(around.holder.get(word), list):
            around.holder[word] = []
    elif text != str(around.holder.get(word) or "stop"):
        put(around.holder, word, None if text == "stop" else text)


def _write_checks(around: Surrounding, word: str, rule: Mapping[str, Any]) -> None:
    assert around.form is not None
    if f"has-{PREFIX}-{word}" not in around.form:
        return
    sent = around.form.getlist(f"{PREFIX}-{word}")
    now = around.holder.get(word)
    if not sent and not isinstance(now, list):
        return
    kept = [item for item in now if item in sent] if isinstance(now, list) else []
    put(around.holder, word, [*kept, *(item for item in sent if item not in kept)])


def _write_lines(around: Surrounding, word: str, rule: Mapping[str, Any]) -> None:
    text = _sent(around, word)
    if text is not None and (text or isinstance(around.holder.get(word), list)):
        put(around.holder, word, [item.strip() for item in text.splitlines() if item.strip()])


def _write_json(around: Surrounding, word: str, rule: Mapping[str, Any]) -> None:
    text = _sent(around, word)
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


def _write_pairs(around: Surrounding, word: str, rule: Mapping[str, Any]) -> None:
    assert around.form is not None
    name = f"{PREFIX}-{word}"
    if f"has-{name}" not in around.form:
        _write_json(around, word, rule)
        return
    found = {}
    for number in numbers(around.form, name):
        key = around.form.get(f"{name}-{number}-name", "").strip()
        if key:
            found[key] = flow_values.value(around.form.get(f"{name}-{number}-value", ""))
    put(around.holder, word, found)


def _write_table(around: Surrounding, word: str, rule: Mapping[str, Any]) -> None:
    form = around.form
    assert form is not None
    name = f"{PREFIX}-{word}"
    if f"has-{name}" not in form:
        _write_json(around, word, rule)
        return
    columns = form.getlist(f"{name}-column")
    titles = [text.strip() for text in form.getlist(f"{name}-title")]
    renamed = dict(zip(columns, titles, strict=False))
    rows: list[Json] = []
    for number in numbers(form, name):
        when = form.get(f"{name}-{number}-when", "").strip()
        cells = form.getlist(f"{name}-{number}-cell")
        then = {
            renamed[column]: flow_values.value(cell)
            for column, cell in zip(columns, cells, strict=False)
            if renamed.get(column)
        }
        if when or any(value is not None for value in then.values()):
            rows.append({**({"when": when} if when else {}), "then": then})
    new = form.get(f"{name}-new-column", "").strip()
    if new:
        rows = rows or [{"then": {}}]
        for row in rows:
            row["then"].setdefault(new, None)
    if rows or isinstance(around.holder.get(word), list):
        put(around.holder, word, rows)


def _write_form(around: Surrounding, word: str, rule: Mapping[str, Any]) -> None:
    assert around.form is not None
    if "nested" not in around.form:
        return
    kinds = workspace().kinds
    schema = _asked(around, word)
    nested_editor.write(schema, kinds.get("object"), kinds, around.form)
    if not schema["properties"] and not isinstance(around.holder.get(word), dict):
        return
    put(around.holder, word, schema["properties"])
    if "required" in around.rules:
        put(around.holder, "required", schema.get("required"))


def _write_values(around: Surrounding, word: str, rule: Mapping[str, Any]) -> None:
    form = around.form
    assert form is not None
    name = f"{PREFIX}-{word}"
    if f"has-{name}" not in form:
        return
    entity = around.entity(str(rule["x-amity"].get("of", "entity")))
    fields = {item.name: item for item in (entity.fields if entity else ())}
    given = around.holder.get(word)
    found: Json = {}
    dropped = (
        form.get("do", "").removeprefix(f"drop:{word}:")
        if form.get("do", "").startswith(f"drop:{word}:")
        else ""
    )
    for key, now in given.items() if isinstance(given, dict) else ():
        if key == dropped:
            continue
        found[key] = _value_of(form, name, key, now, fields)
    added = form.get(f"{name}-add", "")
    if added in fields and added not in found:
        found[added] = None
    if found or isinstance(given, dict):
        around.holder[word] = found


def _value_of(form: Form, name: str, key: str, now: Any, fields: Mapping[str, Any]) -> Any:
    text = form.get(f"{name}-x-{key}")
    if text is not None and form.get(f"{name}-by-{key}") == "expression":
        path = form.get(f"{name}-x-{key}-path", OWN)
        if key not in fields and not text.strip() and path in ("", OWN):
            return now
        return {"expression": (text if path in ("", OWN) else path).strip()}
    by = form.get(f"{name}-by-{key}")
    computed = isinstance(now, dict) and set(now) == {"expression"}
    if by == "expression":
        return now if computed else {"expression": ""}
    if by is None or key not in fields:
        return now
    if computed:
        return None
    sent = entity_forms.read_values([fields[key]], form, prefix=f"{name}-v-")
    return sent.get(key, now)


def _write_retry(around: Surrounding, rule: Mapping[str, Any]) -> None:
    assert around.form is not None
    held = around.holder.get("retry")
    now: Json = dict(held) if isinstance(held, dict) else {}
    for word, part in rule["properties"].items():
        text = around.form.get(f"{PREFIX}-retry-{word}")
        if text is None or (word not in now and text == jsontext.dumps(part.get("default"))):
            continue
        put(now, word, flow_values.value(text.strip()))
    if now or isinstance(held, dict):
        put(around.holder, "retry", now)


_WRITE: Final = {
    "select": _write_select,
    **dict.fromkeys(("entity", "field", "account", "workflow", "mail_template"), _write_choice),
    "template": _write_template,
    "long_template": _write_template,
    "number": _write_number,
    "checkbox": _write_checkbox,
    "expression": _write_expression,
    "condition": _write_condition,
    "filter": _write_condition,
    "duration": _write_duration,
    "failure": _write_failure,
    "checks": _write_checks,
    "fields": _write_checks,
    "accounts": _write_checks,
    "lines": _write_lines,
    "expressions": _write_lines,
    "json": _write_json,
    "pairs": _write_pairs,
    "table": _write_table,
    "form": _write_form,
    "values": _write_values,
}
