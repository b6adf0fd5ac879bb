"""The spine: an admin defines an entity, and a moment later people and programs work with its records."""

from __future__ import annotations

from typing import Any

from sqlalchemy import event

from amity.testing.visitor import Visitor
from amity.workspace import Workspace

PLANT: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "Plant",
    "type": "object",
    "required": ["name"],
    "properties": {
        "name": {"type": "string", "title": "Name", "maxLength": 80},
        "height": {"type": "number", "title": "Height", "minimum": 0},
        "kind": {"title": "Kind", "enum": ["tree", "herb"]},
        "planted": {"type": "string", "format": "date"},
    },
}


def test_an_entity_is_defined_and_worked_with(admin: Visitor, staff: Visitor, nobody: Visitor) -> None:
    assert nobody.client.put("/api/v1/entities/plant", json=PLANT).status_code == 401
    assert staff.api("PUT", "/entities/plant", PLANT).status_code == 403
    made = admin.api("PUT", "/entities/plant", PLANT)
    assert made.status_code == 201, made.text
    values = {"name": "Oak", "height": 12.5, "kind": "tree", "planted": "1990-04-01"}
    created = staff.api("POST", "/records/plant", values)
    assert created.status_code == 201, created.text
    record = created.get_json()
    assert {name: record[name] for name in values} == values
    for where in ("", "?where=height > 12 %26%26 kind == 'tree'", "?q=oak", "?sort=-height"):
        listed = staff.api("GET", f"/records/plant{where}").get_json()
        assert [item["id"] for item in listed["records"]] == [record["id"]], where
    wrong = staff.api("POST", "/records/plant", {"height": -1})
    assert wrong.status_code == 422 and wrong.content_type == "application/problem+json"
    assert {problem["pointer"] for problem in wrong.get_json()["errors"]} == {"/name", "/height"}
    unknown = staff.api("POST", "/records/plant", {"name": "Elm", "colour": "red"})
    assert [problem["pointer"] for problem in unknown.get_json()["errors"]] == ["/colour"]
    assert len(staff.api("GET", "/records/plant").get_json()["records"]) == 1
    assert nobody.client.get("/api/v1/records/plant").status_code == 401


def test_the_next_request_of_another_process_sees_the_change(admin: Visitor, make_app: Any) -> None:
    other = Visitor(make_app()).sign_in("sam@example.test")
    assert other.api("GET", "/records/plant").status_code == 404
    assert admin.api("PUT", "/entities/plant", PLANT).status_code == 201
    assert other.api("GET", "/records/plant").status_code == 200
    assert other.api("POST", "/records/plant", {"name": "Elm"}).status_code == 201
    assert [item["name"] for item in admin.api("GET", "/records/plant").get_json()["records"]] == ["Elm"]


def test_a_workspace_is_found_again_as_it_was_left(
    admin: Visitor, make_app: Any, workspace: Workspace
) -> None:
    admin.api("PUT", "/entities/plant", PLANT)
    admin.api("POST", "/records/plant", {"name": "Oak"})
    workspace.close()
    again = Visitor(make_app()).sign_in("sam@example.test")
    assert [item["name"] for item in again.api("GET", "/records/plant").get_json()["records"]] == ["Oak"]


def test_a_request_has_one_round_trip_before_its_own_work(
    staff: Visitor, token: dict[str, str], workspace: Workspace
) -> None:
    """Who it is and whether the definitions moved: one statement in one transaction."""
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        seen.append(statement)

    staff.get("/auth/settings")
    staff.client.get("/api/v1/entities", headers=token)  # notes the first use of the token
    event.listen(workspace.database.engine, "before_cursor_execute", note)
    assert staff.client.get("/api/v1/entities", headers=token).status_code == 200
    assert staff.client.get("/api/v1/entities").status_code == 200
    statements = [statement for statement in seen if not statement.startswith("BEGIN")]
    assert len(statements) == 2 and all("definitions_revision" in statement for statement in statements)
