"""What may be committed: no host of a registry, no path of a machine, no secret, nothing of others."""

from __future__ import annotations

import re
import subprocess
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

HOSTS = [
    "registry" + ".npmjs.org",
    "files." + "pythonhosted.org",
    "pypi" + ".org/simple",
    "deb." + "debian.org",
]
MACHINE_PATHS = [
    r"/ho" + r"me/[a-z]+/",
    r"/Us" + r"ers/[A-Za-z]+/",
    r"(?<![\w.~-])/ro" + r"ot/",
    r"/wo" + r"rk/",
]
TOKENS = [
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----",
    r"\bghp_[A-Za-z0-9]{30,}",
    r"\bAKIA[0-9A-Z]{16}\b",
    r"\bnpm_[A-Za-z0-9]{30,}",
    r"\bpypi-[A-Za-z0-9_-]{40,}",
]
VENDORED = re.compile(r"(^|/)(node_modules|vendor|dist)/|\.min\.(js|css)$|\.(woff2?|ttf|jar|whl)$")
MAX_BYTES = 600_000


@cache
def committed() -> list[str]:
    """Names of all files under version control."""
    if not (ROOT / ".git").exists():
        pytest.skip("this is not a checkout of the repository")
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    return [name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


def matches(patterns: list[str]) -> list[str]:
    """Files and lines in which one of the patterns is found."""
    expression = re.compile("|".join(patterns))
    found = []
    for name in committed():
        text = (ROOT / name).read_bytes().decode("utf-8", "replace")
        found += [
            f"{name}:{number}: {line.strip()[:120]}"
            for number, line in enumerate(text.splitlines(), 1)
            if expression.search(line)
        ]
    return found


def test_no_file_names_a_registry_host() -> None:
    assert matches([re.escape(host) for host in HOSTS]) == []


def test_no_file_names_a_path_of_a_machine() -> None:
    assert matches(MACHINE_PATHS) == []


def test_no_file_holds_a_token() -> None:
    assert matches(TOKENS) == []


def test_nothing_of_others_is_committed() -> None:
    assert [name for name in committed() if VENDORED.search(name)] == []


def test_no_file_is_large() -> None:
    assert [name for name in committed() if (ROOT / name).stat().st_size > MAX_BYTES] == []
