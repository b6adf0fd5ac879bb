"""A walk through the demo organisation as its people see it.

Every page that the menu leads to works, is accessible and does not scroll sideways; the main ones in the dark
theme and on a phone, too. The pictures of the docs are taken on the way.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from amity.exchange.demo.names import TWO_ROLES
from tests.browser.conftest import DEMO_ADMIN as ADMIN
from tests.browser.conftest import DEMO_STAFF as STAFF
from tests.browser.conftest import password
from tests.support.browser import overflow
from tests.support.servers import LiveServer

# What pages look like does not depend on the database, so one is enough.
pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.parametrize("database_server", ["sqlite"], indirect=True),
]

PICTURES = {
    "light": {"home", "list", "record", "form", "search", "timeline"},
    "dark": {"list", "timeline"},
    "phone": {"list", "record", "timeline"},
}


def menu(page: Page) -> list[str]:
    """The pages that the main menu leads to."""
    links = page.eval_on_selector_all(
        "nav a[href^='/']", "links => links.map(link => link.getAttribute('href'))"
    )
    return sorted({link for link in links if not link.startswith(("/static", "/auth/sign-out"))})


def test_every_page_of_the_menu(
    demo: LiveServer,
    sign_in: Callable[..., Page],
    inspect: Callable[[Page], None],
    watch: Callable[[Page], list[str]],
) -> None:
    page = sign_in(demo, STAFF, password=password(demo))
    console = watch(page)
    pages = menu(page)
    assert len(pages) > 10, pages
    for path in pages:
        answer = page.goto(path)
        assert answer is not None
        assert answer.status == 200, f"{path}: {answer.status}"
        inspect(page)
    assert console == []


def test_every_page_of_the_builder(
    demo: LiveServer,
    sign_in: Callable[..., Page],
    inspect: Callable[[Page], None],
    screenshot: Callable[..., None],
    watch: Callable[[Page], list[str]],
) -> None:
    page = sign_in(demo, ADMIN, password=password(demo))
    console = watch(page)
    linked: list[str] = []
    for start in ("/builder", "/builder/entities"):
        page.goto(start)
        linked += page.eval_on_selector_all(
            "a[href^='/builder']", "links => links.map(link => link.getAttribute('href'))"
        )
    # Of the pages that every entity has, those of one entity stand for all.
    pages = {link for link in linked if not link.startswith("/builder/entities/")}
    pages |= {link for link in linked if "customer" in link.split("?")[0].split("/")}
    assert "/builder/entities/customer" in pages, linked
    for path in sorted(pages):
        answer = page.goto(path)
        assert answer is not None
        assert answer.status == 200, f"{path}: {answer.status}"
        inspect(page)
        if path == "/builder/entities/customer":
            screenshot(page, "designer")
    assert console == []


def main_pages(page: Page) -> dict[str, str]:
    """The pages that people spend their day on, by the name of their picture."""
    page.goto("/e/customer")
    record = page.locator("main table tbody a[href^='/e/customer/']").first.get_attribute("href")
    both = page.get_by_role("link", name=TWO_ROLES[0][0]).first.get_attribute("href")
    assert record and both
    return {
        "home": "/",
        "list": "/e/customer",
        "record": record,
        "timeline": f"{both}#timeline",
        "form": f"{record}/edit",
        "new": "/e/contact/new",
        "search": "/search?q=caf",
    }


@pytest.mark.parametrize("look", ["light", "dark", "phone"])
def test_the_main_pages_in_every_look(
    demo: LiveServer,
    sign_in: Callable[..., Page],
    axe: Callable[..., None],
    screenshot: Callable[..., None],
    watch: Callable[[Page], list[str]],
    look: str,
) -> None:
    page = sign_in(demo, ADMIN, password=password(demo))
    if look == "dark":
        page.emulate_media(color_scheme="dark")
    if look == "phone":
        page.set_viewport_size({"width": 390, "height": 844})
    console = watch(page)
    for name, path in main_pages(page).items():
        page.goto(path)
        axe(page)
        assert overflow(page) <= 0, f"{path} scrolls sideways"
        if name in PICTURES[look]:
            screenshot(page, name if look == "light" else f"{name}-{look}")
    assert console == []
