"""The builder's page of extensions."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask

from amity.errors import InUse
from amity.settings import Settings
from amity.testing.visitor import Visitor
from amity.workspace import Workspace
from tests.support.apps import ADMIN

pytestmark = [
    pytest.mark.usefixtures("database_server"),
    pytest.mark.parametrize("database_server", ["sqlite"], indirect=True),
]
VAT = {"type": "object", "properties": {"vat": {"type": "string", "x-amity": {"kind": "vat_number"}}}}


def test_it_shows_what_became_of_each(make_app: Callable[..., Flask], settings: Settings) -> None:
    folder = settings.home / "extensions" / "wrong"
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text("import nowhere")
    page = Visitor(make_app()).sign_in(ADMIN).get("/builder/extensions")
    assert page.status_code == 200
    assert "vat_number" in page.text and "1 × kinds" in page.text
    assert "wrong is set aside" in page.text and "No module named &#39;nowhere&#39;" in page.text


def test_switching_off_counts_from_the_next_start(admin: Visitor, make_app: Callable[..., Flask]) -> None:
    answer = admin.post("/builder/extensions/vat_number/switch")
    assert answer.status_code == 303
    page = admin.get("/builder/extensions")
    assert "changes with the next start" in page.text and "Switch on" in page.text
    again = make_app().extensions["amity"].plugins.get("vat_number")
    assert again.state == "disabled"
    assert admin.post("/builder/extensions/vat_number/switch", {"on": "1"}).status_code == 303
    assert make_app().extensions["amity"].plugins.get("vat_number").state == "loaded"
    assert admin.post("/builder/extensions/nothing/switch").status_code == 404


def test_what_is_in_use_stays_on(admin: Visitor, staff: Visitor, workspace: Workspace) -> None:
    assert admin.api("PUT", "/entities/firm", VAT).status_code == 201
    refused = admin.post("/builder/extensions/vat_number/switch")
    assert refused.status_code == 409 and "Firm" in refused.text and "Vat" in refused.text
    with pytest.raises(InUse):
        workspace.switch_extension("vat_number", False)
    assert staff.post("/builder/extensions/vat_number/switch").status_code == 403
