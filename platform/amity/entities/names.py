"""Names of entities, fields and choices: which are allowed, and what to write instead of one that is not."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Final

from amity import jsontext
from amity.entities.model import SYSTEM_FIELDS
from amity.errors import Problem
from amity.expressions import RESERVED_NAMES

ENTITY_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,62}", re.ASCII)
FIELD_NAME: Final = re.compile(r"(?!__)[A-Za-z_][A-Za-z0-9_]{0,99}", re.ASCII)
"""As in JSON, REST and expressions. Two leading underscores are left to the platform."""

ANY: Final = "any"
"""In a relation's `to`: records of every entity may be linked."""

_ENTITY_RULE: Final = (
    "a name has 1 to 63 characters: small letters a-z, digits and _, and begins with a letter"
)
_FIELD_RULE: Final = (
    "a field name has 1 to 100 characters: letters A-Z and a-z, digits and _, "
    "begins with a letter or one _; any text can be its title"
)

_SUGGESTED: Final[Mapping[str, str]] = {
    "id": "number",
    "version": "edition",
    "created_at": "opened_at",
    "created_by": "author",
    "updated_at": "changed_at",
    "updated_by": "editor",
    "owner": "responsible",
    "deleted_at": "ended_at",
}
"""What a field that would hide a system field can be called."""

EXPRESSION_WORDS: Final = RESERVED_NAMES
"""Words that mean something in expressions; a field of that name could not be reached there."""

_LETTERS: Final[Mapping[str, str]] = {
    "ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i",
}  # fmt: skip


def pointer(*parts: str | int) -> str:
    """Write an RFC 6901 JSON pointer."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Give the known name that `name` probably meant, None where nothing is close."""
    folded: dict[str, str] = {}
    for candidate in known:
        folded.setdefault(candidate.casefold(), candidate)
    wanted = name.casefold()[:100]
    if wanted in folded:
        return folded[wanted]
    close = difflib.get_close_matches(wanted, folded, n=1, cutoff=0.6)
    return folded[close[0]] if close else None


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Give a sentence with the nearest known name, with a blank before it, or nothing."""
    found = nearest(name, known)
    return f" Did you mean {found!r}?" if found is not None else ""


def shown(value: object, limit: int = 60) -> str:
    """Give a value as messages show it: quoted, in one line, cut at `limit` characters."""
    text = repr(value) if isinstance(value, str) else _as_json(value)
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _as_json(value: object) -> str:
    try:
        return jsontext.dumps(value)
    except (TypeError, ValueError, RecursionError):  # a value that JSON does not have, e.g. NaN of Python
        return repr(value)


def listed(values: Iterable[object], limit: int = 12) -> str:
    """Give values as messages list them, the first `limit` of them."""
    everything = list(values)
    text = ", ".join(shown(value) for value in everything[:limit])
    return text if len(everything) <= limit else f"{text} and {len(everything) - limit} more"


def humanised(name: str) -> str:
    """Make a title from a name: `firstName` and `first_name` become "First name"."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name).replace("_", " ").split()
    if not words:
        return name
    lowered = [word if word.isupper() and len(word) > 1 else word.lower() for word in words]
    lowered[0] = lowered[0][:1].upper() + lowered[0][1:]
    return " ".join(lowered)


def suggested(text: str, *, entity: bool = False) -> str | None:
    """Make an allowed name that resembles `text`; None where nothing of it is left."""
    spelled = "".join(_LETTERS.get(char.lower(), char) for char in text[:200])
    plain = unicodedata.normalize("NFKD", spelled).encode("ascii", "ignore").decode()
    name = re.sub(r"[^A-Za-z0-9]+", "_", plain).strip("_")
    if entity:
        name = name.lower()
    if not name:
        return None
    if name[0].isdigit():
        name = f"n_{name}"
    return name[: 63 if entity else 100].rstrip("_")


def entity_name_problem(name: object, at: str) -> Problem | None:
    """Say what is wrong with the name of an entity."""
    if name == ANY:
        return Problem("reserved", f"{name!r} stands for every entity in relations; take another name.", at)
    if isinstance(name, str) and ENTITY_NAME.fullmatch(name):
        return None
    hint = suggested(name, entity=True) if isinstance(name, str) else None
    better = f" Try {hint!r}." if hint else ""
    return Problem("name", f"{shown(name)} cannot be the name of an entity: {_ENTITY_RULE}.{better}", at)


def field_name_problem(name: str, at: str) -> Problem | None:
    """Say what is wrong with the name of a property that is to be a field."""
    if name in SYSTEM_FIELDS or name == "deleted_at":
        return Problem(
            "reserved",
            f"{name!r} is a system field that every record has; call this one e.g. {_SUGGESTED[name]!r} "
            f"(the title stays free).",
            at,
        )
    if name in EXPRESSION_WORDS:
        return Problem(
            "reserved",
            f"{name!r} is a word of the expression language, a field of that name could not be used in "
            f"filters and rules; call it e.g. {name + '_value'!r} (the title stays free).",
            at,
        )
    if FIELD_NAME.fullmatch(name):
        return None
    hint = suggested(name)
    better = f" Try {hint!r} with the title {shown(name)}." if hint else ""
    return Problem("name", f"{shown(name)} cannot be the name of a field: {_FIELD_RULE}.{better}", at)


def folding_problems(names: Iterable[str], at: str) -> list[Problem]:
    """Name the fields whose names differ from an earlier one in capitals only."""
    seen: dict[str, str] = {}
    found = []
    for name in names:
        folded = name.casefold()
        if folded in seen:
            found.append(
                Problem(
                    "duplicate",
                    f"{name!r} and {seen[folded]!r} differ in capital letters only; rename one of them.",
                    at + pointer(name),
                )
            )
        seen.setdefault(folded, name)
    return found
