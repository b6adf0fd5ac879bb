"""Every kind in a real browser: the form is accessible, and saving it untouched changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from amity import jsontext
from tests.contracts.test_kinds_in_pages import LINKS
from tests.contracts.test_kinds_in_the_gate import samples, schema_of
from tests.contracts.test_kinds_over_rest import own_kinds
from tests.support.servers import ADMIN, STAFF, LiveServer

# What a browser sends does not depend on the database, so one is enough.
pytestmark = [pytest.mark.browser, pytest.mark.parametrize("database_server", ["sqlite"], indirect=True)]


class Program:
    """A program that talks to the REST interface with a token."""

    def __init__(self, page: Page, server: LiveServer, email: str) -> None:
        self.request = page.request
        self.base = f"{server.url}/api/v1"
        self.headers = {"Authorization": f"Bearer {server.token(email)}", "Content-Type": "application/json"}

    def call(self, method: str, path: str, body: Any = None) -> Any:
        data = None if body is None else jsontext.dumps_bytes(body)
        answer = self.request.fetch(self.base + path, method=method, headers=self.headers, data=data)
        assert answer.ok, answer.text()
        return jsontext.loads(answer.body())


@pytest.fixture
def things(page: Page, live_server: LiveServer) -> tuple[Program, list[dict[str, Any]]]:
    """An entity with a field of every kind and three records."""
    admin = Program(page, live_server, ADMIN)
    for name in ("customer", "vendor"):
        known = {entity["name"] for entity in admin.call("GET", "/entities")["entities"]}
        if name not in known:
            document = {"title": name.title(), "type": "object", "properties": {"name": {"type": "string"}}}
            admin.call("PUT", f"/entities/{name}", document)
    properties = {**{kind.name: schema_of(kind) for kind in own_kinds()}, **LINKS}
    admin.call(
        "PUT", "/entities/every_kind", {"title": "Every kind", "type": "object", "properties": properties}
    )
    one, two = (admin.call("POST", "/records/customer", {"name": name})["id"] for name in ("Ada", "Bob"))
    three = admin.call("POST", "/records/vendor", {"name": "Corp"})["id"]
    links = {
        "relation": one,
        "relations": [two, one],
        "roles": [{"entity": "vendor", "id": three, "role": "host"}, {"entity": "customer", "id": one}],
        "any_relation": {"entity": "vendor", "id": three},
    }
    # Without pictures: samples have no content, and the browser would look for it.
    bodies = [
        {kind.name: samples(kind)[index] for kind in own_kinds() if kind.name != "image"} for index in (0, -1)
    ]
    records = [
        admin.call("POST", "/records/every_kind", body) for body in [*(body | links for body in bodies), {}]
    ]
    return admin, records


def test_every_kind_in_a_browser(
    things: tuple[Program, list[dict[str, Any]]],
    sign_in: Callable[..., Page],
    live_server: LiveServer,
    axe: Callable[..., None],
    watch: Callable[[Page], list[str]],
) -> None:
    program, records = things
    page = sign_in(live_server, STAFF)
    troubles = watch(page)
    for record in records:
        address = f"/e/every_kind/{record['id']}"
        page.goto(address)
        axe(page)
        page.goto(f"{address}/edit")
        axe(page)
        page.get_by_role("button", name="Save", exact=True).first.click()
        expect(page).to_have_url(f"{live_server.url}{address}")
        after = program.call("GET", f"/records/every_kind/{record['id']}")
        assert {name: (record[name], after[name]) for name in after if after[name] != record[name]} == {}
    page.goto("/e/every_kind")
    axe(page)
    assert troubles == []


def test_rows_within_rows_are_added(
    page: Page, live_server: LiveServer, sign_in: Callable[..., Page], axe: Callable[..., None]
) -> None:
    program = Program(page, live_server, ADMIN)
    words = {"type": "array", "title": "Words", "items": {"type": "string", "title": "Word"}}
    members = {"code": {"type": "string", "title": "Code"}, "words": words}
    rows = {"type": "array", "title": "Rows", "items": {"type": "object", "properties": members}}
    program.call("PUT", "/entities/nest", {"title": "Nest", "type": "object", "properties": {"rows": rows}})
    value = [{"code": f"c{row}", "words": [f"w{row}{word}" for word in range(4)]} for row in range(4)]
    person = sign_in(live_server, STAFF)
    person.goto("/e/nest/new")
    outer = person.locator("[data-rows='rows']")
    for number, row in enumerate(value):
        outer.locator("xpath=following-sibling::button").first.click()
        person.locator(f"[name='rows.{number}.code']").fill(row["code"])
        inner = person.locator(f"[data-rows='rows.{number}.words']")
        for index, word in enumerate(row["words"]):
            inner.locator("xpath=following-sibling::button").first.click()
            person.locator(f"[name='rows.{number}.words.{index}']").fill(word)
    assert "__row__" not in person.locator("form[data-record-form]").inner_text()
    axe(person)
    person.get_by_role("button", name="Save", exact=True).first.click()
    person.wait_for_url(lambda url: not url.endswith("/new"))
    record = program.call("GET", "/records/nest")["records"][0]
    assert record["rows"] == value
