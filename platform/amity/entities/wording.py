"""What jsonschema found, in plain words: place, what was got, what is allowed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from itertools import islice
from typing import Any, Final

from jsonschema.exceptions import ValidationError, best_match

from amity.entities.formats import EXAMPLES
from amity.entities.limits import MAX_PROBLEMS
from amity.entities.names import did_you_mean, listed, pointer, shown
from amity.errors import Problem

_TYPES: Final[Mapping[str, str]] = {
    "string": "a text",
    "number": "a number",
    "integer": "a whole number",
    "boolean": "true or false",
    "object": "an object",
    "array": "a list",
    "null": "null",
}

_NUMBERS: Final[Mapping[str, str]] = {
    "minimum": "at least",
    "maximum": "at most",
    "exclusiveMinimum": "more than",
    "exclusiveMaximum": "less than",
    "multipleOf": "a multiple of",
}

_SIZES: Final[Mapping[str, tuple[str, str]]] = {
    "minLength": ("at least", "character"),
    "maxLength": ("at most", "character"),
    "minItems": ("at least", "item"),
    "maxItems": ("at most", "item"),
    "minProperties": ("at least", "member"),
    "maxProperties": ("at most", "member"),
    "minContains": ("at least", "fitting item"),
    "maxContains": ("at most", "fitting item"),
}


def problems_of(errors: Iterable[ValidationError], at: str = "") -> list[Problem]:
    """Word errors, at most `MAX_PROBLEMS` of them, each place and code once; `at` precedes each pointer."""
    found: dict[tuple[str | None, str], Problem] = {}
    for error in islice(errors, MAX_PROBLEMS):
        problem = problem_of(error, at)
        found.setdefault((problem.pointer, problem.code), problem)
    return list(found.values())


def problem_of(error: ValidationError, at: str = "") -> Problem:
    """Word one error."""
    error = _telling(error)
    code = str(error.validator or "schema")
    place = at + pointer(*error.absolute_path)
    if code == "additionalProperties" or code == "unevaluatedProperties":
        return Problem("unknown", _unknown(error), place)
    if code == "dependentRequired":
        return Problem("required", f"This is required where {error.validator_value!r} is given.", place)
    return Problem(code, _message(code, error), place)


def _telling(error: ValidationError) -> ValidationError:
    """For "none of these fits": the error inside the alternative that was probably meant, if there is one."""
    if error.validator not in ("anyOf", "oneOf") or not error.context or _constants(error):
        return error
    branches: dict[Any, list[ValidationError]] = {}
    for inner in error.context:
        branches.setdefault(inner.relative_schema_path[0], []).append(inner)
    fitting = [
        errors
        for errors in branches.values()
        if not any(inner.validator == "type" and not inner.relative_path for inner in errors)
    ]
    if len(fitting) != 1:
        return error
    meant: ValidationError | None = best_match(iter(fitting[0]))
    return error if meant is None else _telling(meant)


def _constants(error: ValidationError) -> list[Any]:
    branches = error.validator_value
    if not isinstance(branches, list):
        return []
    values = []
    for branch in branches:
        if not isinstance(branch, Mapping):
            return []
        if "const" in branch:
            values.append(branch["const"])
        elif "enum" in branch:
            values += branch["enum"]
        elif branch.get("type") != "null":
            return []
    return values


def _unknown(error: ValidationError) -> str:
    path = list(error.absolute_path)
    schema = error.schema if isinstance(error.schema, Mapping) else {}
    known = list(schema.get("properties", ()))
    if error.validator == "unevaluatedProperties" or not path:
        return f"Some members are not known. {error.message}."
    name = str(path[-1])
    allowed = f" Allowed are {listed(known)}." if known else " No members are allowed."
    return f"{shown(name)} is not known here.{did_you_mean(name, known)}{allowed}"


def _message(code: str, error: ValidationError) -> str:
    value: Any = error.instance
    allowed: Any = error.validator_value
    if code == "required":
        return "This is required."
    if code == "type":
        types = [allowed] if isinstance(allowed, str) else list(allowed)
        return f"{shown(value)} is not {' or '.join(_TYPES.get(name, name) for name in types)}."
    if code in ("enum", "const"):
        return _not_allowed(value, allowed if code == "enum" else [allowed])
    if code in ("anyOf", "oneOf"):
        return _alternatives(code, error)
    if code in _NUMBERS:
        return f"{shown(value)} is not allowed: it must be {_NUMBERS[code]} {allowed}."
    if code == "pattern":
        return f"{shown(value)} does not match the pattern {shown(allowed, 200)}."
    if code == "format":
        example = f", such as {EXAMPLES[allowed]}" if allowed in EXAMPLES else ""
        return f"{shown(value)} is no valid {allowed}{example}."
    if code == "uniqueItems":
        return "This item stands there twice."
    if code in _SIZES and isinstance(allowed, int | float | Decimal):
        return _size(code, value, int(allowed))
    if code == "maxLength":
        return "This text is too long to be checked against the field's pattern."
    if code == "contains":
        return "The list holds no item of the kind that is asked for."
    return _rest(code, value)


def _rest(code: str, value: Any) -> str:
    if code == "not":
        return f"{shown(value)} is ruled out."
    if code == "schema":
        return f"{shown(value)} is not allowed: nothing may stand here."
    return f"{shown(value)} does not meet {code!r}."


def _size(code: str, value: Any, allowed: int) -> str:
    bound, unit = _SIZES[code]
    if code == "minLength" and allowed == 1:
        return "This must not be empty."
    plural = "" if allowed == 1 else "s"
    size = f"; it has {len(value):,}" if isinstance(value, str | list | Mapping) else ""
    return f"This takes {bound} {allowed:,} {unit}{plural}{size}."


def _not_allowed(value: Any, allowed: Iterable[Any]) -> str:
    values = list(allowed)
    texts = [one for one in values if isinstance(one, str)]
    hint = did_you_mean(value, texts) if isinstance(value, str) else ""
    if len(values) == 1:
        return f"{shown(value)} is not allowed: it must be {shown(values[0])}."
    return f"{shown(value)} is not one of the allowed values: {listed(values)}.{hint}"


def _alternatives(code: str, error: ValidationError) -> str:
    values = _constants(error)
    if values:
        return _not_allowed(error.instance, values)
    if code == "oneOf" and not error.context:
        return f"{shown(error.instance)} fits more than one of the alternatives; it must fit exactly one."
    reasons = list(dict.fromkeys(_reasons(error)))
    return f"{shown(error.instance)} fits none of the alternatives: {'; '.join(reasons[:4])}"


def _reasons(error: ValidationError) -> Iterator[str]:
    for inner in error.context or ():
        yield problem_of(inner).message.rstrip(".")
