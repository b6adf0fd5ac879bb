"""The inbox, an answer, comments and the outbox in a real browser: accessible, light, dark and small."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import insert

from amity.database.engine import Database
from amity.database.ids import new_id
from amity.database.schema_workflows import outbox
from amity.workflows.people import assignments, notifications
from amity.workflows.people.assignments import Question
from tests.support.api import Api
from tests.support.browser import SETTLE
from tests.support.servers import STAFF, LiveServer

pytestmark = pytest.mark.browser
FORM = {
    "properties": {
        "mood": {
            "title": "Mood",
            "oneOf": [{"const": "good", "title": "Good"}, {"const": "bad", "title": "Bad"}],
        },
        "guests": {"type": "integer", "title": "Guests"},
        "again_on": {"type": "string", "format": "date", "title": "Meet again on"},
    },
    "required": ["mood"],
}


def customer(server: LiveServer, name: str, **values: Any) -> str:
    """Make a customer over REST."""
    answer = Api(server.url, server.token()).post("/records/customer", {"name": name, **values})
    return str(answer.body["id"])


def fill(server: LiveServer, record: str) -> dict[str, str]:
    """Put two questions, words and mails there, as steps do."""
    sam = server.add_account(STAFF, "staff")
    now = dt.datetime.now(dt.UTC)
    database = Database(server.database_url)
    about = {"entity": "customer", "record": record}
    questions = {
        "approval": Question(
            new_id(), "a", "approval", "May Northwind Traders have a discount of 10 %?",
            "They ordered for 120,000 EUR this year.\nThe usual discount is 5 %.", [sam],
            due_at=now + dt.timedelta(days=3), **about,
        ),
        "form": Question(new_id(), "b", "input", "How was the visit?", "", [sam], form=FORM, **about),
    }  # fmt: skip

    def work(connection: Any) -> dict[str, str]:
        made = {name: assignments.ask(connection, item, now) for name, item in questions.items()}
        words = notifications.Notice("notify", "Northwind Traders has not been visited for 90 days.", "/")
        notifications.tell(connection, [sam], words, now)
        for state, why in (("waiting", None), ("uncertain", "The process stopped while it was sending.")):
            identity = new_id()
            connection.execute(
                insert(outbox).values(
                    id=identity,
                    key=identity,
                    state=state,
                    why=why,
                    sender="Amity <amity@acme.example>",
                    recipients={"to": ["Anna Smith <anna@northwind.example>"], "cc": []},
                    subject="We would like to hear from you",
                    body="Dear Anna,\n\nis there anything we can do for you?\n\nKind regards",
                    attachments=[],
                    message_id=f"<{identity}@acme.example>",
                    created_at=now,
                )
            )
        return made

    try:
        return database.run(work)
    finally:
        database.close()


def looks(page: Page, axe: Callable[..., None], shot: Callable[..., None], name: str) -> None:
    """Check a page wide, dark and on a phone; loaded anew each time, as a person comes to it."""
    for suffix, width, scheme in (("", 1280, "light"), ("-dark", 1280, "dark"), ("-phone", 390, "light")):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        page.set_viewport_size({"width": width, "height": 800})
        page.goto(page.url.partition("#")[0])
        page.evaluate(SETTLE)
        axe(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        shot(page, f"{name}{suffix}")
    page.set_viewport_size({"width": 1280, "height": 800})
    page.goto(page.url)


def test_people_answer(
    live_server: LiveServer,
    sign_in: Callable[..., Page],
    axe: Callable[..., None],
    watch: Callable[[Page], list[str]],
    screenshot: Callable[..., None],
) -> None:
    record = customer(live_server, "Northwind Traders", email="info@northwind.example", consent="given")
    made = fill(live_server, record)
    page = sign_in(live_server, STAFF)
    wrong = watch(page)
    page.get_by_role("link", name="Inbox").click()
    looks(page, axe, screenshot, "inbox")
    page.get_by_role("link", name="May Northwind Traders have a discount").click()
    expect(page.get_by_role("heading", name="Northwind Traders", exact=True)).to_be_visible()
    looks(page, axe, screenshot, "approval")
    page.get_by_label("Comment").fill("They earned it.")
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_text("Thank you")).to_be_visible()
    page.goto(f"/inbox/{made['form']}")
    looks(page, axe, screenshot, "answer-form")
    page.get_by_role("button", name="Send the answer").click()
    expect(page.get_by_text("Mood is needed.").first).to_be_visible()
    axe(page)
    page.get_by_label("Mood").select_option(label="Good")
    page.get_by_label("Guests").fill("3")
    page.get_by_role("button", name="Send the answer").click()
    expect(page.get_by_text("Nothing waits for you")).to_be_visible()
    page.get_by_role("button", name="has not been visited").click()
    page.goto(f"/e/customer/{record}")
    page.get_by_label("Your comment").fill("Spoke with Anna. @Ada, please send the offer.")
    page.get_by_role("button", name="Comment", exact=True).click()
    expect(page.get_by_text("Spoke with Anna.")).to_be_visible()
    looks(page, axe, screenshot, "comments")
    assert [item for item in wrong if "422" not in item] == []


def test_an_admin_looks_after_mails(
    live_server: LiveServer,
    sign_in: Callable[..., Page],
    axe: Callable[..., None],
    watch: Callable[[Page], list[str]],
    screenshot: Callable[..., None],
) -> None:
    record = customer(live_server, "Northwind")
    fill(live_server, record)
    page = sign_in(live_server)
    wrong = watch(page)
    page.goto("/builder/outbox?state=uncertain")
    looks(page, axe, screenshot, "outbox")
    page.get_by_role("link", name="We would like to hear").first.click()
    looks(page, axe, screenshot, "mail")
    page.get_by_role("button", name="Do not send").click()
    expect(page.get_by_text("The e-mail is cancelled.")).to_be_visible()
    assert [item for item in wrong if "422" not in item] == []
