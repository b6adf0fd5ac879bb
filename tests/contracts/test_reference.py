"""The reference is true: every command, flag and setting is described, nothing that is gone still is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import click
import pytest

from amity.cli.frame import amity
from amity.settings import HELP, NAMES, Settings

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
COMMANDS = (DOCS / "reference" / "command-line.md").read_text()
SETTINGS = (DOCS / "reference" / "settings.md").read_text()


def commands() -> Iterator[tuple[str, click.Command]]:
    """Every command that does something, with its full name."""
    context = click.Context(amity, info_name="amity")
    for name in amity.list_commands(context):
        found = amity.get_command(context, name)
        assert found is not None
        if isinstance(found, click.Group):
            yield from ((f"amity {name} {inner}", command) for inner, command in found.commands.items())
        else:
            yield f"amity {name}", found


def sections() -> dict[str, str]:
    """The sections of the command line's reference by their headings."""
    parts = re.split(r"^## (.+)$", COMMANDS, flags=re.MULTILINE)
    return {title.strip(): text for title, text in zip(parts[1::2], parts[2::2], strict=True)}


@pytest.mark.parametrize(("name", "command"), [pytest.param(*found, id=found[0]) for found in commands()])
def test_every_command_and_flag_is_described(name: str, command: click.Command) -> None:
    section = sections().get(name)
    assert section is not None, f"docs/reference/command-line.md has no section '## {name}'"
    assert command.help, f"{name} has no help"
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            flag = max(parameter.opts, key=len)
            assert f"`{flag}" in section, f"the section '{name}' does not describe {flag}"
            assert parameter.help, f"{name} {flag} has no help"
        else:
            assert f"{parameter.human_readable_name}" in section, (
                f"'{name}' does not describe {parameter.name}"
            )


def test_no_section_describes_a_command_that_is_gone() -> None:
    assert set(sections()) <= {name for name, _ in commands()}


def test_the_global_flags_are_described() -> None:
    for parameter in amity.params:
        assert f"`{max(parameter.opts, key=len)}`" in COMMANDS


def test_every_setting_is_described_with_its_own_words() -> None:
    assert set(HELP) == set(NAMES)
    rows = re.findall(r"^\| `(\w+)` \| `(\w+)` \|.*\| ([^|]+) \|$", SETTINGS, flags=re.MULTILINE)
    assert [name for name, _, _ in rows] == [item.name for item in fields(Settings)]
    for name, variable, text in rows:
        assert variable == f"AMITY_{name.upper()}"
        assert text.strip() == HELP[name]


def test_links_between_pages_lead_somewhere() -> None:
    broken = []
    for page in [*ROOT.glob("*.md"), *DOCS.rglob("*.md")]:
        for target in re.findall(r"\]\(([^)#\s]+)", page.read_text()):
            if "://" not in target and not (page.parent / target).exists():
                broken.append(f"{page.relative_to(ROOT)} -> {target}")
    assert broken == []


def test_the_index_leads_to_every_page() -> None:
    index = (DOCS / "README.md").read_text()
    pages = [page.relative_to(DOCS).as_posix() for page in DOCS.rglob("*.md") if page.name != "README.md"]
    assert [page for page in pages if not page.startswith("decisions/") and f"({page})" not in index] == []
