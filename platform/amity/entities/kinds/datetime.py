"""Moments: stored in UTC with microseconds, shown in the reader's time zone."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from amity.entities.kinds.base import ABSENT, ColumnSpec, FormData, Kind, Locale, ValueProblem
from amity.entities.kinds.locales import babel_locale, zone
from amity.entities.kinds.text import type_name
from amity.entities.model import Field
from amity.expressions.types import DATETIME, Type

_MOMENT: Final = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt](\d\d:\d\d:\d\d)(?:\.(\d+))?([Zz]|[+-]\d\d:\d\d)", re.ASCII
)
_LOCAL: Final = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?", re.ASCII)
_SHAPE: Final = "a moment such as 2026-01-31T09:00:00Z"


def read_moment(text: str) -> dt.datetime:
    """Read RFC 3339, any offset; aware and in UTC. Raises `ValueProblem`."""
    found = _MOMENT.fullmatch(text)
    if not found:
        raise ValueProblem("format", f"This must be {_SHAPE}, with Z or an offset such as +01:00.")
    day, time, fraction, offset = found.groups()
    if fraction and len(fraction) > 6 and fraction[6:].strip("0"):
        raise ValueProblem("format", "A moment has at most six digits of a second's fraction.")
    fraction = (fraction or "0")[:6].ljust(6, "0")
    try:
        return dt.datetime.fromisoformat(f"{day}T{time}.{fraction}{offset.upper()}").astimezone(dt.UTC)
    except (ValueError, OverflowError):
        raise ValueProblem("format", f"There is no moment {text} in the years 0001 to 9999.") from None


def write_moment(moment: dt.datetime) -> str:
    """Write RFC 3339 in UTC with Z; the fraction only where there is one."""
    text = moment.astimezone(dt.UTC).replace(tzinfo=None).isoformat()
    return text + "Z"


class DateTimeKind(Kind):
    """A moment in time."""

    name = "datetime"
    title = "Date and time"
    icon = "calendar-time"
    group = "Time"

    def infer(self, schema: Mapping[str, Any]) -> int:
        return 30 if schema.get("type") == "string" and schema.get("format") == "date-time" else 0

    def value_schema(self, field: Field) -> Mapping[str, Any]:
        return {"type": "string", "format": "date-time"}

    def new_schema(self) -> Mapping[str, Any]:
        return {"type": "string", "format": "date-time"}

    def parse(self, field: Field, value: Any) -> dt.datetime:
        if not isinstance(value, str):
            raise ValueProblem("type", f"This must be {_SHAPE}, not {type_name(value)}.")
        return read_moment(value)

    def dump(self, field: Field, value: dt.datetime) -> str:
        return write_moment(value)

    def columns(self, field: Field) -> Sequence[ColumnSpec]:
        return (ColumnSpec("", "datetime"),)

    def expression_type(self, field: Field) -> Type:
        return DATETIME

    def to_text(self, field: Field, value: dt.datetime) -> str:
        return write_moment(value)

    def from_text(self, field: Field, text: str) -> str:
        text = text.strip()
        if _LOCAL.fullmatch(text):  # without a zone it is UTC, as in everything that Amity writes
            text = _completed(text) + "Z"
        return write_moment(read_moment(text))

    def from_form(self, field: Field, form: FormData, name: str) -> Any:
        """Read the local time `name` in the zone `name.zone`; `name.exact` is the value that was shown."""
        if name not in form:
            return ABSENT
        text = (form.get(name) or "").strip()
        if text == "":
            return None
        tzinfo = zone(form.get(f"{name}.zone") or "UTC")
        shown = form.get(f"{name}.exact") or ""
        if shown:
            try:
                if dt.datetime.fromisoformat(text) == _local(read_moment(shown), tzinfo):
                    return shown  # untouched: microseconds and an hour that a clock change repeats stay
            except (ValueProblem, ValueError):
                pass
        try:
            if not _LOCAL.fullmatch(text):
                return write_moment(read_moment(text))
            moment = dt.datetime.fromisoformat(text.replace(" ", "T")).replace(tzinfo=tzinfo)
            return write_moment(moment)
        except (ValueProblem, ValueError, OverflowError):
            return text

    def to_form(self, field: Field, value: Any, locale: Locale | None = None) -> dict[str, str]:
        """Give `text` (local time for the input), `zone` (its name) and `exact` (the JSON value)."""
        name = locale.timezone if locale else "UTC"
        if value is None:
            return {"text": "", "zone": name, "exact": ""}
        try:
            return {"text": _local_text(self.parse(field, value), zone(name)), "zone": name, "exact": value}
        except ValueProblem:
            return {"text": str(value), "zone": name, "exact": ""}

    def format(self, field: Field, value: dt.datetime, locale: Locale) -> str:
        from babel.dates import format_date, format_time

        local, reader = _at(value, zone(locale.timezone)), babel_locale(locale)
        day = format_date(local, locale=reader)
        # Without its zone: babel would shift the time a second time.
        time = local.time()
        return f"{day}, {format_time(time, 'medium' if time.second else 'short', locale=reader)}"

    def samples(self, field: Field) -> Sequence[Any]:
        return ("1969-12-31T23:59:59Z", "2026-01-31T09:00:00Z", "2026-01-31T09:00:00.000001Z")


def _completed(text: str) -> str:
    return text.replace(" ", "T") + (":00" if text.count(":") == 1 else "")


def _at(moment: dt.datetime, tzinfo: dt.tzinfo) -> dt.datetime:
    try:
        return moment.astimezone(tzinfo)
    except OverflowError:
        return moment


def _local(moment: dt.datetime, tzinfo: dt.tzinfo) -> dt.datetime:
    """Give a moment as an input shows it: local, and no finer than milliseconds."""
    local = _at(moment, tzinfo).replace(tzinfo=None)
    return local.replace(microsecond=local.microsecond // 1000 * 1000)


def _local_text(moment: dt.datetime, tzinfo: dt.tzinfo) -> str:
    local = _local(moment, tzinfo)
    if local.microsecond:
        return local.isoformat(timespec="milliseconds")
    return local.isoformat(timespec="seconds" if local.second else "minutes")
