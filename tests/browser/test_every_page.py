"""Every page that people come across while they work: accessible and fitting, on a desk and on a dark phone.

What is built from the entity (list, record, forms) is looked at for each shipped one; what is the same for
all is looked at once.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from amity.paths import bundled
from tests.browser.conftest import DEMO_ADMIN, DEMO_STAFF, password
from tests.support.servers import LiveServer

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.parametrize("database_server", ["sqlite"], indirect=True),
]

Inspect = Callable[[Page], None]
ENTITIES = sorted(path.stem for path in bundled("entities").glob("*.json"))


@pytest.fixture
def staff(demo: LiveServer, sign_in: Callable[..., Page]) -> Page:
    """A page of somebody who works here."""
    return sign_in(demo, DEMO_STAFF, password=password(demo))


@pytest.fixture
def console(staff: Page, watch: Callable[[Page], list[str]]) -> list[str]:
    """What goes wrong in it."""
    return watch(staff)


def first_record(page: Page, entity: str) -> str:
    """The address of a record."""
    page.goto(f"/e/{entity}")
    link = page.locator(f"main table a.record-link[href^='/e/{entity}/']").first.get_attribute("href")
    assert link
    return link


def open_page(page: Page, path: str, inspect: Inspect, status: int = 200) -> None:
    answer = page.goto(path)
    assert answer is not None and answer.status == status, path
    inspect(page)


@pytest.mark.parametrize("entity", ENTITIES)
def test_the_pages_of_each_entity(staff: Page, console: list[str], inspect: Inspect, entity: str) -> None:
    record = first_record(staff, entity)
    inspect(staff)
    for path in (record, f"{record}/edit", f"/e/{entity}/new"):
        open_page(staff, path, inspect)
    staff.goto(record)
    for path in staff.eval_on_selector_all(
        f"main a[href^='{record}/related/'], main a[href^='{record}/timeline']",
        "links => [...new Set(links.map(link => link.getAttribute('href')))]",
    )[:3]:
        open_page(staff, path, inspect)
    assert console == []


def test_the_panels_of_a_list(staff: Page, console: list[str], inspect: Inspect) -> None:
    staff.goto("/e/customer")
    panels = staff.locator("main details.menu")
    for index in range(panels.count()):
        panels.nth(index).locator("summary").first.click()
        expect(panels.nth(index).locator(".menu-panel")).to_be_visible()
        inspect(staff)
        panels.nth(index).evaluate("panel => { panel.open = false }")
    for query in (
        "where=stage+%3D%3D+'active'+%26%26+income+%3E+100000&sort=-income",
        "q=nothing+is+called+like+this",
        "view=renewals",
        "columns=name,income,address,email,phone,website,notes,updated_at,owner,party,consent_at",
    ):
        open_page(staff, f"/e/customer?{query}", inspect)
    assert console == []


def test_what_is_done_to_records(staff: Page, console: list[str], inspect: Inspect) -> None:
    record = first_record(staff, "task")
    open_page(staff, f"{record}/history", inspect)
    open_page(staff, f"{record}/delete", inspect)
    staff.goto(record)
    staff.locator("main details.menu summary").first.click()
    staff.get_by_role("link", name="Delete").click()
    expect(staff.get_by_role("dialog")).to_be_visible()
    inspect(staff)
    staff.keyboard.press("Escape")
    for button, heading in (("Change", "Change"), ("Delete", "Delete")):
        staff.goto("/e/task")
        for row in range(2):
            staff.locator("tr[data-row] input[type=checkbox]").nth(row).check()
        inspect(staff)
        staff.locator("#bulk-bar").get_by_role("button", name=button).click()
        expect(staff.get_by_role("heading", level=1)).to_contain_text(heading)
        inspect(staff)
    staff.get_by_role("button", name="Delete 2").click()
    expect(staff.get_by_role("status")).to_contain_text("deleted")
    inspect(staff)
    open_page(staff, "/e/task/bin", inspect)
    open_page(staff, "/e/team/bin", inspect)
    assert console == []


def test_mistakes_and_conflicts(
    demo: LiveServer, staff: Page, inspect: Inspect, sign_in: Callable[..., Page]
) -> None:
    record = first_record(staff, "vendor")
    staff.goto(f"{record}/edit")
    other = sign_in(demo, DEMO_ADMIN, password=password(demo))
    other.goto(f"{record}/edit")
    for page, note in ((other, "Theirs " * 60), (staff, "Mine")):
        page.locator("#input-notes").fill(note)
        page.locator("#input-email").fill("")
        page.keyboard.press("Control+Enter")
        page.wait_for_load_state()
    expect(staff.get_by_role("heading", level=1)).to_have_text("Changed by two people")
    inspect(staff)
    staff.goto("/e/vendor/new")
    staff.locator("main form").evaluate("form => { form.noValidate = true; form.requestSubmit() }")
    expect(staff.get_by_role("alert").first).to_be_visible()
    inspect(staff)
    open_page(staff, "/e/vendor?where=nonsense+%3D", inspect, 422)
    open_page(staff, "/e/nothing", inspect, 404)
    open_page(staff, "/builder/people", inspect, 403)


def test_pages_that_belong_to_no_entity(
    demo: LiveServer, staff: Page, console: list[str], inspect: Inspect, new_context: Callable[..., object]
) -> None:
    for path in ("/", "/search", "/search?q=caf", "/search?q=zzzz", "/auth/settings"):
        open_page(staff, path, inspect)
    staff.keyboard.press("Control+k")
    staff.keyboard.type("a")
    expect(staff.locator("#palette, dialog[open]").get_by_role("option").first).to_be_visible()
    inspect(staff)
    staff.goto("/")
    staff.locator("header details.menu summary, .topbar details.menu summary").last.click()
    inspect(staff)
    assert console == []
    stranger: Page = new_context(base_url=demo.url).new_page()  # type: ignore[attr-defined]
    stranger.goto("/auth/sign-in")
    inspect(stranger)
    stranger.get_by_label("E-mail").fill("nobody@example.com")
    stranger.get_by_label("Password").fill("wrong")
    stranger.get_by_role("button", name="Sign in").click()
    expect(stranger.get_by_role("alert").first).to_be_visible()
    inspect(stranger)
    stranger.goto("/auth/link/not-a-key")
    inspect(stranger)
