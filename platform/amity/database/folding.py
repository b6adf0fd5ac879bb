"""The one folding of text: without differences of case and accents.

Sorting, "contains", search and the expression function `fold()` all use it, so that they agree on both
databases: it is computed in Python and stored beside the text.
"""

from __future__ import annotations

import unicodedata
from typing import Final

KEY_LENGTH: Final = 200
"""Characters of folded text in an indexed shadow key (PostgreSQL indexes at most 2,704 bytes)."""


def fold(text: str) -> str:
    """Give `text` case folded, compatibility characters decomposed, accents (category Mn) stripped.

    Folding twice changes nothing: `fold("Zoë") == fold("ZOE") == "zoe"`.
    """
    if text.isascii():
        return text.lower()
    while True:
        folded = _strip(_strip(text).casefold())
        if folded == text:
            return folded
        text = folded


def fold_key(text: str) -> str:
    """Give the shadow key of a text: the folded form of its beginning, cut at `KEY_LENGTH` characters."""
    return fold(text[: KEY_LENGTH * 5])[:KEY_LENGTH]


def _strip(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text)
    if decomposed.isascii():
        return decomposed
    category = unicodedata.category
    return "".join([char for char in decomposed if char < "\x80" or category(char) != "Mn"])
