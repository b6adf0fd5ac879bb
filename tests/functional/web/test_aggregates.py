"""Grouped figures over REST."""

from __future__ import annotations

from amity.testing.visitor import Visitor


def test_figures_by_group_over_rest(admin: Visitor, staff: Visitor) -> None:
    properties = {
        "name": {"type": "string"},
        "price": {"type": "number", "x-amity": {"kind": "decimal"}},
        "colour": {"type": "string", "enum": ["red", "blue"]},
    }
    document = {"title": "Part", "type": "object", "properties": properties}
    assert admin.api("PUT", "/entities/part", document).status_code == 201
    for name, price, colour in (("a", 1.25, "red"), ("b", 2, "red"), ("c", None, "blue")):
        body = {"name": name, "price": price, "colour": colour}
        assert staff.api("POST", "/records/part", body).status_code == 201
    found = staff.api("GET", "/records/part/aggregate?group=colour&measures=count,sum:price")
    assert found.get_json() == {
        "groups": [
            {"colour": "blue", "count": 1, "sum:price": None},
            {"colour": "red", "count": 2, "sum:price": 3.25},
        ],
        "complete": True,
    }
    wrong = staff.api("GET", "/records/part/aggregate?group=nothing")
    assert wrong.status_code == 422
    assert wrong.get_json()["errors"][0]["parameter"] == "group"
    described = staff.api("GET", "/openapi.json").get_json()
    assert any(path.endswith("/records/part/aggregate") for path in described["paths"])
