"""Whether values that are there still meet a field's rules: length, pattern, bounds and whatever changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from amity.entities.keywords import make_validator
from amity.entities.kinds.base import ValueProblem
from amity.entities.model import Field

_NO_RULES: Final = {
    "title", "description", "default", "examples", "readOnly", "writeOnly", "deprecated", "$comment",
    "x-amity", "oneOf", "anyOf", "enum", "const",
}  # fmt: skip
"""Keywords that forbid nothing, and those that a field's choices speak for."""


def misfit(old: Field, new: Field) -> Callable[[Any], str | None] | None:
    """Give a function that tells why a typed value no longer fits; None where no rule changed."""
    before, after = _rules(old), _rules(new)
    changed = {key: value for key, value in after.items() if before.get(key) != value}
    if not changed or old.kind.to_many:
        return None
    problem = checker_of(changed)

    def check(value: Any) -> str | None:
        try:
            return problem(new.kind.dump(new, value))
        except ValueProblem as error:
            return error.message

    return check


def _rules(field: Field) -> dict[str, Any]:
    hidden = _NO_RULES if field.choices else _NO_RULES - {"oneOf", "anyOf", "enum", "const"}
    return {key: value for key, value in field.schema.items() if key not in hidden}


def checker_of(rules: Mapping[str, Any]) -> Callable[[Any], str | None]:
    if not rules:
        return lambda value: None
    if set(rules) <= {"minLength", "maxLength"}:
        least, most = rules.get("minLength", 0), rules.get("maxLength")

        def lengths(value: Any) -> str | None:
            size = len(value) if isinstance(value, str) else least
            if size < least:
                return f"has {size} characters, at least {least} are needed"
            return (
                f"has {size} characters, at most {most} are allowed"
                if most is not None and size > most
                else None
            )

        return lengths
    validator = make_validator(dict(rules))

    def valid(value: Any) -> str | None:
        error = next(validator.iter_errors(value), None)
        return None if error is None else str(error.message)[:200]

    return valid


def checker(field: Field) -> Callable[[Any], str | None]:
    """Give a function that tells why a JSON value does not meet all rules of a field."""
    rules = _rules(field)
    rules.pop("type", None)  # the kind has seen to that
    return checker_of(rules)
