"""Times of day, without a date and without a zone."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from amity.entities.kinds.base import ColumnSpec, FormData, Kind, Locale, ValueProblem
from amity.entities.kinds.locales import babel_locale
from amity.entities.kinds.text import type_name
from amity.entities.model import Field
from amity.expressions.types import TIME, Type

_TIME: Final = re.compile(r"(\d\d:\d\d)(:\d\d)?(?:\.(\d{1,6})0*)?([Zz]|[+-]00:00)?", re.ASCII)
_SHAPE: Final = "a time of day such as 09:30:00, without a zone"


def read_time(value: Any) -> dt.time:
    """Read HH:MM, HH:MM:SS or HH:MM:SS.ffffff. Raises `ValueProblem`."""
    if not isinstance(value, str):
        raise ValueProblem("type", f"This must be {_SHAPE}, not {type_name(value)}.")
    found = _TIME.fullmatch(value)
    if not found or (found[3] and not found[2]):
        raise ValueProblem("format", f"This must be {_SHAPE}.")
    try:
        return dt.time.fromisoformat(f"{found[1]}{found[2] or ':00'}.{(found[3] or '0').ljust(6, '0')}")
    except ValueError:
        raise ValueProblem("format", f"There is no time of day {value}.") from None


def _shown(time: dt.time) -> dt.time:
    return time.replace(microsecond=time.microsecond // 1000 * 1000)


class TimeKind(Kind):
    """A time of day.

    JSON Schema's `"format": "time"` asks for an offset: a property that has it shows and takes times with Z.
    """

    name = "time"
    title = "Time of day"
    icon = "clock"
    group = "Time"

    def infer(self, schema: Mapping[str, Any]) -> int:
        return 30 if schema.get("type") == "string" and schema.get("format") == "time" else 0

    def value_schema(self, field: Field) -> Mapping[str, Any]:
        return {"type": "string"}

    def new_schema(self) -> Mapping[str, Any]:
        return {"type": "string", "x-amity": {"kind": self.name}}

    def parse(self, field: Field, value: Any) -> dt.time:
        return read_time(value)

    def dump(self, field: Field, value: dt.time) -> str:
        return value.isoformat() + ("Z" if field.schema.get("format") == "time" else "")

    def columns(self, field: Field) -> Sequence[ColumnSpec]:
        return (ColumnSpec("", "time"),)

    def expression_type(self, field: Field) -> Type:
        return TIME

    def to_text(self, field: Field, value: dt.time) -> str:
        return value.isoformat()

    def from_text(self, field: Field, text: str) -> str:
        return self.dump(field, read_time(text.strip()))

    def from_form(self, field: Field, form: FormData, name: str) -> Any:
        """Read the time `name`; `name.exact` is the value shown, which an input cuts at milliseconds."""
        value = super().from_form(field, form, name)
        shown = form.get(f"{name}.exact")
        if not shown or not isinstance(value, str):
            return value
        try:
            return shown if read_time(value) == _shown(read_time(shown)) else value
        except ValueProblem:
            return value

    def to_form(self, field: Field, value: Any, locale: Locale | None = None) -> dict[str, str]:
        """Give `text` for the input and `exact` (the JSON value it stands for)."""
        if value is None:
            return {"text": "", "exact": ""}
        try:
            time = _shown(read_time(value))
        except ValueProblem:
            return {"text": str(value), "exact": ""}
        return {"text": time.isoformat("milliseconds" if time.microsecond else "auto"), "exact": value}

    def format(self, field: Field, value: dt.time, locale: Locale) -> str:
        from babel.dates import format_time

        return format_time(value, "medium" if value.second else "short", locale=babel_locale(locale))

    def samples(self, field: Field) -> Sequence[Any]:
        zone = "Z" if field.schema.get("format") == "time" else ""
        return ("00:00:00" + zone, "09:30:00" + zone, "23:59:59.999999" + zone)
