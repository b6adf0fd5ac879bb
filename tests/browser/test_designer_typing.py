"""Nothing that is typed into the designer, and no press of a button, is lost to an answer on its way."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Callable

import pytest
from playwright.sync_api import Error, Page, Route, expect

from tests.support.servers import LiveServer

pytestmark = pytest.mark.browser

SignIn = Callable[..., Page]
CHANGE = "**/builder/entities/design"
PAUSE = 700
"""Milliseconds in which the designer would have sent whatever it meant to send by itself."""


class Line:
    """The designer's line to the server, which a test holds and lets go."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.sent: list[str] = []
        self._held: list[Route] = []
        self._holding = False
        page.route(CHANGE, self._take)

    def _take(self, route: Route) -> None:
        self.sent.append(route.request.post_data or "")
        if self._holding:
            self._held.append(route)
        else:
            route.continue_()

    def hold(self) -> None:
        """Keep every request from now on."""
        self._holding = True

    def open(self) -> None:
        """Keep none from now on; those that are held stay held."""
        self._holding = False

    def release(self) -> None:
        """Let all go on that were held; the browser has given up some of them."""
        self.open()
        for route in self._held:
            with contextlib.suppress(Error):
                route.continue_()
        self._held.clear()

    def wait(self, number: int) -> None:
        """Wait until so many requests were sent in all."""
        for _attempt in range(200):
            if len(self.sent) >= number:
                return
            self.page.wait_for_timeout(50)
        raise AssertionError(f"{len(self.sent)} of {number} requests were sent")


@pytest.fixture
def page(sign_in: SignIn, live_server: LiveServer) -> Page:
    """The designer of a new entity."""
    page = sign_in(live_server)
    page.goto(f"/builder/entities/new?title=Typing+{uuid.uuid4().hex[:8]}")
    return page


@pytest.fixture
def line(page: Page) -> Line:
    """Its line to the server."""
    return Line(page)


def add(page: Page, kind: str) -> None:
    """Press a kind of the palette."""
    page.locator(f'button[name="do"][value="add:{kind}"]').click()


def field(page: Page) -> None:
    """Add a number called Power; its editor opens."""
    page.locator("#input-new-title").fill("Power")
    add(page, "integer")
    expect(page.locator("#input-f-name")).to_have_value("power")


def test_a_title_stays_until_its_field_is_added(page: Page, line: Line) -> None:
    page.locator("#input-new-title").fill("Maker")
    page.locator("#input-new-title").blur()
    line.wait(1)
    page.wait_for_timeout(PAUSE)
    expect(page.locator("#input-new-title")).to_have_value("Maker")
    add(page, "email")
    expect(page.locator("#input-f-title")).to_have_value("Maker")
    expect(page.locator("#input-new-title")).to_have_value("")


def test_an_answer_does_not_take_what_was_typed_after_its_question(page: Page, line: Line) -> None:
    line.hold()
    page.locator("#input-s-description").fill("What we work with")
    page.locator("#input-s-description").blur()
    line.wait(1)
    page.locator("#input-new-title").fill("Maker")
    line.release()
    page.wait_for_timeout(PAUSE)
    expect(page.locator("#input-new-title")).to_have_value("Maker")
    add(page, "email")
    expect(page.locator("#input-f-title")).to_have_value("Maker")
    expect(page.locator("#input-s-description")).to_have_value("What we work with")


def test_what_an_answer_came_too_late_for_is_asked_again(page: Page, line: Line) -> None:
    line.hold()
    page.locator("#input-s-title").fill("Pump")
    page.locator("#input-s-title").blur()
    line.wait(1)
    page.locator("#input-s-description").fill("What we work with")
    line.release()
    page.locator("#input-s-description").blur()
    expect(page.locator("h1")).to_contain_text("Pump")
    expect(page.locator("#input-s-name")).to_have_value("pump")
    expect(page.locator("#input-s-description")).to_have_value("What we work with")


def test_a_press_wins_over_an_automatic_request(page: Page, line: Line) -> None:
    line.hold()
    page.locator("#input-s-description").fill("What we work with")
    page.locator("#input-s-description").blur()
    line.wait(1)
    line.open()
    page.locator("#input-new-title").fill("Maker")
    add(page, "email")
    expect(page.locator("#input-f-title")).to_have_value("Maker")
    line.release()
    page.wait_for_timeout(PAUSE)
    expect(page.locator("#input-f-title")).to_have_value("Maker")
    expect(page.locator("#input-s-description")).to_have_value("What we work with")


def test_no_automatic_request_ends_a_press(page: Page, line: Line) -> None:
    line.hold()
    page.locator("#input-new-title").fill("Maker")
    add(page, "email")  # leaving the title is a change, too: it must not be sent beside the press
    page.wait_for_timeout(PAUSE)
    assert len(line.sent) == 1 and "add%3Aemail" in line.sent[0]
    line.release()
    expect(page.locator("#input-f-title")).to_have_value("Maker")


def test_what_is_typed_while_a_press_is_under_way_stays(page: Page, line: Line) -> None:
    line.hold()
    add(page, "email")
    line.wait(1)
    page.locator("#input-s-description").fill("What we work with")
    line.release()
    expect(page.locator("#designer-field")).to_be_visible()
    expect(page.locator("#input-s-description")).to_have_value("What we work with")
    expect(page.locator(".designer-field")).to_have_count(2)


def test_presses_in_quick_succession_are_all_done(page: Page, line: Line) -> None:
    for title in ("One", "Two", "Three"):
        page.locator("#input-new-title").fill(title)
        add(page, "text")
        expect(page.locator("#input-f-title")).to_have_value(title)
    line.hold()
    up = page.locator('button[name="do"][value="up:three"]')
    up.focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    line.wait(1)
    line.release()
    expect(page.locator(".designer-field strong")).to_have_text(["Name*", "Three", "One", "Two"])
    expect(page.locator('button[name="do"][value="up:three"]')).to_be_focused()


def test_a_word_in_the_middle_of_being_typed_stays_as_it_is(page: Page, line: Line) -> None:
    field(page)
    before = len(line.sent)
    line.hold()
    page.locator("#input-f-help").fill("x")
    page.locator("#input-f-title").focus()
    line.wait(before + 1)
    page.keyboard.press("End")
    page.keyboard.type(" in ")
    line.release()
    page.wait_for_timeout(PAUSE)
    page.keyboard.type("kW")
    expect(page.locator("#input-f-title")).to_have_value("Power in kW")
    page.keyboard.press("Tab")
    expect(page.locator(".designer-field strong").last).to_have_text("Power in kW")


def test_the_name_follows_the_title_where_the_person_has_gone_on_to_it(page: Page) -> None:
    page.locator("#input-s-title").fill("Water pump")
    page.locator("#input-s-name").focus()
    expect(page.locator("#input-s-name")).to_have_value("water_pump")
    expect(page.locator("#input-s-name")).to_be_focused()


def test_focus_scroll_and_what_is_open_stay(page: Page, line: Line) -> None:
    page.set_viewport_size({"width": 1280, "height": 500})
    field(page)
    checks = page.locator("#designer-checks")
    checks.locator("summary").click()
    condition = page.locator("#input-check-0-expression")
    condition.fill("power > 0")
    page.locator(".designer-side").evaluate("box => { box.scrollTop = 120; }")
    before = len(line.sent)
    line.hold()
    message = page.locator("#input-check-0-message")
    message.focus()
    line.wait(before + 1)
    place = message.bounding_box()
    line.release()
    expect(
        page.locator("#input-check-1-expression")
    ).to_be_visible()  # the answer is here: a row is free again
    expect(checks).to_have_attribute("open", "")
    expect(message).to_be_focused()
    assert page.locator(".designer-side").evaluate("box => box.scrollTop") == 120
    after = message.bounding_box()
    assert place and after and abs(place["y"] - after["y"]) < 2


def test_json_that_is_typed_is_not_overwritten(page: Page, line: Line) -> None:
    page.locator(".designer-json summary").click()
    text = page.locator("#input-json").input_value().replace('"Name"', '"Name of it"')
    page.locator("#input-json").fill(text)
    page.locator("#input-json").blur()
    page.wait_for_timeout(PAUSE)
    expect(page.locator("#input-json")).to_have_value(text)
    page.get_by_role("button", name="See the plan").click()
    expect(page.locator("#input-json-problems")).to_contain_text("not taken over")
    expect(page.locator("#input-json")).to_have_value(text)
    page.get_by_role("button", name="Take over this JSON").click()
    expect(page.locator(".designer-field strong").first).to_contain_text("Name of it")


def test_a_refusal_leaves_the_draft_where_it_is(page: Page) -> None:
    page.locator("#input-new-title").fill("Maker")
    page.route(CHANGE, lambda route: route.fulfill(status=422, body="<main>Too large.</main>"))
    add(page, "email")
    expect(page.locator("#messages .message")).to_be_visible()
    expect(page.locator("#input-new-title")).to_have_value("Maker")
    page.unroute(CHANGE)
    add(page, "email")
    expect(page.locator("#input-f-title")).to_have_value("Maker")


def test_enter_takes_over_what_was_typed_and_keeps_the_place(page: Page) -> None:
    field(page)
    page.locator("#input-f-title").fill("Power in kW")
    page.keyboard.press("Enter")
    expect(page.locator("#designer-field-title")).to_contain_text("Power in kW")
    expect(page.locator("#input-f-title")).to_be_focused()


def test_a_field_is_dragged_to_another_place(page: Page) -> None:
    for title in ("One", "Two"):
        page.locator("#input-new-title").fill(title)
        add(page, "text")
        expect(page.locator("#input-f-title")).to_have_value(title)
    grips = page.locator(".designer-grip")
    grips.nth(2).drag_to(page.locator(".designer-field").nth(0), target_position={"x": 40, "y": 3})
    expect(page.locator(".designer-field strong")).to_have_text(["Two", "Name*", "One"])
    page.locator("#input-f-help").fill("Kept")
    page.locator("#input-f-help").blur()
    expect(page.locator("#designer-preview")).to_contain_text("Kept")
    expect(page.locator(".designer-field strong")).to_have_text(["Two", "Name*", "One"])
