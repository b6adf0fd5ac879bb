"""Extensions: found in four places, checked, and set aside with a reason where they are wrong."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from amity.plugins import Extension, Plugins, discover, hook_names

Write = Callable[..., Path]

GOOD = '''
"""Shouts."""
from amity import hookimpl
from amity.extension import MenuEntry

@hookimpl
def amity_menu():
    return [MenuEntry("Shout", "/x/shout/")]
'''
GIVEN = '[MenuEntry("Shout", "/x/shout/")]'


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write an extension into the home: `write("shout", source, "entities/a.json")`."""

    def make(name: str, source: str | None = GOOD, *files: str) -> Path:
        folder = tmp_path / "extensions" / name
        folder.mkdir(parents=True, exist_ok=True)
        if source is not None:
            (folder / "__init__.py").write_text(source, encoding="utf-8")
        for file in files:
            (folder / file).parent.mkdir(parents=True, exist_ok=True)
            (folder / file).write_text("{}", encoding="utf-8")
        return folder

    return make


def failed(plugins: Plugins, name: str) -> str:
    found = plugins.get(name)
    assert found is not None and found.state == "failed", found
    assert name not in [owner for hook in hook_names() for owner, _item in getattr(plugins.given, hook)]
    assert not plugins.manager.has_plugin(name)
    return found.reason


def test_the_core_comes_through_the_same_hooks() -> None:
    plugins = Plugins()
    assert {owner for owner, _kind in plugins.given.amity_kinds} >= {"amity.core"}
    assert {owner for owner, _function in plugins.given.amity_functions} >= {"amity.core"}
    assert "amity.core" not in [extension.name for extension in plugins.extensions]


def test_a_home_extension_is_loaded(tmp_path: Path, write: Write) -> None:
    folder = write("shout", GOOD, "templates/shout/page.html")
    plugins = Plugins(tmp_path)
    assert plugins.get("shout") == Extension("shout", "home", "loaded", "Shouts", "", folder)
    assert [owner for owner, _entry in plugins.given.amity_menu] == ["shout"]
    assert ("shout", folder / "templates") in plugins.template_folders()
    assert discover(tmp_path) == ["vat_number", "shout"]


def test_a_folder_of_definitions_alone_is_an_extension(tmp_path: Path, write: Write) -> None:
    write("data", None, "entities/thing.json")
    write("nothing", None, "notes.txt")
    (tmp_path / "extensions" / "_private").mkdir()
    plugins = Plugins(tmp_path)
    found = plugins.get("data")
    assert found is not None and found.state == "loaded"
    assert plugins.get("nothing") is None and plugins.get("_private") is None


def test_a_disabled_one_is_not_even_imported(tmp_path: Path, write: Write) -> None:
    write("shout", "raise RuntimeError('imported')")
    found = Plugins(tmp_path, {"shout"}).get("shout")
    assert found is not None and (found.state, found.reason) == ("disabled", "")


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("import nowhere", "ModuleNotFoundError: No module named 'nowhere' (shout/__init__.py, line 1)"),
        ("x = (", "SyntaxError: '(' was never closed"),
        ("raise SystemExit(3)", "SystemExit: 3 (shout/__init__.py, line 1)"),
        ("\n\n1 / 0", "ZeroDivisionError: division by zero (shout/__init__.py, line 3)"),
        (GOOD.replace("amity_menu", "amity_menus"), "There is no hook amity_menus. Did you mean amity_menu?"),
        (GOOD.replace("@hookimpl\n", ""), "amity_menu is not marked: write @amity.hookimpl above it."),
        (GOOD.replace("amity_menu()", "amity_menu(entity)"), "Argument(s) {'entity'}"),
        (GOOD.replace("    return", "    1 / 0; return"), "by zero (shout/__init__.py, line 8)"),
        (GOOD.replace(GIVEN, '["x"]'), "amity_menu must give MenuEntry objects, not str."),
        (GOOD.replace(GIVEN, "[MenuEntry]"), "not the class MenuEntry itself"),
        (GOOD.replace(GIVEN, '"Shout"'), "amity_menu must give a list, not str."),
        (GOOD.replace(GIVEN, "7"), "amity_menu must give a list, not int."),
        (GOOD.replace('MenuEntry("Shout", "/x/shout/")', 'MenuEntry("Shout")'), "TypeError"),
        (GOOD.replace('"""Shouts."""', "b'\\xff'.decode()"), "UnicodeDecodeError"),
    ],
)  # fmt: skip
def test_a_wrong_one_is_set_aside_with_its_reason(
    tmp_path: Path, write: Write, source: str, reason: str
) -> None:
    write("shout", source)
    write("whisper", GOOD)
    plugins = Plugins(tmp_path)
    assert reason in failed(plugins, "shout")
    assert [owner for owner, _entry in plugins.given.amity_menu] == ["whisper"]


KIND = '''
from amity import hookimpl
from amity.entities.kinds.text import TextKind
from amity.extension import MenuEntry

class Loud(TextKind):
    """Loud text."""
    name = "{name}"

@hookimpl
def amity_menu():
    return [MenuEntry("Shout", "/x/shout/")]

@hookimpl
def amity_kinds():
    return [Loud()]
'''


def test_a_name_that_is_taken_takes_the_whole_extension_back(tmp_path: Path, write: Write) -> None:
    write("one", KIND.format(name="loud"))
    write("three", KIND.format(name="text"))
    write("two", KIND.format(name="loud"))
    write("wild", KIND.format(name="not a name"))
    plugins = Plugins(tmp_path)
    assert failed(plugins, "two") == "amity_kinds: the name 'loud' is taken already."
    assert failed(plugins, "three") == "amity_kinds: the name 'text' is taken already."
    assert "needs a name" in failed(plugins, "wild")
    assert [owner for owner, _entry in plugins.given.amity_menu] == ["one"]


@pytest.mark.parametrize("name", ["Shout", "1st", "with-hyphen", "x" * 41, "öl"])
def test_a_name_that_cannot_be_imported_is_refused(tmp_path: Path, write: Write, name: str) -> None:
    write(name)
    assert "A name is made of" in failed(Plugins(tmp_path), name)


def test_a_name_of_the_core_is_kept(tmp_path: Path, write: Write) -> None:
    write("vat_number")
    plugins = Plugins(tmp_path)
    found = plugins.get("vat_number")
    assert found is not None and (found.state, found.source) == ("loaded", "bundled")
    assert "another extension of this name" in failed(plugins, "vat_number (home)")


def test_two_homes_in_one_process_do_not_mix(tmp_path: Path) -> None:
    for home, title in (("a", "From A"), ("b", "From B")):
        folder = tmp_path / home / "extensions" / "shout"
        folder.mkdir(parents=True)
        (folder / "title.py").write_text(f"TITLE = {title!r}")
        (folder / "__init__.py").write_text(
            GOOD.replace('"Shout"', "TITLE") + "\nfrom amity.extensions.shout.title import TITLE"
        )
    first, second, again = (Plugins(tmp_path / home) for home in "aba")
    titles = [plugins.given.amity_menu[0][1].title for plugins in (first, second, again)]
    assert titles == ["From A", "From B", "From A"]


def test_a_failed_import_leaves_no_half_module(tmp_path: Path, write: Write) -> None:
    write("shout", "from amity.extensions.shout.missing import x")
    failed(Plugins(tmp_path), "shout")
    assert "amity.extensions.shout" not in sys.modules
    write("shout", GOOD)
    found = Plugins(tmp_path).get("shout")
    assert found is not None and found.state == "loaded"


def test_entry_points_are_loaded_and_checked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, write: Write
) -> None:
    """A real installed distribution: its metadata and its modules lie on the path."""
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "shouting").mkdir()
    (tmp_path / "site" / "shouting" / "__init__.py").write_text(GOOD)
    (tmp_path / "site" / "shouting" / "values.py").write_text("number = 7")
    info = tmp_path / "site" / "shouting-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: shouting\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        "[amity]\nshouting = shouting\nnumber = shouting.values:number\ngone = shouting.gone\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    importlib.invalidate_caches()
    plugins = Plugins(None)
    found = plugins.get("shouting")
    assert found is not None and (found.source, found.state) == ("package", "loaded")
    assert found.folder == tmp_path / "site" / "shouting"
    assert "must name a module, not int" in failed(plugins, "number")
    assert "ModuleNotFoundError" in failed(plugins, "gone")


def test_what_is_learnt_later_sets_aside_too(tmp_path: Path, write: Write) -> None:
    write("shout")
    plugins = Plugins(tmp_path)
    plugins.set_aside("shout", "Its entities are wrong.")
    assert failed(plugins, "shout") == "Its entities are wrong."
