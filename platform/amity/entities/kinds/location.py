"""Places on Earth by latitude and longitude."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from amity.entities.kinds.base import ABSENT, ColumnSpec, FormData, Kind, Locale, ValueProblem
from amity.entities.kinds.decimal import plain, read_number
from amity.entities.kinds.parts import has_input
from amity.entities.kinds.text import type_name
from amity.entities.model import Field
from amity.expressions.types import DYN, Type

_LIMITS: Final = {"lat": 90, "lon": 180}
_DECIMALS: Final = 15


class LocationKind(Kind):
    """A place: {"lat", "lon"} in degrees (WGS 84), exact to 15 decimals."""

    name = "location"
    title = "Place on the map"
    icon = "map-2"
    group = "Contact"
    sortable = False
    grouped = True

    def nests(self, field: Field) -> bool:
        return True

    def value_schema(self, field: Field) -> Mapping[str, Any]:
        members = {name: {"type": "number", "minimum": -top, "maximum": top} for name, top in _LIMITS.items()}
        return {
            "type": "object",
            "properties": members,
            "required": ["lat", "lon"],
            "additionalProperties": False,
        }

    def new_schema(self) -> Mapping[str, Any]:
        return {"type": "object", "x-amity": {"kind": self.name}}

    def parse(self, field: Field, value: Any) -> dict[str, Any]:
        if not isinstance(value, Mapping):
            raise ValueProblem("type", f'This must be {{"lat", "lon"}}, not {type_name(value)}.')
        if any(name not in _LIMITS for name in value):
            raise ValueProblem("unknown", "A place has the members lat and lon only.")
        return {name: _degrees(name, top, value.get(name)) for name, top in _LIMITS.items()}

    def dump(self, field: Field, value: Mapping[str, Any]) -> dict[str, Any]:
        return dict(value)

    def columns(self, field: Field) -> Sequence[ColumnSpec]:
        return (ColumnSpec("", "json"),)

    def expression_type(self, field: Field) -> Type:
        return DYN

    def to_text(self, field: Field, value: Mapping[str, Any]) -> str:
        return f"{Decimal(value['lat']):f}, {Decimal(value['lon']):f}"

    def from_text(self, field: Field, text: str) -> dict[str, Any]:
        lat, comma, lon = text.partition(",")
        if not comma:
            raise ValueProblem("format", "This must be latitude and longitude, such as 52.52, 13.405.")
        return self.parse(field, {"lat": read_number(lat), "lon": read_number(lon)})

    def from_form(self, field: Field, form: FormData, name: str) -> Any:
        """Read `name.lat` and `name.lon`."""
        if not has_input(form, name):
            return ABSENT
        found = {part: _read(form.get(f"{name}.{part}") or "") for part in _LIMITS}
        return found if any(part is not None for part in found.values()) else None

    def to_form(self, field: Field, value: Any, locale: Locale | None = None) -> dict[str, str]:
        members = value if isinstance(value, Mapping) else {}
        return {name: _shown(members.get(name)) for name in _LIMITS}

    def format(self, field: Field, value: Mapping[str, Any], locale: Locale) -> str:
        return f"{Decimal(value['lat']):.5f}, {Decimal(value['lon']):.5f}"

    def search_text(self, field: Field, value: Any) -> str:
        return ""

    def samples(self, field: Field) -> Sequence[Any]:
        return ({"lat": Decimal("52.520006599999996"), "lon": Decimal("13.404954")}, {"lat": -90, "lon": 180})


def _degrees(name: str, top: int, value: Any) -> Decimal | int:
    if value is None:
        raise ValueProblem("required", f"A place needs its {name}, too.", f"/{name}")
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise ValueProblem("type", f"This must be a number, not {type_name(value)}.", f"/{name}")
    number = Decimal(value)
    if not number.is_finite() or not -top <= number <= top:
        raise ValueProblem("range", f"This must lie between -{top} and {top} degrees.", f"/{name}")
    if int(number.normalize().as_tuple().exponent) < -_DECIMALS:
        raise ValueProblem("scale", f"Degrees have at most {_DECIMALS} decimals.", f"/{name}")
    return plain(number)


def _read(text: str) -> Any:
    if not text.strip():
        return None
    try:
        return read_number(text)
    except ValueProblem:
        return text


def _shown(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:f}" if isinstance(value, Decimal) else str(value)
