"""Formatted text: HTML that is sanitised on the way in, so that showing it is safe."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

import nh3

from amity.entities.kinds.base import Locale
from amity.entities.kinds.long_text import LongTextKind
from amity.entities.kinds.text import checked_text, shortened
from amity.entities.model import Field

TAGS: Final = {
    "a", "b", "blockquote", "br", "code", "del", "em", "h2", "h3", "h4", "hr", "i", "ins", "li", "ol", "p",
    "pre", "s", "strong", "sub", "sup", "table", "tbody", "td", "th", "thead", "tr", "u", "ul",
}  # fmt: skip
_ATTRIBUTES: Final = {
    "a": {"href", "title"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan", "scope"},
}
_SCHEMES: Final = {"http", "https", "mailto", "tel"}
_BREAK: Final = re.compile(r"<(?:br|hr|/p|/li|/h\d|/tr|/pre|/blockquote)\b[^>]*>", re.IGNORECASE)
_PASSES: Final = 4


def sanitised(text: str) -> str:
    """Give HTML without anything that runs, styles or loads: only `TAGS`, links with safe schemes."""
    for _ in range(_PASSES):  # until cleaning changes nothing: what was nested may have come to light
        cleaned: str = nh3.clean(
            text, tags=TAGS, attributes=_ATTRIBUTES, url_schemes=_SCHEMES, link_rel="noopener noreferrer"
        )
        if cleaned == text:
            return cleaned
        text = cleaned
    return nh3.clean_text(text)


def words(text: str) -> str:
    """Give the text of sanitised HTML without its tags."""
    bare: str = nh3.clean(_BREAK.sub(" ", text), tags=set())
    return html.unescape(bare).replace("\x00", "")


class RichTextKind(LongTextKind):
    """A text with headings, lists, links and emphasis, as HTML. Anything else in it is taken out."""

    name = "rich_text"
    title = "Formatted text"
    icon = "text-size"

    def infer(self, schema: Mapping[str, Any]) -> int:
        html_text = schema.get("contentMediaType") == "text/html"
        return 30 if schema.get("type") == "string" and html_text else 0

    def parse(self, field: Field, value: Any) -> str:
        return sanitised(checked_text(value))

    def safe(self, value: str) -> str:
        """The HTML to write into a page as it is: sanitised once more, whoever wrote it into the database."""
        return sanitised(value)

    def format(self, field: Field, value: str, locale: Locale) -> str:
        return shortened(words(value)) or "…"

    def search_text(self, field: Field, value: str) -> str:
        return words(value)

    def samples(self, field: Field) -> Sequence[Any]:
        link = '<a href="https://example.com/?a=1&amp;b=2" rel="noopener noreferrer">link</a>'
        return ("<p>Plain</p>", f"<h2>News</h2><ul><li>one</li><li><b>two</b> {link}</li></ul>", "a &lt; b")
