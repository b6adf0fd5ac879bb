"""Documents for the tests of entities."""

from __future__ import annotations

from typing import Any

import pytest

from amity.entities.kinds.core import amity_kinds
from amity.entities.kinds.registry import KindRegistry
from amity.entities.loader import load
from amity.entities.model import Entity
from amity.errors import Invalid, Problem

KINDS = KindRegistry(amity_kinds())


def document(
    properties: dict[str, Any] | None = None, *, root: dict[str, Any] | None = None, **options: Any
) -> dict[str, Any]:
    """Make a document: `options` are members of `x-amity`, `root` is merged into the top."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Customer",
        "type": "object",
        "properties": {"name": {"type": "string"}} if properties is None else properties,
        "x-amity": {"name": "customer", **options},
        **(root or {}),
    }


def read(properties: dict[str, Any] | None = None, **more: Any) -> Entity:
    """Load such a document."""
    return load(document(properties, **more), KINDS)


def problems(properties: dict[str, Any] | None = None, **more: Any) -> list[Problem]:
    """Load such a document, which must be refused; give what is wrong with it."""
    with pytest.raises(Invalid) as caught:
        read(properties, **more)
    return list(caught.value.problems)


def places(found: list[Problem]) -> list[tuple[str, str | None]]:
    """Give code and place of problems."""
    return [(problem.code, problem.pointer) for problem in found]
