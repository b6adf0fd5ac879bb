"""Entities together: targets, inverses, expressions along paths."""

from __future__ import annotations

from typing import Any

from amity.entities.kinds.core import amity_kinds
from amity.entities.kinds.registry import KindRegistry
from amity.entities.linking import link, link_problems
from amity.entities.loader import load
from amity.entities.model import Entity

KINDS = KindRegistry(amity_kinds())


def entity(name: str, properties: dict[str, Any], **options: Any) -> Entity:
    return load({"properties": properties, "x-amity": {"name": name, **options}}, KINDS)


def relation(to: str, **options: Any) -> dict[str, Any]:
    return {"type": "string", "format": "uuid", "x-amity": {"kind": "relation", "to": to, **options}}


def test_targets_are_ids_and_the_other_side_sees_them() -> None:
    team = entity("team", {"name": {"type": "string"}}, id="crew")
    person = entity(
        "person",
        {
            "name": {"type": "string"},
            "team": relation("team", inverse="members"),
            "boss": relation("person", inverse="reports"),
            "desk_of": relation("team", inverse="clerk", unique=True),
        },
        plural="People",
    )
    found = {item.name: item for item in link([team, person])}
    assert found["person"].by_name["team"].targets == ("crew",)
    seen = [(item.name, item.entity, item.field, item.many, item.title) for item in found["team"].inverses]
    assert seen == [
        ("members", "person", "team", True, "People"),
        ("clerk", "person", "desk_of", False, "Person"),
    ]
    assert [item.name for item in found["person"].inverses] == ["reports"]
    assert found["person"].unique == (("desk_of",),)
    assert link_problems([team, person]) == {}


def test_an_unknown_target_names_the_nearest() -> None:
    person = entity("person", {"team": relation("teem")})
    team = entity("team", {"name": {"type": "string"}})
    (problem,) = link_problems([team, person])["person"]
    assert problem.pointer == "/properties/team/x-amity/to"
    assert "'team'" in problem.message
    assert link([team, person])[1].by_name["team"].targets == ()


def test_an_inverse_may_not_hide_anything() -> None:
    team = entity("team", {"name": {"type": "string"}})
    person = entity(
        "person",
        {
            "a": relation("team", inverse="Name"),
            "b": relation("team", inverse="owner"),
            "c": relation("team", inverse="people"),
            "d": relation("team", inverse="people"),
        },
    )
    found = link_problems([team, person])["person"]
    assert [problem.pointer for problem in found] == [
        "/properties/a/x-amity/inverse",
        "/properties/b/x-amity/inverse",
        "/properties/d/x-amity/inverse",
    ]


def test_expressions_are_checked_along_paths() -> None:
    team = entity("team", {"name": {"type": "string"}, "size": {"type": "integer"}})
    person = entity(
        "person",
        {
            "team": relation("team", inverse="members"),
            "note": {
                "type": "string",
                "x-amity": {"visible": "team.size > 3", "required_when": "team.name > 3"},
            },
        },
        checks=[
            {"expression": "team.siez > 3", "message": "No."},
            {"expression": "owner == me && created_at < now()", "message": "No."},
            {"expression": "size", "message": "No."},
        ],
        views=[{"name": "big", "where": "team.members.exists(m, m.note != null)"}],
        layout=[{"section": "A", "visible": "team", "fields": ["team", "note"]}],
    )
    found = {problem.pointer: problem.message for problem in link_problems([team, person])["person"]}
    assert list(found) == [
        "/x-amity/checks/0/expression",
        "/x-amity/checks/2/expression",
        "/properties/note/x-amity/required_when",
        "/x-amity/layout/0/visible",
    ]
    assert "'size'" in found["/x-amity/checks/0/expression"]


def test_when_an_entry_is_open_is_checked_like_every_expression() -> None:
    team = entity("team", {"name": {"type": "string"}})
    task = entity(
        "task", {"done": {"type": "boolean"}, "team": relation("team")}, timeline={"open": "donne == false"}
    )
    (problem,) = link_problems([team, task])["task"]
    assert problem.pointer == "/x-amity/timeline/open" and "'done'" in problem.message
