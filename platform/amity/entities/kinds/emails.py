"""Several e-mail addresses, one of them primary."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from amity.database.folding import fold_key
from amity.entities.kinds.email import checked_email, mail_link
from amity.entities.kinds.typed_list import TypedListKind
from amity.entities.model import Field


class EmailsKind(TypedListKind):
    """E-mail addresses with labels, one of them primary."""

    name = "emails"
    title = "E-mails"
    icon = "mail-plus"

    def check_item(self, field: Field, value: Any) -> str:
        return checked_email(value)

    def key(self, field: Field, value: Any) -> str:
        return fold_key(value)

    def href(self, field: Field, value: str) -> str:
        """The link that writes a mail to one of them."""
        return mail_link(value)

    def samples(self, field: Field) -> Sequence[Any]:
        home = {"value": "ada@example.com", "label": "home", "primary": False}
        return (
            [{"value": "a@example.com", "primary": True}],
            [home, {"value": "Jo@example.org", "label": "work", "primary": True}],
            [{"value": "zoe@example.net", "primary": True}, {"value": "z@example.net", "primary": False}],
        )
