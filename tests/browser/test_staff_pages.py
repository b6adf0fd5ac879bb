"""A working day in the browser: keyboard, filters, drafts, mistakes, two people, Undo, no JavaScript."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.support.api import Api
from tests.support.servers import STAFF, LiveServer

pytestmark = pytest.mark.browser

SignIn = Callable[..., Page]


@pytest.fixture
def word() -> str:
    """A word that no other test uses: the server is shared."""
    return "w" + uuid.uuid4().hex[:10]


@pytest.fixture
def customers(live_server: LiveServer, word: str) -> list[str]:
    """Three customers with the word in their names; gives their ids."""
    api = Api(live_server.url, live_server.token())
    rows = [
        {"name": f"{word} Alpha", "stage": "active", "email": "alpha@example.com"},
        {"name": f"{word} Beta", "stage": "prospect"},
        {"name": f"{word} Gamma", "stage": "prospect"},
    ]
    answer = api.call("POST", "/records/customer/bulk", {"records": rows, "mode": "all"})
    assert answer.status == 200, answer.body
    return [str(identity) for identity in answer.body["ids"]]


def test_the_keyboard_is_enough(
    sign_in: SignIn, live_server: LiveServer, customers: list[str], word: str, axe: Callable[..., None]
) -> None:
    page = sign_in(live_server)
    page.keyboard.press("Control+k")
    page.keyboard.type(f"{word} bet")
    expect(page.get_by_role("option", name=f"{word} Beta")).to_be_visible()
    axe(page)
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/e/customer/{customers[1]}")
    page.keyboard.press("e")
    page.wait_for_url("**/edit")
    page.locator("#input-name").fill(f"{word} Beta & Sons")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("status")).to_contain_text("is saved")
    page.goto(f"/e/customer?q={word}")
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("x")
    expect(page.locator("#bulk-bar")).to_contain_text("1 selected")
    axe(page)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text(f"{word} Beta & Sons")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_contain_text("Keyboard shortcuts")
    axe(page)
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_a_filter_is_built_shared_and_taken_away(
    sign_in: SignIn,
    live_server: LiveServer,
    customers: list[str],
    word: str,
    watch: Callable[[Page], list[str]],
) -> None:
    page = sign_in(live_server)
    console = watch(page)
    page.goto("/e/customer")
    page.get_by_label("Search in Customers").fill(word)
    page.wait_for_url(f"**q={word}**")
    expect(page.locator("[data-row]")).to_have_count(3)
    expect(page.get_by_label("Search in Customers")).to_be_focused()
    page.locator("#filter-menu > summary").click()
    page.get_by_label("Field").select_option("stage")
    page.locator("select#input-value").select_option("active")
    page.get_by_role("button", name="Add filter").click()
    expect(page.locator(".chip").first).to_contain_text("Stage is Active")
    expect(page.locator("[data-row]")).to_have_count(1)
    colleague = sign_in(live_server, STAFF)
    colleague.goto(page.url)
    expect(colleague.locator("[data-row]")).to_have_count(1)
    page.get_by_role("link", name=re.compile("^Remove the filter")).click()
    expect(page.locator("[data-row]")).to_have_count(3)
    page.get_by_role("link", name="Name", exact=True).click()
    page.wait_for_url("**sort=-name**")
    page.go_back()
    expect(page.locator("th[aria-sort=ascending]")).to_contain_text("Name")
    assert console == []


def test_what_was_typed_survives_a_reload_and_a_mistake(
    sign_in: SignIn, live_server: LiveServer, word: str, axe: Callable[..., None]
) -> None:
    page = sign_in(live_server)
    page.goto("/e/customer/new")
    page.locator("#input-name").fill(f"{word} Draft")
    page.get_by_label("E-mail").fill("not an address")
    expect(page.locator("[data-form-state]")).to_contain_text("kept")
    page.reload()
    expect(page.locator("#draft-offer")).to_be_visible()
    axe(page)
    page.get_by_role("button", name="Take it back").click()
    expect(page.locator("#input-name")).to_have_value(f"{word} Draft")
    page.get_by_role("button", name="Save", exact=True).click()
    summary = page.locator(".form-summary")
    expect(summary).to_be_focused()
    expect(page.get_by_label("E-mail")).to_have_value("not an address")
    axe(page)
    summary.get_by_role("link").first.click()
    expect(page.get_by_label("E-mail")).to_be_focused()
    page.get_by_label("E-mail").fill("draft@example.com")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("status")).to_contain_text(f"{word} Draft is saved.")
    page.goto("/e/customer/new")
    expect(page.locator("#draft-offer")).to_be_hidden()


def test_two_people_editing_one_record_both_keep_their_work(
    sign_in: SignIn, live_server: LiveServer, customers: list[str], word: str, axe: Callable[..., None]
) -> None:
    ada, sam = sign_in(live_server), sign_in(live_server, STAFF)
    url = f"/e/customer/{customers[0]}/edit"
    ada.goto(url)
    sam.goto(url)
    ada.locator("#input-name").fill(f"{word} of Ada")
    ada.get_by_label("Language").fill("de")
    ada.get_by_role("button", name="Save", exact=True).click()
    expect(ada.get_by_role("status")).to_contain_text("is saved")
    sam.locator("#input-name").fill(f"{word} of Sam")
    sam.get_by_label("Contact person", exact=True).fill("Mina")
    sam.get_by_role("button", name="Save", exact=True).click()
    expect(sam.get_by_role("heading", level=1)).to_contain_text("Changed by two people")
    axe(sam)
    sam.get_by_label("Name, theirs:").check()
    sam.get_by_role("button", name="Save like this").click()
    expect(sam.get_by_role("heading", level=1)).to_contain_text(f"{word} of Ada")
    body = Api(live_server.url, live_server.token()).get(f"/records/customer/{customers[0]}").body
    assert (body["name"], body["language"], body["contact_name"]) == (f"{word} of Ada", "de", "Mina")


def test_a_deletion_asks_and_can_be_undone(
    sign_in: SignIn, live_server: LiveServer, customers: list[str], word: str, axe: Callable[..., None]
) -> None:
    page = sign_in(live_server)
    page.goto(f"/e/customer/{customers[2]}")
    page.locator(".page-actions summary").click()
    page.get_by_role("link", name="Delete …").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text(f"Delete “{word} Gamma”?")
    axe(page)
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    page.locator(".page-actions summary").click()
    page.get_by_role("link", name="Delete …").click()
    dialog.get_by_role("button", name="Delete it").click()
    expect(page.get_by_role("status")).to_contain_text("is deleted")
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(f"{word} Gamma")


def test_a_link_is_found_while_typing(
    sign_in: SignIn, live_server: LiveServer, customers: list[str], word: str
) -> None:
    page = sign_in(live_server)
    page.goto("/e/contact/new")
    page.get_by_label("Last name").fill(f"{word} Person")
    box = page.get_by_role("combobox", name="Customer")
    box.click()
    page.keyboard.type(f"{word} Gam")
    page.locator(".ts-dropdown .option", has_text=f"{word} Gamma").click()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("main")).to_contain_text(f"{word} Gamma")
    page.goto(f"/e/customer/{customers[2]}")
    expect(page.get_by_role("main")).to_contain_text(f"{word} Person")


def test_all_of_it_works_without_javascript(
    sign_in: SignIn, live_server: LiveServer, customers: list[str], word: str
) -> None:
    page = sign_in(live_server)
    state = page.context.storage_state()
    browser = page.context.browser
    assert browser is not None
    bare = browser.new_context(base_url=live_server.url, storage_state=state, java_script_enabled=False)
    try:
        plain = bare.new_page()
        plain.goto(f"/e/customer?q={word}")
        expect(plain.locator("[data-row]")).to_have_count(3)
        plain.locator("#filter-menu > summary").click()
        plain.locator("#input-field").select_option("stage")
        plain.get_by_role("button", name="Choose").click()
        plain.locator("#filter-menu > summary").click()
        plain.locator("select#input-value").select_option("active")
        plain.get_by_role("button", name="Add filter").click()
        expect(plain.locator("[data-row]")).to_have_count(1)
        plain.get_by_role("link", name=f"{word} Alpha").click()
        plain.get_by_role("link", name="Edit", exact=True).click()
        plain.locator("#input-name").fill(f"{word} Plain")
        plain.locator("#input-account_manager").select_option(index=0)
        plain.get_by_role("button", name="Save", exact=True).click()
        expect(plain.get_by_role("status")).to_contain_text(f"{word} Plain is saved.")
        plain.locator(".page-actions summary").click()
        plain.get_by_role("link", name="Delete …").click()
        plain.get_by_role("button", name="Delete it").click()
        plain.get_by_role("button", name="Undo").click()
        expect(plain.get_by_role("heading", level=1)).to_contain_text(f"{word} Plain")
    finally:
        bare.close()


def test_pages_are_light_on_the_wire(sign_in: SignIn, live_server: LiveServer, customers: list[str]) -> None:
    page = sign_in(live_server)
    fresh = page.context.browser.new_context(  # type: ignore[union-attr]
        base_url=live_server.url, storage_state=page.context.storage_state()
    )
    try:
        first = fresh.new_page()
        sizes: list[int] = []
        first.on("requestfinished", lambda request: sizes.append(request.sizes()["responseBodySize"]))
        first.goto("/e/customer", wait_until="networkidle")
        assert 0 < sum(sizes) < 200_000
        sizes.clear()
        first.goto("/e/contact", wait_until="networkidle")
        assert 0 < sum(sizes) < 40_000
    finally:
        fresh.close()
