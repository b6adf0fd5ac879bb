"""An admin invites somebody, who chooses a password and works; every page on the way is accessible."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.support.servers import LiveServer

pytestmark = pytest.mark.browser
PASSWORD = "seven green boats rest"


def test_somebody_is_invited_and_shut_out_again(
    sign_in: Callable[..., Page],
    live_server: LiveServer,
    new_context: Any,
    axe: Callable[..., None],
    watch: Callable[[Page], list[str]],
    screenshot: Callable[..., None],
) -> None:
    email = f"new-{secrets.token_hex(4)}@amity.example"
    admin = sign_in(live_server)
    wrong = watch(admin)
    admin.goto("/builder/people")
    axe(admin)
    invite = admin.locator("#invite")
    invite.get_by_label("Name").fill("New Person")
    invite.get_by_label("E-mail").fill(email)
    invite.get_by_role("button", name="Invite").click()
    link = admin.get_by_label("One-time link").input_value()
    axe(admin)

    person: Page = new_context(base_url=live_server.url).new_page()
    person.goto(link)
    axe(person)
    person.get_by_label("Password").fill(PASSWORD)
    person.get_by_label("The same again").fill(PASSWORD)
    person.get_by_role("button", name="Save and sign in").click()
    expect(person.get_by_text("Welcome, New Person.")).to_be_visible()
    person.goto("/auth/settings")
    axe(person)
    screenshot(person, "my-settings")

    admin.goto("/builder/people")
    screenshot(admin, "people")
    row = admin.get_by_role("row").filter(has_text=email)
    row.locator("summary").click()
    row.get_by_role("button", name="Deactivate").click()
    expect(admin.get_by_text("The account is deactivated")).to_be_visible()
    person.goto("/")
    expect(person.get_by_role("button", name="Sign in")).to_be_visible()
    for page in ("/builder/extensions", "/builder/workspace"):
        admin.goto(page)
        axe(admin)
    assert wrong == []
