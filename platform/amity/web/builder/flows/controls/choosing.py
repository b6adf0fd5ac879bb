"""Controls that choose: one of a list, several of a list; of what the schema says, of fields, of people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from amity.access.people import time_zones
from amity.web.builder.flows.controls.base import PREFIX, Kind, Made, Surrounding, sent
from amity.web.builder.rows import put
from amity.web.context import workspace
from amity.web.texts import gettext as _


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


def _write_select(around: Surrounding, word: str, rule: Mapping[str, Any]) -> None:
    text = sent(around, word)
    now = around.holder.get(word)
    if text is not None and text != str(rule.get("default", "") if now is None else now):
        put(around.holder, word, text)


def _read_failure(around: Surrounding, word: str, rule: Mapping[str, Any], value: Any, type_: str) -> Made:
    options = [(str(item.get("const", "steps")), _(str(item["title"]))) for item in rule["oneOf"]]
    return _selected("steps" if isinstance(value, list) else str(value or "stop"), options)


def _write_failure(around: Surrounding, word: str, rule: Mapping[str, Any]) -> None:
    text = sent(around, word)
    if text is None:
        return
    if text == "steps":
        if not isinstance(around.holder.get(word), list):
            around.holder[word] = []
    elif text != str(around.holder.get(word) or "stop"):
        put(around.holder, word, None if text == "stop" else text)


def _choice(value: Any, options: list[tuple[str, str]]) -> Made:
    text = value if isinstance(value, str) else ""
    if text and text not in dict(options):
        options = [*options, (text, text)]
    return {"kind": "choice", "text": text, "options": options}


def _write_choice(around: Surrounding, word: str, rule: Mapping[str, Any]) -> None:
    text = sent(around, word)
    now = around.holder.get(word)
    if text is not None and text != (now if isinstance(now, str) else ""):
        put(around.holder, word, text)


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


def _read_account(around: Surrounding, word: str, rule: Mapping[str, Any], value: Any, type_: str) -> Made:
    return _choice(value, people())


def people() -> list[tuple[str, str]]:
    """Give all accounts, by e-mail address, as a list shows them."""
    found = sorted(workspace().accounts.all(), key=lambda item: item.name.casefold())
    return [(item.email, f"{item.name} ({item.email})") for item in found]


def _read_timezone(around: Surrounding, word: str, rule: Mapping[str, Any], value: Any, type_: str) -> Made:
    return _choice(value, [(name, name) for name in sorted(time_zones())])


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


def _read_accounts(around: Surrounding, word: str, rule: Mapping[str, Any], value: Any, type_: str) -> Made:
    chosen = [str(item) for item in value] if isinstance(value, list) else []
    known = people()
    extra = [(item, item) for item in chosen if item not in dict(known)]
    return {"kind": "checks", "options": [*known, *extra], "chosen": frozenset(chosen)}


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


KINDS: Final = {
    "select": Kind(_read_select, _write_select),
    "failure": Kind(_read_failure, _write_failure),
    "entity": Kind(_read_entity, _write_choice),
    "field": Kind(_read_field, _write_choice),
    "account": Kind(_read_account, _write_choice),
    "workflow": Kind(_read_workflow, _write_choice),
    "timezone": Kind(_read_timezone, _write_choice),
    "mail_template": Kind(_read_letter, _write_choice),
    "checks": Kind(_read_checks, _write_checks),
    "fields": Kind(_read_fields, _write_checks),
    "accounts": Kind(_read_accounts, _write_checks),
}
