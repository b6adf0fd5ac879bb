"""A hook does not exist until it is typed, documented with an example that runs, and tested: here.

Each test below takes the very example of `docs/reference/hooks.md`, puts it into a home as the extension
`example` and uses what it gives the way people would.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from amity import hookspecs
from amity.plugins import Contributions, hook_names
from amity.settings import Settings
from amity.testing.visitor import Visitor
from amity.web.panels import panels
from tests.support.apps import ADMIN, STAFF

REFERENCE = Path(__file__).parents[2] / "docs" / "reference" / "hooks.md"
pytestmark = [
    pytest.mark.usefixtures("database_server"),
    pytest.mark.parametrize("database_server", ["sqlite"], indirect=True),
]

NAMED: dict[str, Any] = {"type": "object", "properties": {"name": {"type": "string"}}}


def sections() -> dict[str, str]:
    """The reference by hook."""
    parts = re.split(r"^## (amity_\w+)$", REFERENCE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def code(hook: str, language: str) -> str:
    """The example of a hook in one language; "" where there is none."""
    found = re.search(rf"```{language}\n(.*?)```", sections()[hook], flags=re.DOTALL)
    return found.group(1) if found else ""


@pytest.mark.parametrize("hook", hook_names())
def test_a_hook_is_typed_documented_and_tested(hook: str) -> None:
    specification = getattr(hookspecs, hook)
    signature = inspect.signature(specification)
    assert not signature.parameters and signature.return_annotation, "typed"
    assert specification.__doc__
    section = sections()[hook]
    assert "**Gives**" in section and f"def {hook}()" in code(hook, "python"), "documented with an example"
    assert callable(globals().get(f"test_{hook}")), "tested below"
    assert hasattr(Contributions(), hook), "collected"


def test_the_reference_names_no_hook_that_is_not_there() -> None:
    assert set(sections()) == set(hook_names())


@pytest.fixture
def example(make_app: Callable[..., Flask], settings: Settings) -> Callable[[str], Flask]:
    """Start an app with the example of a hook as its extension."""

    def start(hook: str) -> Flask:
        folder = settings.home / "extensions" / "example"
        (folder / "templates" / "example").mkdir(parents=True)
        (folder / "__init__.py").write_text(code(hook, "python"), encoding="utf-8")
        template = re.search(r'"example/(\w+\.html)"', code(hook, "python"))
        if template:
            (folder / "templates" / "example" / template.group(1)).write_text(code(hook, "html"))
        app = make_app()
        found = app.extensions["amity"].plugins.get("example")
        assert found is not None and found.state == "loaded", found
        return app

    return start


def made(answer: Any, status: int = 201) -> Any:
    assert answer.status_code == status, answer.text
    return answer.get_json()


def test_amity_kinds(example: Callable[[str], Flask]) -> None:
    admin = Visitor(example("amity_kinds")).sign_in(ADMIN)
    car = {"type": "object", "properties": {"plate": {"type": "string", "x-amity": {"kind": "plate"}}}}
    made(admin.api("PUT", "/entities/car", car))
    assert made(admin.api("POST", "/records/car", {"plate": "AB-12"}))["plate"] == "AB-12"
    wrong = made(admin.api("POST", "/records/car", {"plate": "ab-12"}), 422)
    assert wrong["errors"][0]["pointer"] == "/plate" and "AB-12" in wrong["errors"][0]["message"]


def test_amity_functions(example: Callable[[str], Flask]) -> None:
    admin = Visitor(example("amity_functions")).sign_in(ADMIN)
    made(admin.api("PUT", "/entities/person", NAMED))
    for name in ("Ada", "Bob", None):
        made(admin.api("POST", "/records/person", {"name": name}))
    found = made(admin.api("GET", "/records/person?where=initial(name) == 'A'"), 200)["records"]
    assert [record["name"] for record in found] == ["Ada"]


def test_amity_actions(example: Callable[[str], Flask]) -> None:
    app = example("amity_actions")
    admin = Visitor(app).sign_in(ADMIN)
    document = {
        "title": "Greet",
        "entity": "customer",
        "trigger": {"on": "created"},
        "steps": [{"do": "say", "text": "Welcome, {{ record.name }}"}],
    }
    made(admin.api("PUT", "/entities/customer", NAMED))
    made(admin.api("PUT", "/workflows/greet", document))
    wrong = {**document, "steps": [{"do": "say"}]}
    answer = admin.api("PUT", "/workflows/other", wrong)
    assert made(answer, 422)["errors"][0]["pointer"] == "/steps/0/text"


def test_amity_policies(example: Callable[[str], Flask]) -> None:
    app = example("amity_policies")
    admin, staff = Visitor(app).sign_in(ADMIN), Visitor(app).sign_in(STAFF)
    both = {"type": "object", "properties": {"name": {"type": "string"}, "secret": {"type": "string"}}}
    made(admin.api("PUT", "/entities/file", both))
    made(admin.api("POST", "/records/file", {"name": "Open"}))
    hidden = made(admin.api("POST", "/records/file", {"name": "Hidden", "secret": "x"}))
    assert len(made(admin.api("GET", "/records/file"), 200)["records"]) == 2
    seen = made(staff.api("GET", "/records/file?count=exact"), 200)
    assert [record["name"] for record in seen["records"]] == ["Open"] and seen["count"]["value"] == 1
    assert "secret" not in seen["records"][0]
    assert staff.api("GET", f"/records/file/{hidden['id']}").status_code == 404
    assert staff.api("GET", "/records/file?where=secret == 'x'").status_code == 422


def test_amity_validators(example: Callable[[str], Flask]) -> None:
    admin = Visitor(example("amity_validators")).sign_in(ADMIN)
    made(admin.api("PUT", "/entities/person", NAMED))
    record = made(admin.api("POST", "/records/person", {"name": "Ada"}))
    wrong = made(admin.api("POST", "/records/person", {"name": "ADAM"}), 422)
    assert [(error["pointer"], error["code"]) for error in wrong["errors"]] == [("/name", "shouting")]
    headers = {"If-Match": '"1"'}
    made(admin.api("PATCH", f"/records/person/{record['id']}", {"name": "ADAM"}, headers=headers), 422)


def test_amity_pages(example: Callable[[str], Flask]) -> None:
    app = example("amity_pages")
    page = Visitor(app).sign_in(STAFF).get("/x/example/report?name=<Ada>")
    assert page.status_code == 200 and "Hello &lt;Ada&gt;" in page.text and "<title>Report" in page.text
    assert Visitor(app).get("/x/example/report").status_code == 302
    staff = Visitor(app).sign_in(STAFF)
    assert staff.get("/x/example/nothing").status_code == staff.get("/x/nobody/report").status_code == 404


def test_amity_panels(example: Callable[[str], Flask]) -> None:
    app = example("amity_panels")
    admin = Visitor(app).sign_in(ADMIN)
    made(admin.api("PUT", "/entities/person", NAMED))
    named = made(admin.api("POST", "/records/person", {"name": "Ada"}))
    empty = made(admin.api("POST", "/records/person", {}))
    workspace = app.extensions["amity"]
    person = workspace.definitions.model.entities["person"]
    assert "<p>3 letters</p>" in admin.get(f"/e/person/{named['id']}").text
    with app.test_request_context():
        (panel,) = panels(person, workspace.records.get(workspace.context(), "person", named["id"]).values)
        assert (panel.title, panel.html) == ("Letters", "<p>3 letters</p>")
        assert panels(person, workspace.records.get(workspace.context(), "person", empty["id"]).values) == ()
        assert panels(person, {"name": 7}) == (), "one that fails is left out"


def test_amity_menu(example: Callable[[str], Flask]) -> None:
    page = Visitor(example("amity_menu")).sign_in(STAFF).get("/auth/settings")
    assert 'href="/x/example/report"' in page.text
