"""An extension that fails takes its kind away: everything else goes on, and nothing is lost."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from amity.settings import Settings
from amity.testing.visitor import Visitor
from tests.support.apps import ADMIN

KIND = '''
"""Loud text."""
from amity import hookimpl
from amity.entities.kinds.text import TextKind

class Loud(TextKind):
    """Loud text."""
    name = "loud"
    def infer(self, schema):
        return 0

@hookimpl
def amity_kinds():
    return [Loud()]
'''

SIGN: dict[str, Any] = {
    "title": "Sign",
    "type": "object",
    "properties": {
        "place": {"type": "string"},
        "words": {"type": "string", "x-amity": {"kind": "loud"}},
    },
    "x-amity": {"checks": [{"expression": "words != 'NO'", "message": "Be friendly."}]},
}


@pytest.fixture
def start(make_app: Callable[..., Flask], settings: Settings) -> Callable[[str], Visitor]:
    """Start a process with this source of the extension; gives Ada in it."""

    def make(source: str) -> Visitor:
        folder = settings.home / "extensions" / "loud"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "__init__.py").write_text(source)
        sys.modules.pop("amity.extensions.loud", None)
        return Visitor(make_app()).sign_in(ADMIN)

    return make


def test_a_kind_goes_and_comes_back(start: Callable[[str], Visitor]) -> None:
    before = start(KIND)
    assert before.api("PUT", "/entities/sign", SIGN).status_code == 201
    made = before.api("POST", "/records/sign", {"place": "Door", "words": "WELCOME"})
    assert made.status_code == 201, made.text
    url = f"/records/sign/{made.get_json()['id']}"

    without = start("import nowhere")
    found = without.api("GET", "/records/sign")
    assert found.status_code == 200, found.text
    assert [item["place"] for item in found.get_json()["records"]] == ["Door"]
    changed = without.api("PATCH", url, {"place": "Gate"}, headers={"If-Match": '"1"'})
    assert changed.status_code == 200, changed.text
    written = without.api("PATCH", url, {"words": "LOST"}, headers={"If-Match": '"2"'})
    assert written.status_code == 422, written.text
    assert without.api("GET", "/records/sign?where=words == 'WELCOME'").status_code == 422
    assert without.api("GET", "/records/sign?sort=words").status_code == 422
    plan = without.api("PUT", "/entities/sign", {**SIGN, "title": "Board"}, headers={"If-Match": '"1"'})
    assert plan.status_code == 422 and "loud" in plan.text
    assert (
        without.api(
            "PUT", "/entities/plant", {"type": "object", "properties": {"a": {"type": "string"}}}
        ).status_code
        == 201
    )
    assert without.api("GET", "/openapi.json").status_code == 200

    again = start(KIND)
    record = again.api("GET", url).get_json()
    assert (record["place"], record["words"]) == ("Gate", "WELCOME")
    assert [
        item["place"]
        for item in again.api("GET", "/records/sign?where=words == 'WELCOME'").get_json()["records"]
    ] == ["Gate"]
