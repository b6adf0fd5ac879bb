"""How a value stands in a text that goes to people: in the workspace's language and time zone."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final
from zoneinfo import ZoneInfo

from amity.entities.model import Field
from amity.expressions import RecordValue, Type
from amity.expressions.types import DURATION

LOCALE: Final = "$locale"
"""Name under which an environment holds the `Reader` for whom texts are made."""
LABEL: Final = "$label"
"""Name under which an environment holds what gives the label of a record value."""


@dataclass(frozen=True, slots=True)
class Reader:
    """Language and time zone of those who read the text."""

    language: str = "en"
    timezone: str = "UTC"


def shown(value: Any, type_: Type, field: Field | None, env: Mapping[str, Any]) -> str:
    """Give the text of a value; null is an empty text."""
    if value is None:
        return ""
    reader: Reader = env.get(LOCALE) or Reader()
    if isinstance(value, RecordValue):
        label = env.get(LABEL)
        return str(label(value)) if label is not None else value.id or ""
    if field is not None and not field.kind.is_relation:
        return field.kind.format(field, value, reader)
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(shown(item, type_, None, env) for item in value)
    if type_ == DURATION:
        return _duration(value)
    return _plain(value, reader)


def _plain(value: Any, reader: Reader) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return value
    if isinstance(value, int | Decimal):
        return f"{value.normalize():f}" if isinstance(value, Decimal) else str(value)
    if isinstance(value, dt.datetime | dt.date | dt.time):
        return _moment(value, reader)
    return str(value)


def _moment(value: dt.datetime | dt.date | dt.time, reader: Reader) -> str:
    from babel.dates import format_date, format_datetime, format_time

    if isinstance(value, dt.datetime):
        return format_datetime(value.astimezone(ZoneInfo(reader.timezone)), "short", locale=reader.language)
    if isinstance(value, dt.date):
        return format_date(value, "medium", locale=reader.language)
    return format_time(value, "short", locale=reader.language)


def _duration(microseconds: int) -> str:
    return str(dt.timedelta(microseconds=microseconds))
