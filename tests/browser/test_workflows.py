"""An admin builds a workflow with the mouse, without seeing JSON, switches it on, and people work with it."""

from __future__ import annotations

import datetime as dt
import os
import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect
from sqlalchemy import select, update

from amity.access.accounts import Accounts
from amity.database.engine import Database
from amity.database.schema_workflows import assignment, assignment_person, run_wait
from tests.support.api import Api
from tests.support.browser import SETTLE
from tests.support.servers import ADMIN, LiveServer

pytestmark = pytest.mark.browser

SignIn = Callable[..., Page]
OWNER, APPROVER, MANAGER = (f"{name}@amity.example" for name in ("olivia", "tom", "mia"))
SECONDS = 60
"""For what a worker does meanwhile, on a slow machine."""


class Pictures:
    """Takes pictures for the docs: wide, in the dark, on a phone."""

    def __init__(self, take: Callable[..., None]) -> None:
        self.take = take

    def __call__(self, page: Page, name: str) -> None:
        """Take the three of a page as it stands, from its top; nothing is done where none are wanted."""
        if os.environ.get("AMITY_SCREENSHOTS") != "1":
            return
        looks = (("", 1280, "light"), ("-dark", 1280, "dark"), ("-phone", 390, "light"))
        for suffix, width, scheme in looks:
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            page.set_viewport_size({"width": width, "height": 800})
            height = page.evaluate("document.documentElement.scrollHeight")
            page.set_viewport_size({"width": width, "height": max(800, height)})
            page.evaluate("window.scrollTo(0, 0)")
            page.evaluate(SETTLE)
            self.take(page, f"{name}{suffix}")
        page.set_viewport_size({"width": 1280, "height": 800})
        page.emulate_media(color_scheme="light")


@pytest.fixture
def pictures(screenshot: Callable[..., None]) -> Pictures:
    """Takes pictures for the docs."""
    return Pictures(screenshot)


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


def seen(page: Page, what: Callable[[], Locator]) -> None:
    """Load the page again and again until what a worker makes is on it."""
    for _attempt in range(SECONDS * 2):
        if what().count():
            return
        page.wait_for_timeout(500)
        page.reload()
    expect(what()).not_to_have_count(0)


def people(server: LiveServer) -> None:
    """Olivia looks after customers, Mia is her manager, Tom approves."""
    owner, _approver, manager = (server.add_account(item, "staff") for item in (OWNER, APPROVER, MANAGER))
    api = Api(server.url, server.token())
    boss = api.post("/records/employee", {"first_name": "Mia", "last_name": "Berg"}).body["id"]
    own = api.post("/records/employee", {"first_name": "Olivia", "last_name": "Hart", "manager": boss})
    database = Database(server.database_url)
    try:
        accounts = Accounts(database)
        by = accounts.get(server.add_account(ADMIN, "admin")).actor()
        accounts.link_employee(manager, boss, by=by)
        accounts.link_employee(owner, own.body["id"], by=by)
    finally:
        database.close()


def days_pass(server: LiveServer, question: str, days: int) -> None:
    """Let days pass for a question: all its moments move back, and those of the wait behind it."""
    database, by = Database(server.database_url), dt.timedelta(days=days, seconds=1)

    def work(connection: Any) -> None:
        row = connection.execute(select(assignment).where(assignment.c.id == question)).one()
        moved = {"created_at": row.created_at - by, "due_at": row.due_at - by}
        connection.execute(update(assignment).where(assignment.c.id == question).values(**moved))
        mine = assignment_person.c.assignment == question
        for person in connection.execute(select(assignment_person).where(mine)).all():
            if person.reminded_at is not None:
                this = mine & (assignment_person.c.account == person.account)
                values = {"reminded_at": person.reminded_at - by}
                connection.execute(update(assignment_person).where(this).values(**values))
        waits = (run_wait.c.run == row.run, run_wait.c.key == row.key)
        wait = connection.execute(select(run_wait.c.due_at).where(*waits)).scalar_one()
        connection.execute(update(run_wait).where(*waits).values(due_at=wait - by))

    try:
        database.run(work)
    finally:
        database.close()


def build(page: Page, inspect: Callable[[Page], None], pictures: Pictures) -> None:
    """Put the workflow together, from the empty page on."""
    page.goto("/builder/workflows")
    page.get_by_role("link", name="New workflow").click()
    page.get_by_label("Title").fill("Approval for high-value customers")
    page.get_by_label("Which records it is about").select_option("customer")
    page.get_by_role("button", name="When a record is created or changed").click()
    expect(page.locator("#flow-form")).to_contain_text("What starts it")
    tick(page, "p-fields", "income")

    # Only if: the condition builder writes the expression.
    press(page, "select:/when")
    choose(page, "p-when-0-field", "record.income")
    choose(page, "p-when-0-op", "more")
    fill(page, "p-when-0-value", "100000")
    choose(page, "p-when-1-field", "record.segment")
    choose(page, "p-when-1-value", "enterprise")
    expect(page.locator(".flow-card.is-selected")).to_contain_text(
        "Annual income or revenue is more than 100000 and Segment is Enterprise"
    )

    add(page, "approval", "/steps/0")
    tick(page, "p-to", APPROVER)
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

    # Remove and undo, with the mouse.
    press(page, "remove:/steps/1/else/0")
    expect(page.locator(".flow-card")).to_have_count(5)
    press(page, "undo")
    expect(page.locator(".flow-card")).to_have_count(6)
    press(page, "select:/steps/0")
    look(page, inspect)
    pictures(page, "workflow")


def try_it(page: Page, inspect: Callable[[Page], None], pictures: Pictures) -> None:
    """Ask what the draft would have done: two of three customers of the past would have been asked for."""
    page.get_by_role("button", name="Try", exact=True).click()
    expect(page.locator("main")).to_contain_text("This is a draft from the editor")
    page.get_by_label("The last 7 days").check()
    page.get_by_role("button", name="Back-test").click()
    expect(page.get_by_role("heading", name="It would have started 2 times")).to_be_visible()
    expect(page.locator("#try-result tr", has_text="Ask for an approval")).to_contain_text("2")
    expect(page.locator("#try-result")).to_contain_text("It waits for the answer of Tom.")
    samples = page.locator("#try-samples")
    for name in ("Contoso", "Tailspin Toys"):
        expect(samples).to_contain_text(name)
        expect(samples).to_contain_text(f"Tom would be asked to approve: May {name} have a discount?")
    expect(samples).not_to_contain_text("Fabrikam")
    look(page, inspect)
    pictures(page, "try-back-test")


def switch_on(page: Page, inspect: Callable[[Page], None]) -> None:
    """Apply it through the plan, and switch it on."""
    page.get_by_role("button", name="Back to the editor").click()
    expect(page.locator(".flow-card")).to_have_count(6)
    page.get_by_role("button", name="See the plan").click()
    expect(page.locator("main")).to_contain_text("switched off until somebody switches it on")
    look(page, inspect)
    page.get_by_role("button", name="Apply", exact=True).click()
    expect(page.locator(".messages")).to_contain_text("switched off")
    page.goto("/builder/workflows")
    row = page.locator("tr", has_text="Approval for high-value customers")
    expect(row).to_contain_text("off")
    row.get_by_role("button", name="Switch on…").click()
    page.get_by_role("button", name="Apply", exact=True).click()
    expect(page.locator(".messages")).to_contain_text("switched on")


def make_valuable(page: Page, record: str) -> None:
    """Write a large income into a customer's form, as its owner does."""
    page.goto(f"/e/customer/{record}/edit")
    page.get_by_label("Annual income or revenue").first.fill("250000")
    page.get_by_role("button", name="Save").first.click()
    expect(page.locator("main")).to_contain_text("250,000")


def test_an_approval_from_nothing_to_its_end(
    sign_in: SignIn,
    live_server: LiveServer,
    inspect: Callable[[Page], None],
    watch: Callable[[Page], list[str]],
    pictures: Pictures,
) -> None:
    people(live_server)
    owners = Api(live_server.url, live_server.token(OWNER))
    made = {}
    for name, income in (
        ("Contoso", 180000),
        ("Tailspin Toys", 320000),
        ("Fabrikam", 9000),
        ("Fourth Coffee", 5),
    ):
        values = {"name": name, "income": income, "segment": "enterprise"}
        made[name] = owners.post("/records/customer", values).body["id"]
    page = sign_in(live_server)
    wrong = watch(page)
    build(page, inspect, pictures)
    try_it(page, inspect, pictures)
    switch_on(page, inspect)

    # It runs, and waits for Tom. He hears of it again after two days.
    olivia, tom = sign_in(live_server, OWNER), sign_in(live_server, APPROVER)
    make_valuable(olivia, made["Fabrikam"])
    page.goto(f"/builder/runs?record=customer/{made['Fabrikam']}")
    seen(page, lambda: page.locator("table", has_text="Waits for the approval of Tom."))
    page.locator("table a.record-link").click()
    expect(page.locator("#run-steps")).to_contain_text("Ask for an approval")
    look(page, inspect)
    question = "May Fabrikam have a discount?"
    tom.goto("/inbox")
    tom.locator("#open").get_by_role("link", name=question).click()
    identity = tom.url.rpartition("/")[2]
    days_pass(live_server, identity, 2)
    tom.goto("/inbox")
    seen(tom, lambda: tom.locator("#notices li", has_text=f"Reminder: {question}"))
    expect(page.locator("#run-steps")).to_contain_text("Reminded on", timeout=SECONDS * 1000)

    # Two more days, and the time is over: the manager is told, and the run is at its end.
    days_pass(live_server, identity, 2)
    mia = sign_in(live_server, MANAGER)
    mia.goto("/inbox")
    seen(mia, lambda: mia.locator("#notices li", has_text="Nobody has answered for Fabrikam."))
    expect(page.locator("#run-steps")).to_contain_text(
        "Tell the owner's manager: Nobody has answered for Fabrikam.", timeout=SECONDS * 1000
    )
    pictures(page, "run")
    tom.reload()
    expect(tom.locator("#closed")).to_contain_text("Time is over")

    # Of the next one Tom decides, while the admin watches.
    make_valuable(olivia, made["Fourth Coffee"])
    tom.goto("/inbox")
    seen(tom, lambda: tom.locator("#open").get_by_role("link", name="May Fourth Coffee have a discount?"))
    pictures(tom, "inbox-approval")
    tom.get_by_role("link", name="May Fourth Coffee have a discount?").first.click()
    tom.get_by_label("Comment").fill("They earned it.")
    tom.get_by_role("button", name="Approve").click()
    expect(tom.get_by_text("Thank you")).to_be_visible()
    page.goto(f"/builder/runs?record=customer/{made['Fourth Coffee']}")
    page.locator("table a.record-link").click()
    expect(page.locator("#run-steps")).to_contain_text("The discount is approved.", timeout=SECONDS * 1000)
    expect(page.locator(".key-facts")).to_contain_text("done", timeout=SECONDS * 1000)
    olivia.reload()
    expect(olivia.locator("main")).to_contain_text("The discount is approved.")
    page.goto(f"/e/customer/{made['Fourth Coffee']}")
    expect(page.locator("#runs")).to_contain_text("Approval for high-value customers")
    assert wrong == []


@dataclass
class Receiver:
    """Another system on this machine."""

    url: str
    status: int = 403
    calls: int = 0


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A system that refuses what it is sent until somebody lets it in."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            found.calls += 1
            self.send_response(found.status)
            self.end_headers()
            self.wfile.write(b'{"ok": true}' if found.status == 200 else b"This key is not known here.")

        def log_message(self, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found = Receiver(f"http://127.0.0.1:{server.server_address[1]}/customers")
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield found
    server.shutdown()
    server.server_close()
    thread.join(10)


def test_a_failed_run_is_mended_and_goes_on(
    sign_in: SignIn,
    live_server: LiveServer,
    inspect: Callable[[Page], None],
    watch: Callable[[Page], list[str]],
    pictures: Pictures,
    receiver: Receiver,
) -> None:
    api = Api(live_server.url, live_server.token())
    document = {
        "title": "Tell the shop about new vendors",
        "entity": "vendor",
        "enabled": True,
        "trigger": {"on": "created"},
        "steps": [
            {"do": "comment", "id": "note", "text": "The shop is told."},
            {"do": "webhook", "id": "shop", "title": "Tell the shop", "url": receiver.url,
             "body": {"name": "{{ record.name }}"}},
            {"do": "comment", "id": "told", "text": "The shop answered {{ steps.shop.status }}."},
        ],
    }  # fmt: skip
    assert api.put("/workflows/tell_the_shop", document).status == 201
    page = sign_in(live_server)
    wrong = watch(page)
    made = [api.post("/records/vendor", {"name": name}) for name in ("Paper Mill", "Print House")]

    # The admin hears of it, finds out why, and has it mended.
    page.goto("/inbox")
    seen(page, lambda: page.locator("#notices li", has_text="Tell the shop about new vendors failed"))
    page.goto("/builder/failures?workflow=tell_the_shop")
    seen(page, lambda: page.locator("tbody tr:nth-child(2)"))
    expect(page.locator("tbody")).to_contain_text("This key is not known here.")
    look(page, inspect)
    pictures(page, "failures")
    receiver.status = 200

    # One run is tried again on its page, from the step that failed; the other one from the list.
    page.locator("tr", has_text="Paper Mill").get_by_role("link", name="Tell the shop").click()
    expect(page.locator(".run-step.is-failed")).to_contain_text("answered 403")
    look(page, inspect)
    page.get_by_role("button", name="Try again").click()
    expect(page.locator(".messages")).to_contain_text("One run is tried again.")
    expect(page.locator("#run-steps")).to_contain_text("The shop answered 200.", timeout=SECONDS * 1000)
    expect(page.locator(".run-step")).to_have_count(3)
    page.goto("/builder/failures?workflow=tell_the_shop")
    page.get_by_label(re.compile("Select the run of .*Print House")).check()
    page.get_by_role("button", name="Try again").click()
    seen(page, lambda: page.get_by_text("No failures"))
    for record in made:
        page.goto(f"/e/vendor/{record.body['id']}")
        seen(page, lambda: page.get_by_text("The shop answered 200."))
        expect(page.get_by_text("The shop is told.")).to_have_count(1)
    assert receiver.calls == 4
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
