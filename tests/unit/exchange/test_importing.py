"""Files into records: in chunks, or all or nothing."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from amity.access.context import SYSTEM
from amity.definitions.documents import DefinitionChange
from amity.errors import Invalid
from amity.exchange import importing
from amity.exchange.importing import CsvImport, Report
from amity.exchange.tables import CsvTable
from amity.records.shapes import Query
from amity.settings import Settings
from amity.workspace import Workspace
from tests.factories.definitions import schema
from tests.support.databases import DatabaseServer

STAFF = schema(
    {
        "code": {"type": "string", "title": "Code"},
        "age": {"type": "integer", "title": "Age"},
        "boss": {"type": "string", "format": "uuid", "x-amity": {"kind": "relation", "to": "staff"}},
    },
    name="staff",
    required=["code"],
    unique=[["code"]],
    display="code",
)
BOSS = {"boss": "boss.code"}


def prepare(url: str) -> None:
    workspace = Workspace.open(Settings(home=Path("unused"), database_url=url, secret_key="k" * 40))
    change = DefinitionChange("entity", "staff", STAFF)
    workspace.definitions.apply([change], workspace.context(SYSTEM), revision=None, confirm=True)
    workspace.close()


@pytest.fixture
def workspace(database_server: DatabaseServer, tmp_path: Path) -> Iterator[Workspace]:
    url = database_server.clone("imports", prepare)
    workspace = Workspace.open(Settings(home=tmp_path / "home", database_url=url, secret_key="k" * 40))
    yield workspace
    workspace.close()
    database_server.drop(url)


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing, "CHUNK", 3)


def run(workspace: Workspace, path: Path, rows: Sequence[Mapping[str, Any]], **options: Any) -> Report:
    file = path / "staff.csv"
    with file.open("w", newline="", encoding="utf-8") as target:
        writer = csv.DictWriter(target, ["code", "age", "boss"], restval="")
        writer.writeheader()
        writer.writerows(rows)
    job = CsvImport(
        workspace.records, workspace.definitions.model, workspace.context(SYSTEM, "import"), "staff",
        CsvTable(file), **{"mapping": BOSS, **options},
    )  # fmt: skip
    return job.run()


def stored(workspace: Workspace) -> dict[str, tuple[int | None, str | None]]:
    """Code -> age and the boss's code."""
    found = workspace.records.find(workspace.context(SYSTEM), "staff", Query(limit=500)).records
    codes = {record.id: record.get("code") for record in found}
    return {record.get("code"): (record.get("age"), codes.get(record.get("boss"))) for record in found}


def chain(count: int) -> list[dict[str, Any]]:
    """Each one's boss stands in the row after."""
    return [{"code": f"c{n}", "age": n, "boss": f"c{n + 1}" if n + 1 < count else ""} for n in range(count)]


@pytest.mark.usefixtures("small_chunks")
def test_an_atomic_import_takes_all(workspace: Workspace, tmp_path: Path) -> None:
    report = run(workspace, tmp_path, chain(10), atomic=True)
    assert (report.created, report.failed) == (10, 0)
    assert stored(workspace) == {f"c{n}": (n, f"c{n + 1}" if n < 9 else None) for n in range(10)}
    again = run(workspace, tmp_path, [{"code": "c0", "age": 5}, {"code": "new"}], atomic=True, key="code")
    assert (again.created, again.updated) == (1, 1)
    assert stored(workspace)["c0"] == (5, None)


@pytest.mark.usefixtures("small_chunks")
def test_an_atomic_import_with_bad_rows_leaves_nothing_and_names_them_all(
    workspace: Workspace, tmp_path: Path
) -> None:
    run(workspace, tmp_path, [{"code": "old", "age": 1}])
    rows = chain(12)
    rows[1]["age"] = "many"
    rows[5]["code"] = ""
    rows[8]["code"] = "old"
    rows[9]["code"] = "c0"
    rows[11]["boss"] = "nobody"
    before = stored(workspace)
    report = run(workspace, tmp_path, rows, atomic=True)
    assert (report.created, report.updated, report.unchanged) == (0, 0, 0)
    assert {problem.line for problem in report.problems} >= {3, 7, 10, 11, 13}
    assert stored(workspace) == before
    events = workspace.records.feed(workspace.context(SYSTEM), limit=500).events
    assert len(events) == 1
    assert workspace.records.search(workspace.context(SYSTEM), "c2") == []


def test_more_problems_than_usual_are_listed_where_all_must_be_mended(
    workspace: Workspace, tmp_path: Path
) -> None:
    rows = [{"code": f"c{n}", "age": "x"} for n in range(150)]
    assert len(run(workspace, tmp_path, rows, atomic=True).problems) == 150
    assert len(run(workspace, tmp_path, rows).problems) == importing.MAX_REPORTED


def test_an_atomic_import_has_a_bound(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "MAX_ATOMIC", 4)
    with pytest.raises(Invalid, match="more than 4 rows"):
        run(workspace, tmp_path, chain(5), atomic=True)
    assert run(workspace, tmp_path, chain(4), atomic=True).created == 4


def test_a_file_of_one_chunk_is_one_transaction_with_its_second_pass(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a kill would interrupt: nothing of it is there."""

    def stop(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(CsvImport, "_save_deferred", stop)
    with pytest.raises(KeyboardInterrupt):
        run(workspace, tmp_path, chain(5))
    assert stored(workspace) == {}


def test_a_small_file_saves_its_good_rows(workspace: Workspace, tmp_path: Path) -> None:
    rows = chain(5)
    rows[4]["age"] = "x"
    report = run(workspace, tmp_path, rows)
    assert (report.created, report.failed) == (4, 1)
    assert stored(workspace)["c3"] == (3, None)


def test_a_dry_run_stays_dry(workspace: Workspace, tmp_path: Path) -> None:
    report = run(workspace, tmp_path, [{"code": "a"}], atomic=True, dry_run=True)
    assert report.created == 1 and stored(workspace) == {}
