"""Trying workflows by pages without JavaScript, and over REST."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest

from amity.database.processes import Presence
from amity.testing.visitor import Visitor
from amity.web.api import back_tests
from amity.workflows.simulation.tester import BackTester
from amity.workspace import Workspace
from tests.support.contents import contents

SINCE = {"since": "2020-01-01T00:00:00Z"}
DOCUMENT: dict[str, Any] = {
    "title": "Name it",
    "entity": "company",
    "trigger": {"on": "created"},
    "when": "new.name != 'Other'",
    "steps": [{"do": "update", "id": "u", "values": {"name": "{{ record.name }}!"}}],
}


def company(admin: Visitor, name: str) -> str:
    return str(admin.api("POST", "/records/company", {"name": name}).get_json()["id"])


def test_rest_says_the_same_for_the_workflow_in_force_and_for_a_draft(
    admin: Visitor, workspace: Workspace
) -> None:
    key = company(admin, "Acme")
    company(admin, "Other")
    admin.api("PUT", "/workflows/naming", DOCUMENT)
    before = contents(workspace)
    found = admin.api("POST", "/workflows/naming/dry-run", {"record": key}).get_json()
    assert found["starts"] and found["end"] == "done"
    assert found["writes"] == [
        {"verb": "update", "entity": "company", "record": key, "values": {"name": "Acme!"}}
    ]
    tested = admin.api("POST", "/workflows/naming/back-test", SINCE).get_json()
    assert (tested["looked_at"], tested["matched"]) == (2, 1)
    assert tested["samples"][0]["record"] == key
    draft = {"document": {**DOCUMENT, "when": "true"}}
    assert admin.api("POST", "/workflows/new/back-test", SINCE | draft).get_json()["matched"] == 2
    after = contents(workspace)
    assert {name for name in after if after[name] != before[name]} <= {"session", "token"}


def test_rest_refuses_what_is_wrong(admin: Visitor, staff: Visitor) -> None:
    admin.api("PUT", "/workflows/naming", DOCUMENT)
    for path, body, status in (
        ("naming/back-test", SINCE | {"background": 1}, 422),
        ("naming/dry-run", {"record": "0190c0de-0000-7000-8000-000000000000", "input": {"a": 1}}, 422),
        ("naming/back-test", {}, 422),
        ("naming/back-test", {"since": "yesterday"}, 422),
        ("naming/back-test", {"since": "2020-01-01T00:00:00"}, 422),
        ("naming/back-test", SINCE | {"samples": 10_000}, 422),
        ("naming/back-test", SINCE | {"more": 1}, 422),
        ("naming/dry-run", {}, 422),
        ("naming/dry-run", {"record": 5}, 422),
        ("naming/dry-run", {"record": "0190c0de-0000-7000-8000-000000000000"}, 404),
        ("nothing/dry-run", {}, 404),
        ("naming/dry-run", {"document": {"title": "x"}}, 422),
    ):
        assert admin.api("POST", f"/workflows/{path}", body).status_code == status, (path, body)
    assert staff.api("POST", "/workflows/naming/back-test", SINCE).status_code == 403


def test_the_page_tries_a_draft_that_is_not_applied(admin: Visitor, staff: Visitor) -> None:
    key = company(admin, "Acme")
    url = "/builder/workflows/naming/try"
    assert admin.get(url).status_code == 404
    assert staff.get(url).status_code == 403
    draft = {"document": json.dumps(DOCUMENT)}
    shown = admin.post(url, draft)
    assert shown.status_code == 200 and "not applied yet" in shown.text
    dry = admin.post(url, draft | {"do": "dry-run", "record": key}).text
    assert "would be changed: Name" in dry and "Acme!" in dry
    today = dt.datetime.now(dt.UTC).date()
    period = {"do": "back-test", "days": "", "since": (today - dt.timedelta(days=2)).isoformat()}
    sent = admin.post(url, draft | period)
    assert sent.status_code == 303
    tested = admin.get(sent.location).text
    assert "It would have started once" in tested and f"/e/company/{key}" in tested
    assert "has been changed since" in tested  # a draft
    assert admin.post(url, draft | {"do": "back-test", "days": "", "since": "x"}).status_code == 422
    assert admin.post(url, draft | {"do": "dry-run", "record": ""}).status_code == 422
    broken = {"document": json.dumps({**DOCUMENT, "when": "nonsense"})}
    assert admin.post(url, broken).status_code == 422
    admin.api("PUT", "/workflows/naming", DOCUMENT)
    assert "Dry run" in admin.get(url).text


def test_a_long_back_test_goes_on_beside_the_requests(
    admin: Visitor, staff: Visitor, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(5):
        company(admin, f"C{number}")
    admin.api("PUT", "/workflows/naming", DOCUMENT)
    asked = admin.api("POST", "/workflows/naming/back-test", SINCE | {"background": True})
    assert asked.status_code == 202
    address = asked.headers["Location"].removeprefix("/api/v1")
    told = admin.api("GET", address).get_json()
    assert (told["state"], told["result"], told["url"]) == ("waiting", None, f"/api/v1{address}")
    page = address.replace("/back-tests/", "/builder/workflows/naming/try/")
    waiting = admin.get(page)
    assert "waits for its turn" in waiting.text and "No background worker" in waiting.text
    part = admin.get(page, headers={"HX-Request": "true"})
    assert "every 1s" in part.text and "HX-Refresh" not in part.headers
    assert admin.api("DELETE", address).status_code == 409
    for refused in (staff.get(page), staff.api("GET", address), staff.post(f"{page}/cancel")):
        assert refused.status_code == 403
    assert admin.get(page.replace("naming", "other")).status_code == 404
    with Presence(workspace.database, "worker") as presence:
        assert BackTester(workspace.workflows, presence.id).step()
    done = admin.api("GET", address).get_json()
    assert done["state"] == "done" and done["result"]["matched"] == 5
    assert admin.get(page, headers={"HX-Request": "true"}).headers["HX-Refresh"] == "true"
    shown = admin.get(page).text
    assert "It would have started 5 times" in shown and "It took" in shown
    listed = admin.api("GET", "/workflows/naming/back-tests").get_json()["back_tests"]
    assert [item["url"] for item in listed] == [f"/api/v1{address}"]
    assert page in admin.get("/builder/workflows/naming/try").text
    assert admin.post(f"{page}/remove").status_code == 303
    assert admin.api("GET", address).status_code == 404
    monkeypatch.setattr(back_tests, "QUICK_SECONDS", -1.0)  # as if it took long
    long = admin.api("POST", "/workflows/naming/back-test", SINCE)
    assert long.status_code == 202
    again = long.headers["Location"].removeprefix("/api/v1")
    assert admin.api("POST", f"{again}/cancel").get_json()["state"] == "cancelled"
    assert (
        "cancelled before it began"
        in admin.get(again.replace("/back-tests/", "/builder/workflows/naming/try/")).text
    )


ASKING: dict[str, Any] = {
    "title": "Rename",
    "entity": "company",
    "trigger": {
        "on": "manual",
        "form": {
            "name": {"type": "string", "title": "New name"},
            "since": {"type": "string", "format": "date", "title": "Since"},
        },
    },
    "steps": [{"do": "update", "id": "u", "values": {"name": {"expression": "input.name"}}}],
}


def test_a_dry_run_has_the_input_of_a_real_start(admin: Visitor) -> None:
    key = company(admin, "Acme")
    admin.api("PUT", "/workflows/renaming", ASKING)
    path = "/workflows/renaming/dry-run"
    found = admin.api("POST", path, {"record": key, "input": {"name": "Bolt"}}).get_json()
    assert found["writes"][0]["values"] == {"name": "Bolt"}
    for wrong, pointer in (
        ({"since": "the other day"}, "/input/since"),
        ({"nome": "Bolt"}, "/input/nome"),
        ([], "/input"),
    ):
        refused = admin.api("POST", path, {"record": key, "input": wrong})
        assert refused.status_code == 422 and refused.get_json()["errors"][0]["pointer"] == pointer
    url = "/builder/workflows/renaming/try"
    assert "New name" in admin.get(url).text
    sent = {"do": "dry-run", "record": key, "field-name": "Bolt"}
    assert "Bolt" in admin.post(url, sent).text
    refused = admin.post(url, sent | {"field-since": "the other day"})
    assert refused.status_code == 422 and "the other day" in refused.text


def test_an_input_without_a_form_is_json(admin: Visitor) -> None:
    document = {
        "title": "Told",
        "trigger": {"on": "webhook", "secret": "key"},
        "steps": [
            {"do": "create", "id": "c", "entity": "company", "values": {"name": {"expression": "input.name"}}}
        ],
    }
    admin.api("PUT", "/workflows/told", document)
    url = "/builder/workflows/told/try"
    told = admin.post(url, {"do": "dry-run", "input": '{"name": "From outside"}'})
    assert told.status_code == 200 and "From outside" in told.text
    assert admin.post(url, {"do": "dry-run", "input": "{"}).status_code == 422
