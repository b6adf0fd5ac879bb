"""JSON in and out: exact numbers, strict reading."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amity import jsontext
from amity.errors import Malformed

_LEAVES = st.none() | st.booleans() | st.integers() | st.text(st.characters(exclude_categories=["Cs"]))
_VALUES = st.recursive(
    _LEAVES | st.decimals(allow_nan=False, allow_infinity=False, places=4),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text("abc", max_size=3), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(_VALUES)
def test_what_is_written_is_read_back_exactly(value: object) -> None:
    assert jsontext.loads(jsontext.dumps_bytes(value)) == value
    assert jsontext.trusted_loads(jsontext.dumps(value)) == value


def test_integers_of_any_size_are_written() -> None:
    assert jsontext.dumps({"big": [10**30, -(10**30), Decimal("0.10")]}) == (
        '{"big":[1000000000000000000000000000000,-1000000000000000000000000000000,0.10]}'
    )


@pytest.mark.parametrize(
    "text", ["", "{", "[NaN]", "Infinity", '{"a":1,"a":2}', "[" * 100 + "]" * 100, b"\xff"]
)
def test_what_is_not_json_is_refused_with_its_place(text: str | bytes) -> None:
    with pytest.raises(Malformed):
        jsontext.loads(text)
