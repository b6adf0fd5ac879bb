"""Lengths of time: ISO 8601 in JSON, whole microseconds inside."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from amity.entities.kinds.base import ColumnSpec, Kind, Locale, ValueProblem
from amity.entities.kinds.locales import babel_locale
from amity.entities.kinds.text import type_name
from amity.entities.model import Field
from amity.expressions.types import DURATION, Type

SECOND: Final = 1_000_000
_UNITS: Final = {"w": 604_800, "d": 86_400, "h": 3_600, "m": 60, "s": 1}
_ISO: Final = re.compile(
    r"P(?=[\dT])(?:(?P<w>\d{1,9})W)?(?:(?P<d>\d{1,9})D)?"
    r"(?:T(?=\d)(?:(?P<h>\d{1,9})H)?(?:(?P<m>\d{1,9})M)?(?:(?P<s>\d{1,12})(?:\.(?P<f>\d{1,6}))?S)?)?",
    re.ASCII,
)
_CLOCK: Final = re.compile(r"(?P<h>\d{1,6}):(?P<m>[0-5]\d)(?::(?P<s>[0-5]\d))?", re.ASCII)
_WORDS: Final = re.compile(
    r"(?:(?P<w>\d{1,9})\s*w)?\s*(?:(?P<d>\d{1,9})\s*d)?\s*(?:(?P<h>\d{1,9})\s*h)?\s*"
    r"(?:(?P<m>\d{1,9})\s*m(?:in)?)?\s*(?:(?P<s>\d{1,9})\s*s)?",
    re.ASCII | re.IGNORECASE,
)
_NAMES: Final = (("d", "duration-day"), ("h", "duration-hour"), ("m", "duration-minute"))
MAX: Final = 10**18
"""Microseconds: about 31,000 years."""


def _total(found: re.Match[str]) -> int:
    parts = found.groupdict()
    seconds = sum(int(parts.get(unit) or 0) * size for unit, size in _UNITS.items())
    total = seconds * SECOND + int((parts.get("f") or "0").ljust(6, "0"))
    if total > MAX:
        raise ValueProblem("range", "A duration has at most 11,574,074 days.")
    return total


def read_duration(text: str) -> int:
    """Read ISO 8601 in weeks, days, hours, minutes and seconds. Raises `ValueProblem`."""
    found = _ISO.fullmatch(text)
    if not found:
        shape = "This must be a duration such as PT1H30M or P2D"
        if re.fullmatch(r"P[\dYMWDTHS.]*", text, re.ASCII):
            raise ValueProblem("format", f"{shape}: weeks, days, hours, minutes and seconds, in that order.")
        raise ValueProblem("format", f"{shape}.")
    return _total(found)


def write_duration(total: int) -> str:
    """Write microseconds as ISO 8601, days and less: P1DT2H, PT0.5S."""
    days, rest = divmod(total, 86_400 * SECOND)
    hours, rest = divmod(rest, 3_600 * SECOND)
    minutes, rest = divmod(rest, 60 * SECOND)
    seconds, fraction = divmod(rest, SECOND)
    time = f"{hours}H" if hours else ""
    if minutes or (hours and rest):  # RFC 3339 leaves out no unit in between
        time += f"{minutes}M"
    if rest:
        time += f"{seconds}" + (f".{fraction:06d}".rstrip("0") if fraction else "") + "S"
    if not days and not time:
        return "PT0S"
    return "P" + (f"{days}D" if days else "") + (f"T{time}" if time else "")


class DurationKind(Kind):
    """A length of time, never negative. Months and years have no fixed length: they are none."""

    name = "duration"
    title = "Duration"
    icon = "hourglass"
    group = "Time"

    def infer(self, schema: Mapping[str, Any]) -> int:
        return 30 if schema.get("type") == "string" and schema.get("format") == "duration" else 0

    def value_schema(self, field: Field) -> Mapping[str, Any]:
        return {"type": "string"}

    def new_schema(self) -> Mapping[str, Any]:
        return {"type": "string", "x-amity": {"kind": self.name}}

    def parse(self, field: Field, value: Any) -> int:
        if not isinstance(value, str):
            raise ValueProblem("type", f"This must be a duration such as PT1H30M, not {type_name(value)}.")
        return read_duration(value)

    def dump(self, field: Field, value: int) -> str:
        return write_duration(value)

    def columns(self, field: Field) -> Sequence[ColumnSpec]:
        return (ColumnSpec("", "duration"),)

    def expression_type(self, field: Field) -> Type:
        return DURATION

    def to_text(self, field: Field, value: int) -> str:
        return write_duration(value)

    def from_text(self, field: Field, text: str) -> str:
        """Read ISO 8601, 1:30 (hours and minutes) or 1d 2h 30m."""
        text = text.strip()
        found = _CLOCK.fullmatch(text) or (_WORDS.fullmatch(text) if text else None)
        if found:
            return write_duration(_total(found))
        try:
            return write_duration(read_duration(text.upper()))
        except ValueProblem:
            raise ValueProblem("format", "This must be a duration such as 1:30, 1h 30m or PT1H30M.") from None

    def to_form(self, field: Field, value: Any, locale: Locale | None = None) -> str:
        try:
            return "" if value is None else _spoken(self.parse(field, value))
        except ValueProblem:
            return str(value)

    def format(self, field: Field, value: int, locale: Locale) -> str:
        from babel.units import format_unit

        minutes, rest = divmod(value, 60 * SECOND)
        days, minutes = divmod(minutes, 1440)
        hours, minutes = divmod(minutes, 60)
        amounts = {"d": days, "h": hours, "m": minutes}
        reader = babel_locale(locale)
        words = [
            format_unit(amounts[key], unit, "short", locale=reader) for key, unit in _NAMES if amounts[key]
        ]
        if rest or not words:
            words.append(format_unit(rest / SECOND, "duration-second", "short", locale=reader))
        return " ".join(words)

    def samples(self, field: Field) -> Sequence[Any]:
        return ("PT0S", "PT0.5S", "PT1H0M5S", "P1DT30M", "P14D")


def _spoken(total: int) -> str:
    """Write a duration as people type it, 1d 2h 30m; ISO 8601 where it has a fraction of a second."""
    seconds, fraction = divmod(total, SECOND)
    if fraction or not seconds:
        return write_duration(total)
    words = []
    for unit in "dhms":
        amount, seconds = divmod(seconds, _UNITS[unit])
        if amount:
            words.append(f"{amount}{unit}")
    return " ".join(words)
