"""Postal addresses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from amity import jsontext
from amity.entities.kinds.base import ABSENT, ColumnSpec, FormData, Kind, Locale, ValueProblem
from amity.entities.kinds.lines import read_json
from amity.entities.kinds.locales import babel_locale
from amity.entities.kinds.parts import has_input
from amity.entities.kinds.text import checked_text, type_name
from amity.entities.model import Field
from amity.expressions.types import DYN, Type

MEMBERS: Final[Mapping[str, str]] = {
    "street": "Street",
    "city": "City",
    "region": "Region",
    "postal_code": "Postal code",
    "country": "Country",
}
"""Members of an address with their titles, in the order of the form."""

ADDRESS_SCHEMA: Final[Mapping[str, Any]] = {
    "type": "object",
    "properties": {name: {"type": "string"} for name in MEMBERS},
    "additionalProperties": False,
}


def checked_address(value: Any) -> dict[str, str]:
    """Give an address with its filled members only. Raises `ValueProblem`."""
    if not isinstance(value, Mapping):
        raise ValueProblem("type", f"This must be an address (an object), not {type_name(value)}.")
    for name, member in value.items():
        if name not in MEMBERS:
            raise ValueProblem("unknown", f"An address has the members {', '.join(MEMBERS)}.")
        if member is not None:
            try:
                checked_text(member)
            except ValueProblem as problem:
                raise ValueProblem(problem.code, problem.message, f"/{name}") from None
    return {name: value[name] for name in value if value[name] is not None}


def read_address(form: FormData, name: str) -> dict[str, str | None] | None:
    """Read `name.street` and so on; cleared members are null; None where all are empty."""
    found = {
        member: (form.get(f"{name}.{member}") or "").replace("\r\n", "\n") or None
        for member in MEMBERS
        if f"{name}.{member}" in form
    }
    return found if any(found.values()) else None


def country_name(country: str, locale: Locale) -> str:
    """Give the name of an ISO 3166 country in the reader's language; other text as it is."""
    if len(country) == 2 and country.isupper():
        name: str | None = babel_locale(locale).territories.get(country)
        return name or country
    return country


class AddressKind(Kind):
    """A postal address: street, city, region, postal code, country (ISO 3166 code or any text)."""

    name = "address"
    title = "Address"
    icon = "map-pin"
    group = "Contact"
    sortable = False
    searchable = True
    grouped = True

    def nests(self, field: Field) -> bool:
        return True

    def value_schema(self, field: Field) -> Mapping[str, Any]:
        return ADDRESS_SCHEMA

    def new_schema(self) -> Mapping[str, Any]:
        return {"type": "object", "x-amity": {"kind": self.name}}

    def parse(self, field: Field, value: Any) -> dict[str, str]:
        return checked_address(value)

    def dump(self, field: Field, value: Mapping[str, str]) -> dict[str, str]:
        return dict(value)

    def columns(self, field: Field) -> Sequence[ColumnSpec]:
        return (ColumnSpec("", "json"),)

    def expression_type(self, field: Field) -> Type:
        return DYN

    def to_text(self, field: Field, value: Mapping[str, str]) -> str:
        return jsontext.dumps(value)

    def from_text(self, field: Field, text: str) -> dict[str, str]:
        """Read a JSON object; any other text is the street."""
        if text.lstrip().startswith("{"):
            return checked_address(read_json(text))
        return checked_address({"street": text})

    def from_form(self, field: Field, form: FormData, name: str) -> Any:
        return read_address(form, name) if has_input(form, name) else ABSENT

    def to_form(self, field: Field, value: Any, locale: Locale | None = None) -> dict[str, str]:
        members = value if isinstance(value, Mapping) else {}
        return {name: str(members.get(name) or "") for name in MEMBERS}

    def format(self, field: Field, value: Mapping[str, str], locale: Locale) -> str:
        town = " ".join(value[name] for name in ("postal_code", "city") if value.get(name))
        country = country_name(value["country"], locale) if value.get("country") else ""
        lines = [value.get("street", ""), town, value.get("region", ""), country]
        return ", ".join(" ".join(line.split()) for line in lines if line.strip()) or "…"

    def search_text(self, field: Field, value: Mapping[str, str]) -> str:
        return " ".join(value.values())

    def samples(self, field: Field) -> Sequence[Any]:
        whole = ("1 Main Street\nFloor 2", "Springfield", "Oregon", "97403", "US")
        return (dict(zip(MEMBERS, whole, strict=True)), {"city": "Köln", "country": "Germany"})
