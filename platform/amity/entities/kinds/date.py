"""Pure dates: a day in the calendar that no time zone shifts."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from amity.entities.kinds.base import ColumnSpec, Kind, Locale, ValueProblem
from amity.entities.kinds.locales import babel_locale
from amity.entities.kinds.text import type_name
from amity.entities.model import Field
from amity.expressions.types import DATE, Type

_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_MIDNIGHT: Final = re.compile(r"[T ]00:00(:00(\.0{1,9})?)?Z?$", re.ASCII)
_SHAPE: Final = "a date such as 2026-01-31, between the years 0001 and 9999"


class DateKind(Kind):
    """A day."""

    name = "date"
    title = "Date"
    icon = "calendar"
    group = "Time"

    def infer(self, schema: Mapping[str, Any]) -> int:
        return 30 if schema.get("type") == "string" and schema.get("format") == "date" else 0

    def value_schema(self, field: Field) -> Mapping[str, Any]:
        return {"type": "string", "format": "date"}

    def new_schema(self) -> Mapping[str, Any]:
        return {"type": "string", "format": "date"}

    def parse(self, field: Field, value: Any) -> dt.date:
        if not isinstance(value, str):
            raise ValueProblem("type", f"This must be {_SHAPE}, not {type_name(value)}.")
        if not _DATE.fullmatch(value):
            raise ValueProblem("format", f"This must be {_SHAPE}.")
        try:
            return dt.date.fromisoformat(value)
        except ValueError:
            raise ValueProblem("format", f"There is no day {value}.") from None

    def dump(self, field: Field, value: dt.date) -> str:
        return value.isoformat()

    def columns(self, field: Field) -> Sequence[ColumnSpec]:
        return (ColumnSpec("", "date"),)

    def expression_type(self, field: Field) -> Type:
        return DATE

    def to_text(self, field: Field, value: dt.date) -> str:
        return value.isoformat()

    def from_text(self, field: Field, text: str) -> str:
        # Other programs export a day as the midnight that begins it; any other time would be lost.
        return self.parse(field, _MIDNIGHT.sub("", text.strip())).isoformat()

    def format(self, field: Field, value: dt.date, locale: Locale) -> str:
        from babel.dates import format_date

        return format_date(value, locale=babel_locale(locale))

    def samples(self, field: Field) -> Sequence[Any]:
        return ("0001-01-01", "2024-02-29", "9999-12-31")
