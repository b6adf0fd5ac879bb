"""An admin builds a workflow with the mouse, without seeing JSON, switches it on, and people work with it."""

from __future__ import annotations

import uuid
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.support.api import Api
from tests.support.servers import STAFF, LiveServer

pytestmark = pytest.mark.browser

SignIn = Callable[..., Page]


def press(page: Page, what: str) -> None:
    """Press the button of the editor that does something, and wait until it is done."""
    with page.expect_response("**/builder/workflows/edit"):
        page.locator(f'button[name="do"][value="{what}"]').first.click()


def look(page: Page, inspect: Callable[[Page], None]) -> None:
    """Inspect a page from its top: what the bar at the top covers half is no small target."""
    page.evaluate("window.scrollTo(0, 0)")
    inspect(page)


def choose(page: Page, name: str, value: str) -> None:
    """Choose from a list of the editor; the draft takes it in by itself."""
    with page.expect_response("**/builder/workflows/edit"):
        page.locator(f'select[name="{name}"]').select_option(value)


def fill(page: Page, name: str, value: str) -> None:
    """Type into an input of the editor and leave it."""
    with page.expect_response("**/builder/workflows/edit"):
        page.locator(f'[name="{name}"]').fill(value)
        page.locator(f'[name="{name}"]').blur()


def tick(page: Page, name: str, value: str = "true") -> None:
    """Tick a box of the editor."""
    with page.expect_response("**/builder/workflows/edit"):
        page.locator(f'input[name="{name}"][value="{value}"]').check()


def add(page: Page, what: str, where: str) -> None:
    """Open the palette at a + and choose."""
    press(page, f"open:{where}")
    expect(page.locator("#flow-palette")).to_be_visible()
    press(page, f"add:{what}@{where}")
    expect(page.locator(".flow-card.is-selected")).to_be_visible()


def test_an_approval_from_nothing_to_its_end(
    sign_in: SignIn,
    live_server: LiveServer,
    inspect: Callable[[Page], None],
    screenshot: Callable[..., None],
    watch: Callable[[Page], list[str]],
) -> None:
    word = "w" + uuid.uuid4().hex[:8]
    sam = sign_in(live_server, STAFF)
    page = sign_in(live_server)
    wrong = watch(page)
    page.goto("/builder/workflows")
    look(page, inspect)
    page.get_by_role("link", name="New workflow").click()
    look(page, inspect)
    page.get_by_label("Title").fill(f"Approve large customers {word}")
    page.get_by_label("Which records it is about").select_option("customer")
    page.get_by_role("button", name="When a record is created or changed").click()
    expect(page.locator("#flow-form")).to_contain_text("What starts it")

    # Only if: the condition builder writes the expression.
    press(page, "select:/when")
    choose(page, "p-when-0-field", "record.income")
    choose(page, "p-when-0-op", "more")
    fill(page, "p-when-0-value", "100000")
    choose(page, "p-when-1-field", "record.name")
    fill(page, "p-when-1-value", word)
    expect(page.locator(".flow-card.is-selected")).to_contain_text(
        "Annual income or revenue is more than 100000 and Name contains"
    )
    look(page, inspect)

    add(page, "approval", "/steps/0")
    look(page, inspect)
    tick(page, "p-to", STAFF)
    page.locator("#input-p-question").fill("May  have a discount?")
    page.locator("#input-p-question").evaluate("input => { input.focus(); input.setSelectionRange(4, 4); }")
    page.locator("[name=p-question-insert]").focus()
    page.locator("[name=p-question-insert]").select_option("record.name")
    expect(page.locator("#input-p-question")).to_have_value("May {{ record.name }} have a discount?")
    fill(page, "p-remind_after-amount", "2")
    fill(page, "p-at_most-amount", "4")

    add(page, "if", "/steps/1")
    choose(page, "p-if-0-field", "steps.approval.outcome")
    choose(page, "p-if-0-value", "expired")
    add(page, "notify", "/steps/1/then/0")
    tick(page, "p-manager")
    fill(page, "p-text", "Nobody has answered for {{ record.name }}.")
    add(page, "comment", "/steps/1/else/0")
    fill(page, "p-text", "The discount is {{ steps.approval.outcome }}.")
    expect(page.locator(".flow-problems")).to_have_count(0)
    look(page, inspect)
    screenshot(page, "workflow")

    # Remove and undo, with the mouse.
    press(page, "remove:/steps/1/else/0")
    expect(page.locator(".flow-card")).to_have_count(5)
    press(page, "undo")
    expect(page.locator(".flow-card")).to_have_count(6)

    page.get_by_role("button", name="See the plan").click()
    expect(page.locator("main")).to_contain_text("switched off until somebody switches it on")
    look(page, inspect)
    page.get_by_role("button", name="Apply", exact=True).click()
    expect(page.locator(".messages")).to_contain_text("switched off")

    page.goto("/builder/workflows")
    row = page.locator("tr", has_text=word)
    expect(row).to_contain_text("off")
    row.get_by_role("button", name="Switch on…").click()
    page.get_by_role("button", name="Apply", exact=True).click()
    expect(page.locator(".messages")).to_contain_text("switched on")

    made = Api(live_server.url, live_server.token()).post(
        "/records/customer", {"name": f"Large {word}", "income": 250000}
    )
    assert made.status == 201, made.body
    record = made.body["id"]
    page.goto(f"/builder/runs?record=customer/{record}")
    for _attempt in range(30):
        if page.get_by_text("waiting").count() > 1:
            break
        page.wait_for_timeout(500)
        page.reload()
    look(page, inspect)
    page.locator("table a.record-link").click()
    expect(page.locator("#run-steps")).to_contain_text("Ask for an approval")
    look(page, inspect)
    screenshot(page, "run")

    sam.get_by_role("link", name="Inbox").click()
    sam.get_by_role("link", name=f"May Large {word} have a discount?").click()
    sam.get_by_role("button", name="Approve").click()
    for _attempt in range(30):
        page.reload()
        # The first step is done before the run is: look for what comes last.
        if page.locator("#run-steps", has_text="The discount is approved.").count():
            break
        page.wait_for_timeout(500)
    expect(page.locator("#run-steps")).to_contain_text("The discount is approved.")
    page.goto(f"/e/customer/{record}")
    expect(page.locator("#runs")).to_contain_text("Approve large customers")
    assert wrong == []


def test_cards_are_dragged_and_undone(
    sign_in: SignIn, live_server: LiveServer, watch: Callable[[Page], list[str]]
) -> None:
    page = sign_in(live_server)
    wrong = watch(page)
    page.goto("/builder/new-workflow")
    page.get_by_label("Title").fill("Dragged")
    page.get_by_label("Which records it is about").select_option("customer")
    page.get_by_role("button", name="When a record is created or changed").click()
    add(page, "if", "/steps/0")
    add(page, "wait", "/steps/1")
    add(page, "stop", "/steps/2")

    def shows(where: str, titles: list[str]) -> None:
        cards = page.locator(f'[data-steps="{where}"] > .flow-step > .flow-card strong')
        expect(cards).to_have_text(titles)

    def drag(pointer: str, where: str, at: dict[str, int]) -> None:
        grip = page.locator(f'[data-step="{pointer}"] > .flow-card .flow-grip')
        with page.expect_response("**/builder/workflows/edit"):
            grip.drag_to(page.locator(where), target_position={"x": at["x"], "y": at["y"]})

    begun = ["If … else", "Wait for some time", "Stop"]
    shows("/steps", begun)
    drag("/steps/2", '[data-step="/steps/1"] > .flow-card', {"x": 60, "y": 4})
    shows("/steps", ["If … else", "Stop", "Wait for some time"])
    drag("/steps/2", '[data-steps="/steps/0/else"]', {"x": 60, "y": 12})
    shows("/steps/0/else", ["Wait for some time"])
    shows("/steps", ["If … else", "Stop"])
    press(page, "undo")
    press(page, "undo")
    shows("/steps", begun)
    assert wrong == []
