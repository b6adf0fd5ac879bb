"""Fields and choices get new names in expressions; everything else stays to the letter."""

from __future__ import annotations

import pytest
from hypothesis import given

from amity.expressions import compile, rename, rename_choice
from amity.expressions.scope import SimpleScope
from tests.unit.expressions.samples import CUSTOMER, EMPLOYEE, ENTITIES, FUNCTIONS, ME, SCOPE
from tests.unit.expressions.test_agreement import EXPRESSIONS

STAGE = ("customer", "stage")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("name == 'name'", "full_name == 'name'"),
        ("  name\n!=  manager . name // name", "  full_name\n!=  manager . name // name"),
        ("`name`.contains('a') && fold(name) == 'b'", "full_name.contains('a') && fold(full_name) == 'b'"),
        (
            "manager.customers.exists(name, name.name == 'a')",
            "manager.customers.exists(name, name.full_name == 'a')",
        ),
        ("has(manager.customers) || name==nickname", "has(manager.customers) || full_name==nickname"),
        ("stage == 'lead'", "stage == 'lead'"),
    ],
)
def test_only_the_field_changes(before: str, after: str) -> None:
    assert rename(before, SCOPE, {("customer", "name"): "full_name"}) == after


def test_a_field_of_another_entity_keeps_its_name() -> None:
    assert rename("manager.name == name", SCOPE, {("employee", "name"): "called"}) == "manager.called == name"


def test_two_names_are_exchanged_and_odd_ones_quoted() -> None:
    mapping = {("customer", "name"): "nickname", ("customer", "nickname"): "name"}
    assert rename("name + nickname + name", SCOPE, mapping) == "nickname + name + nickname"
    assert rename("name == 'a'", SCOPE, {("customer", "name"): "full name"}) == "`full name` == 'a'"
    assert rename("name == 'a'", SCOPE, {("customer", "name"): "in"}) == "`in` == 'a'"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("stage == 'lead'", "stage == 'new'"),
        ('"lead" != stage', "'new' != stage"),
        ("stage in ['lead', 'active'] && name == 'lead'", "stage in ['new', 'active'] && name == 'lead'"),
        ("manager.customers.exists(c, c.stage == 'lead')", "manager.customers.exists(c, c.stage == 'new')"),
        ("stage == 'active'", "stage == 'active'"),
    ],
)
def test_only_the_choice_changes(before: str, after: str) -> None:
    assert rename_choice(before, SCOPE, STAGE, {"lead": "new"}) == after


def test_choices_of_a_list_and_odd_values() -> None:
    field = ("customer", "tags")
    assert rename_choice("'red' in tags", SCOPE, field, {"red": "it's"}) == r"'it\'s' in tags"
    exists = "tags.exists(t, t == 'red')"
    assert rename_choice(exists, SCOPE, field, {"red": "a\\b\n"}) == r"tags.exists(t, t == 'a\\b\n')"


@given(text=EXPRESSIONS["bool"])
def test_there_and_back_is_the_same(text: str) -> None:
    """Whatever the expression: renamed it still compiles, and the way back restores it to the letter."""
    try:
        compile(text, SCOPE)
    except Exception:
        return
    there = {("customer", "name"): "zname", ("employee", "name"): "called", ("customer", "spent"): "in"}
    renamed = rename(text, SCOPE, there)
    fields = {there.get(name.origin or (None, ""), key): name for key, name in CUSTOMER.items()}
    people = {there.get(name.origin or (None, ""), key): name for key, name in EMPLOYEE.items()}
    entities = {**ENTITIES, "customer": fields, "employee": people}
    scope = SimpleScope(FUNCTIONS, {**fields, "me": ME}, entities)
    back = {("customer", "name"): "name", ("employee", "name"): "name", ("customer", "spent"): "spent"}
    assert rename(renamed, scope, back) == text
