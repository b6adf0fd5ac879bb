"""Every template compiles, names only templates that exist, and carries no inline script or style."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from jinja2 import Environment, FileSystemLoader, StrictUndefined, meta

from amity.paths import bundled

ROOT = bundled("templates")
NAMES = sorted(str(path.relative_to(ROOT)) for path in ROOT.rglob("*.html"))


@pytest.fixture(scope="module")
def environment() -> Environment:
    """Jinja as the app sets it up, as far as compiling is concerned."""
    return Environment(
        loader=FileSystemLoader(ROOT),
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n"],
        autoescape=True,
    )


@pytest.mark.parametrize("name", NAMES)
def test_template_compiles_and_names_existing_templates(environment: Environment, name: str) -> None:
    source = (ROOT / name).read_text(encoding="utf-8")
    environment.get_template(name)
    named = meta.find_referenced_templates(environment.parse(source))
    missing = [other for other in named if other is not None and not (ROOT / other).is_file()]
    assert not missing, f"{name} names templates that do not exist: {missing}"


@pytest.mark.parametrize("name", NAMES)
def test_template_has_no_inline_script_or_style(name: str) -> None:
    """The Content-Security-Policy refuses them, so they would be dead code."""
    source = re.sub(r"\{#.*?#\}", "", (ROOT / name).read_text(encoding="utf-8"), flags=re.DOTALL)
    if Path(name).parts[0] == "emails":
        pytest.skip("mails are not served under the policy")
    assert not re.search(r"\sstyle=|<style|\son[a-z]+=|<script(?![^>]*\ssrc=)|hx-on|javascript:", source)
