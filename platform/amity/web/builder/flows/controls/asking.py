"""The control of a form that people fill in: the editor of nested fields."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from amity.web.builder import nested_editor
from amity.web.builder.flows.controls.base import Kind, Made, Surrounding
from amity.web.builder.flows.document import Json
from amity.web.builder.rows import put
from amity.web.context import workspace


def _read_form(around: Surrounding, word: str, rule: Mapping[str, Any], value: Any, type_: str) -> Made:
    kinds = workspace().kinds
    editor = nested_editor.read(_asked(around, word), kinds.get("object"), kinds, frozenset())
    return {"own": editor}


def _asked(around: Surrounding, word: str) -> Json:
    found = around.holder.get(word)
    schema: Json = {"type": "object", "properties": found if isinstance(found, dict) else {}}
    if isinstance(around.holder.get("required"), list) and "required" in around.rules:
        schema["required"] = list(around.holder["required"])
    return schema


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


KINDS: Final = {"form": Kind(_read_form, _write_form)}
