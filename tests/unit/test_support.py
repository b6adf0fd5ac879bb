"""The suite's own tools: databases come empty, copies carry the template, nothing is left behind."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page
from sqlalchemy import create_engine, inspect, text
from sqlalchemy.engine import make_url

from tests.support import browser
from tests.support.databases import DatabaseServer


def _engine(url: str):  # type: ignore[no-untyped-def]
    parsed = make_url(url)
    driver = "postgresql+psycopg" if parsed.get_backend_name() == "postgresql" else "sqlite"
    return create_engine(parsed.set(drivername=driver))


def _fill(url: str) -> None:
    engine = _engine(url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE number (value INTEGER)"))
        connection.execute(text("INSERT INTO number VALUES (7)"))
    engine.dispose()


def test_a_database_is_empty_and_of_the_named_kind(
    database_url: str, database_server: DatabaseServer
) -> None:
    engine = _engine(database_url)
    assert engine.dialect.name == database_server.kind
    assert inspect(engine).get_table_names() == []
    engine.dispose()


def test_a_clone_carries_what_the_template_was_filled_with_once(database_server: DatabaseServer) -> None:
    fillings: list[str] = []

    def prepare(url: str) -> None:
        fillings.append(url)
        _fill(url)

    for _ in range(2):
        url = database_server.clone("numbers", prepare)
        engine = _engine(url)
        with engine.begin() as connection:
            assert connection.execute(text("SELECT value FROM number")).scalars().all() == [7]
            connection.execute(text("DELETE FROM number"))
        engine.dispose()
        database_server.drop(url)
    assert len(fillings) == 1


@pytest.mark.parametrize("database_server", ["sqlite"], indirect=True)
def test_a_dropped_file_is_gone(database_server: DatabaseServer) -> None:
    url = database_server.create()
    _fill(url)
    path = Path(make_url(url).database or "")
    assert path.is_file()
    database_server.drop(url)
    assert not path.exists()


@pytest.mark.browser
def test_axe_finds_an_image_without_text(page: Page, axe: Callable[..., None]) -> None:
    good = "<!doctype html><html lang=en><title>T</title><main><h1>Hello</h1>{}</main></html>"
    page.set_content(good.format(""))
    axe(page)
    page.set_content(good.format("<img src='data:,'>"))
    with pytest.raises(AssertionError, match="image-alt"):
        axe(page)


@pytest.mark.browser
def test_pictures_are_taken_only_on_demand(
    page: Page, screenshot: Callable[..., None], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(browser, "IMAGES", tmp_path)
    monkeypatch.delenv("AMITY_SCREENSHOTS", raising=False)
    screenshot(page, "empty")
    assert list(tmp_path.iterdir()) == []
    monkeypatch.setenv("AMITY_SCREENSHOTS", "1")
    screenshot(page, "empty")
    assert (tmp_path / "empty.png").read_bytes().startswith(b"\x89PNG")
