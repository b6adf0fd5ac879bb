"""docs/reference/entity-documents.md is true: every key, limit and code, word for word; the how-to works."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

import amity.entities
from amity import jsontext, patterns
from amity.entities import limits
from amity.entities.formats import FORMATS
from amity.entities.kinds.core import amity_kinds
from amity.entities.kinds.registry import KindRegistry
from amity.entities.linking import link_problems
from amity.entities.loader import load
from amity.entities.metaschema import base
from amity.entities.model import SYSTEM_FIELDS
from amity.entities.names import EXPRESSION_WORDS
from amity.entities.validation import compile_validator
from amity.errors import Invalid

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "reference" / "entity-documents.md").read_text(encoding="utf-8")
HOW_TO = (DOCS / "how-to" / "write-an-entity.md").read_text(encoding="utf-8")
KINDS = KindRegistry(amity_kinds())
MODULES = (
    "conditions", "crossrefs", "fields", "formulas", "identity", "limits", "linking", "loader", "metaschema",
    "names", "rollups", "roots", "schema", "soundness", "structure", "validation",
)  # fmt: skip


def described() -> list[tuple[str, dict[str, Any]]]:
    """Give each object of keys: (its place in the meta-schema, its properties)."""
    found = []
    for name in ("entity", "property", "choice"):
        schema = base(name)
        found.append((name, schema["properties"]))
        for part, definition in schema.get("$defs", {}).items():
            if "properties" in definition:
                found.append((f"{name}.{part}", definition["properties"]))
    return found


@pytest.mark.parametrize(("place", "keys"), described(), ids=[place for place, _ in described()])
def test_each_key_stands_in_the_reference_as_the_meta_schema_describes_it(
    place: str, keys: dict[str, Any]
) -> None:
    table = "\n".join(f"| `{key}` | {rule['description']} |" for key, rule in keys.items())
    assert table in PAGE, f"write this table of {place} into docs/reference/entity-documents.md:\n{table}"


def test_each_code_stands_in_the_reference() -> None:
    folder = Path(str(amity.entities.__file__)).parent
    source = "".join((folder / f"{name}.py").read_text(encoding="utf-8") for name in MODULES)
    used = set(re.findall(r'(?:Problem|Refused|_add)\(\s*"([A-Za-z_]+)"', source))
    assert {"unknown", "remote_ref", "too_many"} <= used
    table = PAGE[PAGE.index("## Codes of errors") :]
    named = {
        code
        for row in re.findall(r"^\| (`.+?`) \|", table, re.MULTILINE)
        for code in re.findall("`(.+?)`", row)
    }
    assert used - named == set()
    assert named - used == {"expression"}  # amity.expressions.errors


def test_limits_names_and_formats_are_those_of_the_code() -> None:
    rows = dict(re.findall(r"^\| ([a-z ]+) \| ([0-9,]+) \|$", PAGE, re.MULTILINE))
    assert {key: int(value.replace(",", "")) for key, value in rows.items()} == {
        "characters of a document": limits.MAX_CHARACTERS,
        "values in a document": limits.MAX_NODES,
        "levels of nesting in a document": limits.MAX_DEPTH,
        "fields": limits.MAX_FIELDS,
        "choices of a field": limits.MAX_CHOICES,
        "characters of a title": limits.MAX_TITLE,
        "characters of a choice": limits.MAX_CHOICE,
        "characters of a pattern": patterns.MAX_PATTERN,
        "problems in one answer": limits.MAX_PROBLEMS,
    }
    for word in (*SYSTEM_FIELDS, *EXPRESSION_WORDS, *FORMATS):
        assert f"`{word}`" in PAGE, word


def blocks(language: str) -> list[str]:
    """Give the code blocks of the how-to in one language."""
    return re.findall(rf"^```{language}\n(.*?)^```", HOW_TO, re.MULTILINE | re.DOTALL)


def test_the_examples_of_the_how_to_are_entities_that_fit_together() -> None:
    documents = [jsontext.loads(text) for text in blocks("json")]
    entities = [load(document, KINDS, name=document.get("title", "").lower()) for document in documents]
    latest = {entity.name: entity for entity in entities}
    assert {"supplier", "product"} <= latest.keys()
    assert link_problems(latest.values()) == {}
    for entity in latest.values():
        assert load(entity.document, KINDS).document == entity.document


def test_the_how_to_shows_the_errors_that_really_come() -> None:
    broken, body = (jsontext.loads(text) for text in blocks("json5"))
    with pytest.raises(Invalid) as caught:
        load(broken, KINDS, source="supplier.json")
    entity = next(
        load(jsontext.loads(text), KINDS)
        for text in reversed(blocks("json"))
        if jsontext.loads(text).get("x-amity", {}).get("name") == "supplier"
    )
    expected = [caught.value.problems, compile_validator(entity)(body)]
    for shown, problems in zip(blocks("text"), expected, strict=True):
        assert shown == "".join(f"{problem.pointer}: {problem.message}\n" for problem in problems)
