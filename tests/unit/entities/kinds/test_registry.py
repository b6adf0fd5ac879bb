"""The registry of kinds: finding by name and by plain schema."""

from __future__ import annotations

from typing import Any

import pytest

from amity.entities.kinds.integer import IntegerKind
from amity.entities.kinds.registry import KindRegistry
from amity.entities.kinds.text import TextKind
from amity.errors import Invalid, SetupError
from tests.factories.fields import CORE


@pytest.mark.parametrize(
    ("schema", "kind"),
    [
        ({"type": "string"}, "text"),
        ({"type": "string", "format": "hostname"}, "text"),
        ({"type": "string", "format": "uuid"}, "text"),
        ({"type": "integer"}, "integer"),
        ({"type": "integer", "enum": [1, 2]}, "integer"),
        ({"type": "number"}, "decimal"),
        ({"type": "boolean"}, "boolean"),
        ({"type": "string", "format": "date"}, "date"),
        ({"type": "string", "format": "date-time"}, "datetime"),
        ({"type": "string", "format": "email"}, "email"),
        ({"type": "string", "enum": ["a", "b"]}, "choice"),
        ({"enum": ["a", "b"]}, "choice"),
        ({"type": "string", "oneOf": [{"const": "a", "title": "A"}]}, "choice"),
        ({"type": "string", "format": "uuid", "x-amity": {"to": "customer"}}, "relation"),
    ],
)
def test_infers_from_a_plain_schema(schema: dict[str, Any], kind: str) -> None:
    assert CORE.infer(schema).name == kind


def test_a_named_kind_wins() -> None:
    assert CORE.of({"type": "number", "x-amity": {"kind": "percent"}}).name == "percent"


def test_an_unknown_name_is_answered_with_the_nearest() -> None:
    with pytest.raises(Invalid, match="Did you mean 'integer'") as caught:
        CORE.get("Intger")
    assert caught.value.problems[0].pointer == "/x-amity/kind"


def test_two_kinds_of_one_name_are_refused() -> None:
    with pytest.raises(SetupError, match="Two kinds are called 'text'"):
        KindRegistry([TextKind(), IntegerKind(), TextKind()])


def test_goes_through_the_palette_in_order() -> None:
    groups = [kind.group for kind in CORE]
    assert groups == sorted(groups, key=groups.index)
    assert [kind.name for kind in CORE] == list(CORE.names)
    assert len(CORE) == len(set(CORE.names))
    assert "text" in CORE and "nothing" not in CORE
