"""E-mail templates, secrets and the outbox in a real browser: previewed, kept, accessible, dark and small."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_inbox import looks
from tests.support.api import Api
from tests.support.servers import ADMIN, LiveServer

pytestmark = [
    pytest.mark.browser,
    pytest.mark.parametrize("database_server", ["sqlite"], indirect=True),
]
"""What the pages look like does not depend on the database."""


def test_write_a_template_and_look_at_it_with_a_record(
    live_server: LiveServer,
    sign_in: Callable[..., Page],
    axe: Callable[..., None],
    watch: Callable[[Page], list[str]],
    screenshot: Callable[..., None],
) -> None:
    api = Api(live_server.url, live_server.token())
    assert api.post("/records/customer", {"name": "Mia & Co", "email": "mia@example.com"}).status == 201
    page = sign_in(live_server, ADMIN)
    wrong = watch(page)
    page.goto("/builder/emails")
    looks(page, axe, lambda *_: None, "letters")
    page.get_by_role("link", name="New template").click()
    page.get_by_label("Title").fill("Thanks from the browser")
    page.get_by_label("Written for").select_option("customer")
    page.get_by_label("Subject").fill("Thank you {{ record.name }}")
    page.locator("textarea[name=body]").fill("Dear {{ record.nam }}")
    page.get_by_role("button", name="See the plan").click()
    expect(page.get_by_role("alert")).to_contain_text("line 1")
    page.locator("textarea[name=body]").fill("Dear {{ record.name }}")
    page.get_by_text("Formatted version").click()
    page.locator("textarea[name=html]").fill(
        "<p style='color: #060'>Dear {{ record.name }}</p><script>parent.document.title = 'broken'</script>"
    )
    page.get_by_role("button", name="See the plan").click()
    page.get_by_role("button", name="Apply").click()
    expect(page.get_by_role("heading", name="Thanks from the browser")).to_be_visible()
    page.get_by_role("combobox", name="Record").fill("Mia")
    page.get_by_role("option", name="Mia & Co").click()
    expect(page.get_by_text("Thank you Mia & Co")).to_be_visible()
    letter = page.frame_locator("iframe.letter-frame")
    expect(letter.get_by_text("Dear Mia & Co")).to_be_visible()
    assert letter.locator("p").evaluate("(node) => getComputedStyle(node).color") == "rgb(0, 102, 0)"
    axe(page)
    page.evaluate("scrollTo(0, 0)")
    screenshot(page, "mail-template-preview")
    page.get_by_label("Phone").check()
    assert (page.locator("iframe.letter-frame").bounding_box() or {"width": 0})["width"] <= 391
    assert page.title() != "broken"
    page.goto("/builder/emails/thanks_from_the_browser")
    looks(page, axe, lambda *_: None, "letter")
    noted = [line for line in wrong if "422" not in line and "sandboxed" not in line]
    assert noted == [], "beside the refused draft and the script that the frame blocks"


def test_keep_a_secret_and_look_at_the_outbox(
    live_server: LiveServer,
    sign_in: Callable[..., Page],
    axe: Callable[..., None],
    watch: Callable[[Page], list[str]],
) -> None:
    page = sign_in(live_server, ADMIN)
    wrong = watch(page)
    page.goto("/builder/secrets")
    page.get_by_label("Name").fill("browser_shop")
    page.get_by_label("Value").fill("hush-hush-44")
    page.get_by_role("button", name="Keep it").click()
    expect(page.get_by_role("cell", name="browser_shop", exact=True)).to_be_visible()
    assert "hush-hush-44" not in page.content()
    looks(page, axe, lambda *_: None, "secrets")
    page.goto("/builder/outbox")
    looks(page, axe, lambda *_: None, "outbox")
    page.goto("/builder/failures")
    axe(page)
    assert wrong == []
