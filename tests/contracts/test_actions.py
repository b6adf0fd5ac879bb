"""What every action keeps, whoever brings it: a schema that forms are made of, words for people, a name."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from amity.entities.model import Model
from amity.workflows.action import Action, OutsideAction, RecordAction
from amity.workflows.actions import ACTIONS, core_actions
from amity.workflows.documents.loader import load
from amity.workflows.documents.metaschema import step_schema
from amity.workflows.registry import Registry

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "platform" / "amity" / "workflows" / "actions"
ICONS = (ROOT / "platform" / "amity" / "static" / "icons.txt").read_text().split()
REFERENCE = (ROOT / "docs" / "reference" / "actions.md").read_text(encoding="utf-8")
INPUTS = {
    "template", "value", "expression", "values", "entity", "field", "account", "workflow", "mail_template",
    "filter", "table", "sort", "form", "secret", "html", "expressions",
}  # fmt: skip
EVERY = core_actions()
every_action = pytest.mark.parametrize("action", EVERY, ids=lambda action: action.name)
EMPTY = Model(1, {})


def properties(schema: Mapping[str, Any], at: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every property of a schema, nested ones with their path."""
    for name, rule in schema.get("properties", {}).items():
        yield f"{at}/{name}", rule
        yield from properties(rule, f"{at}/{name}")
        yield from properties(rule.get("items", {}), f"{at}/{name}")


@every_action
def test_says_what_it_is_in_words_for_people(action: Action) -> None:
    assert re.fullmatch(r"[a-z][a-z_]{0,39}", action.name)
    assert action.title and action.title[0].isupper() and not action.title.endswith(".")
    assert action.description.endswith(".") and len(action.description) <= 120
    assert action.group and action.__doc__ and action.icon in ICONS, action.icon
    assert action.places and action.timeout > 0


@every_action
def test_the_schema_is_valid_and_a_form_can_be_made_of_it(action: Action) -> None:
    Draft202012Validator.check_schema(action.schema)
    assert action.schema["type"] == "object"
    assert set(action.schema.get("required", ())) <= set(action.schema["properties"])
    common = set(step_schema("do")["properties"])
    assert not common & set(action.schema["properties"]), "these words belong to the step itself"
    for path, rule in properties(action.schema):
        assert rule.get("title"), f"{path} has no title"
        assert rule.get("description", "").endswith((".", ")", "?")), f"{path} has no description"
        hints = rule.get("x-amity", {})
        assert hints.get("input", "template") in INPUTS, path
        if "of" in hints:
            assert hints["of"] in action.schema["properties"] or hints["of"] == "record", path


@every_action
def test_defaults_are_allowed(action: Action) -> None:
    for path, rule in properties(action.schema):
        if "default" in rule:
            Draft202012Validator(rule).validate(rule["default"]), path


@every_action
def test_describes_any_document(action: Action) -> None:
    texts = {name: "x" for name, rule in action.schema["properties"].items() if rule.get("type") == "string"}
    for params in ({}, texts):
        text = action.describe(params, EMPTY)
        assert text and "\n" not in text and len(text) < 300
        action.check(params, EMPTY)
        assert "state" not in action.result(params, EMPTY), "every step has a state"


@every_action
def test_knows_how_it_runs(action: Action) -> None:
    assert type(action).preview is not Action.preview
    if action.places != {"rule"}:
        assert isinstance(action, RecordAction | OutsideAction)
    if isinstance(action, RecordAction):
        assert type(action).prepare is not RecordAction.prepare
    if isinstance(action, OutsideAction):
        assert type(action).perform is not OutsideAction.perform


def test_no_two_have_one_name() -> None:
    names = [action.name for action in EVERY]
    assert sorted(set(names)) == sorted(names)


def test_one_file_each() -> None:
    files = {path.stem for path in FOLDER.glob("*.py")} - {"__init__"}
    assert files == {module for module, _ in ACTIONS} == {action.name for action in EVERY}
    for module, name in ACTIONS:
        assert getattr(import_module(f"amity.workflows.actions.{module}"), name).name == module


@every_action
def test_the_reference_describes_it_and_its_parameters(action: Action) -> None:
    sections = dict(
        re.findall(r"^## `(\w+)`[^\n]*\n(.*?)(?=^## |\Z)", REFERENCE, flags=re.MULTILINE | re.DOTALL)
    )
    assert set(sections) == {item.name for item in EVERY}
    for name in action.schema["properties"]:
        assert f"`{name}`" in sections[action.name], f"docs/reference/actions.md, {action.name}: {name}"
    for name in action.result({}, EMPTY):
        assert f"`{name}`" in sections[action.name], f"docs/reference/actions.md, {action.name}: {name}"


@every_action
def test_the_example_of_the_reference_can_be_read(action: Action) -> None:
    from amity import jsontext

    section = REFERENCE.partition(f"## `{action.name}`")[2].partition("\n## ")[0]
    example = jsontext.loads(section.partition("```json")[2].partition("```")[0])
    assert example["do"] == action.name
    trigger = {"on": "saving" if action.places == {"rule"} else "created"}
    document = {"title": "Example", "entity": "customer", "trigger": trigger, "steps": [example]}
    load(document, Registry.of(EVERY), name="example")
