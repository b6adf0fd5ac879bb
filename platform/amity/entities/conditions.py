"""What `if`/`then`/`else` and `dependentRequired` mean for a form: when a field is required.

Validation needs none of this, the document stays its authority. Simple conditions become `required_when`
expressions, so that the form can show the star before anybody has saved.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any, Final

from amity import jsontext
from amity.entities.model import Field
from amity.entities.names import did_you_mean, listed, pointer, shown
from amity.entities.structure import IN_PLACE, keyed_children
from amity.errors import Problem
from amity.expressions.types import BOOL, DECIMAL, INT, TEXT

_COMPARED: Final = (TEXT, BOOL, INT, DECIMAL)


def with_conditions(document: Mapping[str, Any], fields: Sequence[Field]) -> tuple[Field, ...]:
    """Give the fields with `required_when` where the schema says so and the field itself does not."""
    known = {field.name: field for field in fields}
    found: dict[str, list[str]] = {}
    for name, condition in _requirements(document, known):
        field = known.get(name)
        if field is not None and not field.required and condition not in found.get(name, ()):
            found.setdefault(name, []).append(condition)
    return tuple(
        replace(field, required_when=_any_of(found[field.name]))
        if field.name in found and field.required_when is None
        else field
        for field in fields
    )


def _any_of(conditions: Sequence[str]) -> str:
    return conditions[0] if len(conditions) == 1 else " || ".join(f"({one})" for one in conditions)


def _requirements(schema: Mapping[str, Any], known: Mapping[str, Field]) -> Iterator[tuple[str, str]]:
    """Give (field that is required, expression that says when)."""
    for trigger, names in schema.get("dependentRequired", {}).items():
        if trigger in known and not known[trigger].kind.to_many:
            for name in names:
                yield name, f"{trigger} != null"
    condition = _condition(schema.get("if"), known)
    if condition is not None:
        for keyword, text in (("then", condition), ("else", f"!({condition})")):
            branch = schema.get(keyword)
            for name in branch.get("required", ()) if isinstance(branch, Mapping) else ():
                yield name, text
    for part in schema.get("allOf", ()):
        if isinstance(part, Mapping):
            yield from _requirements(part, known)


def _condition(schema: Any, known: Mapping[str, Field]) -> str | None:
    """Write a simple `if` as an expression; None where it is not simple."""
    if not isinstance(schema, Mapping) or not schema or not schema.keys() <= {"properties", "required"}:
        return None
    present = schema.get("required", ())
    terms = []
    for name, rule in schema.get("properties", {}).items():
        term = _term(name, rule, known)
        if term is None:
            return None
        # JSON Schema looks at members that are there: an absent one does not fail the `if`.
        terms.append(term if name in present else f"({name} == null || {term})")
    for name in present:
        if name not in schema.get("properties", {}):
            if name not in known or known[name].kind.to_many:
                return None
            terms.append(f"{name} != null")
    return " && ".join(terms) or None


def _term(name: str, rule: Any, known: Mapping[str, Field]) -> str | None:
    if name not in known or known[name].kind.expression_type(known[name]) not in _COMPARED:
        return None
    if not isinstance(rule, Mapping) or len(rule.keys() - {"type", "title", "description"}) != 1:
        return None
    values = [rule["const"]] if "const" in rule else rule.get("enum")
    if not isinstance(values, list) or not values:
        return None
    texts = [jsontext.dumps(value) for value in values if isinstance(value, str | bool | int | Decimal)]
    if len(texts) != len(values):
        return None
    return f"{name} == {texts[0]}" if len(texts) == 1 else f"{name} in [{', '.join(texts)}]"


def stray_names(document: Mapping[str, Any]) -> list[Problem]:
    """Name what conditions at the top say about members that are no properties: it could never be met."""
    properties = document.get("properties", {})
    if document.get("additionalProperties", False) is not False:
        return []
    problems: list[Problem] = []
    waiting: list[tuple[Mapping[str, Any], str]] = [(document, "")]
    while waiting:
        schema, at = waiting.pop()
        for name, place in _named(schema, at) if at else ():
            if name not in properties:
                hint = did_you_mean(name, properties) or f" The properties are {listed(properties)}."
                message = f"{shown(name)} is named here but not among the properties at the top.{hint}"
                problems.append(Problem("unknown", message, place))
        for key, child, place in keyed_children(schema, at):
            if key in IN_PLACE and isinstance(child, Mapping):
                waiting.append((child, place))
    return problems


def _named(schema: Mapping[str, Any], at: str) -> Iterator[tuple[str, str]]:
    for name in schema.get("properties", {}):
        yield name, at + pointer("properties", name)
    for index, name in enumerate(schema.get("required", ())):
        yield name, at + pointer("required", index)
