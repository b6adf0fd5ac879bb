"""The tutorial of the first extension is done step by step, as it is written."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from amity.plugins import Plugins

ROOT = Path(__file__).parents[2]
TUTORIAL = ROOT / "docs" / "tutorial" / "first-extension.md"
STEP = re.compile(r"^`([\w./]+)`\n\n```\w+\n(.*?)^```$", flags=re.DOTALL | re.MULTILINE)


def steps() -> list[tuple[str, str]]:
    """The files of the tutorial, in order; later ones replace earlier ones."""
    return STEP.findall(TUTORIAL.read_text(encoding="utf-8"))


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """The home of somebody who follows the tutorial."""
    return tmp_path / "amity-data"


def write(home: Path, path: str, content: str) -> None:
    file = home / "extensions" / "tool_tags" / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(content, encoding="utf-8")


def test_it_names_every_file_of_its_overview() -> None:
    overview = TUTORIAL.read_text(encoding="utf-8").split("```")[1]
    named = re.findall(r"^    ([\w./]+)$", overview, flags=re.MULTILINE)
    assert sorted({path for path, _content in steps()}) == sorted(named)


def test_after_every_step_the_extension_works(home: Path) -> None:
    for path, content in steps():
        write(home, path, content)
        sys.modules.pop("amity.extensions.tool_tags", None)
        plugins = Plugins(home)
        found = plugins.get("tool_tags")
        assert found is not None and found.state == "loaded", found
        assert found.title == "Tags for tools that are lent out"
    assert [kind.name for owner, kind in plugins.given.amity_kinds if owner == "tool_tags"] == ["tool_tag"]
    write(home, "__init__.py", "import nowhere")
    sys.modules.pop("amity.extensions.tool_tags", None)
    wrong = Plugins(home).get("tool_tags")
    assert wrong is not None and wrong.state == "failed" and "line 1" in wrong.reason


def test_its_tests_pass(home: Path) -> None:
    for path, content in steps():
        write(home, path, content)
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            str(home / "extensions" / "tool_tags"),
            "-q",
            "-p",
            "no:cacheprovider",
        ],
        cwd=home,
        env={**os.environ, "PYTHONPATH": str(ROOT / "platform")},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "3 passed" in done.stdout
