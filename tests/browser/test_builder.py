"""An admin shapes an entity in the browser and people work with it a moment later, on both databases."""

from __future__ import annotations

import uuid
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.support.servers import LiveServer

pytestmark = pytest.mark.browser

SignIn = Callable[..., Page]


@pytest.fixture
def word() -> str:
    """A word that no other test uses: the server is shared."""
    return "w" + uuid.uuid4().hex[:8]


def on_sqlite(server: LiveServer) -> bool:
    """One set of pictures is enough."""
    return server.database_url.startswith("sqlite")


def add_field(page: Page, kind: str, title: str) -> None:
    """Add a field from the palette; its editor opens."""
    page.locator("#input-new-title").fill(title)
    page.locator(f'button[name="do"][value="add:{kind}"]').click()
    expect(page.locator("#designer-field")).to_contain_text(f"Field: {title}")


def change(page: Page, selector: str, value: str) -> None:
    """Change an input of the designer and wait until the draft has taken it in."""
    with page.expect_response("**/builder/entities/design"):
        page.locator(selector).fill(value)
        page.locator(selector).blur()


def plan_and_apply(page: Page, *, expected: str, confirm: bool = False) -> None:
    """Go to the plan, read it, apply it."""
    page.get_by_role("button", name="See the plan").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Plan")
    expect(page.locator("main")).to_contain_text(expected)
    if confirm:
        page.locator('input[name="confirm"]').check()
    page.get_by_role("button", name="Apply", exact=True).click()
    expect(page.locator(".messages, .notice").first).to_contain_text("Applied")


def pick(page: Page, name: str) -> None:
    """Open a field in the designer."""
    page.locator(f'button[name="do"][value="select:{name}"]').click()
    expect(page.locator("#input-f-name")).to_have_value(name)


def test_an_entity_from_nothing_to_work_and_through_its_changes(
    sign_in: SignIn,
    live_server: LiveServer,
    word: str,
    axe: Callable[..., None],
    screenshot: Callable[..., None],
    watch: Callable[[Page], list[str]],
) -> None:
    page = sign_in(live_server)
    wrong = watch(page)
    page.goto("/builder/entities/new")
    change(page, "#input-s-title", f"Machine {word}")
    expect(page.locator("#input-s-name")).to_have_value(f"machine_{word}")
    entity = f"machine_{word}"

    # Six fields of different kinds; the name is there already.
    add_field(page, "integer", "Power")
    add_field(page, "date", "Bought on")
    add_field(page, "boolean", "In use")
    add_field(page, "money", "Price")
    add_field(page, "choice", "Condition")
    page.locator("#input-choice-0-title").fill("Good")
    page.locator("#input-choice-1-title").fill("Broken")
    change(page, "#input-f-help", "As of the last inspection")
    add_field(page, "email", "Maker")
    expect(page.locator("#designer-preview")).to_contain_text("Condition")
    axe(page)
    if on_sqlite(live_server):
        screenshot(page, "designer")
    plan_and_apply(page, expected=f"machine_{word}")

    # Staff work with it a moment later: a mistake is named beside its field, what was typed stays.
    page.goto(f"/e/{entity}/new")
    page.locator("#input-name").fill("Press 1")
    page.locator("#input-power").fill("a lot")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("#input-power-problems")).to_be_visible()
    expect(page.locator("#input-power")).to_have_value("a lot")
    axe(page)
    page.locator("#input-power").fill("40")
    page.locator("#input-maker").fill("maker@example.com")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Press 1")

    # Rename a field with data.
    page.goto(f"/builder/entities/{entity}")
    pick(page, "power")
    page.locator("#input-f-title").fill("Power in kW")
    change(page, "#input-f-name", "kilowatts")
    page.get_by_role("button", name="See the plan").click()
    expect(page.locator("main")).to_contain_text("kilowatts")
    axe(page)
    if on_sqlite(live_server):
        screenshot(page, "plan")
    page.get_by_role("button", name="Apply", exact=True).click()
    page.goto(f"/e/{entity}")
    page.get_by_role("link", name="Press 1").first.click()
    expect(page.locator("main")).to_contain_text("Power in kW")
    expect(page.locator("main")).to_contain_text("40")

    # Remove it and bring it back: the value is still there.
    page.goto(f"/builder/entities/{entity}")
    pick(page, "kilowatts")
    page.locator('button[name="do"][value="remove:kilowatts"]').click()
    expect(page.locator('button[value="select:kilowatts"]')).to_have_count(0)
    plan_and_apply(page, expected="put aside", confirm=True)
    page.goto(f"/builder/entities/{entity}/parked")
    axe(page)
    page.get_by_role("button", name="Restore").first.click()
    expect(page.locator("main")).to_contain_text("The field is back")
    page.goto(f"/e/{entity}?q=Press")
    page.get_by_role("link", name="Press 1").first.click()
    expect(page.locator("main")).to_contain_text("40")

    # Convert one: the number becomes a text.
    page.goto(f"/builder/entities/{entity}?field=kilowatts")
    page.goto(f"/builder/entities/{entity}")
    name = page.locator('button[value^="select:"]', has_text="Power").first.get_attribute("value")
    assert name is not None
    pick(page, name.removeprefix("select:"))
    with page.expect_response("**/builder/entities/design"):
        page.locator("#input-f-kind").select_option("text")
    page.get_by_role("button", name="See the plan").click()
    if page.locator('input[name="confirm"]').count():
        page.locator('input[name="confirm"]').check()
    page.get_by_role("button", name="Apply", exact=True).click()
    expect(page.locator("main")).to_contain_text("Applied")
    page.goto(f"/e/{entity}?q=Press")
    page.get_by_role("link", name="Press 1").first.click()
    expect(page.locator("main")).to_contain_text("40")

    page.goto(f"/builder/entities/{entity}/versions")
    expect(page.locator("main")).to_contain_text("Version 5")
    axe(page)
    # A refused save answers 422, and a newer change of the draft ends the request of an older one.
    assert [text for text in wrong if "htmx:" not in text and "422" not in text] == []


def test_every_page_of_the_builder_is_accessible_and_fits(
    sign_in: SignIn, live_server: LiveServer, axe: Callable[..., None], screenshot: Callable[..., None]
) -> None:
    page = sign_in(live_server)
    for name, width, scheme in (("", 1280, "light"), ("-phone", 390, "light"), ("-dark", 1280, "dark")):
        page.set_viewport_size({"width": width, "height": 844})
        page.emulate_media(color_scheme=scheme)
        for path, picture in (
            ("/builder", "builder"),
            ("/builder/entities", "entities"),
            ("/builder/entities/customer?field=stage", "designer-customer"),
            ("/builder/entities/customer/versions", "versions"),
            ("/builder/entities/customer/parked", ""),
            ("/builder/bin", ""),
        ):
            page.goto(path)
            axe(page)
            wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
            assert wide <= 0, f"{path}{name} is {wide} pixels too wide"
            if picture and on_sqlite(live_server):
                screenshot(page, f"{picture}{name}")


def test_the_designer_works_without_javascript(sign_in: SignIn, live_server: LiveServer, word: str) -> None:
    page = sign_in(live_server, java_script_enabled=False)
    page.goto("/builder/entities/new")
    page.locator("#input-s-title").fill(f"Plain {word}")
    page.locator("#input-new-title").fill("Weight")
    page.locator('button[name="do"][value="add:decimal"]').click()
    expect(page.locator("#input-f-title")).to_have_value("Weight")
    expect(page.locator("#input-s-name")).to_have_value(f"plain_{word}")
    page.get_by_role("button", name="See the plan").click()
    page.get_by_role("button", name="Apply", exact=True).click()
    expect(page.locator("main")).to_contain_text("Applied")
