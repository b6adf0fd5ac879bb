"""Read what a REST request says: body, versions, query parameters; a misspelt name is an error."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from flask import request

from amity import jsontext
from amity.errors import Invalid, Malformed, PreconditionRequired, Problem

_ETAG: Final = re.compile(r'(?:W/)?"(\d{1,9})"')
_TRUE: Final = frozenset({"true", "1", "yes"})
_FALSE: Final = frozenset({"false", "0", "no", ""})


def body_object() -> dict[str, Any]:
    """Give the JSON object of the body. Raises `Malformed` or `Invalid`."""
    raw = request.get_data(cache=False)
    if not raw:
        raise Malformed("The body is empty; send a JSON object.")
    value = jsontext.loads(raw)
    if not isinstance(value, dict):
        raise Invalid.at("", "type", f"The body must be a JSON object, not {_json_type(value)}.")
    return value


def _json_type(value: Any) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "a boolean"
        case str():
            return "a string"
        case list():
            return "an array"
        case _:
            return "a number"


def seen_version(*, required: bool = True) -> int | None:
    """Give the version that `If-Match` names; None stands for `*` (whatever there is).

    Raises `PreconditionRequired` where the header is missing and `required`.
    """
    text = request.headers.get("If-Match")
    if text is None:
        if not required:
            return None
        raise PreconditionRequired(
            "Say which version you saw: send its ETag in If-Match.", hint='For version 3: If-Match: "3"'
        )
    if text.strip() == "*":
        return None
    match = _ETAG.fullmatch(text.strip())
    if match is None:
        raise Malformed(f'If-Match must be one ETag such as "3" (with the quotation marks), not {text!r}.')
    return int(match[1])


def parameters(allowed: Sequence[str]) -> Mapping[str, str]:
    """Give the query parameters; each at most once, each of `allowed`."""
    problems = []
    for name in request.args:
        if name not in allowed:
            near = difflib.get_close_matches(name, allowed, 1)
            hint = f" Did you mean {near[0]!r}?" if near else f" Allowed: {', '.join(allowed)}."
            problems.append(
                Problem("unknown", f"There is no query parameter {name!r}.{hint}", parameter=name)
            )
        elif len(request.args.getlist(name)) > 1:
            problems.append(Problem("repeated", f"{name!r} may be given once.", parameter=name))
    if problems:
        raise Invalid("The query cannot be read.", problems=problems)
    return {name: request.args[name] for name in request.args}


def flag(given: Mapping[str, str], name: str) -> bool:
    """Read a boolean parameter; false where it is missing."""
    text = given.get(name, "").lower()
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    raise Invalid.parameter(name, "type", f"{name!r} is true or false, not {given[name]!r}.")


def number(given: Mapping[str, str], name: str, *, default: int, maximum: int) -> int:
    """Read a whole number from 1 to `maximum`."""
    text = given.get(name)
    if text is None:
        return default
    if not re.fullmatch(r"[0-9]{1,9}", text) or not 1 <= int(text) <= maximum:
        raise Invalid.parameter(name, "range", f"{name!r} is a whole number from 1 to {maximum}.")
    return int(text)


def names(given: Mapping[str, str], name: str) -> tuple[str, ...] | None:
    """Read a list of names separated by commas; None where it is missing."""
    text = given.get(name)
    if text is None:
        return None
    found = tuple(part.strip() for part in text.split(",") if part.strip())
    if not found:
        raise Invalid.parameter(name, "empty", f"{name!r} names at least one field.")
    return found
