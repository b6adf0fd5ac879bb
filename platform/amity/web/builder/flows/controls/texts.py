"""Controls of one input: texts, numbers, boxes to tick, lines, and JSON where nothing else can show it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from amity import jsontext
from amity.web.builder.flows import lines
from amity.web.builder.flows.condition_editor import grouped
from amity.web.builder.flows.controls.base import (
    PREFIX,
    Kind,
    Made,
    Surrounding,
    insert,
    json_made,
    sent,
    write_json,
)
from amity.web.builder.rows import put


def _read_text(around: Surrounding, word: str, rule: Mapping[str, Any], value: Any, type_: str) -> Made:
    if value is not None and not isinstance(value, str):
        return {"kind": "json", "text": jsontext.dumps(value)}
    return {"text": value or ""}


def _write_text(around: Surrounding, word: str, rule: Mapping[str, Any]) -> None:
    text = sent(around, word)
    now = around.holder.get(word)
    if text is None or (isinstance(now, str) and text == now):
        return
    if now is not None and not isinstance(now, str):
        write_json(around, word, rule)
    else:
        put(around.holder, word, text.strip())
        insert(around, word)


def _read_template(around: Surrounding, word: str, rule: Mapping[str, Any], value: Any, type_: str) -> Made:
    return {
        **_read_text(around, word, rule, value, type_),
        "subjects": grouped([item for item in around.place.subjects if item.category != "records"]),
    }


def _write_template(around: Surrounding, word: str, rule: Mapping[str, Any]) -> None:
    _write_text(around, word, rule)
    insert(around, word)


def _read_number(around: Surrounding, word: str, rule: Mapping[str, Any], value: Any, type_: str) -> Made:
    shown = value if value is not None else rule.get("default", "")
    return {"text": shown if isinstance(shown, str) else jsontext.dumps(shown)}


def _write_number(around: Surrounding, word: str, rule: Mapping[str, Any]) -> None:
    text = sent(around, word)
    if text is None or (word not in around.holder and text == jsontext.dumps(rule.get("default"))):
        return
    found = lines.value(text.strip())
    put(around.holder, word, found)


def _read_checkbox(around: Surrounding, word: str, rule: Mapping[str, Any], value: Any, type_: str) -> Made:
    return {"checked": bool(rule.get("default", False) if value is None else value)}


def _write_checkbox(around: Surrounding, word: str, rule: Mapping[str, Any]) -> None:
    assert around.form is not None
    if f"has-{PREFIX}-{word}" not in around.form:
        return
    wanted = f"{PREFIX}-{word}" in around.form
    if wanted != bool(around.holder.get(word, rule.get("default", False))):
        around.holder[word] = wanted


def _read_lines(around: Surrounding, word: str, rule: Mapping[str, Any], value: Any, type_: str) -> Made:
    return {"kind": "lines", "text": "\n".join(map(str, value)) if isinstance(value, list) else ""}


def _write_lines(around: Surrounding, word: str, rule: Mapping[str, Any]) -> None:
    text = sent(around, word)
    if text is not None and (text or isinstance(around.holder.get(word), list)):
        put(around.holder, word, [item.strip() for item in text.splitlines() if item.strip()])


KINDS: Final = {
    "text": Kind(_read_text, _write_text),
    "time": Kind(_read_text, _write_text),
    "template": Kind(_read_template, _write_template),
    "long_template": Kind(_read_template, _write_template),
    "number": Kind(_read_number, _write_number),
    "checkbox": Kind(_read_checkbox, _write_checkbox),
    "lines": Kind(_read_lines, _write_lines),
    "json": Kind(json_made, write_json),
}
