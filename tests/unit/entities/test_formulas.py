"""Formulas in documents: what they may say, and what is wrong with the others."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from amity.entities.formulas import formulas_of
from amity.entities.kinds.core import amity_kinds
from amity.entities.kinds.registry import KindRegistry
from amity.entities.linking import link, link_problems
from amity.entities.loader import load
from amity.entities.model import Entity, Model
from amity.entities.scope import EntityScope
from amity.errors import Invalid
from amity.expressions import core_functions

KINDS = KindRegistry(amity_kinds())
FUNCTIONS = {function.name: function for function in core_functions()}
PLAIN: dict[str, Any] = {
    "price": {"type": "number"},
    "count": {"type": "integer"},
    "name": {"type": "string"},
    "due": {"type": "string", "format": "date"},
    "sold": {"type": "boolean"},
    "boss": {"type": "string", "format": "uuid", "x-amity": {"kind": "relation", "to": "line"}},
    "parts": {"type": "object", "properties": {"weight": {"type": "number"}}},
}


def number(formula: str, **more: Any) -> dict[str, Any]:
    """A decimal with a formula."""
    return {"type": "number", "x-amity": {"formula": formula}, **more}


def line(**properties: Any) -> Entity:
    """An entity with the plain fields and these."""
    return load({"properties": {**PLAIN, **properties}, "x-amity": {"name": "line"}}, KINDS)


def compiled(**properties: Any) -> dict[str, Any]:
    """The formulas by name, in the order in which they are computed."""
    (entity,) = link([line(**properties)])
    scope = EntityScope(Model(1, {"line": entity}), entity, FUNCTIONS)
    return {item.field.name: item for item in formulas_of(entity, scope)}


def test_a_formula_is_read_only_and_computed() -> None:
    field = line(total=number("price * count")).by_name["total"]
    assert (field.read_only, field.computed, field.formula) == (True, True, "price * count")
    assert field.kind.name == "decimal"


def test_results_fit_the_field() -> None:
    found = compiled(
        total=number("price * count", multipleOf=Decimal("0.01")),
        label={"type": "string", "maxLength": 5, "x-amity": {"formula": "name + '!'"}},
        reminder={"type": "string", "format": "date", "x-amity": {"formula": "due - days(3)"}},
        cheap={"type": "boolean", "x-amity": {"formula": "price < 10"}},
    )
    values = {"price": Decimal("0.115"), "count": 3, "name": "ink", "due": dt.date(2026, 3, 2)}
    assert found["total"].value(values) == Decimal("0.35"), "rounded half up to the field's scale"
    assert found["label"].value(values) == "ink!"
    assert found["label"].value({"name": "paper"}) is None, "too long for the field"
    assert found["reminder"].value(values) == dt.date(2026, 2, 27)
    assert found["cheap"].value(values) is True
    assert found["total"].value({"price": None, "count": 3}) is None
    assert found["total"].value({"price": Decimal(10**14), "count": 10**6}) is None, "too large"


def test_formulas_of_formulas_come_in_order() -> None:
    found = compiled(c=number("b + 1"), b=number("a * 2"), a=number("price + 1"))
    assert list(found) == ["a", "b", "c"]
    assert found["c"].reads == {"b"}


@pytest.mark.parametrize(
    ("formula", "word"),
    [
        ("price * cuont", "count"),
        ("name", "decimal"),
        ("price * version", "'version'"),
        ("boss.price", "'boss'"),
        ("today() == due ? 1.0 : 2.0", "save"),
        ("me != null ? 1.0 : 2.0", "'me'"),
        ("price *", "expression"),
        ("itself + 1", "line.itself -> line.itself"),
        ("other + 1", "-> line.other ->"),
    ],
)
def test_what_cannot_be_computed_is_named(formula: str, word: str) -> None:
    entity = line(itself=number(formula), other=number("itself + 1"))
    problems = link_problems([entity], FUNCTIONS)["line"]
    assert any(word in problem.message + (problem.pointer or "") for problem in problems), problems
    assert all("/x-amity/formula" in (problem.pointer or "") for problem in problems)


@pytest.mark.parametrize(
    ("schema", "place"),
    [
        (number("price", default=1), "/properties/x/default"),
        ({"type": "number", "x-amity": {"formula": "price", "unique": True}}, "/properties/x/x-amity/unique"),
        ({"type": "number", "x-amity": {"formula": "price", "required_when": "sold"}}, "/properties/x"),
        ({"enum": ["a", "b"], "x-amity": {"formula": "name"}}, "/properties/x/x-amity/formula"),
        (
            {"type": "string", "format": "uuid", "x-amity": {"to": "line", "formula": "id"}},
            "/properties/x/x-amity/formula",
        ),
        ({"type": "number", "x-amity": {"formula": ""}}, "/properties/x/x-amity/formula"),
        ({"type": "number", "x-amity": {"formula": 3}}, "/properties/x/x-amity/formula"),
    ],
)
def test_what_cannot_stand_beside_a_formula(schema: dict[str, Any], place: str) -> None:
    with pytest.raises(Invalid) as caught:
        line(x=schema)
    assert place in [problem.pointer for problem in caught.value.problems]


def test_a_computed_field_cannot_be_required() -> None:
    with pytest.raises(Invalid, match="cannot be required"):
        load({"properties": {**PLAIN, "x": number("price")}, "required": ["x"]}, KINDS, name="line")
