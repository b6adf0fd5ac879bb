"""The published meta-schema of workflow documents, made from the fixed words and what is registered."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Final

from amity import jsontext
from amity.workflows.action import Action
from amity.workflows.registry import Registry
from amity.workflows.triggers import TriggerKind

DRAFT: Final = "https://json-schema.org/draft/2020-12/schema"
HEADS: Final = ("do", "wait", "wait_until", "wait_for", "if", "switch", "for_each", "parallel")
"""The word that says what a step is; each step has exactly one."""


@cache
def _read() -> dict[str, Any]:
    text = (
        files("amity.workflows.documents")
        .joinpath("metaschemas", "workflow.json")
        .read_text(encoding="utf-8")
    )
    found: dict[str, Any] = jsontext.loads(text)
    return found


def top() -> dict[str, Any]:
    """Give the schema of the document itself: trigger and steps are any object and list."""
    return copy.deepcopy(_read()["document"])


def step_schema(head: str, action: Action | None = None) -> dict[str, Any]:
    """Give the schema of one step; what stands inside its branches is checked step by step."""
    schema: dict[str, Any] = copy.deepcopy(_read()["steps"][head])
    common = copy.deepcopy(_read()["common"])
    schema["properties"] = {**schema["properties"], **common}
    if action is not None:
        own = action.schema
        schema["properties"] |= {
            name: copy.deepcopy(rule) for name, rule in own.get("properties", {}).items()
        }
        schema["required"] = ["do", *own.get("required", ())]
    schema |= {"type": "object", "additionalProperties": False}
    return schema


def trigger_schema(kind: TriggerKind) -> dict[str, Any]:
    """Give the schema of a trigger of one kind."""
    return {
        "type": "object",
        "title": kind.title,
        "description": kind.description,
        "required": ["on", *kind.required],
        "additionalProperties": False,
        "properties": {"on": {"const": kind.name}, **copy.deepcopy(dict(kind.options))},
    }


def published(registry: Registry) -> dict[str, Any]:
    """Give the schema of a whole document of this workspace, for editors."""
    steps = [_nested(step_schema(head)) for head in HEADS if head != "do"]
    steps += [_action(action) for action in registry.actions.values()]
    schema = top()
    schema["properties"]["trigger"] = {"oneOf": [trigger_schema(kind) for kind in registry.triggers.values()]}
    schema["properties"]["steps"] = {"$ref": "#/$defs/steps"}
    return {
        "$schema": DRAFT,
        "$id": "urn:amity:schema:workflow",
        "title": "A workflow document",
        **schema,
        "$defs": {
            "steps": {"type": "array", "items": {"$ref": "#/$defs/step"}},
            "step": {"oneOf": steps},
        },
    }


def _action(action: Action) -> dict[str, Any]:
    schema = step_schema("do", action)
    schema["title"] = action.title
    schema["properties"]["do"] = {"const": action.name}
    return _nested(schema)


def _nested(schema: dict[str, Any]) -> dict[str, Any]:
    """Let the branches hold steps."""
    return {name: _with_steps(part) for name, part in schema.items()}


def _with_steps(part: Any) -> Any:
    if isinstance(part, Mapping):
        if part.get("$comment") == "steps":
            rest = {name: item for name, item in part.items() if name != "$comment"}
            return {**rest, "items": {"$ref": "#/$defs/step"}}
        return {name: _with_steps(item) for name, item in part.items()}
    return [_with_steps(item) for item in part] if isinstance(part, list) else part
