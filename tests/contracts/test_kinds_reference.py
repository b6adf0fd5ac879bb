"""docs/reference/kinds.md is true: every shipped kind with its options, and nothing else."""

from __future__ import annotations

import re
from pathlib import Path

from amity.entities.kinds.core import amity_kinds
from amity.entities.kinds.registry import GROUPS

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "kinds.md").read_text(encoding="utf-8")
KINDS = {kind.name: kind for kind in amity_kinds()}


def sections() -> dict[str, tuple[str, str]]:
    """Group and text of each kind's section."""
    found = {}
    for group, body in zip(*[iter(re.split(r"^## (.+)$", PAGE, flags=re.MULTILINE)[1:])] * 2, strict=True):
        parts = re.split(r"^### (.+)$", body, flags=re.MULTILINE)
        for name, text in zip(parts[1::2], parts[2::2], strict=True):
            found[name.strip()] = (group.strip(), text)
    return found


def test_every_kind_has_its_section_in_its_group() -> None:
    assert {name: group for name, (group, _) in sections().items()} == {
        name: kind.group for name, kind in KINDS.items()
    }
    assert {kind.group for kind in KINDS.values()} == set(GROUPS)


def test_every_option_is_described_and_no_other() -> None:
    for name, (_, text) in sections().items():
        described = set(re.findall(r"^\| `(\w+)` \|", text, flags=re.MULTILINE))
        assert described == set(KINDS[name].option_schema), name


def test_says_how_a_kind_is_inferred_where_it_is() -> None:
    inferable = {
        "text",
        "long_text",
        "rich_text",
        "integer",
        "decimal",
        "boolean",
        "choice",
        "choices",
        "date",
        "datetime",
        "time",
        "duration",
        "email",
        "url",
        "relation",
        "relations",
        "any_relation",
        "object",
        "list",
        "json",
    }
    for name, (_, text) in sections().items():
        assert ("nferred" in text) is (name in inferable), name
    schemas = [{"type": type_} for type_ in ("string", "integer", "number", "boolean", "object", "array")]
    never = set(KINDS) - inferable
    assert not [name for name in never for schema in schemas if KINDS[name].infer(schema)]
