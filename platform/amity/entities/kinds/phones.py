"""Several phone numbers, one of them primary."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from amity.entities.kinds.base import ValueProblem
from amity.entities.kinds.phone import REGION_OPTION, PhoneKind, call_link, checked_phone, phone_key
from amity.entities.kinds.typed_list import LABELS_OPTION, TypedListKind
from amity.entities.model import Field


class PhonesKind(TypedListKind):
    """Phone numbers with labels, one of them primary; sorted by the primary one's international form."""

    name = "phones"
    title = "Phones"
    icon = "phone"
    option_schema: ClassVar[Mapping[str, Any]] = {"labels": LABELS_OPTION, "region": REGION_OPTION}
    default_labels: ClassVar[Sequence[str]] = ("work", "mobile", "home", "fax", "other")

    def problems(self, field: Field) -> Sequence[ValueProblem]:
        return PhoneKind().problems(field)

    def check_item(self, field: Field, value: Any) -> str:
        return checked_phone(value)

    def key(self, field: Field, value: Any) -> str:
        return phone_key(value, field.options.get("region"))

    def href(self, field: Field, value: str) -> str:
        """The link that calls one of them."""
        return call_link(value, field)

    def samples(self, field: Field) -> Sequence[Any]:
        mobile = {"value": "0170 1234567", "label": "mobile", "primary": False}
        return (
            [{"value": "+1 650-253-0000", "primary": True}],
            [mobile, {"value": "+49 30 901820", "label": "work", "primary": True}],
        )
