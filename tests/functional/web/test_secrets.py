"""Secrets in the builder: names only; no value comes out again, wherever one looks."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from sqlalchemy import MetaData, select

from amity.access.context import SYSTEM
from amity.definitions.documents import DefinitionChange
from amity.exchange.definitions import write
from amity.workspace import Workspace
from tests.functional.web.conftest import Made
from tests.support.apps import Visitor

VALUE = "hush-hush-91e7"


def call(workspace: Workspace, url: str = "https://a.example") -> None:
    step = {"do": "webhook", "url": url, "secret": "shop"}
    document = {"title": "Tell the shop", "entity": "company", "trigger": {"on": "manual"}, "steps": [step]}
    workspace.definitions.apply(
        [DefinitionChange("workflow", "tell_shop", document)], workspace.context(SYSTEM)
    )


def test_a_secret_is_entered_replaced_and_removed(workspace: Workspace, admin: Visitor) -> None:
    call(workspace)
    page = admin.get("/builder/secrets").text
    assert "missing" in page and "Tell the shop" in page, "what a workflow wants is listed"
    assert admin.post("/builder/secrets", {"name": "shop", "value": VALUE}).status_code == 303
    page = admin.get("/builder/secrets").text
    assert "kept" in page and "missing" not in page and VALUE not in page
    assert workspace.secrets.get("shop") == VALUE
    asked = admin.post("/builder/secrets/shop/remove", {})
    assert asked.status_code == 200 and "Tell the shop" in asked.text and workspace.secrets.names()
    assert admin.post("/builder/secrets/shop/remove", {"confirm": "1"}).status_code == 303
    assert workspace.secrets.names() == []


def test_a_wrong_one_is_told_at_its_place_and_the_value_is_not_sent_back(
    workspace: Workspace, admin: Visitor
) -> None:
    admin.get("/builder/secrets")
    answer = admin.post("/builder/secrets", {"name": "My Shop", "value": VALUE})
    assert answer.status_code == 422 and "My Shop" in answer.text and VALUE not in answer.text
    assert 'aria-invalid="true"' in answer.text
    answer = admin.post("/builder/secrets", {"name": "shop", "value": ""})
    assert answer.status_code == 422 and workspace.secrets.names() == []


def test_staff_reach_nothing(workspace: Workspace, staff: Visitor) -> None:
    assert staff.get("/builder/secrets").status_code == 403
    staff.get("/")
    assert staff.post("/builder/secrets", {"name": "shop", "value": VALUE}).status_code == 403
    assert staff.post("/builder/secrets/shop/remove", {}).status_code == 403
    assert workspace.secrets.names() == []


def test_a_broken_file_is_told(workspace: Workspace, admin: Visitor) -> None:
    workspace.secrets.path.write_text(f'shop = "{VALUE}\n')
    page = admin.get("/builder/secrets")
    assert page.status_code == 200 and "cannot be read" in page.text and VALUE not in page.text
    answer = admin.post("/builder/secrets", {"name": "bank", "value": "b"})
    assert answer.status_code == 303
    assert "cannot be read" in admin.get("/builder/secrets").text


def test_no_value_is_found_anywhere(
    workspace: Workspace, admin: Visitor, token: dict[str, str], made: Made, tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    caplog.set_level(logging.DEBUG)
    call(workspace)
    admin.get("/builder/secrets")
    admin.post("/builder/secrets", {"name": "shop", "value": VALUE})
    record = made.company("Acme")
    pages = [
        "/builder/secrets", "/builder/workflows", "/builder/workflows/tell_shop", "/builder/runs",
        "/builder/failures", "/builder/workflows/tell_shop/versions", "/builder/extensions", "/builder",
        f"/builder/workflows/tell_shop/try?record={record.id}", "/readyz", "/healthz",
    ]  # fmt: skip
    for path in pages:
        answer = admin.get(path)
        assert answer.status_code < 500 and VALUE not in answer.text, path
    tried = admin.post("/builder/workflows/tell_shop/try", {"do": "dry-run", "record": record.id})
    assert "POST to" in tried.text and VALUE not in tried.text
    program = Visitor(admin.app).client
    for path in ("workflows", "workflows/tell_shop", "runs", "openapi.json", "entities", "secrets"):
        answer = program.get(f"/api/v1/{path}", headers=token)
        assert answer.status_code == (404 if path == "secrets" else 200) and VALUE not in answer.text, path
    for file in write(workspace.definitions, tmp_path / "export"):
        assert VALUE not in file.read_text(), file
    metadata = MetaData()
    with workspace.database.read() as connection:
        metadata.reflect(connection)
        for table in metadata.sorted_tables:
            assert VALUE not in repr(connection.execute(select(table)).all()), table.name
    assert VALUE not in caplog.text and VALUE not in "".join(repr(vars(item)) for item in caplog.records)
    entered = [item for item in caplog.records if item.name == "amity.secrets"]
    assert [(item.getMessage(), item.secret) for item in entered] == [("secret set", "shop")]  # type: ignore[attr-defined]
    files = [path for path in workspace.settings.home.rglob("*") if path.is_file()]
    holders = [path for path in files if VALUE.encode() in path.read_bytes()]
    assert holders == [workspace.secrets.path]
