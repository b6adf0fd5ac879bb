"""Phone numbers: stored as typed; a key in the international form finds and matches them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final

from amity.database.folding import fold_key
from amity.entities.kinds.base import ColumnSpec, ValueProblem
from amity.entities.kinds.text import TextKind, checked_text
from amity.entities.model import Field

_LONGEST: Final = 60
REGION_OPTION: Final[Mapping[str, Any]] = {
    "type": "string",
    "pattern": "^[A-Z]{2}$",
    "description": "Country (ISO 3166) of numbers that are written without one, e.g. DE.",
}


def checked_phone(value: Any) -> str:
    """Give `value` back if it can be a phone number. Raises `ValueProblem`."""
    text = checked_text(value)
    if sum(character.isdigit() for character in text) < 3 or len(text) > _LONGEST:
        raise ValueProblem("format", f"This must be a phone number of 3 digits to {_LONGEST} characters.")
    if not text.isprintable() or any(character in '<>{}\\|^`"=' for character in text):
        raise ValueProblem("format", "This must be a phone number such as +49 30 901820.")
    return text


def phone_key(text: str, region: str | None) -> str:
    """Give the number as E.164 (+4930901820), or its digits where it cannot be understood."""
    import phonenumbers

    try:
        number = phonenumbers.parse(text, region)
        if phonenumbers.is_possible_number(number):
            return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))
    except phonenumbers.NumberParseException:
        pass
    return "".join(character for character in text if character.isdigit())


def call_link(text: str, field: Field) -> str:
    """Give the tel: link of a number."""
    return "tel:" + phone_key(text, field.options.get("region"))


class PhoneKind(TextKind):
    """A phone number, stored as it was typed."""

    name = "phone"
    title = "Phone"
    icon = "phone"
    group = "Contact"
    option_schema: ClassVar[Mapping[str, Any]] = {"region": REGION_OPTION}

    def infer(self, schema: Mapping[str, Any]) -> int:
        return 0

    def new_schema(self) -> Mapping[str, Any]:
        return {"type": "string", "x-amity": {"kind": self.name}}

    def problems(self, field: Field) -> Sequence[ValueProblem]:
        region = field.options.get("region")
        if region is None:
            return ()
        import phonenumbers

        if region in phonenumbers.SUPPORTED_REGIONS:
            return ()
        return (ValueProblem("region", f"{region!r} is no country of ISO 3166.", "/x-amity/region"),)

    def parse(self, field: Field, value: Any) -> str:
        return checked_phone(value)

    def columns(self, field: Field) -> Sequence[ColumnSpec]:
        return (*super().columns(field), ColumnSpec("e164", "key", indexed=True))

    def store(self, field: Field, value: str) -> Mapping[str, Any]:
        return {"": value, "fold": fold_key(value), "e164": phone_key(value, field.options.get("region"))}

    def href(self, field: Field, value: str) -> str:
        """The link that calls."""
        return call_link(value, field)

    def search_text(self, field: Field, value: str) -> str:
        return f"{value} {phone_key(value, field.options.get('region'))}"

    def from_text(self, field: Field, text: str) -> str:
        return checked_phone(text.strip())

    def samples(self, field: Field) -> Sequence[Any]:
        return ("(5) 555-4729", "+1 650-253-0000 ext. 12", "+49 30 901820")
