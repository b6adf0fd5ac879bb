"""Web addresses that are safe to follow."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from amity.entities.kinds.base import Locale, ValueProblem
from amity.entities.kinds.text import TextKind, checked_text
from amity.entities.model import Field

SCHEMES: Final = ("http", "https", "mailto", "tel", "sms", "ftp", "ftps", "sftp", "geo", "webcal", "xmpp")
_LONGEST: Final = 2_000
_SCHEME: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):", re.ASCII)
_FORBIDDEN: Final = re.compile(r"[\x00-\x20\x7f-\xa0\u2028\u2029\ufeff<>\"\\^`{|}]")


def checked_url(value: Any) -> str:
    """Give `value` back if it is a URL with an allowed scheme. Raises `ValueProblem`."""
    text = checked_text(value)
    scheme = _SCHEME.match(text)
    if scheme is None:
        raise ValueProblem("format", "This must be a web address that begins with https:// (or mailto: …).")
    if scheme[1].lower() not in SCHEMES:
        raise ValueProblem(
            "scheme", f"Links with {scheme[1][:30]}: are not allowed; allowed are {', '.join(SCHEMES)}."
        )
    if len(text) > _LONGEST:
        raise ValueProblem("length", f"A web address has at most {_LONGEST:,} characters.")
    if _FORBIDDEN.search(text):
        raise ValueProblem("format", "A web address has no blanks, quotes or brackets; write them as %20.")
    rest = text[scheme.end() :]
    if scheme[1].lower() in ("http", "https", "ftp", "ftps", "sftp") and not _has_host(rest):
        raise ValueProblem("format", f"After {scheme[1]}: come two slashes and a host: https://example.com.")
    if not rest:
        raise ValueProblem("format", f"After {scheme[1]}: comes an address.")
    return text


def _has_host(rest: str) -> bool:
    if not rest.startswith("//"):
        return False
    authority = re.split(r"[/?#]", rest[2:], maxsplit=1)[0]
    return bool(authority.rpartition("@")[2].partition(":")[0])


class UrlKind(TextKind):
    """A web address, stored as it was typed. Links that run something (javascript:) are refused."""

    name = "url"
    title = "Web address"
    icon = "world"
    group = "Contact"

    def infer(self, schema: Mapping[str, Any]) -> int:
        return 30 if schema.get("type") == "string" and schema.get("format") in ("uri", "iri") else 0

    def new_schema(self) -> Mapping[str, Any]:
        return {"type": "string", "format": "uri", "x-amity": {"kind": self.name}}

    def parse(self, field: Field, value: Any) -> str:
        return checked_url(value)

    def is_safe(self, value: Any) -> bool:
        """Tell whether a page may link to it."""
        try:
            checked_url(value)
        except ValueProblem:
            return False
        return True

    def from_text(self, field: Field, text: str) -> str:
        return checked_url(text.strip())

    def format(self, field: Field, value: str, locale: Locale) -> str:
        short = re.sub(r"^(?:https?://(?:www\.)?|mailto:|tel:)", "", value, flags=re.IGNORECASE)
        return short.rstrip("/") or value

    def samples(self, field: Field) -> Sequence[Any]:
        return ("https://example.com/?q=1#part", "https://www.example.org", "mailto:jo@example.net")
