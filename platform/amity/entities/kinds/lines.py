"""Lists of texts in one CSV cell: separated by `; `, or a JSON list where a text would not survive that."""

from __future__ import annotations

from collections.abc import Sequence

from amity import jsontext
from amity.entities.kinds.base import ValueProblem
from amity.errors import Malformed


def join_texts(texts: Sequence[str]) -> str:
    """Write a list of texts."""
    simple = all(text and text == text.strip() and ";" not in text for text in texts)
    if texts and simple and not texts[0].startswith("["):
        return "; ".join(texts)
    return jsontext.dumps(list(texts))


def split_texts(text: str) -> list[str]:
    """Read what `join_texts` wrote. Raises `ValueProblem`."""
    if text.lstrip().startswith("["):
        value = read_json(text)
        if isinstance(value, list) and all(isinstance(item, str) for item in value):
            return value
        raise ValueProblem("type", "This must be a list of texts.")
    return [part.strip() for part in text.split(";") if part.strip()]


def read_json(text: str) -> object:
    """Read JSON from a CSV cell or a form. Raises `ValueProblem`."""
    try:
        return jsontext.loads(text)
    except Malformed as error:
        raise ValueProblem("json", error.message) from None
    except UnicodeError:
        raise ValueProblem("json", "This is not JSON: it holds half a character.") from None
