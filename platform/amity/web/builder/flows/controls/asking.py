"""The control of a form that people fill in: the editor of nested fields."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any, Final

from amity import jsontext
from amity.web.builder import nested_editor
from amity.web.builder.flows.controls.base import Kind, Made, Surrounding
from amity.web.builder.flows.document import Json
from amity.web.builder.rows import put
from amity.web.context import workspace
from amity.workflows.documents.forms import asked_schema


def _read_form(around: Surrounding, word: str, rule: Mapping[str, Any], value: Any, type_: str) -> Made:
    kinds = workspace().kinds
    editor = nested_editor.read(_asked(around, word), kinds.get("object"), kinds, frozenset())
    return {"own": editor}


def _asked(around: Surrounding, word: str) -> Json:
    """Give what is asked as an object schema: the property is one, or holds its `properties` alone."""
    found = around.holder.get(word)
    held = found if isinstance(found, dict) else {}
    if not _beside(around):
        held = dict(asked_schema(held))
        properties = held.get("properties")
        return {**held, "type": "object", "properties": properties if isinstance(properties, dict) else {}}
    schema: Json = {"type": "object", "properties": held}
    if isinstance(around.holder.get("required"), list):
        schema["required"] = list(around.holder["required"])
    return schema


def _beside(around: Surrounding) -> bool:
    """Whether what is required stands beside the fields, in a property of its own."""
    return "required" in around.rules


def _write_form(around: Surrounding, word: str, rule: Mapping[str, Any]) -> None:
    assert around.form is not None
    if "nested" not in around.form:
        return
    kinds = workspace().kinds
    schema = _asked(around, word)
    before = deepcopy(schema)
    nested_editor.write(schema, kinds.get("object"), kinds, around.form)
    if jsontext.dumps(schema) == jsontext.dumps(before):
        return
    if _beside(around):
        put(around.holder, word, schema["properties"])
        put(around.holder, "required", schema.get("required"))
    else:
        around.holder[word] = schema


KINDS: Final = {"form": Kind(_read_form, _write_form)}
