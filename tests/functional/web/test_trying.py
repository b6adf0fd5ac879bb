"""Trying workflows by pages without JavaScript, and over REST."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

from amity.testing.visitor import Visitor
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
    tested = admin.post(url, draft | period).text
    assert "It would have started once" in tested and f"/e/company/{key}" in tested
    assert admin.post(url, draft | {"do": "back-test", "days": "", "since": "x"}).status_code == 422
    assert admin.post(url, draft | {"do": "dry-run", "record": ""}).status_code == 422
    broken = {"document": json.dumps({**DOCUMENT, "when": "nonsense"})}
    assert admin.post(url, broken).status_code == 422
    admin.api("PUT", "/workflows/naming", DOCUMENT)
    assert "Dry run" in admin.get(url).text
