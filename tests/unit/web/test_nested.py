"""Nested data as rows of name and value, and back."""

from __future__ import annotations

from typing import Any

import pytest

from amity import jsontext
from amity.web.builder.flows.nested import flatten, unflatten

DATA: list[Any] = [
    {"a": 1},
    {"a": {"b": {"c": [1, {"d": "x"}, []]}}, "e": {}},
    [1, [2, [3]], {"a": None}],
    {"1": "a", "2": "b"},
    {"a.b": 1, "a\\b": 2, "": 3, "-": 4, "-x": 5, " y ": 6, "\\": 7, ".": 8, "\\-": 9, "a.": 10, " ": 11},
    {"expression": "record.name"},
    {"a": {"expression": "record.name"}, "b": {"expression": 1}},
    "text",
    [],
    {"12345": {"00001": 1}, "0": [0]},
]


@pytest.mark.parametrize("data", DATA, ids=range(len(DATA)))
def test_data_comes_back_as_it_was(data: Any) -> None:
    assert jsontext.dumps(unflatten(flatten(data))) == jsontext.dumps(data)


def test_no_value_is_lost_where_names_cross() -> None:
    assert unflatten([("a", 1), ("a.b", 2)]) == {"a": 1, "a.b": 2}
    assert unflatten([("a.b", 2), ("a", 1)]) == {"a": {"b": 2, "": 1}}
    assert unflatten([("tags.2", "x"), ("tags.5", "y")]) == {"tags": ["x", "y"]}
    assert unflatten([("1", "x")], lists=False) == {"1": "x"}
    assert unflatten([]) is None
