"""Checking records against their entity: one compiled validator per entity version."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import Any, Final

from jsonschema.protocols import Validator

from amity.entities.accepting import compile_acceptor
from amity.entities.keywords import TooLarge, bounded, make_validator
from amity.entities.limits import MAX_DEPTH, MAX_EXPONENT, MAX_PROBLEMS, holdable, readable
from amity.entities.model import SYSTEM_FIELDS, Entity
from amity.entities.names import did_you_mean, listed, pointer, shown
from amity.entities.wording import problems_of
from amity.errors import Problem

RecordCheck = Callable[[Mapping[str, Any]], list[Problem]]

_PLAIN: Final = frozenset(
    {"type", "format", "pattern", "enum", "minLength", "maxLength", "minimum", "maximum"}
)
"""Keywords whose meaning does not depend on others beside them."""

_NOT_OF_RECORDS: Final = frozenset(
    {"$schema", "$id", "$comment", "title", "description", "x-amity", "examples"}
)


def compile_validator(entity: Entity) -> RecordCheck:
    """Make the check of a whole record: JSON values by field name -> problems, at most 100.

    Null and absent are the same. Unknown names give `unknown`, system fields `read_only`. A field that is
    `readOnly` may have a value here, because rules and defaults set it: what a caller may send is for
    `body_problems` to say. The check may be used by several threads at once.
    """
    schema = record_schema(entity)
    validator = make_validator(schema)
    accepts = compile_acceptor(schema, schema)
    known = frozenset(entity.by_name)
    additional = entity.additional

    def check(values: Mapping[str, Any]) -> list[Problem]:
        present = {name: value for name, value in values.items() if value is not None}
        problems: list[Problem] = []
        if not present.keys() <= known:
            for name in present:
                if name not in known and (not additional or name in SYSTEM_FIELDS):
                    problems.append(_foreign(entity, name))
        for problem in problems:
            present.pop(_name_of(problem), None)
        unreadable = [] if _can_be_kept(present) else list(islice(_unreadable(present, ""), MAX_PROBLEMS))
        if not unreadable and (accepts is None or not accepts(present)):
            # Only what can be kept comes here: jsonschema would follow nesting without end.
            unreadable = _schema_problems(validator, present)
        return (problems + unreadable)[:MAX_PROBLEMS]

    return check


def _schema_problems(validator: Validator, values: Mapping[str, Any]) -> list[Problem]:
    try:
        with bounded():
            return problems_of(validator.iter_errors(values))
    except TooLarge:
        return [Problem("too_large", "This is too large or nested too deeply to be checked.", "")]


def body_problems(entity: Entity, body: Mapping[str, Any]) -> list[Problem]:
    """Say which members of a caller's body are not theirs to send: unknown, system and `readOnly` fields."""
    problems = []
    for name in body:
        field = entity.by_name.get(name)
        if field is None:
            if name in SYSTEM_FIELDS or not entity.additional:
                problems.append(_foreign(entity, name))
        elif field.read_only:
            problems.append(
                Problem("read_only", f"{name!r} is set by the system and cannot be sent.", pointer(name))
            )
    return problems[:MAX_PROBLEMS]


def record_schema(entity: Entity) -> dict[str, Any]:
    """Give the JSON Schema of the entity's records, as sent: the document with what the kinds add."""
    schema = {key: value for key, value in entity.document.items() if key not in _NOT_OF_RECORDS}
    properties = dict(schema.get("properties", {}))
    for field in entity.fields:
        own = properties.get(field.name, {})
        # What a formula gives has been made to fit its kind: nobody could mend it in the form.
        properties[field.name] = {} if field.computed else _joined(own, field.kind.value_schema(field))
    schema["type"] = "object"
    schema["properties"] = properties
    schema["required"] = [field.name for field in entity.fields if field.required]
    if schema.get("additionalProperties") is False:
        del schema["additionalProperties"]  # said with a better message by the check itself
    return schema


def _joined(own: Any, added: Mapping[str, Any]) -> Any:
    """Give a schema that asks for both; what is the same, or stands beside each other, costs nothing."""
    if not isinstance(own, Mapping):
        return {"allOf": [own, dict(added)]} if added else own
    more = {key: value for key, value in added.items() if own.get(key) != value}
    if not more:
        return own
    if more.keys() & own.keys() or not more.keys() <= _PLAIN:
        return {"allOf": [own, more]}
    return {**own, **more}


def _foreign(entity: Entity, name: str) -> Problem:
    if name in SYSTEM_FIELDS or name == "deleted_at":
        return Problem("read_only", f"{name!r} is kept by the system and cannot be sent.", pointer(name))
    names = list(entity.by_name)
    hint = did_you_mean(name, names) or f" Its fields are {listed(names)}."
    return Problem("unknown", f"{entity.title} has no field {shown(name)}.{hint}", pointer(name))


def _name_of(problem: Problem) -> str:
    return (problem.pointer or "/")[1:].replace("~1", "/").replace("~0", "~")


def _can_be_kept(value: Any, depth: int = 0) -> bool:
    """Tell whether `_unreadable` finds nothing, in a fraction of its time."""
    if isinstance(value, str):
        return (value.isascii() and "\0" not in value) or readable(value)
    if isinstance(value, Mapping):
        if depth > MAX_DEPTH:
            return False
        for name, child in value.items():  # noqa: SIM110  (a generator would cost more than the checks)
            if not (_can_be_kept(child, depth + 1) and readable(name)):
                return False
        return True
    if isinstance(value, list):
        return depth <= MAX_DEPTH and all(_can_be_kept(child, depth + 1) for child in value)
    return holdable(value)


def _unreadable(value: Any, at: str, depth: int = 0) -> Iterator[Problem]:
    """Find texts that no database can keep, and nesting without end."""
    if isinstance(value, str):
        if not readable(value):
            yield Problem("characters", "The text holds U+0000 or half of a surrogate pair; take it out.", at)
    elif depth > MAX_DEPTH:
        yield Problem("too_deep", f"This is nested too deeply: at most {MAX_DEPTH} levels.", at)
    elif isinstance(value, Mapping):
        for name, child in value.items():
            if not readable(name):
                yield Problem("characters", "A name holds U+0000 or half of a surrogate pair.", at)
            yield from _unreadable(child, f"{at}{pointer(name)}", depth + 1)
    elif not holdable(value):
        yield Problem("number", f"A number lies within ±10^{MAX_EXPONENT:,}.", at)
    elif isinstance(value, list):
        for index, child in enumerate(value):
            yield from _unreadable(child, f"{at}/{index}", depth + 1)
