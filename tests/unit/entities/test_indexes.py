"""Which indexes an entity gets by itself: what lists of everybody walk along, and no more than twelve."""

from __future__ import annotations

from typing import Any

import pytest

from amity.entities.indexes import MAX_INDEXES, compared_names, wanted
from tests.factories.worlds import build_model


def columns(views: list[dict[str, Any]], **properties: Any) -> list[tuple[str, ...]]:
    """The columns of the indexes of an entity with a name, a stage, a score and what a test adds."""
    document = {
        "title": "Deal",
        "type": "object",
        "properties": {
            "name": {"type": "string"},
            "note": {"type": "string"},
            "stage": {"oneOf": [{"const": "open"}, {"const": "won"}]},
            "score": {"type": "integer"},
            "closed": {"type": "string", "format": "date"},
            **properties,
        },
        "x-amity": {"name": "deal", "display": "name", "views": views},
    }
    return [index.columns for index in wanted(build_model([document]).entities["deal"])]


def test_without_views_only_what_every_list_needs() -> None:
    assert columns([]) == [("updated_at", "id"), ("f_name__fold", "id"), ("f_stage", "id")]


def test_a_shared_view_gets_an_index_of_its_own() -> None:
    view = {"name": "won", "where": "stage == 'won' && score > 3", "sort": "-score,name"}
    assert ("f_stage", "f_score", "id") in columns([view])


@pytest.mark.parametrize(
    ("view", "expected"),
    [
        ({"sort": "closed,name"}, ("f_closed", "f_name__fold", "id")),
        ({"sort": "-updated_at"}, ("updated_at", "id")),
        ({"where": "name == 'x'", "sort": "note"}, ("f_name", "f_note__fold", "id")),
        ({"where": "stage == 'won' || score == 3", "sort": "closed"}, ("f_closed", "id")),
        ({"where": "'won' == stage"}, ("f_stage", "id")),
    ],
)
def test_filter_and_order_of_a_view(view: dict[str, Any], expected: tuple[str, ...]) -> None:
    assert expected in columns([{"name": "one", **view}])


def test_many_views_do_not_make_many_indexes() -> None:
    numbers = {f"n{number}": {"type": "integer"} for number in range(30)}
    found = columns([{"name": f"v{number}", "sort": f"n{number}"} for number in range(30)], **numbers)
    assert len(found) == MAX_INDEXES
    assert ("f_name__fold", "id") in found


@pytest.mark.parametrize(
    ("where", "names"),
    [
        ("", []),
        ("a == 1 && b == 'x' && c > 2", ["a", "b"]),
        ("a == null", []),
        ("a == 1 || b == 2", []),
        ("!(a == 1)", []),
        ("this is no expression", []),
    ],
)
def test_what_a_condition_compares(where: str, names: list[str]) -> None:
    assert compared_names(where) == names
