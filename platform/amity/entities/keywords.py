"""The JSON Schema validator that Amity uses: draft 2020-12, exact with decimals, bounded, never fetching.

Differs from jsonschema's own in how some keywords are computed, not in what they mean: `pattern` runs in
linear time, `multipleOf` is exact for every number, `uniqueItems` does not compare each with each, errors
about members point at the member.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Any, Final

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from jsonschema.protocols import Validator
from jsonschema.validators import extend
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from amity.entities.formats import format_checker
from amity.entities.limits import holdable
from amity.patterns import Pattern, PatternError, TooMuchWork, compile_pattern

Errors = Iterator[ValidationError]

MAX_REFERENCES: Final = 10_000
"""`$ref`s that the check of one value follows."""


@lru_cache(maxsize=2_000)
def _pattern(text: str) -> Pattern:
    """Patterns by their text: pure values, so that sharing them between workspaces is harmless."""
    return compile_pattern(text)


_left: Final[ContextVar[list[int] | None]] = ContextVar("_left", default=None)
"""How many `$ref`s the check that runs may still follow."""


class TooLarge(Exception):
    """Checking a value would follow too many `$ref`s."""


@contextmanager
def bounded() -> Iterator[None]:
    """Bound the `$ref`s that checks inside the block follow. Raises `TooLarge`, also for endless nesting."""
    token = _left.set([MAX_REFERENCES])
    try:
        yield
    except RecursionError:
        raise TooLarge from None
    finally:
        _left.reset(token)


def _check_reference(validator: Validator, reference: str, value: Any, schema: Any) -> Errors:
    left = _left.get()
    if left is not None:
        left[0] -= 1
        if left[0] < 0:
            raise TooLarge
    yield from validator._validate_reference(ref=reference, instance=value)  # type: ignore[attr-defined]


def is_number(_: Any, value: Any) -> bool:
    """Tell whether `value` is a JSON number that can be held."""
    if isinstance(value, bool):
        return False
    return isinstance(value, int | float | Decimal) and holdable(value)


def is_integer(checker: Any, value: Any) -> bool:
    """Tell whether `value` is a whole JSON number (1.0 is)."""
    if isinstance(value, int):
        return not isinstance(value, bool)
    if not is_number(checker, value):
        return False
    return bool(value == int(value))


def matches(pattern: str, text: str) -> bool:
    """Tell whether a pattern occurs in `text`; no where that cannot be found out."""
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
            if matches(pattern, name):
                yield from validator.descend(child, inner, path=name, schema_path=pattern)  # type: ignore[attr-defined]


def _check_additional(validator: Validator, inner: Any, value: Any, schema: Any) -> Errors:
    if not isinstance(value, Mapping):
        return
    known = schema.get("properties", {})
    patterns = schema.get("patternProperties", {})
    for name, child in value.items():
        if name in known or any(matches(pattern, name) for pattern in patterns):
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
            key = json_key(item)
            if key in seen:
                yield ValidationError("stands there twice", path=(index,))
                return
            seen.add(key)


def json_key(value: Any) -> Any:
    """Give something hashable, equal exactly where JSON values are (1 and 1.0 are equal, 1 and true not)."""
    if isinstance(value, bool) or value is None:
        return (repr(value),)
    if isinstance(value, Mapping):
        return frozenset((name, json_key(child)) for name, child in value.items())
    if isinstance(value, list):
        return ("list", *map(json_key, value))
    return value


_Extended: Final[Any] = extend(  # type: ignore[no-untyped-call]
    Draft202012Validator,
    validators={
        "$ref": _check_reference,
        "pattern": _check_pattern,
        "patternProperties": _check_pattern_properties,
        "additionalProperties": _check_additional,
        "required": _check_required,
        "dependentRequired": _check_dependent_required,
        "multipleOf": _check_multiple,
        "uniqueItems": _check_unique,
    },
    type_checker=Draft202012Validator.TYPE_CHECKER.redefine_many(
        {"number": is_number, "integer": is_integer}
    ),
)

_FORMATS: Final = format_checker()


DOCUMENT: Final = "urn:amity:document"
"""URI of the second document that a schema may refer to."""


def make_validator(schema: Mapping[str, Any], document: Mapping[str, Any] | None = None) -> Validator:
    """Make a validator of `schema`; nothing is ever fetched.

    Its `$ref`s reach the schema itself and, as `DOCUMENT#/...`, the parts of `document`.
    """
    registry: Registry[Any] = Registry()
    if document is not None:
        content = {key: value for key, value in document.items() if key not in ("$id", "$schema")}
        registry = registry.with_resource(DOCUMENT, DRAFT202012.create_resource(content))
    found: Validator = _Extended(schema, registry=registry, format_checker=_FORMATS)
    return found
