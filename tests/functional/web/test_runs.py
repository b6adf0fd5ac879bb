"""Pages of runs: start by a button, look at each step, deal with what failed."""

from __future__ import annotations

import re
from typing import Any

import pytest

from amity.database.ids import new_id
from amity.testing.visitor import Visitor
from amity.workflows.engine import runs
from amity.workflows.engine.runs import RunQuery
from amity.workflows.engine.worker import open_worker
from amity.workspace import Workspace
from tests.functional.web.conftest import Made
from tests.support.workers import until


@pytest.fixture
def flows(admin: Visitor) -> Visitor:
    """An admin with two workflows that are started by hand: one fails at its second step, one asks first."""
    failing = {
        "title": "Check again",
        "entity": "company",
        "enabled": True,
        "trigger": {"on": "manual", "button": "Check"},
        "steps": [
            {"do": "comment", "text": "Checked {{ record.name }}."},
            {"do": "stop", "reason": "Nobody is there.", "failed": True},
            {"do": "comment", "text": "Behind."},
        ],
    }
    asking = {
        "title": "Note it",
        "entity": "company",
        "enabled": True,
        "trigger": {"on": "manual", "form": {"why": {"type": "string", "title": "Why"}}},
        "steps": [{"do": "comment", "text": "Because {{ input.why }}."}],
    }
    assert admin.api("PUT", "/workflows/check_again", failing).status_code == 201
    assert admin.api("PUT", "/workflows/note_it", asking).status_code == 201
    return admin


def run_all(workspace: Workspace, number: int, *states: Any) -> None:
    """Let a worker work until so many runs are in one of the states."""
    query = RunQuery(states=states)
    with open_worker(workspace.workflows, new_id()):
        until(lambda: len(runs.find(workspace.database, query).runs) == number, 30, "the runs")


def test_a_run_is_started_looked_at_and_mended(flows: Visitor, workspace: Workspace, made: Made) -> None:
    company = made.company("Acme")
    page = flows.get(f"/e/company/{company.id}").text
    assert ">Check</button>" in page and "Note it" in page
    flows.post("/e/company/start", {"workflow": "check_again", "record": company.id})
    asked = flows.post("/e/company/start", {"workflow": "note_it", "record": company.id})
    assert 'name="field-why"' in asked.text
    answer = {"workflow": "note_it", "record": f"{company.id}:1", "amity-answer": "1", "field-why": "rain"}
    assert flows.post("/e/company/start", answer).status_code == 303
    run_all(workspace, 1, "failed")
    failed = runs.find(workspace.database, RunQuery(states=("failed",))).runs[0]
    inbox = flows.get("/builder/failures").text
    assert "Nobody is there." in inbox and failed.id in inbox
    shown = flows.get(f"/builder/runs/{failed.id}").text
    assert "Checked Acme." in shown and "Skip the failed step" in shown and "Acme" in shown
    assert flows.get(f"/builder/runs?record=company/{company.id}&state=failed").text.count(failed.id) == 1
    assert "Check again" in flows.get(f"/e/company/{company.id}").text.partition('id="runs"')[2]
    assert "one failed in 7 days" in flows.get("/builder/workflows").text
    done = flows.post("/builder/runs/do", {"verb": "skip", "run": failed.id})
    assert done.status_code == 303
    run_all(workspace, 2, "done")
    assert runs.get(workspace.database, failed.id).run.state == "done"
    assert "No failures" in flows.get("/builder/failures").text


def test_the_page_of_a_run_follows_it(flows: Visitor, workspace: Workspace, made: Made) -> None:
    document = {
        "title": "Ask Ada",
        "entity": "company",
        "enabled": True,
        "trigger": {"on": "manual"},
        "steps": [{"do": "approval", "roles": ["admin"], "question": "Yes?", "at_most": "days(4)"}],
    }
    assert flows.api("PUT", "/workflows/ask_ada", document).status_code == 201
    flows.post("/e/company/start", {"workflow": "ask_ada", "record": made.company("Acme").id})
    run_all(workspace, 1, "waiting")
    waiting = runs.find(workspace.database, RunQuery(states=("waiting",))).runs[0]
    page = flows.get(f"/builder/runs/{waiting.id}").text
    assert "Yes?" in page and "goes on without an answer on" in page
    asks = re.search(r'hx-get="([^"]+)"', page)
    assert asks is not None
    url, htmx = asks[1].replace("&amp;", "&"), {"HX-Request": "true"}
    assert flows.get(url, headers=htmx).status_code == 204
    long_ago = url.rpartition("/")[0] + "/1000"
    assert flows.get(long_ago, headers=htmx).status_code == 286  # an open page is nobody who works
    runs.cancel(workspace.database, waiting.id)
    news = flows.get(url, headers=htmx).text
    assert "The run is now: cancelled" in news and "It was taken back." in news
    assert "<html" not in news and "hx-get" not in news


def test_runs_are_paged_by_key_and_survive_nonsense(flows: Visitor) -> None:
    for after in ("x", "2026-01-01/x", "2026-01-01T00:00:00/00000000-0000-0000-0000-000000000000"):
        assert (
            flows.get(f"/builder/runs?after={after}&state=nonsense&record=a/b&workflow=none").status_code
            == 200
        )
    assert flows.get("/builder/runs/00000000-0000-0000-0000-000000000000").status_code == 404
    assert flows.post("/builder/runs/do", {"verb": "explode", "run": "x"}).status_code == 303
    assert flows.post("/builder/runs/do", {"verb": "retry", "run": "x"}).status_code == 303
