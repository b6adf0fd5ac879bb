"""Trying a workflow in a real browser: on a record, over a period; accessible, dark and small."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_inbox import looks
from tests.support.api import Api
from tests.support.browser import SETTLE
from tests.support.servers import ADMIN, LiveServer

pytestmark = pytest.mark.browser
DOCUMENT: dict[str, Any] = {
    "title": "Win back",
    "entity": "customer",
    "trigger": {"on": "saved", "fields": ["stage"]},
    "when": "new.stage == 'active'",
    "steps": [
        {"do": "update", "id": "text", "values": {"number": "K 7"}},
        {
            "if": "record.number == 'K 7'",
            "id": "check",
            "then": [
                {
                    "do": "create",
                    "id": "task",
                    "entity": "task",
                    "values": {"title": "Call {{ record.name }}"},
                },
                {
                    "do": "send_email",
                    "id": "mail",
                    "to": "{{ record.email }}",
                    "subject": "Hi",
                    "body": "Hello",
                },
            ],
            "else": [{"do": "stop", "id": "end"}],
        },
        {"wait": "days(3)", "id": "pause"},
        {"do": "delete", "id": "never"},
    ],
}


def test_try_a_workflow(
    live_server: LiveServer,
    sign_in: Callable[..., Page],
    axe: Callable[..., None],
    watch: Callable[[Page], list[str]],
) -> None:
    api = Api(live_server.url, live_server.token())
    people = (("Wingtip", "K 1"), ("Adatum", "K 9"))
    made = [
        api.post(
            "/records/customer",
            {"name": name, "stage": "active", "number": number, "email": f"{name}@example.com"},
        )
        for name, number in people
    ]
    assert api.put("/workflows/win_back_tried", DOCUMENT).status == 201
    page = sign_in(live_server, ADMIN)
    wrong = watch(page)
    page.goto("/builder/workflows/win_back_tried/try")
    looks(page, axe, lambda *_: None, "try")
    page.get_by_role("combobox").fill("Wingtip")
    expect(page.get_by_role("option", name="Adatum")).to_have_count(0)  # the answer is there
    page.get_by_role("option", name="Wingtip").click()
    page.get_by_role("button", name="Dry run").click()
    expect(page.get_by_role("heading", name="What it would do")).to_be_visible()
    expect(page.get_by_text("would be changed: ")).to_be_visible()
    expect(page.get_by_text("It stops here: It waits until")).to_be_visible()
    axe(page)
    page.get_by_label("The last 7 days").check()
    page.get_by_role("button", name="Back-test").click()
    expect(page.get_by_role("heading", name="It would have started 2 times")).to_be_visible()
    expect(page.get_by_role("link", name="Open Wingtip")).to_have_attribute(
        "href", f"/e/customer/{made[0].body['id']}"
    )
    page.reload()  # what it found is kept
    expect(page.get_by_role("heading", name="It would have started 2 times")).to_be_visible()
    asked = api.post(
        "/workflows/win_back_tried/back-test", {"since": "2020-01-01T00:00:00Z", "background": True}
    )
    result = page.url
    page.goto(asked.body["url"].replace("/api/v1/back-tests/", "/builder/workflows/win_back_tried/try/"))
    expect(page.get_by_role("heading", name="It would have started 2 times")).to_be_visible(timeout=60_000)
    page.goto(result)
    for width, scheme in ((1280, "light"), (1280, "dark"), (390, "light")):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        page.set_viewport_size({"width": width, "height": 800})
        page.evaluate(SETTLE)  # colours fade
        axe(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert wrong == []
