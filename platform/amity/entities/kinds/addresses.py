"""Several postal addresses, one of them primary."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from amity.database.folding import fold_key
from amity.entities.kinds.address import ADDRESS_SCHEMA, MEMBERS, checked_address, read_address
from amity.entities.kinds.base import FormData, ValueProblem
from amity.entities.kinds.list import filled
from amity.entities.kinds.typed_list import TypedListKind
from amity.entities.model import Field


class AddressesKind(TypedListKind):
    """Postal addresses with labels, one of them primary; sorted by the primary one's text."""

    name = "addresses"
    title = "Addresses"
    icon = "map-pins"
    default_labels: ClassVar[Sequence[str]] = ("billing", "delivery", "home", "other")
    item_schema: ClassVar[Mapping[str, Any]] = ADDRESS_SCHEMA

    def check_item(self, field: Field, value: Any) -> dict[str, str]:
        found = checked_address(value)
        if not found:
            raise ValueProblem("required", "An address has at least one filled member.")
        return found

    def item_text(self, value: Mapping[str, str]) -> str:
        texts = [" ".join(value[name].split()) for name in MEMBERS if value.get(name)]
        return ", ".join(text for text in texts if text) or "…"

    def item_from_form(self, form: FormData, name: str) -> Any:
        return filled(read_address(form, name))

    def item_to_form(self, value: Any) -> dict[str, str]:
        members = value if isinstance(value, Mapping) else {}
        return {name: str(members.get(name) or "") for name in MEMBERS}

    def key(self, field: Field, value: Mapping[str, str]) -> str:
        return fold_key(self.item_text(value))

    def samples(self, field: Field) -> Sequence[Any]:
        main = {"street": "1 Main Street", "city": "Springfield", "country": "US"}
        second = {"value": {"city": "Köln"}, "label": "billing", "primary": False}
        return (
            [{"value": main, "primary": True}],
            [second, {"value": {"street": "Allee 7", "city": "Aachen"}, "label": "home", "primary": True}],
        )
