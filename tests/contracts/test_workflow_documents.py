"""The documents in the reference are true: they apply to the shipped entities, and no word is left out."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from amity import jsontext
from amity.definitions.documents import DefinitionChange
from amity.exchange.shipped import apply_shipped
from amity.settings import Settings
from amity.workflows.documents.metaschema import HEADS, top
from amity.workflows.triggers import TRIGGERS
from amity.workspace import Workspace

ROOT = Path(__file__).parents[2]
REFERENCE = (ROOT / "docs" / "reference" / "workflow-documents.md").read_text(encoding="utf-8")


def test_the_examples_apply(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'a.db'}"
    workspace = Workspace.open(Settings(home=tmp_path / "home", database_url=url, secret_key="s" * 40))
    try:
        apply_shipped(workspace.definitions, [ROOT], workspace.context())
        examples = re.findall(r"```json\n(.*?)```", REFERENCE, flags=re.DOTALL)
        assert len(examples) >= 2
        for number, text in enumerate(examples):
            change = DefinitionChange("workflow", f"example_{number}", jsontext.loads(text))
            workspace.definitions.apply([change], workspace.context())
        assert workspace.workflows.live.broken == {}
    finally:
        workspace.close()


@pytest.mark.parametrize("name", TRIGGERS)
def test_each_trigger_stands_in_the_reference_with_its_options(name: str) -> None:
    row = next(
        line
        for line in REFERENCE.splitlines()
        if line.startswith("| `") and f"`{name}`" in line.split("|")[1]
    )
    for option in TRIGGERS[name].options:
        assert f"`{option}`" in row, option


@pytest.mark.parametrize("word", [*HEADS, *top()["properties"]])
def test_each_word_stands_in_the_reference(word: str) -> None:
    assert re.search(rf'`{re.escape(word)}`|"{re.escape(word)}"', REFERENCE)
