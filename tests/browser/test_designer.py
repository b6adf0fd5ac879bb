"""The parts of the designer in a real browser: sections by drag and drop, icons, rows inside a field."""

from __future__ import annotations

import uuid
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from amity import jsontext
from tests.browser.test_designer_typing import Line
from tests.support.servers import LiveServer

pytestmark = pytest.mark.browser

SignIn = Callable[..., Page]


def layout(page: Page) -> list[list[str]]:
    """Title and fields of each section of the draft."""
    document = jsontext.loads(page.locator('#designer > input[name="document"]').input_value())
    return [[section["section"], *section["fields"]] for section in document["x-amity"].get("layout", [])]


def expect_layout(page: Page, wanted: list[list[str]]) -> None:
    """Wait until the draft says so: a dragged field lies there before the server has heard of it."""
    for _attempt in range(100):
        if layout(page) == wanted:
            return
        page.wait_for_timeout(100)
    assert layout(page) == wanted


def section(page: Page, number: int) -> Locator:
    """The list of fields of a section."""
    return page.locator(f'[data-place="{number}"]')


@pytest.fixture
def page(sign_in: SignIn, live_server: LiveServer) -> Page:
    """The designer of a new entity with three fields."""
    page = sign_in(live_server)
    page.goto(f"/builder/entities/new?title=Pump+{uuid.uuid4().hex[:8]}")
    for title in ("One", "Two"):
        page.locator("#input-new-title").fill(title)
        page.locator('button[value="add:text"]').click()
        expect(page.locator("#input-f-title")).to_have_value(title)
    page.get_by_role("button", name="Lay it out myself").click()
    expect(page.locator(".layout-section")).to_have_count(1)
    page.get_by_role("button", name="Add a section").click()
    expect(page.locator("#input-section-1-title")).to_be_focused()
    return page


def test_fields_and_sections_are_dragged(
    page: Page, watch: Callable[[Page], list[str]], axe: Callable[..., None]
) -> None:
    wrong = watch(page)
    page.locator("#input-section-1-title").fill("Numbers")
    page.locator('[data-placed="two"] .designer-grip').drag_to(section(page, 1))
    expect(section(page, 1).locator(".placed-title")).to_have_text(["Two"])
    expect(page.locator("#input-section-1-title")).to_have_value("Numbers")
    expect_layout(page, [["Details", "name", "one"], ["Numbers", "two"]])
    page.locator('[data-placed="one"] .designer-grip').drag_to(
        page.locator('[data-placed="name"]'), target_position={"x": 30, "y": 3}
    )
    expect(section(page, 0).locator(".placed-title")).to_have_text(["One", "Name"])
    page.locator('[data-placed="one"] .designer-grip').drag_to(page.locator('[data-place=""]'))
    expect(page.locator('[data-place=""] .placed-title')).to_have_text(["One"])
    expect_layout(page, [["Details", "name"], ["Numbers", "two"]])
    page.locator('[data-section="1"] .section-grip').drag_to(
        page.locator('[data-section="0"]'), target_position={"x": 60, "y": 4}
    )
    expect(page.locator("#input-section-0-title")).to_have_value("Numbers")
    expect_layout(page, [["Numbers", "two"], ["Details", "name"]])
    expect(page.locator("#designer-preview h3")).to_have_text(["Numbers", "Details"])
    axe(page)
    assert wrong == []


def test_sections_are_laid_out_with_the_keyboard(page: Page) -> None:
    page.locator("#input-place-two").focus()
    page.locator("#input-place-two").select_option("1")
    expect(section(page, 1).locator(".placed-title")).to_have_text(["Two"])
    expect(page.locator("#input-place-two")).to_be_focused()
    page.get_by_role("button", name="Move down in the form: One").focus()
    page.keyboard.press("Enter")
    expect(section(page, 1).locator(".placed-title")).to_have_text(["One", "Two"])
    expect(page.get_by_role("button", name="Move down in the form: One")).to_be_focused()
    page.get_by_role("button", name="Remove: Details").focus()
    page.keyboard.press("Enter")
    expect(page.locator('[data-place=""] .placed-title')).to_have_text(["Name"])
    assert [item[1:] for item in layout(page)] == [["one", "two"]]


def test_an_icon_is_found_and_chosen_with_the_keyboard(page: Page, axe: Callable[..., None]) -> None:
    page.locator("#designer-icon summary").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.type("delivery")
    shown = page.locator(".icon-choice:visible")
    expect(shown).to_have_count(2)
    axe(page, within="#designer-icon")
    page.keyboard.press("Enter")  # a search, not a form that is sent
    page.locator("#input-icon-truck").focus()
    page.keyboard.press("Space")
    expect(page.locator("#designer-icon .icon-now")).to_have_text("truck")
    expect(page.locator("#input-icon-truck")).to_be_checked()
    expect(page.locator("#designer-icon")).to_have_attribute("open", "")
    expect(page.locator("#icon-search")).to_have_value("delivery")
    expect(shown).to_have_count(2)
    expect(page.locator("#input-icon-truck")).to_be_focused()
    page.locator("#icon-search").fill("nothing of that name")
    expect(page.get_by_text("No icon is called like that.")).to_be_visible()


def test_every_icon_that_is_offered_has_a_picture(page: Page) -> None:
    page.locator("#designer-icon summary").click()
    address = (page.locator(".icon-choice use").first.get_attribute("href") or "").partition("#")[0]
    sprite = page.request.get(address).text()
    names = page.locator(".icon-choice use").evaluate_all(
        "items => items.map(item => item.getAttribute('href').split('#')[1])"
    )
    assert len(names) > 60
    assert [name for name in names if f'id="{name}"' not in sprite] == []


def test_a_press_keeps_rows_that_are_being_typed(page: Page) -> None:
    """Rows inside a field, their choices and their order, with one free row always there."""
    page.locator("#input-new-title").fill("Contract")
    page.locator('button[value="add:object"]').click()
    expect(page.locator("#input-f-title")).to_have_value("Contract")
    page.locator("#input-nested-2-title").fill("State")
    page.locator("#input-nested-2-kind").focus()
    page.locator("#input-nested-2-kind").select_option("choice")
    expect(page.locator("#input-nested-2-name")).to_have_value("state")
    page.locator("#input-nested-2-choice-0-title").fill("Open")
    page.locator("#input-nested-2-choice-2-title").fill("Void")
    page.get_by_role("button", name="Move up: State").click()
    expect(page.locator("#input-nested-1-choice-0-title")).to_have_value("Open")
    expect(page.locator("#input-nested-1-choice-2-value")).to_have_value("void")
    expect(page.locator("#designer-preview")).to_contain_text("State")


@pytest.mark.parametrize("database_server", ["sqlite"], indirect=True)
def test_the_layout_and_the_icon_work_without_javascript(sign_in: SignIn, live_server: LiveServer) -> None:
    page = sign_in(live_server, java_script_enabled=False)
    page.goto(f"/builder/entities/new?title=Plain+{uuid.uuid4().hex[:8]}")
    page.get_by_role("button", name="Lay it out myself").click()
    page.get_by_role("button", name="Add a section").click()
    page.locator("#input-section-1-title").fill("Second")
    page.locator("#input-place-name").select_option("1")
    page.locator("#designer-icon summary").click()
    page.locator("#input-icon-truck").check()
    page.locator("#input-new-title").fill("Weight")
    page.locator('button[value="add:decimal"]').click()
    expect(page.locator("#input-f-title")).to_have_value("Weight")
    expect(page.locator("#input-icon-truck")).to_be_checked()
    expect_layout(page, [["Details"], ["Second", "name", "weight"]])


def test_a_drag_while_an_answer_is_on_its_way_is_kept(page: Page) -> None:
    line = Line(page)
    line.hold()
    page.locator("#input-s-description").fill("What we work with")
    page.locator("#input-s-description").blur()
    line.wait(1)
    line.open()
    page.locator('[data-placed="two"] .designer-grip').drag_to(section(page, 1))
    line.release()
    expect(section(page, 1).locator(".placed-title")).to_have_text(["Two"])
    expect(page.locator("#input-s-description")).to_have_value("What we work with")
    expect_layout(page, [["Details", "name", "one"], ["New section", "two"]])
