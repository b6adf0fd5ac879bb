"""What an expression may name: fields, bound names and functions, as the checker asks for them."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from amity.expressions.types import DATE, DATETIME, Type

Origin = tuple[str | None, str]
"""Where a name comes from: (entity, field id); the entity is None for names that are no field."""

RESERVED_NAMES: Final = frozenset(
    {"now", "today", "me", "old", "new", "record", "true", "false", "null", "in"}
)
"""Names that mean something in expressions of some place; a field should not be called so."""


@dataclass(frozen=True, slots=True)
class Name:
    """One name of a scope."""

    type: Type
    origin: Origin | None = None
    nullable: bool = True
    """False only where the value is never null: comparisons in SQL then stay plain."""
    filterable: bool = True
    why_not: str = ""
    """If not filterable: the reason, a sentence without its subject ("is computed when it is shown")."""
    bound: bool = False
    """A value that is known before the query runs (`now`, `today`, `me`), not a column."""
    folded: bool = False
    """Has an indexed shadow key, so that `fold(name)` can be used in a query."""


NOW: Final = Name(DATETIME, nullable=False, bound=True)
TODAY: Final = Name(DATE, nullable=False, bound=True)
CLOCK: Final[Mapping[str, Name]] = {"now": NOW, "today": TODAY}
"""What `now()` and `today()` read from the environment."""


@dataclass(frozen=True, slots=True)
class Signature:
    """One way to call a function; `variadic` repeats the last parameter.

    `python` and `sql`, where given, replace the function's own for this way of calling it.
    """

    parameters: tuple[Type, ...]
    result: Type
    variadic: bool = False
    python: Callable[..., Any] | None = None
    sql: Callable[..., Any] | None = None


@dataclass(frozen=True, slots=True)
class Function:
    """A function of the language; extensions register theirs with the same class.

    `python` gets the values and gives the result, both never null unless `takes_null`: a null argument
    gives null without a call. It must not raise for any value of its types; give None where there is no
    result. `sql` gets the dialect ("sqlite" or "postgresql") and one SQLAlchemy element per argument and
    gives an element with the very same result (null for a null argument), or None for "not filterable".
    On SQLite a decimal arrives and leaves as text with six decimals ("12.300000").
    """

    name: str
    signatures: tuple[Signature, ...]
    python: Callable[..., Any]
    doc: str
    """One line for people: what it gives, with an example."""
    sql: Callable[..., Any] | None = None
    takes_null: bool = False
    method: bool = True
    """May also be called as `first.name(rest)`."""
    validate: Callable[..., str | None] | None = None
    """Gets the arguments that are written out (None for all others) and says what is wrong with them."""


class Scope(Protocol):
    """What the checker asks about names; made per entity and place by the layers above."""

    @property
    def functions(self) -> Mapping[str, Function]:
        """All functions by name."""

    def lookup(self, name: str) -> Name | None:
        """Find a name on its own."""

    def member(self, type_: Type, name: str) -> Name | None:
        """Find a field of a record type (or a member of nested data whose type is known)."""

    def names(self) -> Iterable[str]:
        """Give all names, for hints."""

    def member_names(self, type_: Type) -> Iterable[str]:
        """Give all fields of a record type, for hints."""


@dataclass(frozen=True)
class SimpleScope:
    """A scope out of dictionaries: names, and fields per entity name."""

    functions: Mapping[str, Function]
    fields: Mapping[str, Name] = field(default_factory=dict)
    entities: Mapping[str, Mapping[str, Name]] = field(default_factory=dict)

    def lookup(self, name: str) -> Name | None:
        return self.fields.get(name)

    def member(self, type_: Type, name: str) -> Name | None:
        return self.entities.get(getattr(type_, "entity", ""), {}).get(name)

    def names(self) -> Iterable[str]:
        return self.fields

    def member_names(self, type_: Type) -> Iterable[str]:
        return self.entities.get(getattr(type_, "entity", ""), {})


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Give the known name that `name` probably meant, None when nothing is close."""
    candidates = sorted(set(known))
    folded = {candidate.casefold(): candidate for candidate in candidates}
    if name.casefold() in folded:
        return folded[name.casefold()]
    close = difflib.get_close_matches(name.casefold()[:100], folded, n=1, cutoff=0.6)
    return folded[close[0]] if close else None
