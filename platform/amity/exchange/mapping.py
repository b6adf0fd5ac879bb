"""Which column of a file fills which field of an entity."""

from __future__ import annotations

import difflib
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from amity.entities.model import Entity, Field, Model
from amity.errors import Invalid, Problem

_NOT_A_LETTER: Final = re.compile(r"[\W_]+")
ID: Final = "id"


@dataclass(frozen=True, slots=True)
class Target:
    """Where the cells of one column go.

    `parts` names members inside a nested field (`address.city` -> ("city",)). `lookup` is the field of the
    linked entity by which a relation is found (`manager.number`); None takes the id itself.
    """

    column: int
    title: str
    field: Field | None
    """None for the record's own id."""
    parts: tuple[str, ...] = ()
    lookup: Field | None = None
    lookup_entity: str | None = None

    @property
    def path(self) -> str:
        """What the target is called in a mapping."""
        if self.field is None:
            return ID
        tail = (self.lookup.name,) if self.lookup else self.parts
        return ".".join((self.field.name, *tail))


def parse_pairs(pairs: Iterable[str]) -> dict[str, str]:
    """Read `A=b` pairs; several may stand in one text, separated by commas. `A=` leaves column A out."""
    mapping: dict[str, str] = {}
    for text in pairs:
        for pair in text.split(","):
            column, equals, path = pair.partition("=")
            if not equals or not column.strip():
                raise Invalid(
                    f"{pair!r} is not a mapping; write Column=field, for example --map CompanyName=name."
                )
            mapping[column.strip()] = path.strip()
    return mapping


def resolve(
    model: Model, entity: Entity, header: Sequence[str], given: Mapping[str, str]
) -> tuple[Target, ...]:
    """Find the target of each column: what is given, else the field of the same name or title.

    Raises `Invalid` with all problems: unknown columns, unknown fields, a field filled twice.
    """
    given = _right_way_round(entity, header, given)
    problems: list[Problem] = []
    targets: list[Target] = []
    for column in given:
        if column not in header:
            near = difflib.get_close_matches(column, header, 1)
            hint = f" Did you mean {near[0]!r}?" if near else f" It has: {', '.join(header)}."
            problems.append(Problem("unknown_column", f"The file has no column {column!r}.{hint}"))
    taken = set(given.values())
    names = _Names(entity)
    for index, column in enumerate(header):
        path = given.get(column)
        if path is None:
            path = _guess(names, column, taken)
        if not path:
            continue
        try:
            targets.append(_target(model, entity, index, column, path))
        except Invalid as error:
            problems.append(Problem("unknown_field", error.message))
    problems += _twice(targets)
    if problems:
        raise Invalid("The mapping of columns to fields cannot be used.", problems=problems)
    if not targets:
        raise Invalid(
            f"No column of the file matches a field of {entity.name}.",
            hint=f"Map them: --map Column=field. Fields: {', '.join(entity.by_name)}.",
        )
    return tuple(targets)


def _right_way_round(entity: Entity, header: Sequence[str], given: Mapping[str, str]) -> dict[str, str]:
    """Accept `field=Column`, too, where there is no doubt."""
    answer = {}
    for left, right in given.items():
        swapped = left not in header and right in header and left.split(".")[0] in entity.by_name
        answer[right if swapped else left] = left if swapped else right
    return answer


def _key(text: str) -> str:
    return _NOT_A_LETTER.sub("", text).casefold()


class _Names:
    """What columns may be called: the fields of an entity and the members of its nested ones, by key."""

    def __init__(self, entity: Entity) -> None:
        self.fields: dict[str, list[Field]] = defaultdict(list)
        self.members: dict[str, list[tuple[str, str]]] = defaultdict(list)
        """(field, member) by the member's key."""
        for field in entity.fields:
            if field.read_only:
                continue
            for key in {_key(field.name), _key(field.title)}:
                self.fields[key].append(field)
            for member in _members(field):
                self.members[_key(member)].append((field.name, member))


def _guess(names: _Names, column: str, taken: set[str]) -> str | None:
    """The field of that name or title; a plain column `City` fills the city of the entity's address."""
    key = _key(column)
    if not key:
        return None
    if key == ID and ID not in taken:
        return ID
    whole = {path.partition(".")[0] for path in taken}
    for field in names.fields.get(key, ()):
        members = _members(field)
        path = f"{field.name}.street" if "street" in members else field.name
        if path not in taken and (members or field.name not in whole):
            return None if members and "street" not in members else _take(path, taken)
    nested = [f"{name}.{member}" for name, member in names.members.get(key, ()) if name not in taken]
    return _take(nested[0], taken) if len(nested) == 1 and nested[0] not in taken else None


def _take(path: str, taken: set[str]) -> str:
    taken.add(path)
    return path


def _members(field: Field) -> Sequence[str]:
    """Names of the members of a nested field; empty for a plain one."""
    for schema in (field.schema, field.kind.value_schema(field)):
        if "properties" in schema and not field.kind.is_relation:
            return tuple(schema["properties"])
    return ()


def _target(model: Model, entity: Entity, index: int, column: str, path: str) -> Target:
    if path == ID:
        return Target(index, column, None)
    name, *rest = path.split(".")
    field = entity.by_name.get(name)
    if field is None:
        near = difflib.get_close_matches(name, entity.by_name, 1)
        hint = f" Did you mean {near[0]!r}?" if near else f" It has: {', '.join(entity.by_name)}."
        raise Invalid(f"{entity.name} has no field {name!r}.{hint}")
    if not rest:
        return Target(index, column, field)
    if not field.kind.is_relation:
        return Target(index, column, field, parts=tuple(rest))
    if len(rest) > 1 or len(field.targets) != 1:
        raise Invalid(f"{path!r} is not a field by which {name!r} can be found.")
    other = model.by_id[field.targets[0]]
    by = other.by_name.get(rest[0])
    if by is None:
        near = difflib.get_close_matches(rest[0], other.by_name, 1)
        hint = f" Did you mean {near[0]!r}?" if near else f" It has: {', '.join(other.by_name)}."
        raise Invalid(f"{other.name} has no field {rest[0]!r}.{hint}")
    return Target(index, column, field, lookup=by, lookup_entity=other.name)


def _twice(targets: Sequence[Target]) -> list[Problem]:
    seen: dict[str, str] = {}
    problems = []
    for target in targets:
        if target.path in seen:
            problems.append(
                Problem(
                    "filled_twice",
                    f"{target.path!r} would be filled twice: by {seen[target.path]!r} and {target.title!r}.",
                )
            )
        seen[target.path] = target.title
    return problems
