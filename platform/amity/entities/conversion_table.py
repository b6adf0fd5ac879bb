"""Which kind of field can turn into which: one answer for every pair of kinds, and why.

`safe`: every value has a form in the new kind, and comes back as it was (kinds of line ends aside).
`converts`: values are tried one by one; those that do not fit are parked. `refused`: there is no sensible
way; the reason says what to do.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Verdict(StrEnum):
    """What the table says of a pair."""

    SAFE = "safe"
    CONVERTS = "converts"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of the table."""

    verdict: Verdict
    reason: str = ""
    """Why it is refused."""


SAFE: Final = Cell(Verdict.SAFE)
CONVERTS: Final = Cell(Verdict.CONVERTS)

PLAIN: Final = frozenset({"text", "long_text"})
MARKED: Final = frozenset({"rich_text"})
CONTACT: Final = frozenset({"email", "phone", "url"})
NUMBERS: Final = frozenset({"integer", "decimal", "money", "percent", "rating"})
WHOLE: Final = frozenset({"integer", "rating"})
TIMES: Final = frozenset({"date", "datetime", "time"})
CHOICES: Final = frozenset({"choice", "choices"})
FILES: Final = frozenset({"file", "image"})
RELATIONS: Final = frozenset({"relation", "relations", "any_relation"})
NESTED: Final = frozenset({"object", "list", "json", "address", "location", "emails", "phones", "addresses"})
CORE: Final = (
    PLAIN | MARKED | CONTACT | NUMBERS | TIMES | CHOICES | FILES | RELATIONS | NESTED
    | frozenset({"boolean", "duration"})
)  # fmt: skip

_EXACT: Final = frozenset({
    ("integer", "decimal"), ("integer", "money"), ("integer", "percent"), ("rating", "integer"),
    ("rating", "decimal"), ("rating", "money"), ("rating", "percent"),
    ("boolean", "integer"), ("boolean", "decimal"),
    ("choice", "choices"), ("image", "file"),
    ("relation", "relations"), ("relation", "any_relation"), ("object", "json"), ("list", "json"),
    ("email", "emails"), ("phone", "phones"), ("address", "addresses"),
})  # fmt: skip
_TRIED: Final = frozenset({
    ("integer", "boolean"), ("decimal", "boolean"), ("rating", "boolean"),
    ("date", "datetime"), ("datetime", "date"), ("datetime", "time"),
    ("choices", "choice"), ("file", "image"),
    ("relations", "relation"), ("relations", "any_relation"),
    ("any_relation", "relation"), ("any_relation", "relations"),
    ("emails", "email"), ("phones", "phone"), ("addresses", "address"),
    ("json", "object"), ("json", "list"),
    ("address", "json"), ("location", "json"), ("emails", "json"), ("phones", "json"), ("addresses", "json"),
    ("address", "object"), ("location", "object"), ("object", "address"), ("object", "location"),
})  # fmt: skip


def cell(old: str, new: str) -> Cell:
    """Give the answer for a pair of kinds by name; kinds of extensions go through text."""
    if old == new or (old, new) in _EXACT:
        return SAFE
    if (old, new) in _TRIED:
        return CONVERTS
    for group, reason in _APART:
        if (old in group) != (new in group):
            return Cell(Verdict.REFUSED, reason)
        if old in group:
            return Cell(Verdict.REFUSED, "these two have nothing in common. Add a new field instead.")
    if new in PLAIN:
        return CONVERTS if old in MARKED or old not in CORE else SAFE
    if old in PLAIN:
        return SAFE if new in MARKED else CONVERTS
    if old not in CORE or new not in CORE:
        return CONVERTS
    return _between(old, new)


_APART: Final = (
    (
        RELATIONS,
        "a link to records and a value of its own cannot become each other. Add a new field instead.",
    ),
    (FILES, "a file and a value cannot become each other. Add a new field instead."),
)


def _between(old: str, new: str) -> Cell:
    """Pairs of the core's kinds of which neither is plain text."""
    if {old, new} <= NUMBERS or ((old in CHOICES) != (new in CHOICES) and not {old, new} & (NESTED | MARKED)):
        return CONVERTS
    if (old in CONTACT and new in MARKED) or (old in MARKED and new in CONTACT):
        return CONVERTS
    return Cell(
        Verdict.REFUSED,
        "there is no sensible way between these two. Turn the field into text first, look at the values, "
        "then into the other kind.",
    )
