"""A record on its way through the gate: what it was, what it shall be, what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from amity.entities.model import Entity, Field
from amity.errors import AmityError, Invalid, Problem
from amity.records.codec import EntityCodec


@dataclass(slots=True)
class Draft:
    """One row of a batch. Values are typed, by field name; a field without a value is None."""

    index: int
    """Position in the batch, for messages."""
    entity: Entity
    codec: EntityCodec
    id: str
    version: int
    """The version that the write makes: 1 for a new record."""
    old: dict[str, Any] | None
    """What is stored now, system fields included; None for a new record."""
    values: dict[str, Any]
    """What the record's own fields shall be, all of them."""
    changed: set[str]
    """Names of the fields that differ from `old`."""
    given: frozenset[str] = frozenset()
    """Names of the fields that the caller gave."""
    pointer: str = ""
    """Where in the body the row stands; prefix of its problems' pointers."""
    dead: dict[str, Any] = field(default_factory=dict)
    """Links to deleted records that storage holds where `old` says null, by name."""
    extra: dict[str, Any] | None = None
    """Unknown properties that the entity keeps."""
    system: dict[str, Any] = field(default_factory=dict)
    """System fields as they will be after the write."""
    problems: list[Problem] = field(default_factory=list)
    error: AmityError | None = None
    """Why the row as a whole cannot be written: stale, forbidden, not found."""

    @property
    def failed(self) -> bool:
        """Whether the row will not be written."""
        return self.error is not None or bool(self.problems)

    @property
    def is_new(self) -> bool:
        """Whether the record is being created."""
        return self.old is None

    def set(self, name: str, value: Any) -> None:
        """Give a field another typed value (for rules and formulas)."""
        self.values[name] = value
        before = None if self.old is None else self.old.get(name)
        if value == before:
            self.changed.discard(name)
        else:
            self.changed.add(name)

    def refuse(self, code: str, message: str, name: str | None = None) -> None:
        """Note what is wrong; the row will not be written."""
        place = self.pointer if name is None else f"{self.pointer}/{escape(name)}"
        self.problems.append(Problem(code, message, pointer=place, index=self.index))

    def add_problems(self, problems: Iterable[Problem]) -> None:
        """Note problems whose pointers are relative to the record."""
        self.problems.extend(
            Problem(item.code, item.message, pointer=self.pointer + (item.pointer or ""), index=self.index)
            for item in problems
        )

    def changed_fields(self) -> list[Field]:
        """The changed fields in the order of the definition."""
        return [item for item in self.entity.fields if item.name in self.changed]


class RowsRefused(Exception):
    """Some rows of a batch cannot be written; each bad draft says why. Nothing was written."""

    def __init__(self, drafts: Sequence[Draft]) -> None:
        super().__init__(f"{len(drafts)} rows refused")
        self.drafts = drafts

    def as_error(self) -> AmityError:
        """Give the one error that a caller of a single write gets."""
        for draft in self.drafts:
            if draft.error is not None:
                return draft.error
        return invalid([problem for draft in self.drafts for problem in draft.problems])


def invalid(problems: Sequence[Problem]) -> Invalid:
    """Make the error out of the problems of a batch; a single row's problems lose their index."""
    if len({problem.index for problem in problems}) == 1 and problems[0].index == 0:
        problems = [replace(problem, index=None) for problem in problems]
    first = problems[0].message
    message = first if len(problems) == 1 else f"{first} (and {len(problems) - 1} more)"
    return Invalid(message, problems=problems)


def escape(name: str) -> str:
    """Write a name as a segment of a JSON pointer (RFC 6901)."""
    return name.replace("~", "~0").replace("/", "~1")
