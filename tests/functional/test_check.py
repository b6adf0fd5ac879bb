"""`amity check`: what is wrong is named with what to do; what is right is said; nothing is changed."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.support.servers import LiveServer, amity

SQLITE_ONLY = pytest.mark.parametrize("database_server", ["sqlite"], indirect=True)


def test_a_running_server_is_fine(live_server: LiveServer) -> None:
    done = live_server.run("check")
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"The home is {live_server.home}." in done.stdout
    assert "A web process runs as" in done.stdout
    assert "A worker process runs as" in done.stdout
    assert "0 problems" in done.stdout


def test_before_the_first_start_it_says_what_makes_it(tmp_path: Path) -> None:
    home = tmp_path / "home"
    done = amity("check", home=home)
    assert done.returncode == 0
    assert "does not exist yet" in done.stdout
    assert "There is no database yet" in done.stdout
    assert "`amity serve`" in done.stdout
    assert not home.exists(), "a diagnosis changes nothing"


def test_a_database_that_is_gone_does_not_hide_the_rest(tmp_path: Path) -> None:
    done = amity("check", home=tmp_path, database_url="postgresql://postgres:secret@127.0.0.1:1/amity")
    assert done.returncode == 1
    assert "! The database postgresql" in done.stdout
    assert "secret" not in done.stdout + done.stderr
    assert f"The home is {tmp_path}." in done.stdout
    assert "rowser files" in done.stdout


@SQLITE_ONLY
def test_an_extension_that_fails_and_an_open_key_are_named(live_server: LiveServer) -> None:
    extension = live_server.home / "extensions" / "broken_one"
    extension.mkdir(parents=True)
    (extension / "__init__.py").write_text('"""Broken."""\nimport no_such_module\n')
    key = live_server.home / "secret-key"
    key.chmod(0o644)
    try:
        done = live_server.run("check")
    finally:
        key.chmod(0o600)
        shutil.rmtree(extension)
    assert done.returncode == 1
    assert "! The extension broken_one is set aside: " in done.stdout
    assert "no_such_module" in done.stdout
    assert "amity extension disable broken_one" in done.stdout
    assert f"chmod 600 {key}" in done.stdout


@SQLITE_ONLY
def test_a_damaged_file_is_a_problem(database_server: object, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "amity.db").write_bytes(b"SQLite format 3\0" + b"\xff" * 8000)
    done = amity("check", home=home)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
