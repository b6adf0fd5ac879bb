"""E-mail addresses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from amity.entities.formats import is_email
from amity.entities.kinds.base import ValueProblem
from amity.entities.kinds.text import TextKind, checked_text
from amity.entities.model import Field


def checked_email(value: Any) -> str:
    """Give `value` back if it is an e-mail address. Raises `ValueProblem`."""
    text = checked_text(value)
    if not is_email(text if text.isascii() else _in_ascii(text)):
        raise ValueProblem("format", "This must be an e-mail address such as jo@example.com.")
    return text


def _in_ascii(text: str) -> str:
    """Give an address with letters beyond ASCII as one that has the same shape without them (RFC 6531)."""
    local, _, domain = text.rpartition("@")
    local = "".join("x" if not item.isascii() and item.isalnum() else item for item in local)
    if domain.isascii():
        return f"{local}@{domain}"
    import idna

    try:
        return f"{local}@{idna.encode(domain, uts46=True).decode()}"
    except idna.IDNAError:
        return ""


def mail_link(address: str) -> str:
    """Give the mailto: link of an address."""
    return "mailto:" + quote(address, safe="@")


class EmailKind(TextKind):
    """One e-mail address, stored as it was typed."""

    name = "email"
    title = "E-mail"
    icon = "mail"
    group = "Contact"

    def infer(self, schema: Mapping[str, Any]) -> int:
        return 30 if schema.get("type") == "string" and schema.get("format") in ("email", "idn-email") else 0

    def new_schema(self) -> Mapping[str, Any]:
        return {"type": "string", "format": "email"}

    def parse(self, field: Field, value: Any) -> str:
        return checked_email(value)

    def href(self, field: Field, value: str) -> str:
        """The link that writes a mail."""
        return mail_link(value)

    def from_text(self, field: Field, text: str) -> str:
        return checked_email(text.strip())

    def samples(self, field: Field) -> Sequence[Any]:
        return ("Ada@example.com", "jo.o'neill+crm@mail.example.org", "zoe@example.net")
