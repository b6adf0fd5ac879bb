"""The JSON Schema validator that Amity uses: draft 2020-12, exact with decimals, bounded, never fetching.

Differs from jsonschema's own in how some keywords are computed, not in what they mean: `pattern` runs in
linear time, `multipleOf` is exact for every number, `uniqueItems` does not compare each with each, errors
about members point at the member.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Any, Final

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from jsonschema.protocols import Validator
from jsonschema.validators import extend
from referencing import Registry

from amity.entities.formats import format_checker
from amity.entities.patterns import Pattern, PatternError, TooMuchWork, compile_pattern

Errors = Iterator[ValidationError]

_MAX_EXPONENT: Final = 1_000
"""Numbers beyond 10^1000 are not numbers that anything here can hold."""


@lru_cache(maxsize=2_000)
def _pattern(text: str) -> Pattern:
    """Patterns by their text: pure values, so that sharing them between workspaces is harmless."""
    return compile_pattern(text)


def _is_number(_: Any, value: Any) -> bool:
    if isinstance(value, bool):
        return False
    if isinstance(value, int):
        return True
    if isinstance(value, Decimal):
        return value.is_finite() and abs(value.adjusted()) <= _MAX_EXPONENT
    return isinstance(value, float) and math.isfinite(value)


def _is_integer(checker: Any, value: Any) -> bool:
    if isinstance(value, int):
        return not isinstance(value, bool)
    if not _is_number(checker, value):
        return False
    return bool(value == int(value))


def _matches(pattern: str, text: str) -> bool:
    try:
        return _pattern(pattern).search(text)
    except (TooMuchWork, PatternError):
        return False


def _check_pattern(validator: Validator, pattern: str, value: Any, schema: Any) -> Errors:
    if isinstance(value, str):
        try:
            if not _pattern(pattern).search(value):
                yield ValidationError(f"does not match {pattern!r}")
        except TooMuchWork:
            yield ValidationError("is too long to be checked", validator="maxLength", validator_value=pattern)


def _check_pattern_properties(validator: Validator, patterns: Any, value: Any, schema: Any) -> Errors:
    if not isinstance(value, Mapping):
        return
    for pattern, inner in patterns.items():
        for name, child in value.items():
            if _matches(pattern, name):
                yield from validator.descend(child, inner, path=name, schema_path=pattern)  # type: ignore[attr-defined]


def _check_additional(validator: Validator, inner: Any, value: Any, schema: Any) -> Errors:
    if not isinstance(value, Mapping):
        return
    known = schema.get("properties", {})
    patterns = schema.get("patternProperties", {})
    for name, child in value.items():
        if name in known or any(_matches(pattern, name) for pattern in patterns):
            continue
        if inner is False:
            yield ValidationError("is not known", validator="additionalProperties", path=(name,))
        else:
            yield from validator.descend(child, inner, path=name)  # type: ignore[attr-defined]


def _check_required(validator: Validator, names: Any, value: Any, schema: Any) -> Errors:
    if isinstance(value, Mapping):
        for name in names:
            if name not in value:
                yield ValidationError("is required", path=(name,))


def _check_dependent_required(validator: Validator, dependencies: Any, value: Any, schema: Any) -> Errors:
    if isinstance(value, Mapping):
        for trigger, names in dependencies.items():
            for name in names:
                if trigger in value and name not in value:
                    yield ValidationError(
                        "is required", validator="dependentRequired", validator_value=trigger, path=(name,)
                    )


def _check_multiple(validator: Validator, step: Any, value: Any, schema: Any) -> Errors:
    if validator.is_type(value, "number") and not is_multiple(value, step):
        yield ValidationError("is no multiple")


def is_multiple(value: Any, step: Any) -> bool:
    """Tell whether `value` is a whole number of steps, exactly, for any mix of numbers."""
    if isinstance(value, int) and isinstance(step, int):
        return value % step == 0
    return (_exact(value) / _exact(step)).denominator == 1


def _exact(number: Any) -> Fraction:
    # A float stands for the digits that were written, not for the binary fraction behind them.
    return Fraction(repr(number)) if isinstance(number, float) else Fraction(number)


def _check_unique(validator: Validator, wanted: Any, value: Any, schema: Any) -> Errors:
    if wanted and isinstance(value, list):
        seen = set()
        for index, item in enumerate(value):
            key = _key(item)
            if key in seen:
                yield ValidationError("stands there twice", path=(index,))
                return
            seen.add(key)


def _key(value: Any) -> Any:
    """Give something hashable, equal exactly where JSON values are (1 and 1.0 are equal, 1 and true not)."""
    if isinstance(value, bool) or value is None:
        return (repr(value),)
    if isinstance(value, Mapping):
        return frozenset((name, _key(child)) for name, child in value.items())
    if isinstance(value, list):
        return ("list", *map(_key, value))
    return value


_Extended: Final[Any] = extend(  # type: ignore[no-untyped-call]
    Draft202012Validator,
    validators={
        "pattern": _check_pattern,
        "patternProperties": _check_pattern_properties,
        "additionalProperties": _check_additional,
        "required": _check_required,
        "dependentRequired": _check_dependent_required,
        "multipleOf": _check_multiple,
        "uniqueItems": _check_unique,
    },
    type_checker=Draft202012Validator.TYPE_CHECKER.redefine_many(
        {"number": _is_number, "integer": _is_integer}
    ),
)

_FORMATS: Final = format_checker()


def make_validator(schema: Mapping[str, Any]) -> Validator:
    """Make a validator of `schema`; its `$ref`s reach the document itself, and nothing is ever fetched."""
    registry: Registry[Any] = Registry()
    found: Validator = _Extended(schema, registry=registry, format_checker=_FORMATS)
    return found


def schema_errors(schema: Mapping[str, Any]) -> Errors:
    """Give what is wrong with `schema` as a draft 2020-12 schema."""
    return _schema_validator().iter_errors(schema)


@lru_cache(maxsize=1)
def _schema_validator() -> Validator:
    # The registry that comes with jsonschema holds the meta-schemas; this one still fetches nothing.
    from jsonschema_specifications import REGISTRY  # type: ignore[import-untyped]

    found: Validator = _Extended(Draft202012Validator.META_SCHEMA, registry=REGISTRY, format_checker=_FORMATS)
    return found
