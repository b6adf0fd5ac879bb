"""What is stored is in the workspace's language, what is answered in the reader's (docs/decisions/0087)."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo

from amity import texts
from amity.database.schema_workflows import run, run_step
from amity.definitions.documents import DefinitionChange
from amity.workflows.engine.worker import open_worker
from amity.workflows.people import comments, notifications
from amity.workflows.simulation.backtest import dry_run
from tests.factories.steps import Bench
from tests.support.workers import until

WORDS = {
    "de": {
        "Waits for the approval of %(who)s.": "Wartet auf die Zustimmung von %(who)s.",
        "%(title)s failed: %(why)s": "%(title)s ist gescheitert: %(why)s",
        "%(host)s is not asked without encryption: the address must begin with https.": (
            "%(host)s wird nicht unverschlüsselt gefragt: die Adresse muss mit https beginnen."
        ),
        "Nobody is there to be told: no owner, or no active account.": "Niemand ist da.",
        "%(name)s mentioned you: %(record)s": "%(name)s hat dich erwähnt: %(record)s",
    },
    "fr": {
        "%(names)s would be asked to approve: %(question)s": "%(names)s devrait approuver : %(question)s",
        "It waits for the answer of %(names)s.": "On attend la réponse de %(names)s.",
    },
}


@pytest.fixture
def german(bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    """A workspace that speaks German; somebody who asks speaks French."""
    for language, words in WORDS.items():
        catalogue = Catalog(language)
        for text, translated in words.items():
            catalogue.add(text, translated)
        packed = io.BytesIO()
        write_mo(packed, catalogue)
        folder = tmp_path / language / "LC_MESSAGES"
        folder.mkdir(parents=True)
        (folder / "messages.mo").write_bytes(packed.getvalue())
    monkeypatch.setattr(texts, "FOLDER", tmp_path)
    bench.workspace.change_profile(name="Acme", timezone="UTC", locale="de", currency="EUR")
    with texts.speaking("fr"):
        yield bench


def apply(bench: Bench, *steps: Any) -> None:
    document = {
        "title": "Decide", "entity": "customer", "enabled": True, "trigger": {"on": "manual"},
        "steps": list(steps),
    }  # fmt: skip
    change = DefinitionChange("workflow", "decide", document)
    bench.workspace.definitions.apply([change], bench.ctx(), revision=None, confirm=True)


def start(bench: Bench, state: str) -> str:
    """Start a run, and let a worker work until it is in a state."""
    record = bench.make("customer", name="Acme")
    (identity,) = bench.workspace.workflows.start(bench.ctx(), "decide", records=[record.id])
    with open_worker(bench.workspace.workflows, "worker"):
        until(lambda: bool(bench.rows(run, id=identity, state=state)), 30, state)
    return identity


def told(bench: Bench, name: str) -> list[str]:
    rows, _next = notifications.newest(bench.workspace.database, bench.account(name))
    return [row.text for row in rows]


def test_what_a_run_waits_for_and_skips(german: Bench) -> None:
    approval = {"do": "approval", "to": ["sam@example.test"], "question": "Discount?"}
    apply(german, {"do": "notify", "manager": True, "text": "x"}, {**approval, "id": "ask"})
    identity = start(german, "waiting")
    assert german.rows(run, id=identity)[0].why == "Wartet auf die Zustimmung von Sam."
    skipped = german.rows(run_step, run=identity, state="skipped")[0]
    assert skipped.error == {"message": "Niemand ist da."}
    record = german.make("customer", name="Dry")
    compiled = german.workspace.workflows.compiled("decide")
    found = dry_run(german.services, german.ctx(), compiled, record.id)
    assert found.steps[-1].text == "Sam devrait approuver : Discount?"
    assert found.stopped == "On attend la réponse de Sam."


def test_a_failure_that_happens_in_a_thread_of_its_own(german: Bench) -> None:
    apply(german, {"do": "webhook", "url": "http://example.com/hook"})
    identity = start(german, "failed")
    why = "example.com wird nicht unverschlüsselt gefragt: die Adresse muss mit https beginnen."
    assert german.rows(run, id=identity)[0].why == why
    assert told(german, "Ada")[0] == f"Decide ist gescheitert: {why}"


def test_what_a_mention_says_is_for_others(german: Bench) -> None:
    record = german.make("customer", name="Acme")
    here = german.workspace
    entity = here.definitions.model.entities["customer"]
    comments.add(
        here.database, here.records, here.accounts.all(), german.ctx(german.actor("Ada")), entity, record.id,
        "@Sam, look.", "de",
    )  # fmt: skip
    assert told(german, "Sam") == ["Ada hat dich erwähnt: Acme"]
