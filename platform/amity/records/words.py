"""How text becomes words of the search index: the same on both databases, because it happens here.

A word is a run of letters and digits, folded (see `expressions.fold`). Chinese and Japanese characters,
which no space separates, are a word each. An index text holds every word plain and once more with the
mark of its field, so that a search for somebody who may not read a field can leave that field's words out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from hashlib import blake2b
from itertools import islice
from typing import Final

from amity.expressions import fold

MAX_WORD: Final = 60
MAX_WORDS: Final = 2000
"""Words of one record that are indexed; the rest of a very long text cannot be searched."""
MAX_QUERY_WORDS: Final = 12
MARK: Final = "·"

_ALONE: Final = r"\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_WORD: Final = re.compile(rf"[{_ALONE}]|[^\W_{_ALONE}]+")


def words(text: str, limit: int = MAX_WORDS) -> list[str]:
    """Give the folded words of a text in their order."""
    folded = fold(text)
    if len(folded) <= limit:
        return [word[:MAX_WORD] for word in _WORD.findall(folded)]
    return [match.group()[:MAX_WORD] for match in islice(_WORD.finditer(folded), limit)]


@lru_cache(maxsize=4096)
def mark(field_id: str) -> str:
    """The mark of a field's words; no plain word begins like it."""
    return f"{MARK}{blake2b(field_id.encode(), digest_size=4).hexdigest()}{MARK}"


def index_text(texts: Iterable[tuple[str, str]]) -> str:
    """Make the index text of a record out of (field id, text): plain words, then marked ones."""
    plain: dict[str, None] = {}
    marked: dict[str, None] = {}
    for field_id, text in texts:
        prefix = mark(field_id)
        found = words(text, MAX_WORDS - len(marked))
        plain.update(dict.fromkeys(found))
        marked.update(dict.fromkeys([prefix + word for word in found]))
        if len(marked) >= MAX_WORDS:
            break
    return " ".join([*plain, *marked])
