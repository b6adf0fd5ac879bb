"""The wheel holds all that Amity needs and starts without the repository around it."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import hatch_build
from tests.support.needs import missing
from tests.support.servers import ROOT, LiveServer, environment

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the content of a freshly built wheel."""
    if not hatch_build.is_current(ROOT) and not hatch_build.packages_are_current(ROOT):
        missing("the browser files", "run make assets")
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    done = subprocess.run(build, cwd=ROOT, capture_output=True, text=True, env=environment())
    assert done.returncode == 0, done.stderr
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "content")
    return folder / "content"


def test_nothing_that_is_needed_is_left_out(unpacked: Path) -> None:
    def below(folder: Path) -> set[str]:
        return {
            path.relative_to(folder).as_posix()
            for path in folder.rglob("*")
            if path.is_file() and "__pycache__" not in path.parts and not path.name.startswith(".")
        }

    package = unpacked / "amity"
    for name in ("entities", "workflows", "extensions", "templates"):
        assert below(ROOT / name) <= below(package / "_bundled" / name)
    assert below(ROOT / "platform" / "amity") <= below(package)
    assert {path.name for path in unpacked.iterdir() if "dist-info" not in path.name} == {"amity"}


def test_it_serves_from_the_wheel_alone(unpacked: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    server = LiveServer(home, f"sqlite:///{tmp_path / 'amity.db'}", variables={"PYTHONPATH": str(unpacked)})
    try:
        server.start()
        done = server.run("extension", "list", PYTHONPATH=str(unpacked))
        assert done.returncode == 0, done.stderr
        assert "bundled" in done.stdout
        assert server.stop() == 0
    finally:
        if server.process is not None and server.process.poll() is None:
            server.kill()
    assert "browser files are missing" not in server.output
