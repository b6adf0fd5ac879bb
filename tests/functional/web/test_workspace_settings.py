"""What an admin says for everybody: the workspace's own settings, and who is which employee."""

from __future__ import annotations

from amity.testing.factories import make_entity, make_record
from amity.testing.visitor import Visitor
from amity.workspace import Workspace
from tests.support.apps import STAFF

GIVEN = {"name": "Harbour & Sons", "timezone": "Pacific/Auckland", "language": "de", "currency": "nzd"}


def test_the_workspace_is_named_and_placed(admin: Visitor, staff: Visitor, workspace: Workspace) -> None:
    assert admin.post("/builder/workspace", GIVEN).status_code == 303
    page = staff.get("/auth/settings")
    assert "Harbour &amp; Sons" in page.text and '<html lang="de"' in page.text
    profile = workspace.profile
    assert (profile.timezone, profile.currency) == ("Pacific/Auckland", "NZD")
    assert str(workspace.context().timezone) == "Pacific/Auckland"


def test_what_is_wrong_stands_beside_its_field(admin: Visitor, staff: Visitor, workspace: Workspace) -> None:
    for name, wrong in (("name", " "), ("timezone", "Mars/Base"), ("language", "../"), ("currency", "???")):
        answer = admin.post("/builder/workspace", {**GIVEN, name: wrong})
        assert answer.status_code == 422 and 'aria-invalid="true"' in answer.text, name
        assert "Harbour &amp; Sons" in answer.text or name == "name"
    assert workspace.profile.name == "Amity"
    assert staff.post("/builder/workspace", GIVEN).status_code == 403


def test_a_person_is_an_employee(admin: Visitor, workspace: Workspace) -> None:
    make_entity(workspace, "employee", {"name": {"type": "string"}, "team": {"type": "string"}})
    make_entity(workspace, "task", {"title": {"type": "string"}, "team": {"type": "string"}})
    record = make_record(workspace, "employee", name="Sam of the harbour", team="north").values["id"]
    for team in ("north", "south"):
        make_record(workspace, "task", title=f"In the {team}", team=team)
    assert "Sam of the harbour" in admin.get("/builder/people").text
    sam = workspace.accounts.by_email(STAFF)
    url = f"/builder/people/{sam.id}/roles"
    assert admin.post(url, {"roles": "staff", "employee": str(record)}).status_code == 303
    assert workspace.accounts.get(sam.id).employee == str(record)
    mine = Visitor(admin.app).sign_in(STAFF).api("GET", "/records/task?where=team == me.team")
    assert [task["title"] for task in mine.get_json()["records"]] == ["In the north"]
    for wrong in ("nobody", "00000000-0000-7000-8000-000000000000"):
        assert admin.post(url, {"roles": "staff", "employee": wrong}).status_code == 404
    assert admin.post(url, {"roles": "staff", "employee": ""}).status_code == 303
    assert workspace.accounts.get(sam.id).employee is None
