"""Signing in with a real browser: the page is accessible, teaches, and lets the right person in."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.support.servers import STAFF, LiveServer

pytestmark = pytest.mark.browser


def test_the_sign_in_page_is_clean(
    page: Page,
    live_server: LiveServer,
    axe: Callable[..., None],
    console: list[str],
    screenshot: Callable[..., None],
) -> None:
    page.goto(f"{live_server.url}/auth/sign-in")
    axe(page)
    screenshot(page, "sign-in")
    page.emulate_media(color_scheme="dark")
    page.reload()  # colours that still fade into each other would be measured
    axe(page)
    assert console == []


def test_a_wrong_password_keeps_the_address(
    page: Page, live_server: LiveServer, axe: Callable[..., None]
) -> None:
    page.goto(f"{live_server.url}/auth/sign-in")
    page.get_by_label("E-mail").fill("nobody@amity.example")
    page.get_by_label("Password").fill("not the right one")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_label("E-mail")).to_have_value("nobody@amity.example")
    expect(page.get_by_label("Password")).to_have_value("")
    axe(page)


def test_two_people_work_beside_each_other(sign_in: Callable[..., Page], live_server: LiveServer) -> None:
    admin, staff = sign_in(live_server), sign_in(live_server, STAFF)
    for page, name in ((admin, "Ada"), (staff, "Sam")):
        page.goto("/auth/settings")
        expect(page.get_by_label("Name")).to_have_value(name)
