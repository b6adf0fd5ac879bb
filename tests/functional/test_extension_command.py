"""`amity extension`: listed with what became of them, switched off and on, misspelt names answered."""

from __future__ import annotations

from pathlib import Path

from tests.support.servers import amity


def extension(home: Path, name: str, text: str) -> None:
    """Put an extension into the home."""
    folder = home / "extensions" / name
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text(text)


def test_list_disable_enable(tmp_path: Path, database_url: str) -> None:
    home = tmp_path / "home"
    extension(home, "greeter", '"""Greets everybody."""\n')
    extension(home, "broken_one", '"""Broken."""\nraise RuntimeError("no luck today")\n')

    def run(*arguments: str) -> str:
        done = amity("extension", *arguments, home=home, database_url=database_url)
        assert done.returncode == 0, done.stderr
        return " ".join(done.stdout.split())

    assert "greeter loaded home Greets everybody" in run("list")
    assert "broken_one failed home" in run("list")
    assert "no luck today" in run("list")
    assert "greeter is disabled" in run("disable", "greeter")
    assert "greeter disabled home" in run("list")
    assert "greeter is enabled" in run("enable", "greeter")
    assert "greeter loaded home" in run("list")

    done = amity("extension", "disable", "greter", home=home, database_url=database_url)
    assert done.returncode == 1
    assert done.stderr.endswith("Error: There is no extension 'greter'.\n  Did you mean greeter?\n")
    assert "Traceback" not in done.stderr, "a broken extension is a line for people, not a traceback"
