"""Static files: own css and js, and the vendor files that the build brings.

Their addresses hold a digest of all of them and are kept by browsers for a year; a new version has new
addresses, and files that name each other relatively stay together.
"""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
from functools import lru_cache
from pathlib import Path
from typing import Final

from flask import Blueprint, Flask, Response, request
from werkzeug.exceptions import NotFound
from werkzeug.security import safe_join

from amity.web.security import unbound

STATIC: Final = Path(__file__).resolve().parent.parent / "static"
NEEDED: Final = ("vendor/htmx.min.js", "vendor/tabler.min.css", "vendor/icons.svg")
YEAR: Final = 365 * 24 * 3600
_COMPRESSED: Final = {".js", ".css", ".svg", ".json"}

blueprint: Final = Blueprint("assets", __name__)


def install(app: Flask, *, dev: bool) -> None:
    """Serve the files and give templates `asset(path)`."""
    version = "" if dev else digest(STATIC)

    def asset(path: str) -> str:
        return f"/static/{version or digest(STATIC)}/{path}"

    app.jinja_env.globals["asset"] = asset


def missing() -> list[str]:
    """Name the vendor files that are not there; the build brings them."""
    return [name for name in NEEDED if not (STATIC / name).is_file()]


def digest(folder: Path) -> str:
    """Give a short digest of all files in a folder: names, sizes and contents."""
    state = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.suffix != ".gz":
            state.update(f"{path.relative_to(folder).as_posix()}\0".encode())
            state.update(hashlib.sha256(path.read_bytes()).digest())
    return state.hexdigest()[:12]


@blueprint.get("/static/<version>/<path:name>")
@unbound
def file(version: str, name: str) -> Response:
    """Serve one file, compressed where that helps."""
    path = _existing(name)
    if path.suffix in _COMPRESSED and request.accept_encodings["gzip"] > 0:
        response = Response(_compressed(path, path.stat().st_mtime_ns))
        response.headers["Content-Encoding"] = "gzip"
    else:
        response = Response(path.read_bytes())
    response.content_type = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    response.vary.add("Accept-Encoding")
    response.headers["Cache-Control"] = f"public, max-age={YEAR}, immutable"
    return response


def _existing(name: str) -> Path:
    joined = safe_join(str(STATIC), name)
    try:
        if joined is not None and Path(joined).is_file() and not Path(joined).name.startswith("."):
            return Path(joined)
    except (OSError, ValueError):  # longer than names of files can be, or with U+0000
        pass
    raise NotFound


@lru_cache(maxsize=128)
def _compressed(path: Path, _changed: int) -> bytes:
    """Give the gzip form: the one of the build, else made now. Files are the same for every app."""
    ready = path.with_name(path.name + ".gz")
    if ready.is_file() and ready.stat().st_mtime >= path.stat().st_mtime:
        return ready.read_bytes()
    return gzip.compress(path.read_bytes(), 6)
