"""E-mail templates: whose text counts, what is wrong in which line, who uses them, renames."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest

from amity.access.context import SYSTEM
from amity.definitions.documents import DefinitionChange
from amity.errors import InUse, Invalid
from amity.exchange.definitions import read, write
from amity.settings import Settings
from amity.workflows.documents.letters import KIND, Letters
from amity.workspace import Workspace
from tests.factories.flows import KEY, apply, workflow

HELLO: dict[str, Any] = {
    "name": "hello",
    "title": "Hello",
    "subject": "Hello {{ record.name }}",
    "body": "Dear {{ record.name }},\n\nyou are {{ record.age }} now.\n",
    "html": "<p>Dear {{ record.name }}</p>",
}


def put(flows: Workspace, document: dict[str, Any] | None, name: str = "hello") -> Any:
    change = DefinitionChange(KIND, name, document)
    return flows.definitions.apply([change], flows.context(SYSTEM), confirm=True)


def rename(flows: Workspace, old: str, new: str) -> Any:
    document = copy.deepcopy(dict(flows.definitions.get("entity", "person").document))
    document["properties"] = {
        (new if name == old else name): schema for name, schema in document["properties"].items()
    }
    document = _replaced(document, old, new)
    change = DefinitionChange("entity", "person", document)
    return flows.definitions.apply([change], flows.context(SYSTEM), confirm=True)


def _replaced(document: Any, old: str, new: str) -> Any:
    """Follow the rename in the lists of the document itself, as the designer does."""
    own = document.get("x-amity", {})
    if own.get("display") == old:
        own["display"] = new
    document["required"] = [new if name == old else name for name in document.get("required", [])]
    return document


def mailing(template: str = "hello", **more: Any) -> dict[str, Any]:
    step = {"do": "send_email", "id": "mail", "to": "a@b.example", "template": template}
    return workflow(steps=[step], **more)


def test_a_template_of_the_workspace_is_stored_and_used(flows: Workspace) -> None:
    plan = put(flows, HELLO)
    assert [change.code for change in plan.changes] == ["add_template"]
    apply(flows, "welcome", mailing())
    assert flows.workflows.live.broken == {}
    assert put(flows, HELLO).empty
    changed = put(flows, {**HELLO, "subject": "Hi"})
    assert [use.owner for use in changed.changes[0].used_by] == ["welcome"]
    assert [info.version for info in flows.definitions.versions(KIND, "hello")] == [2, 1]
    step = flows.workflows.live.by_name("welcome").steps[0]  # type: ignore[union-attr]
    assert step.params.values["template"].subject.evaluate({}) == "Hi"  # type: ignore[attr-defined]


def test_the_workspaces_own_wins_over_an_extensions_and_that_over_the_shipped(tmp_path: Path) -> None:
    emails = tmp_path / "templates" / "emails"
    emails.mkdir(parents=True)
    (emails / "follow_up.txt").write_text("Subject: From an extension\n\nText")
    (emails / "broken.txt").write_text("no subject")
    (emails / "Bad Name.txt").write_text("Subject: x\n\nText")
    letters = Letters.read([("samples", emails.parent)])
    assert letters.names() == ["follow_up"]
    found = letters.get("follow_up")
    assert found is not None and (found.subject, found.source, found.html) == (
        "From an extension", "samples", None,
    )  # fmt: skip
    own = letters.over([("follow_up", {**HELLO, "name": "follow_up"})])
    found = own.get("follow_up")
    assert found is not None and (found.title, found.source) == ("Hello", "")
    shipped = Letters.read().get("follow_up")
    assert shipped is not None and shipped.source == "amity" and shipped.html


def test_an_extension_brings_templates(flows: Workspace) -> None:
    home = flows.settings.home
    emails = home / "extensions" / "samples" / "templates" / "emails"
    emails.mkdir(parents=True)
    (emails / "greeting.txt").write_text("Subject: Hi\n\nHello {{ record.name }}")
    again = Workspace.open(Settings(home=home, database_url=flows.settings.database_url, secret_key=KEY))
    try:
        apply(again, "welcome", mailing("greeting"))
        assert again.workflows.live.broken == {}
    finally:
        again.close()


@pytest.mark.parametrize(
    ("change", "pointer", "words"),
    [
        ({"body": "One\nTwo {{ record.nam }}"}, "/body", ["line 2", "name"]),
        ({"html": "<p>\n\n{{ record.name"}, "/html", ["line 3", "}}"]),
        ({"body": "a {{ record.name }} {{ b {{ c }}"}, "/body", ["line 1"]),
        ({"subject": "Hi {{ 1 + }}"}, "/subject", ["line 1"]),
        ({"subject": "two\nlines"}, "/subject", ["one line"]),
        ({"entity": "persn"}, "/entity", ["person"]),
        ({"title": " "}, "/title", ["title"]),
        ({"body": ""}, "/body", ["text"]),
        ({"titel": "x"}, "/titel", ["title"]),
        ({"body": 5}, "/body", ["text"]),
        ({"html": "x" * 200_001}, "/html", ["200000"]),
        ({"name": "other"}, "/name", ["keeps"]),
    ],
)
def test_what_is_wrong_is_said_with_its_line(
    flows: Workspace, change: dict[str, Any], pointer: str, words: list[str]
) -> None:
    with pytest.raises(Invalid) as caught:
        put(flows, {**HELLO, "entity": "person", **change})
    problem = next(item for item in caught.value.problems if item.pointer == pointer)
    assert all(word in problem.message for word in words), problem.message


@pytest.mark.parametrize("name", ["New", "new", "a b", "", "1a", "x" * 64])
def test_names_are_plain(flows: Workspace, name: str) -> None:
    with pytest.raises(Invalid):
        put(flows, {**HELLO, "name": name}, name)


def test_without_an_entity_names_are_checked_where_it_is_used(flows: Workspace) -> None:
    put(flows, {**HELLO, "body": "One\n{{ record.nam }}"})
    with pytest.raises(Invalid) as caught:
        apply(flows, "welcome", mailing())
    (problem,) = caught.value.problems
    assert problem.pointer == "/steps/0/template"
    assert "“Hello”, text, line 2" in problem.message and "name" in problem.message


def test_a_change_that_would_stop_a_workflow_is_refused(flows: Workspace) -> None:
    put(flows, HELLO)
    apply(flows, "welcome", mailing(enabled=True))
    with pytest.raises(InUse, match="welcome"):
        put(flows, {**HELLO, "body": "{{ record.nam }}"})
    assert flows.workflows.live.broken == {}


def test_one_that_is_used_is_not_removed(flows: Workspace) -> None:
    put(flows, HELLO)
    apply(flows, "welcome", mailing(enabled=False))
    with pytest.raises(InUse, match="welcome"):
        put(flows, None)
    apply(flows, "welcome", mailing("follow_up", enabled=False))
    plan = put(flows, None)
    assert [change.code for change in plan.changes] == ["remove_template"]
    assert flows.workflows.registry.letters.get("hello") is None
    flows.definitions.restore(KIND, "hello", flows.context(SYSTEM))
    assert flows.workflows.registry.letters.get("hello") is not None


def test_removing_ones_own_brings_the_shipped_back(flows: Workspace) -> None:
    put(flows, {**HELLO, "name": "follow_up"}, "follow_up")
    apply(flows, "welcome", mailing("follow_up"))
    plan = put(flows, None, "follow_up")
    assert [change.code for change in plan.changes] == ["reset_template"]
    found = flows.workflows.registry.letters.get("follow_up")
    assert found is not None and found.source == "amity"
    assert flows.workflows.live.broken == {}


@pytest.mark.parametrize("entity", ["", "person"])
def test_a_template_follows_a_renamed_field(flows: Workspace, entity: str) -> None:
    put(flows, {**HELLO, "entity": entity})
    if not entity:
        apply(flows, "welcome", mailing())
    plan = rename(flows, "age", "years")
    uses = [(use.kind, use.owner) for change in plan.changes for use in change.used_by]
    assert (KIND, "hello") in uses or ("workflow", "welcome") in uses
    document = flows.definitions.get(KIND, "hello").document
    assert "{{ record.years }}" in document["body"] and "{{ record.name }}" in document["body"]
    assert flows.workflows.live.broken == {}


def test_a_shipped_template_that_a_workflow_uses_follows_as_the_workspaces_own(flows: Workspace) -> None:
    apply(flows, "welcome", mailing("follow_up"))
    rename(flows, "name", "full_name")
    document = flows.definitions.get(KIND, "follow_up").document
    assert "{{ record.full_name }}" in document["body"] and "{{ record.full_name }}" in document["html"]
    assert flows.workflows.live.broken == {}


def test_one_text_for_two_entities_cannot_follow_and_says_so(flows: Workspace) -> None:
    apply(flows, "welcome", mailing("follow_up", enabled=True))
    other = mailing("follow_up", enabled=True, entity="company", trigger={"on": "created"}, when=None)
    apply(flows, "other", other)
    with pytest.raises(InUse, match="other"):
        rename(flows, "name", "full_name")
    assert flows.workflows.live.broken == {}


def test_a_template_follows_a_renamed_entity_and_tells_that_it_uses_it(flows: Workspace) -> None:
    put(flows, {**HELLO, "entity": "person"})
    uses = [use for use in flows.definitions.where_used("person", "age") if use.kind == KIND]
    assert [(use.owner, use.pointer) for use in uses] == [("hello", "/body")]
    assert KIND in {use.kind for use in flows.definitions.where_used("person")}
    document = copy.deepcopy(dict(flows.definitions.get("entity", "person").document))
    document["x-amity"] = {**document["x-amity"], "name": "human"}
    change = DefinitionChange("entity", "person", document)
    flows.definitions.apply([change], flows.context(SYSTEM), confirm=True)
    assert flows.definitions.get(KIND, "hello").document["entity"] == "human"


def test_templates_are_exported_and_applied_again(flows: Workspace, tmp_path: Path) -> None:
    put(flows, {**HELLO, "entity": "person"})
    apply(flows, "welcome", mailing())
    written = write(flows.definitions, tmp_path / "out")
    assert tmp_path / "out" / "templates" / "emails" / "hello.json" in written
    changes = read([tmp_path / "out"])
    assert (KIND, "hello") in {(change.kind, change.name) for change in changes}
    assert flows.definitions.plan(changes).empty
    apply(flows, "welcome", None)
    put(flows, None)
    mine = [change for change in changes if change.kind != "entity"]
    flows.definitions.apply(list(reversed(mine)), flows.context(SYSTEM), confirm=True)
    assert flows.workflows.live.broken == {} and flows.workflows.registry.letters.get("hello")
