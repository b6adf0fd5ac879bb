"""The timeline on pages: one for all roles of a party, what is next apart, filters, adding from there."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from amity.access.context import SYSTEM
from amity.access.policy import Decision
from amity.definitions.documents import DefinitionChange
from amity.records.shapes import Record
from amity.workflows.people import comments
from amity.workspace import Workspace
from tests.functional.web.conftest import Made
from tests.functional.web.test_lists import counted
from tests.support.apps import STAFF, Visitor

NAME = {"type": "string", "title": "Name"}


def role(name: str, title: str, **options: Any) -> dict[str, Any]:
    link = {"kind": "relation", "to": "firm", "inverse": name, "unique": True, "timeline": "same"}
    return {
        "title": title,
        "type": "object",
        "properties": {"name": NAME, "firm": {"type": "string", "format": "uuid", "x-amity": link}},
        "x-amity": {"name": name, "display": "name", **options},
    }


FIRM = {
    "title": "Firm",
    "type": "object",
    "properties": {"name": NAME, "phone": {"type": "string", "title": "Phone", "x-amity": {"kind": "phone"}}},
    "x-amity": {"name": "firm", "display": "name"},
}
CALL = {
    "title": "Call",
    "type": "object",
    "properties": {
        "subject": {"type": "string", "title": "Subject"},
        "at": {"type": "string", "title": "When", "format": "date-time"},
        "who": {
            "type": "array", "title": "Who",
            "x-amity": {"kind": "relations", "to": ["firm", "client", "supplier"], "inverse": "calls"},
        },
        "note": {"type": "string", "title": "Note", "x-amity": {"kind": "long_text"}},
    },
    "x-amity": {
        "name": "call", "display": "subject",
        "timeline": {"at": "at", "with": ["who"], "fields": ["who", "note"]},
    },
}  # fmt: skip
TODO = {
    "title": "To-do",
    "type": "object",
    "properties": {
        "title": {"type": "string", "title": "Title"},
        "due": {"type": "string", "title": "Due", "format": "date"},
        "done": {"type": "boolean", "title": "Done"},
        "about": {"type": "object", "x-amity": {"kind": "any_relation", "inverse": "todos"}},
    },
    "x-amity": {
        "name": "todo", "display": "title", "plural": "To-dos",
        "timeline": {"at": "due", "with": ["about"], "open": "done != true"},
    },
}  # fmt: skip
DOCUMENTS = (FIRM, role("client", "Client"), role("supplier", "Supplier"), CALL, TODO)


class Party:
    """A firm that buys and sells."""

    def __init__(self, workspace: Workspace, made: Made) -> None:
        self.workspace, self.made = workspace, made
        changes = [DefinitionChange("entity", item["x-amity"]["name"], item) for item in DOCUMENTS]  # type: ignore[index]
        workspace.definitions.apply(changes, made.ctx, revision=None, confirm=True)
        self.firm = self.create("firm", name="Traube", phone="+4940555012")
        self.client = self.create("client", name="Traube", firm=self.firm.id)
        self.supplier = self.create("supplier", name="West", firm=self.firm.id)

    def create(self, entity: str, **values: Any) -> Record:
        return self.workspace.records.create(self.made.ctx, entity, values)

    def call(self, subject: str, at: str, *who: Record, **more: Any) -> Record:
        links = [{"entity": item.entity, "id": item.id} for item in who]
        return self.create("call", subject=subject, at=at, who=links, **more)


@pytest.fixture
def party(workspace: Workspace, made: Made) -> Party:
    """A firm that is client and supplier, and the entities for it."""
    return Party(workspace, made)


def url(record: Record) -> str:
    return f"/e/{record.entity}/{record.id}"


def titles(page: str) -> list[str]:
    return re.findall(r'class="entry-title"[^>]*>([^<]*)<', page)


def test_each_role_shows_what_happened_in_all_of_them(staff: Visitor, party: Party) -> None:
    party.call("Bought", "2026-01-02T10:00:00Z", party.client, note="Forty bags.")
    party.call("Sold", "2026-01-03T10:00:00Z", party.supplier)
    for record in (party.firm, party.client, party.supplier):
        page = staff.get(url(record)).text
        assert titles(page) == ["Sold", "Bought"], record.entity
        assert "Forty bags." in page
        assert f'<a class="tag" href="{url(party.supplier)}">Supplier' in page
        assert f'<a class="tag" href="{url(party.client)}">Client' in page
        assert "tel:+4940555012" in page, "how to reach the party is said in every role"
    page = staff.get(url(party.client)).text
    assert "Kept once for all roles:" in page
    assert f'<dt>Also Supplier</dt><dd><a href="{url(party.supplier)}">West</a>' in page
    assert "Who: " not in page, "that the party took part need not be said"


def test_a_record_of_its_own_has_the_same_timeline(staff: Visitor, party: Party) -> None:
    alone = party.create("client", name="Alone")
    page = staff.get(url(alone)).text
    assert "Nothing yet" in page and "stand here" in page
    party.call("Talked", "2026-01-02T10:00:00Z", alone)
    page = staff.get(url(alone)).text
    assert titles(page) == ["Talked"] and "entry-roles" not in page


def test_what_is_next_stands_first_and_says_what_is_late(staff: Visitor, party: Party) -> None:
    party.call("Was", "2026-01-02T10:00:00Z", party.client)
    about = {"entity": "supplier", "id": party.supplier.id}
    party.create("todo", title="Late", due="2020-01-01", about=about)
    party.create("todo", title="Some day", about=about)
    party.create("todo", title="Done", due="2020-01-01", done=True, about=about)
    page = staff.get(url(party.client)).text
    assert titles(page) == ["Late", "Some day", "Was", "Done"]
    assert page.index(">Next<") < page.index("Late") < page.index("What happened") < page.index("Was")
    assert page.count("(overdue)") == 1 and "No date" in page


def test_entries_are_filtered_by_kind_and_paged(staff: Visitor, party: Party) -> None:
    for number in range(60):
        party.call(f"Call {number:02}", f"2026-01-02T10:{number:02}:00Z", party.client)
    about = {"entity": "client", "id": party.client.id}
    party.create("todo", title="Task", about=about)
    page = staff.get(url(party.client)).text
    assert titles(page) == ["Task", *(f"Call {number}" for number in range(59, 51, -1))]
    assert f'href="{url(party.client)}/timeline?kind=todo"' in page
    only = staff.get(f"{url(party.client)}/timeline?kind=todo").text
    assert titles(only) == ["Task"] and 'aria-current="page">To-dos' in only
    found, address = [], f"{url(party.client)}/timeline?kind=call"
    while address:
        page = staff.get(address).text
        found += titles(page)
        more = re.search(r'class="entry-more"><a class="btn btn-sm" href="([^"]+)"', page)
        address = more[1].replace("&amp;", "&") if more else ""
    assert found == [f"Call {number:02}" for number in range(59, -1, -1)]
    assert staff.get(f"{url(party.client)}/timeline?after=x").status_code == 422


def said(page: str) -> list[str]:
    """What stands on a timeline in its order: titles of entries, texts of comments."""
    found = re.findall(r'class="entry-title" href[^>]*>([^<]*)<|class="entry-text">([^<]*)<', page)
    return [title or text for title, text in found]


def test_comments_stand_among_the_entries(staff: Visitor, party: Party) -> None:
    party.call("Before", "2026-01-02T10:00:00Z", party.client)
    party.call("Today", dt.datetime.now(dt.UTC).isoformat(), party.supplier)
    for number, record in enumerate((party.client, party.supplier, party.firm)):
        staff.post(f"{url(record)}/comments", {"text": f"Words {number}"})
    for record in (party.firm, party.client):
        page = staff.get(url(record)).text
        assert said(page) == ["Words 2", "Words 1", "Words 0", "Today", "Before"]
        assert page.count('id="comments"') == 1 and f'href="{url(party.supplier)}">Supplier' in page
    only = staff.get(f"{url(party.client)}/timeline?done=1").text
    assert said(only) == ["Words 2", "Words 1", "Words 0"] and 'aria-current="page">Comments' in only
    assert said(staff.get(f"{url(party.client)}/timeline?kind=call").text) == ["Today", "Before"]
    deletes = re.search(rf'action="({url(party.supplier)}/comments/[^"]+)"', page)
    assert deletes is not None
    done = staff.post(deletes[1], {"back": url(party.client)})
    assert done.headers["Location"] == f"{url(party.client)}#comments"
    assert "Words 1" not in staff.get(url(party.client)).text


@pytest.mark.parametrize(("calls", "words"), [(60, 2), (3, 60), (40, 40), (0, 30), (30, 0)])
def test_entries_and_comments_are_paged_together(
    staff: Visitor, party: Party, workspace: Workspace, calls: int, words: int
) -> None:
    begin = dt.datetime(2026, 1, 2, tzinfo=dt.UTC)
    expected = []
    for number in range(calls):
        at = begin + dt.timedelta(minutes=7 * number)
        party.call(f"Call {number:02}", at.isoformat(), party.client)
        expected.append((at, 1, f"Call {number:02}"))
    client = workspace.definitions.model.entities["client"]
    for number in range(words):
        at = begin + dt.timedelta(minutes=5 * number)
        workspace.database.run(
            lambda connection, at=at, number=number: comments.put(
                connection, client, party.client.id, None, f"Words {number:02}", {}, at
            )
        )
        expected.append((at, 0, f"Words {number:02}"))
    found, address, pages = [], f"{url(party.client)}/timeline", 0
    while address:
        page = staff.get(address).text
        found += said(page)
        more = re.search(r'class="entry-more"><a class="btn btn-sm" href="([^"]+)"', page)
        address, pages = more[1].replace("&amp;", "&") if more else "", pages + 1
        assert pages < 12
    assert found == [text for _at, _kind, text in sorted(expected, reverse=True)]
    assert staff.get(f"{url(party.client)}/timeline?said=x").status_code == 422


def test_htmx_gets_the_part_it_asks_for(staff: Visitor, party: Party) -> None:
    for number in range(30):
        party.call(f"Call {number:02}", f"2026-01-02T10:{number:02}:00Z", party.client)
    htmx = {"HX-Request": "true"}
    body = staff.get(f"{url(party.client)}/timeline?kind=call", headers=htmx).text
    assert "<html" not in body and "What happened" in body and "tabs" in body
    more = re.search(r'hx-get="([^"]+after=[^"]+)"', body)
    assert more
    rows = staff.get(more[1].replace("&amp;", "&"), headers=htmx).text
    assert "<html" not in rows and "tabs" not in rows and titles(rows)[-1] == "Call 00"


def test_adding_brings_the_link_and_leads_back(staff: Visitor, party: Party) -> None:
    page = staff.get(url(party.client)).text
    links = re.findall(r'<a class="btn btn-sm" href="(/e/[a-z]+/new[^"]*)"', page)
    by_kind = {link.split("/")[2]: link.replace("&amp;", "&") for link in links}
    assert set(by_kind) == {"call", "todo"}
    asked = parse_qs(urlsplit(by_kind["call"]).query)
    assert asked["set-who"] == [f"client/{party.client.id}"] and asked["back"] == [url(party.client)]
    assert asked["set-at"][0].endswith(":00Z"), "what is noted happened just now"
    assert "set-due" not in by_kind["todo"]
    form = staff.get(by_kind["call"]).text
    assert f'value="client/{party.client.id}" selected' in form
    answer = staff.post(
        by_kind["todo"],
        {"title": "Call back", "about": f"client/{party.client.id}", "amity-back": url(party.client)},
    )
    assert answer.location == url(party.client)
    assert titles(staff.get(answer.location).text) == ["Call back"]


def test_lists_that_the_timeline_shows_are_not_repeated(staff: Visitor, party: Party) -> None:
    party.call("Talked", "2026-01-02T10:00:00Z", party.client)
    page = staff.get(url(party.client)).text
    assert page.count("Talked") == 1
    assert staff.get(f"{url(party.client)}/related/calls").status_code == 200
    firm = staff.get(url(party.firm)).text
    assert "/e/client/new?set-firm" not in firm, "a second client of the same party could not be saved"


def test_an_entry_has_related_lists_and_no_timeline(staff: Visitor, party: Party) -> None:
    call = party.call("Talked", "2026-01-02T10:00:00Z", party.client)
    party.create("todo", title="Call back", about={"entity": "call", "id": call.id})
    page = staff.get(url(call)).text
    assert 'id="timeline"' not in page and "Call back" in page and "/e/todo/new?set-about=" in page


def test_a_page_asks_as_often_whatever_it_shows(staff: Visitor, party: Party, workspace: Workspace) -> None:
    counts = []
    for number in (1, 20):
        for index in range(number):
            about = {"entity": "supplier", "id": party.supplier.id}
            party.create("todo", title=f"T{number}-{index}", about=about)
            party.call(f"C{number}-{index}", "2026-01-02T10:00:00Z", party.client, party.supplier)
        staff.get(url(party.client))
        with counted(workspace) as statements:
            staff.get(url(party.client))
        counts.append(len(statements))
    assert counts[0] == counts[1] <= 30, counts


class NoSuppliers:
    """A policy that hides all suppliers, and calls that are called Secret."""

    def decide(self, actor, verb, entity):  # type: ignore[no-untyped-def]
        if actor.is_system:
            return Decision(True)
        if entity.name == "call":
            return Decision(verb == "read", "subject != 'Secret'")
        return Decision(entity.name != "supplier")


def test_what_may_not_be_seen_is_not_on_the_timeline(
    staff: Visitor, party: Party, workspace: Workspace
) -> None:
    party.call("Bought", "2026-01-02T10:00:00Z", party.client)
    party.call("Sold", "2026-01-03T10:00:00Z", party.supplier)
    party.call("Secret", "2026-01-03T10:00:00Z", party.client)
    party.call("Both", "2026-01-01T10:00:00Z", party.client, party.supplier)
    staff.post(f"{url(party.supplier)}/comments", {"text": "Secret words"})
    workspace.policy = workspace.records.machine.policy = NoSuppliers()
    for address in (url(party.client), url(party.firm), f"{url(party.client)}/timeline"):
        page = staff.get(address).text
        assert titles(page) == ["Bought", "Both"]
        assert "Supplier" not in page and "West" not in page and "Secret" not in page
        assert "/e/call/new" not in page
    assert staff.get(f"{url(party.supplier)}/timeline").status_code == 404


def test_who_notes_something_had_it(staff: Visitor, party: Party, workspace: Workspace) -> None:
    employee = {"title": "Employee", "properties": {"name": NAME}, "x-amity": {"name": "employee"}}
    call = {**CALL, "properties": {**CALL["properties"], "taken_by": {
        "type": "string", "format": "uuid", "x-amity": {"kind": "relation", "to": "employee"},
    }}}  # type: ignore[dict-item]  # fmt: skip
    changes = [DefinitionChange("entity", "employee", employee), DefinitionChange("entity", "call", call)]
    workspace.definitions.apply(changes, party.made.ctx, revision=None, confirm=True)
    sam = party.create("employee", name="Sam")
    workspace.accounts.link_employee(workspace.accounts.by_email(STAFF).id, sam.id, by=SYSTEM)
    page = staff.get(url(party.client)).text
    assert f"/e/call/new?set-taken_by={sam.id}&amp;set-at=" in page
    assert "/e/todo/new?set-about" in page, "a to-do names nobody of us"
