"""Static files: addresses with a digest, kept for a year, compressed, and nothing outside the folder."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from flask import Flask

from amity.web import assets

SQLITE = pytest.mark.parametrize("database_server", ["sqlite"], indirect=True)
OUTSIDE = (
    "../app.py",
    "..%2fapp.py",
    "/etc/passwd",
    "js/../../app.py",
    "vendor/.stamp",
    "",
    "nothing.js",
    "js",
)


def url(app: Flask, path: str) -> str:
    with app.test_request_context():
        return str(app.jinja_env.globals["asset"](path))


@SQLITE
def test_a_file_is_kept_for_a_year_and_compressed(app: Flask) -> None:
    client = app.test_client()
    plain = client.get(url(app, "js/amity.js"))
    assert plain.status_code == 200 and "immutable" in plain.headers["Cache-Control"]
    small = client.get(url(app, "js/amity.js"), headers={"Accept-Encoding": "gzip"})
    assert small.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(small.data) == plain.data and len(small.data) < len(plain.data)
    assert small.mimetype == plain.mimetype == "text/javascript"
    assert "Accept-Encoding" in small.vary
    assert "Set-Cookie" not in small.headers


@SQLITE
def test_nothing_else_is_served(app: Flask) -> None:
    client = app.test_client()
    for path in (*OUTSIDE, "a%00b"):
        answer = client.get(f"/static/x/{path}")
        assert answer.status_code in (404, 308), path
        assert "create_app" not in answer.text and "root:" not in answer.text


def test_another_content_has_another_address(tmp_path: Path) -> None:
    (tmp_path / "a.js").write_text("1")
    first = assets.digest(tmp_path)
    (tmp_path / "a.js").write_text("2")
    assert assets.digest(tmp_path) != first
